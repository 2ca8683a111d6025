// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_STORAGE_SQLITE_LOG_END_H_
#define CLOSURE_STORAGE_SQLITE_LOG_END_H_

#include <sqlite3.h>

// At a start SQLite takes the first frame of a write-ahead log that is not sound for the end of the log, as a crash
// leaves one: what was written last and not synced. It may as well be damage, with transactions behind it that were
// acknowledged. Here the two are told apart.
namespace closure::sqlite {

enum class LogEnd {
  // Nothing behind it proves to be more than a transaction that was not synced.
  kTorn,
  // Frames of a later transaction follow the end of one, and a transaction begins only when the one before it is
  // synced; or the beginning of the log is none that was ever written.
  kDamaged,
  // The file cannot be read.
  kUnread,
};

// What the frame that begins at `frame` is, which is not sound, and before which all are. Reads the rest of the log
// once. Not told from a torn end is damage of the last transaction, and damage that takes from the frame that ends the
// one before it the word which says so; nor a block of the disk that is damaged where at most two transactions follow
// it. Once in a great while a torn end is taken for damage: where a write that failed left a longer transaction, others
// were acknowledged over its beginning, and a cut of the power parted the header of a frame that lies in two sectors.
LogEnd JudgeLogEnd(sqlite3_file& log, sqlite3_int64 frame);

// The same of a log whose header is not sound. It is none that a crash tore: its 32 bytes lie in one sector, and are
// synced before a frame is written, so a first frame of zeros is damage, too. But a disk that failed in the middle of
// writing it, to begin the log anew, may have left half of it; everything in such a log is in the database, and then
// nothing is lost with it. Not told from an empty log is one of a single transaction.
LogEnd JudgeLogWithoutHeader(sqlite3_file& log, sqlite3_file& database);

}  // namespace closure::sqlite

#endif  // CLOSURE_STORAGE_SQLITE_LOG_END_H_
