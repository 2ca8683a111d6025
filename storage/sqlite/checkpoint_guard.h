// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_STORAGE_SQLITE_CHECKPOINT_GUARD_H_
#define CLOSURE_STORAGE_SQLITE_CHECKPOINT_GUARD_H_

#include <sqlite3.h>

#include <cstdint>

// What SQLite does not look after by itself when it makes a checkpoint.
//
// A checkpoint copies the pages of the write-ahead log into the database one after the other. If the disk wrote one of
// them wrong and nobody has read it since, the copy would end there, with a part of a transaction in the database; and
// the next start, which finds the log unsound at its end, would take that for torn and keep the part (ADR 21). So all
// that a checkpoint may copy is read before it copies anything.
//
// A checkpoint reads how far the log goes, and then how much of it was copied. When another one has copied all of it
// and a commit begins the log anew between the two, it takes the new log for as long as the old one, and what is
// committed next is never copied, and cut off with the log: the WAL-reset bug of sqlite.org/wal.html, mended in 3.51.3.
// So a checkpoint goes on only with the log that it was begun with (ADR 22).
namespace closure::sqlite {

// Which log a wal-index is of: another number for each that was begun. `wal_index` is the first part of it as it is
// mapped. Torn where the log is begun anew at this moment, and then like no log that there is.
uint64_t WhichLog(const volatile void* wal_index);

// How many frames of its log a wal-index has committed, and how many of them a checkpoint has copied into the file.
uint32_t CommittedFrames(const volatile void* wal_index);
uint32_t CopiedFrames(const volatile void* wal_index);

// Whether what the log holds and the database does not is as it was written, and its header that of the log which the
// wal-index is of, so that no older log stands there which a disk did not overwrite: SQLITE_OK,
// SQLITE_IOERR_DATA where something is not, or the code of a read that failed. Other connections may commit meanwhile,
// but none may copy or begin the log anew: to be called while this one makes the checkpoint. Reads each frame once,
// those of commits in the meantime not counted.
int CheckBeforeCopying(sqlite3_file& log, const volatile void* wal_index);

}  // namespace closure::sqlite

#endif  // CLOSURE_STORAGE_SQLITE_CHECKPOINT_GUARD_H_
