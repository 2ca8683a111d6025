// SPDX-License-Identifier: Apache-2.0
// What a Connection knows of pages and frames, below SQLite's tables.
#include <fmt/format.h>
#include <sqlite3.h>

#include <utility>
#include <vector>

#include "storage/sqlite/checksum_vfs.h"
#include "storage/sqlite/database.h"
#include "storage/status_macros.h"

namespace closure::sqlite {

int64_t Connection::Ask(int control) {
  int64_t answer = 0;
  sqlite3_file_control(database_, "main", control, &answer);
  return answer;
}

int64_t Connection::CommittedFrames() { return Ask(kCommittedFramesControl); }

sqlite3_file* Connection::File(int control) {
  sqlite3_file* file = nullptr;
  sqlite3_file_control(database_, "main", control, &file);
  return file;
}

absl::StatusOr<int64_t> Connection::CountPages() { return ReadInt("PRAGMA page_count"); }

std::vector<int64_t> Connection::FindDoubtful(int64_t first, int64_t count) {
  sqlite3_file& file = *File(SQLITE_FCNTL_FILE_POINTER);
  std::vector<unsigned char> page(static_cast<size_t>(page_bytes_));
  std::vector<int64_t> doubtful;
  for (int64_t number = first; number < first + count; ++number) {
    if (number == LockedPage(page_bytes_)) continue;
    const int code =
        file.pMethods->xRead(&file, page.data(), static_cast<int>(page_bytes_), (number - 1) * page_bytes_);
    if (code != SQLITE_OK) doubtful.push_back(number);
  }
  return doubtful;
}

absl::StatusOr<PageVerdicts> Connection::JudgeDoubtful(std::span<const int64_t> pages,
                                                       std::function<bool()> shall_end) {
  CLOSURE_ASSIGN_OR_RETURN(const Transaction one_state, Transaction::BeginRead(*this));
  OpenFiles files{.database = File(SQLITE_FCNTL_FILE_POINTER),
                  .page_bytes = page_bytes_,
                  .log_state =
                      [this] {
                        // In this order: what was copied by then stands in the file.
                        const int64_t copied = Ask(kCopiedFramesControl);
                        return LogState{.copied = copied, .committed = CommittedFrames()};
                      },
                  .shall_end = std::move(shall_end)};
  // The first read of the transaction, from which on the files are as of one moment.
  CLOSURE_ASSIGN_OR_RETURN(files.pages, CountPages());
  sqlite3_file* const log = File(SQLITE_FCNTL_JOURNAL_POINTER);
  if (log != nullptr && log->pMethods != nullptr) files.log = log;
  PageVerdicts verdicts;
  switch (const int code = JudgePages(files, pages, verdicts)) {
    case SQLITE_OK:
      break;
    case SQLITE_BUSY:
    case SQLITE_INTERRUPT:
      return PageVerdicts();  // the next pass looks again
    case SQLITE_CORRUPT:
      return Damaged("the list of free pages is none");
    case SQLITE_IOERR_DATA:
      return Damaged("a page is not what was written");
    default:
      return absl::UnavailableError(
          fmt::format("store(sqlite): {0} or {0}-wal: {1}", FilePath(), sqlite3_errstr(code)));
  }
  if (verdicts.damaged.empty()) return verdicts;
  return Damaged(fmt::format("{} pages are not what was written, page {} first", verdicts.damaged.size(),
                             verdicts.damaged.front()));
}

}  // namespace closure::sqlite
