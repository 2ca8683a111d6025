// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_STORAGE_SQLITE_PAGE_JUDGE_H_
#define CLOSURE_STORAGE_SQLITE_PAGE_JUDGE_H_

#include <sqlite3.h>

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

// Pages of a database file that do not read as they were written: whether that matters. It does not while the newest
// version of a page stands in the write-ahead log and is not yet in the file, and little where the page is free, for
// SQLite reads nothing there.
namespace closure::sqlite {

// How many frames of the log are committed, and how many of them a checkpoint has copied into the file.
struct LogState {
  int64_t copied = 0;
  int64_t committed = 0;
};

// The files of one connection that is in a read transaction, so that no page is copied to the file that does not stand
// in the log. But the log may begin anew, and then be cut off: a reader who found all of it in the file reads nothing
// of it.
struct OpenFiles {
  sqlite3_file* database = nullptr;
  // Null where there is no log.
  sqlite3_file* log = nullptr;
  int64_t page_bytes = 0;
  // Of the database, as long as the log holds nothing.
  int64_t pages = 0;
  // At this moment; `copied` is read first.
  std::function<LogState()> log_state;
  // Whether to give up. Asked every thousand steps.
  std::function<bool()> shall_end;
};

struct PageVerdicts {
  // Not what was written, and what is stored needs them.
  std::vector<int64_t> damaged;
  // The file system refuses to read them.
  std::vector<int64_t> unreadable;
  // Not what was written, but free.
  std::vector<int64_t> unneeded;
};

// Reads `doubtful` (numbers from 1) again, the headers of those frames of the log that are not copied yet, and where
// pages are still not what was written, the list of free pages. Answers a result code of SQLite: SQLITE_CORRUPT for a
// list of free pages that is none, SQLITE_IOERR_DATA where a page of it is not what was written, SQLITE_BUSY where the
// log began anew each time, SQLITE_INTERRUPT where it was to end, or the code of a read that failed.
int JudgePages(const OpenFiles& files, std::span<const int64_t> doubtful, PageVerdicts& verdicts);

// The page that nobody uses or writes, because a byte of it is only ever locked.
int64_t LockedPage(int64_t page_bytes);

}  // namespace closure::sqlite

#endif  // CLOSURE_STORAGE_SQLITE_PAGE_JUDGE_H_
