// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_IO_FAULTS_FAULT_VFS_H_
#define CLOSURE_TESTS_IO_FAULTS_FAULT_VFS_H_

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "tests/io_faults/disk.h"

struct sqlite3_vfs;

// A disk that fails on demand, below SQLite.
namespace closure {

// What SQLite asks of files.
enum class FileCall { kOpen, kDelete, kAccess, kRead, kWrite, kTruncate, kSync, kFileSize, kLock, kShmMap, kShmLock };
inline constexpr int kFileCalls = 11;
std::string_view FileCallName(FileCall call);

// Which file it is asked of.
enum class FileRole { kDatabase, kLog, kOther };
std::string_view FileRoleName(FileRole role);

// What becomes of a call. A call that a failure does not fit fails with an error.
enum class FileFailure {
  kNone,
  kError,
  // Of reads and writes: half is done, then an error.
  kShort,
  // Of reads and writes: one bit is another, and no error.
  kFlippedBit,
  // Of writes: nothing is written, and no error.
  kLost,
  // Of writes and truncations: no space is left on the device.
  kFull,
  // Of locks: somebody else has it.
  kBusy,
};
std::string_view FileFailureName(FileFailure failure);

// While it lives it is SQLite's default file system, which passes every call on to the one before, except those that
// `decide` has fail. Databases have to be closed before it ends. At most one at a time; thread-safe.
class FaultVfs {
 public:
  // Told which call it is, the how manieth of its kind from 1 on, and of which file.
  using Decide = std::function<FileFailure(FileCall call, int64_t number, FileRole role)>;

  FaultVfs();
  FaultVfs(const FaultVfs&) = delete;
  FaultVfs& operator=(const FaultVfs&) = delete;
  ~FaultVfs();

  // Nothing fails without it.
  void SetDecide(Decide decide);
  // Told of every change of a file until another is set or none; it must outlive that. Set while no file is open.
  void SetDisk(Disk* disk);
  // Calls are numbered from 1 on again.
  void CountAnew();
  // How many calls of each kind there were.
  using Counts = std::array<int64_t, kFileCalls>;
  Counts counts() const;
  // How many failed.
  int64_t failures() const;
  // The last of those that failed, in words and in order.
  std::string LastFailures() const;

  // For the calls themselves.
  FileFailure Next(FileCall call, FileRole role);
  sqlite3_vfs& below() { return *below_; }
  Disk* disk() const;

 private:
  sqlite3_vfs* const below_;
  mutable absl::Mutex mutex_;
  Decide decide_ ABSL_GUARDED_BY(mutex_);
  Disk* disk_ ABSL_GUARDED_BY(mutex_) = nullptr;
  Counts calls_ ABSL_GUARDED_BY(mutex_) = {};
  int64_t failures_ ABSL_GUARDED_BY(mutex_) = 0;
  std::deque<std::string> last_failures_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace closure

#endif  // CLOSURE_TESTS_IO_FAULTS_FAULT_VFS_H_
