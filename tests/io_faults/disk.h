// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_IO_FAULTS_DISK_H_
#define CLOSURE_TESTS_IO_FAULTS_DISK_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

// What is on a disk when its power is cut: all that was synced, and of what was written since any sectors.
namespace closure {

// The files of a directory by their names, as a cut leaves them.
using DiskImage = std::map<std::string, std::string>;

// How a disk lies about syncs, which a judge has to notice.
enum class DiskLie {
  kNone,
  // It does none.
  kNoSync,
  // Each does only what the one before it should have done.
  kLateSync,
};

// Told of every call that changes files, after it was carried out. That a file is made or removed counts as durable at
// once. Thread-safe.
class Disk {
 public:
  // What a sync that begins now covers; of one file.
  using SyncPoint = std::size_t;

  // With these files on it. What a failed sync keeps is drawn from the seed.
  Disk(const DiskImage& image, std::uint64_t seed, DiskLie lie);
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;

  void Write(std::string_view file, std::string_view bytes, std::int64_t offset);
  void Truncate(std::string_view file, std::int64_t size);
  void Delete(std::string_view file);

  SyncPoint BeginSync(std::string_view file) const;
  // What was written up to `point` is durable.
  void EndSync(std::string_view file, SyncPoint point);
  // The sync failed: some of it is, and what is not will not be by a later sync either unless it is written again, as
  // Linux has it.
  void FailSync(std::string_view file, SyncPoint point);
  // How many syncs of it have failed. Each open file that was open then is told once.
  std::int64_t FailedSyncs(std::string_view file) const;

  // The power is cut now. What becomes of what was not synced is drawn for each file: all of it is there, nothing, what
  // was written first, or any sectors.
  DiskImage Cut(std::mt19937_64& random) const;

 private:
  // A write, or a truncation where there are no bytes.
  struct Change {
    std::int64_t at = 0;
    std::string bytes;
    bool truncates = false;
  };
  struct File {
    std::string durable;
    std::vector<Change> pending;
    // How many of its changes are not pending any more.
    std::size_t settled = 0;
    std::int64_t failed_syncs = 0;
    // What the last sync that was reported covered.
    SyncPoint reported = 0;
  };

  static void Apply(const Change& change, std::string& file);
  static void ApplySomeSectors(const Change& change, std::mt19937_64& random, std::string& file);
  // Changes up to `point` are not pending any more; `apply` makes durable what is to be.
  template <typename ApplyOne>
  static void Settle(File& file, SyncPoint point, const ApplyOne& apply);

  const DiskLie lie_;
  mutable absl::Mutex mutex_;
  std::map<std::string, File, std::less<>> files_ ABSL_GUARDED_BY(mutex_);
  std::mt19937_64 random_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace closure

#endif  // CLOSURE_TESTS_IO_FAULTS_DISK_H_
