// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_STORAGE_SQLITE_CHECKPOINT_GUARD_H_
#define CLOSURE_STORAGE_SQLITE_CHECKPOINT_GUARD_H_

#include <sqlite3.h>

// A checkpoint copies the pages of the write-ahead log into the database one after the other. If the disk wrote one of
// them wrong and nobody has read it since, the copy would end there, with a part of a transaction in the database; and
// the next start, which finds the log unsound at its end, would take that for torn and keep the part (ADR 21). So all
// that a checkpoint may copy is read before it copies anything.
namespace closure::sqlite {

// How much of the wal-index SQLite maps at a time (sqlite.org/walformat.html, 2).
inline constexpr int kWalIndexBytes = 32 << 10;

// Whether what the log holds and the database does not is as it was written, and the log's header with it: SQLITE_OK,
// SQLITE_IOERR_DATA where something is not, or the code of a read that failed. `wal_index` is the first part of it as
// it is mapped; other connections may commit meanwhile, but none may copy or begin the log anew: to be called while
// this one makes the checkpoint. Reads each frame once, those of commits in the meantime not counted.
int CheckBeforeCopying(sqlite3_file& log, const volatile void* wal_index);

}  // namespace closure::sqlite

#endif  // CLOSURE_STORAGE_SQLITE_CHECKPOINT_GUARD_H_
