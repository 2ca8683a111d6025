// SPDX-License-Identifier: Apache-2.0
#include "tests/io_faults/fault_vfs.h"

#include <sqlite3.h>

#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#include "fmt/format.h"

namespace closure {
namespace {

// SQLite calls plain functions; there is one file system at a time.
FaultVfs* faults = nullptr;
sqlite3_vfs registered;

// A file of ours: SQLite's view of it, and behind it in the same memory the one below.
struct File {
  sqlite3_file base;
  FileRole role;
  // Its name; SQLite keeps it as long as the file is open. Null for one that nobody opens again.
  const char* name;
  std::int64_t failed_syncs_seen;
  sqlite3_file* below() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

sqlite3_file* Below(sqlite3_file* file) { return reinterpret_cast<File*>(file)->below(); }
File& Of(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }
FileFailure Next(sqlite3_file* file, FileCall call) { return faults->Next(call, Of(file).role); }
// Where changes of the file are told; null where nobody wants to know.
Disk* DiskOf(sqlite3_file* file) { return Of(file).name == nullptr ? nullptr : faults->disk(); }
const sqlite3_io_methods& MethodsBelow(sqlite3_file* file) { return *Below(file)->pMethods; }

// ---- calls that fail before they are passed on ----

int Close(sqlite3_file* file) { return MethodsBelow(file).xClose(Below(file)); }

// Which byte of a read or write gets another bit, so that over many of them each kind of field is met.
std::size_t FlippedByte(int bytes, sqlite3_int64 offset) {
  return static_cast<std::size_t>((offset / 512 + static_cast<sqlite3_int64>(bytes) * 7 / 11) % bytes);
}

int Read(sqlite3_file* file, void* data, int bytes, sqlite3_int64 offset) {
  const FileFailure failure = Next(file, FileCall::kRead);
  if (failure == FileFailure::kError) return SQLITE_IOERR_READ;
  const int code = MethodsBelow(file).xRead(Below(file), data, bytes, offset);
  auto* const read = static_cast<unsigned char*>(data);
  if (failure == FileFailure::kShort) {
    // What is missing reads as zeros.
    std::memset(read + bytes / 2, 0, static_cast<std::size_t>(bytes - bytes / 2));
    return SQLITE_IOERR_SHORT_READ;
  }
  if (failure == FileFailure::kFlippedBit && bytes > 0) read[FlippedByte(bytes, offset)] ^= 0x10;
  return code;
}

int WriteBelow(sqlite3_file* file, const void* data, int bytes, sqlite3_int64 offset) {
  const int code = MethodsBelow(file).xWrite(Below(file), data, bytes, offset);
  if (Disk* const disk = DiskOf(file); disk != nullptr && code == SQLITE_OK)
    disk->Write(Of(file).name, {static_cast<const char*>(data), static_cast<std::size_t>(bytes)}, offset);
  return code;
}

int Write(sqlite3_file* file, const void* data, int bytes, sqlite3_int64 offset) {
  const FileFailure failure = Next(file, FileCall::kWrite);
  switch (failure) {
    case FileFailure::kNone:
      return WriteBelow(file, data, bytes, offset);
    case FileFailure::kFlippedBit: {
      std::vector<unsigned char> written(static_cast<const unsigned char*>(data),
                                         static_cast<const unsigned char*>(data) + bytes);
      if (bytes > 0) written[FlippedByte(bytes, offset)] ^= 0x10;
      return WriteBelow(file, written.data(), bytes, offset);
    }
    case FileFailure::kLost:
      return SQLITE_OK;
    case FileFailure::kShort:
      WriteBelow(file, data, bytes / 2, offset);
      return SQLITE_IOERR_WRITE;
    case FileFailure::kFull:
      WriteBelow(file, data, bytes / 2, offset);
      return SQLITE_FULL;
    default:
      return SQLITE_IOERR_WRITE;
  }
}

int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  const FileFailure failure = Next(file, FileCall::kTruncate);
  if (failure == FileFailure::kFull) return SQLITE_FULL;
  if (failure != FileFailure::kNone) return SQLITE_IOERR_TRUNCATE;
  const int code = MethodsBelow(file).xTruncate(Below(file), size);
  if (Disk* const disk = DiskOf(file); disk != nullptr && code == SQLITE_OK) disk->Truncate(Of(file).name, size);
  return code;
}

// As Linux tells it: a sync that failed, to everybody who had the file open.
int SyncOnDisk(sqlite3_file* file, int flags, bool fails, Disk& disk) {
  File& synced = Of(file);
  const Disk::SyncPoint point = disk.BeginSync(synced.name);
  const int code = fails ? SQLITE_IOERR_FSYNC : MethodsBelow(file).xSync(Below(file), flags);
  if (code == SQLITE_OK) {
    disk.EndSync(synced.name, point);
  } else {
    disk.FailSync(synced.name, point);
  }
  const std::int64_t seen = std::exchange(synced.failed_syncs_seen, disk.FailedSyncs(synced.name));
  return seen == synced.failed_syncs_seen ? SQLITE_OK : SQLITE_IOERR_FSYNC;
}

int Sync(sqlite3_file* file, int flags) {
  const bool fails = Next(file, FileCall::kSync) != FileFailure::kNone;
  if (Disk* const disk = DiskOf(file); disk != nullptr) return SyncOnDisk(file, flags, fails, *disk);
  return fails ? SQLITE_IOERR_FSYNC : MethodsBelow(file).xSync(Below(file), flags);
}

int FileSize(sqlite3_file* file, sqlite3_int64* size) {
  if (Next(file, FileCall::kFileSize) != FileFailure::kNone) return SQLITE_IOERR_FSTAT;
  return MethodsBelow(file).xFileSize(Below(file), size);
}

int Lock(sqlite3_file* file, int level) {
  const FileFailure failure = Next(file, FileCall::kLock);
  if (failure == FileFailure::kBusy) return SQLITE_BUSY;
  if (failure != FileFailure::kNone) return SQLITE_IOERR_LOCK;
  return MethodsBelow(file).xLock(Below(file), level);
}

int ShmMap(sqlite3_file* file, int page, int bytes, int extend, void volatile** memory) {
  if (Next(file, FileCall::kShmMap) != FileFailure::kNone) return SQLITE_IOERR_SHMMAP;
  return MethodsBelow(file).xShmMap(Below(file), page, bytes, extend, memory);
}

int ShmLock(sqlite3_file* file, int offset, int count, int flags) {
  // What is given back cannot be refused.
  if ((flags & SQLITE_SHM_LOCK) != 0) {
    const FileFailure failure = Next(file, FileCall::kShmLock);
    if (failure == FileFailure::kBusy) return SQLITE_BUSY;
    if (failure != FileFailure::kNone) return SQLITE_IOERR_SHMLOCK;
  }
  return MethodsBelow(file).xShmLock(Below(file), offset, count, flags);
}

// ---- calls that are only passed on ----

int Unlock(sqlite3_file* file, int level) { return MethodsBelow(file).xUnlock(Below(file), level); }
int CheckReservedLock(sqlite3_file* file, int* taken) {
  return MethodsBelow(file).xCheckReservedLock(Below(file), taken);
}
int FileControl(sqlite3_file* file, int what, void* argument) {
  return MethodsBelow(file).xFileControl(Below(file), what, argument);
}
int SectorSize(sqlite3_file* file) { return MethodsBelow(file).xSectorSize(Below(file)); }
int DeviceCharacteristics(sqlite3_file* file) { return MethodsBelow(file).xDeviceCharacteristics(Below(file)); }
void ShmBarrier(sqlite3_file* file) { MethodsBelow(file).xShmBarrier(Below(file)); }
int ShmUnmap(sqlite3_file* file, int remove) { return MethodsBelow(file).xShmUnmap(Below(file), remove); }

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

int Open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* opened_flags) {
  file->pMethods = nullptr;
  if (faults->Next(FileCall::kOpen, FileRole::kOther) != FileFailure::kNone) return SQLITE_CANTOPEN;
  Of(file).role = (flags & SQLITE_OPEN_MAIN_DB) != 0 ? FileRole::kDatabase
                  : (flags & SQLITE_OPEN_WAL) != 0   ? FileRole::kLog
                                                     : FileRole::kOther;
  Of(file).name = name;
  if (Disk* const disk = DiskOf(file); disk != nullptr) Of(file).failed_syncs_seen = disk->FailedSyncs(name);
  sqlite3_vfs& below = faults->below();
  const int code = below.xOpen(&below, name, Below(file), flags, opened_flags);
  if (Below(file)->pMethods != nullptr) file->pMethods = &kMethods;
  return code;
}

int Delete(sqlite3_vfs*, const char* name, int sync) {
  if (faults->Next(FileCall::kDelete, FileRole::kOther) != FileFailure::kNone) return SQLITE_IOERR_DELETE;
  const int code = faults->below().xDelete(&faults->below(), name, sync);
  if (Disk* const disk = faults->disk(); disk != nullptr && code == SQLITE_OK) disk->Delete(name);
  return code;
}

int Access(sqlite3_vfs*, const char* name, int flags, int* answer) {
  if (faults->Next(FileCall::kAccess, FileRole::kOther) != FileFailure::kNone) return SQLITE_IOERR_ACCESS;
  return faults->below().xAccess(&faults->below(), name, flags, answer);
}

}  // namespace

std::string_view FileCallName(FileCall call) {
  constexpr std::array<std::string_view, kFileCalls> kNames = {
      "open", "delete", "access", "read", "write", "truncate", "sync", "file-size", "lock", "shm-map", "shm-lock"};
  return kNames.at(static_cast<std::size_t>(call));
}

std::string_view FileRoleName(FileRole role) {
  constexpr std::array<std::string_view, 3> kNames = {"the database", "the log", "any file"};
  return kNames.at(static_cast<std::size_t>(role));
}

std::string_view FileFailureName(FileFailure failure) {
  constexpr std::array<std::string_view, 7> kNames = {"none", "error", "short", "flipped-bit", "lost", "full", "busy"};
  return kNames.at(static_cast<std::size_t>(failure));
}

FaultVfs::FaultVfs() : below_(sqlite3_vfs_find(nullptr)) {
  if (below_ == nullptr || faults != nullptr) std::abort();
  registered = *below_;
  registered.zName = "closure-faults";
  registered.szOsFile = static_cast<int>(sizeof(File)) + below_->szOsFile;
  registered.xOpen = Open;
  registered.xDelete = Delete;
  registered.xAccess = Access;
  faults = this;
  sqlite3_vfs_register(&registered, 1);
}

FaultVfs::~FaultVfs() {
  sqlite3_vfs_unregister(&registered);
  sqlite3_vfs_register(below_, 1);
  faults = nullptr;
}

void FaultVfs::SetDecide(Decide decide) {
  absl::MutexLock lock(&mutex_);
  decide_ = std::move(decide);
}

void FaultVfs::SetDisk(Disk* disk) {
  absl::MutexLock lock(&mutex_);
  disk_ = disk;
}

Disk* FaultVfs::disk() const {
  absl::MutexLock lock(&mutex_);
  return disk_;
}

void FaultVfs::CountAnew() {
  absl::MutexLock lock(&mutex_);
  calls_ = {};
}

FaultVfs::Counts FaultVfs::counts() const {
  absl::MutexLock lock(&mutex_);
  return calls_;
}

int64_t FaultVfs::failures() const {
  absl::MutexLock lock(&mutex_);
  return failures_;
}

std::string FaultVfs::LastFailures() const {
  absl::MutexLock lock(&mutex_);
  return fmt::format("{}", fmt::join(last_failures_, ", "));
}

FileFailure FaultVfs::Next(FileCall call, FileRole role) {
  absl::MutexLock lock(&mutex_);
  const int64_t number = ++calls_[static_cast<std::size_t>(call)];
  const FileFailure failure = decide_ ? decide_(call, number, role) : FileFailure::kNone;
  if (failure == FileFailure::kNone) return failure;
  ++failures_;
  constexpr std::size_t kTold = 50;
  if (last_failures_.size() == kTold) last_failures_.pop_front();
  last_failures_.push_back(
      fmt::format("{} {} at {} of {}", FileCallName(call), FileFailureName(failure), number, FileRoleName(role)));
  return failure;
}

}  // namespace closure
