// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/checksum_vfs.h"

#include <sqlite3.h>

#include <cstdint>
#include <cstring>
#include <new>
#include <utility>
#include <vector>

#include "absl/base/call_once.h"
#include "storage/sqlite/checked_file.h"
#include "storage/sqlite/checkpoint_guard.h"

namespace closure::sqlite {
namespace {

using File = CheckedFile;

// Which of the locks of the wal-index it is (sqlite.org/walformat.html, 2.3).
constexpr int kCheckpointLock = 1;

File& Of(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }
sqlite3_file* Below(sqlite3_file* file) { return Of(file).below; }
const sqlite3_io_methods& MethodsBelow(sqlite3_file* file) { return *Below(file)->pMethods; }

// ---- calls ----

int Read(sqlite3_file* file, void* data, int bytes, sqlite3_int64 offset) {
  return ReadChecked(Of(file), data, bytes, offset);
}
int Write(sqlite3_file* file, const void* data, int bytes, sqlite3_int64 offset) {
  return WriteSealed(Of(file), data, bytes, offset);
}

int Close(sqlite3_file* base) {
  File& file = Of(base);
  if (file.is_log) file.database->log = nullptr;
  const int code = MethodsBelow(base).xClose(file.below);
  sqlite3_free(file.below);
  delete file.page;
  return code;
}

int Truncate(sqlite3_file* file, sqlite3_int64 size) { return MethodsBelow(file).xTruncate(Below(file), size); }
int Sync(sqlite3_file* file, int flags) { return MethodsBelow(file).xSync(Below(file), flags); }
int FileSize(sqlite3_file* file, sqlite3_int64* size) {
  const int refused = std::exchange(Of(file).checkpoint_refused, SQLITE_OK);
  return refused == SQLITE_OK ? MethodsBelow(file).xFileSize(Below(file), size) : refused;
}
int Lock(sqlite3_file* file, int level) {
  const int code = MethodsBelow(file).xLock(Below(file), level);
  // The last connection that closes has it in the place of all others, and makes a checkpoint.
  if (code == SQLITE_OK && level == SQLITE_LOCK_EXCLUSIVE) NoteCheckpointLock(Of(file));
  return code;
}
int Unlock(sqlite3_file* file, int level) { return MethodsBelow(file).xUnlock(Below(file), level); }
int CheckReservedLock(sqlite3_file* file, int* taken) {
  return MethodsBelow(file).xCheckReservedLock(Below(file), taken);
}
int FileControl(sqlite3_file* file, int what, void* argument) {
  if (what == kIsSealedControl) {
    *static_cast<int*>(argument) = HasSealedPages(Of(file)) ? 1 : 0;
    return SQLITE_OK;
  }
  if (what == kCommittedFramesControl) {
    const volatile void* const wal_index = Of(file).wal_index;
    *static_cast<std::int64_t*>(argument) = wal_index == nullptr ? 0 : CommittedFrames(wal_index);
    return SQLITE_OK;
  }
  if (what == kCopiedFramesControl) {
    const volatile void* const wal_index = Of(file).wal_index;
    *static_cast<std::int64_t*>(argument) = wal_index == nullptr ? 0 : CopiedFrames(wal_index);
    return SQLITE_OK;
  }
  // SQLite does not hear an answer to this, but asks for the size before it copies.
  if (what == SQLITE_FCNTL_CKPT_START) Of(file).checkpoint_refused = CheckBeforeCheckpoint(Of(file));
  return MethodsBelow(file).xFileControl(Below(file), what, argument);
}
int SectorSize(sqlite3_file* file) { return MethodsBelow(file).xSectorSize(Below(file)); }
int DeviceCharacteristics(sqlite3_file* file) { return MethodsBelow(file).xDeviceCharacteristics(Below(file)); }
int ShmMap(sqlite3_file* file, int page, int bytes, int extend, void volatile** memory) {
  const int code = MethodsBelow(file).xShmMap(Below(file), page, bytes, extend, memory);
  if (code == SQLITE_OK && page == 0) Of(file).wal_index = *memory;
  return code;
}
int ShmLock(sqlite3_file* file, int offset, int count, int flags) {
  const int code = MethodsBelow(file).xShmLock(Below(file), offset, count, flags);
  if (code == SQLITE_OK && offset == kCheckpointLock && (flags & SQLITE_SHM_LOCK) != 0) NoteCheckpointLock(Of(file));
  return code;
}
void ShmBarrier(sqlite3_file* file) { MethodsBelow(file).xShmBarrier(Below(file)); }
int ShmUnmap(sqlite3_file* file, int remove) {
  Of(file).wal_index = nullptr;
  return MethodsBelow(file).xShmUnmap(Below(file), remove);
}

// Version 2: shared memory, but no memory-mapped reads, which would go past us.
const sqlite3_io_methods kMethods = {
    2,
    Close,
    Read,
    Write,
    Truncate,
    Sync,
    FileSize,
    Lock,
    Unlock,
    CheckReservedLock,
    FileControl,
    SectorSize,
    DeviceCharacteristics,
    ShmMap,
    ShmLock,
    ShmBarrier,
    ShmUnmap,
    nullptr,
    nullptr,
};

// ---- the file system ----

sqlite3_vfs& Default() { return *sqlite3_vfs_find(nullptr); }

int Open(sqlite3_vfs*, const char* name, sqlite3_file* base, int flags, int* opened_flags) {
  sqlite3_vfs& below = Default();
  auto* const file_below = static_cast<sqlite3_file*>(sqlite3_malloc(below.szOsFile));
  base->pMethods = nullptr;
  if (file_below == nullptr) return SQLITE_NOMEM;
  std::memset(file_below, 0, static_cast<std::size_t>(below.szOsFile));
  const int code = below.xOpen(&below, name, file_below, flags, opened_flags);
  if (file_below->pMethods == nullptr) {
    sqlite3_free(file_below);
    return code;
  }
  const bool is_log = (flags & SQLITE_OPEN_WAL) != 0;
  // SQLite gives raw memory.
  new (base) File{.base = {.pMethods = &kMethods},
                  .below = file_below,
                  .is_database = (flags & SQLITE_OPEN_MAIN_DB) != 0,
                  .is_log = is_log,
                  .sealed = Sealed::kUnknown,
                  .form = {},
                  .page = new std::vector<unsigned char>(),
                  .database = is_log ? &Of(sqlite3_database_file_object(name)) : nullptr,
                  .log = nullptr,
                  .wal_index = nullptr,
                  .log_at_lock = 0,
                  .checkpoint_refused = SQLITE_OK,
                  .log_place = {},
                  .recovery_place = {},
                  .log_end = -1};
  if (is_log) Of(base).database->log = &Of(base);
  return code;
}

int Delete(sqlite3_vfs*, const char* name, int sync) { return Default().xDelete(&Default(), name, sync); }
int Access(sqlite3_vfs*, const char* name, int flags, int* answer) {
  return Default().xAccess(&Default(), name, flags, answer);
}
int FullPathname(sqlite3_vfs*, const char* name, int bytes, char* path) {
  return Default().xFullPathname(&Default(), name, bytes, path);
}

void Register() {
  static sqlite3_vfs vfs = Default();
  vfs.szOsFile = sizeof(File);
  vfs.zName = kChecksumVfs;
  vfs.pNext = nullptr;
  vfs.xOpen = Open;
  vfs.xDelete = Delete;
  vfs.xAccess = Access;
  vfs.xFullPathname = FullPathname;
  sqlite3_vfs_register(&vfs, /*makeDflt=*/0);
}

}  // namespace

void RegisterChecksumVfs() {
  static absl::once_flag once;
  absl::call_once(once, Register);
}

}  // namespace closure::sqlite
