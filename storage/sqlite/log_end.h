// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_STORAGE_SQLITE_LOG_END_H_
#define CLOSURE_STORAGE_SQLITE_LOG_END_H_

#include <sqlite3.h>

// What the first frame of a write-ahead log means that is not sound, at a start. SQLite takes it for the end of the
// log, as a crash leaves one: what was written last and not synced. It may as well be damage, with transactions behind
// it that were acknowledged.
namespace closure::sqlite {

enum class LogEnd {
  // Nothing behind it proves to be more than a transaction that was not synced.
  kTorn,
  // Frames of a later transaction follow a whole one, and a transaction begins only when the one before it is synced.
  kDamaged,
  // The file cannot be read.
  kUnread,
};

// `frame` is where the frame begins, or 0 for the log's header. Reads the rest of the log once. Damage within the last
// transaction of the log cannot be told from its torn end. A log has no torn header: its 32 bytes lie in one sector.
LogEnd JudgeLogEnd(sqlite3_file& log, sqlite3_int64 frame);

}  // namespace closure::sqlite

#endif  // CLOSURE_STORAGE_SQLITE_LOG_END_H_
