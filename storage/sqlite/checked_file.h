// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_STORAGE_SQLITE_CHECKED_FILE_H_
#define CLOSURE_STORAGE_SQLITE_CHECKED_FILE_H_

#include <sqlite3.h>

#include <array>
#include <cstdint>
#include <vector>

#include "storage/sqlite/page_checksum.h"

// One file of a database below SQLite, whose pages are sealed when they are written and compared when they are read;
// checksum_vfs.h tells how, and passes SQLite's calls to here.
namespace closure::sqlite {

// Whether pages of a database file carry checksums; unknown as long as there is no header that can be read.
enum class Sealed { kUnknown, kNo, kYes };

// Where the log goes on, as long as one transaction is written to it.
struct LogPlace {
  sqlite3_int64 frame = -1;
  LogChecksum before;
};

// Where a recovery, which reads the log from its beginning, goes on.
struct RecoveryPlace {
  sqlite3_int64 frame = -1;
  LogChecksum before;
  std::array<unsigned char, kSaltBytes> salts = {};
};

// What SQLite sees, and what is of ours about the file. One connection uses it, one thread at a time.
struct CheckedFile {
  sqlite3_file base;
  sqlite3_file* below;
  bool is_database;
  bool is_log;
  Sealed sealed;
  LogForm form;
  // Being sealed; of a log, the header of a frame too, which waits here for its page.
  std::vector<unsigned char>* page;
  CheckedFile* database;  // of a log
  CheckedFile* log;       // of a database, while it is open
  // Of a database: the first part of its wal-index, while it is mapped; which log there was when this connection last
  // took the lock for checkpoints; and what the check before a checkpoint said, until SQLite is told.
  volatile void* wal_index;
  uint64_t log_at_lock;
  int checkpoint_refused;
  LogPlace log_place;
  RecoveryPlace recovery_place;
  sqlite3_int64 log_end;  // behind the last transaction that was written here; -1 for none yet
};

// All answer a result code of SQLite, SQLITE_IOERR_DATA for what is not as it was written, however often it is read.

// SQLite's xRead.
int ReadChecked(CheckedFile& file, void* data, int bytes, sqlite3_int64 offset);
// Its xWrite.
int WriteSealed(CheckedFile& file, const void* data, int bytes, sqlite3_int64 offset);
// This connection has the lock for checkpoints now.
void NoteCheckpointLock(CheckedFile& database);
// Whether what a checkpoint of this database is about to copy may be copied (checkpoint_guard.h);
// SQLITE_BUSY_SNAPSHOT where another one has to be begun.
int CheckBeforeCheckpoint(CheckedFile& database);
bool HasSealedPages(CheckedFile& database);

}  // namespace closure::sqlite

#endif  // CLOSURE_STORAGE_SQLITE_CHECKED_FILE_H_
