// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_STORAGE_SQLITE_PAGE_JUDGE_H_
#define CLOSURE_STORAGE_SQLITE_PAGE_JUDGE_H_

#include <sqlite3.h>

#include <cstdint>
#include <span>
#include <vector>

// Pages of a database file that do not read as they were written, or that read as never written: whether that matters.
// It does not while the newest version of a page stands in the write-ahead log, and not where the page is free, for
// SQLite never reads what stands there.
namespace closure::sqlite {

// The files of one connection that is in a read transaction, so that the log does not begin anew and no page is copied
// to the file that does not stand in the log, as long as they are used.
struct OpenFiles {
  sqlite3_file* database = nullptr;
  // Null where there is no log.
  sqlite3_file* log = nullptr;
  int64_t page_bytes = 0;
  // Of the database, in its newest version.
  int64_t pages = 0;
  // How many frames of the log are committed.
  int64_t committed_frames = 0;
};

struct PageVerdicts {
  // What is stored needs them, and they are not what was written.
  std::vector<int64_t> damaged;
  // Not what was written either, but free. One that was never written is not among them.
  std::vector<int64_t> unneeded;
};

// Reads the headers of all frames of the log, `doubtful` (numbers from 1) and the list of free pages, and nothing else.
// Answers a result code of SQLite: SQLITE_CORRUPT for a list of free pages that is none, SQLITE_IOERR_DATA where a page
// of it is not what was written, SQLITE_BUSY where the log began anew meanwhile after all, or the code of a read that
// failed.
int JudgePages(const OpenFiles& files, std::span<const int64_t> doubtful, PageVerdicts& verdicts);

}  // namespace closure::sqlite

#endif  // CLOSURE_STORAGE_SQLITE_PAGE_JUDGE_H_
