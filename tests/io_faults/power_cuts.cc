// SPDX-License-Identifier: Apache-2.0
#include "tests/io_faults/power_cuts.h"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <random>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "fmt/format.h"
#include "storage/sqlite/sqlite_closure_store.h"
#include "tests/io_faults/disk.h"
#include "tests/io_faults/fault_kinds.h"
#include "tests/io_faults/fault_vfs.h"
#include "tests/io_faults/read_through.h"
#include "tests/io_faults/store_pairs.h"
#include "tests/simulation/memory_store.h"
#include "tests/simulation/random_writes.h"

namespace closure {
namespace {

namespace fs = std::filesystem;

using simulation::MemoryStore;
using simulation::Observe;
using simulation::RandomWrite;
using simulation::RandomWrites;

// File calls between two cuts: mostly within a few writes, sometimes long enough for the log to be emptied meanwhile.
constexpr std::uint64_t kCallsMax = 300;
constexpr std::uint64_t kCallsMaxSometimes = 20'000;
constexpr std::uint64_t kSometimes = 10;
constexpr std::uint64_t kOneCallIn = 40;
constexpr std::uint64_t kOneSyncIn = 12;
constexpr int kStartsWithFaults = 3;
constexpr std::uint64_t kOneStopIn = 25;

FaultVfs::Decide FaultsOf(const CutOptions& options) {
  switch (options.faults) {
    case CutFaults::kAny:
      return RandomFaults(options.seed, kOneCallIn);
    case CutFaults::kSyncs:
      return FailedSyncs(options.seed, kOneSyncIn);
    default:
      return nullptr;
  }
}

// What happened to a store: a write, or a start after what came before.
struct Start {};
using Event = std::variant<RandomWrite, Start>;

// The store to which this happened.
std::unique_ptr<MemoryStore> Replay(const std::vector<Event>& events) {
  auto store = std::make_unique<MemoryStore>();
  for (const Event& event : events) {
    if (const auto* const write = std::get_if<RandomWrite>(&event)) {
      Write(*store, *write);
    } else {
      store->Close();
      store->Reopen();
    }
  }
  return store;
}

class Life {
 public:
  explicit Life(const CutOptions& options)
      : options_(options), writes_(options.seed), random_(options.seed), faults_(FaultsOf(options)) {}

  CutReport Live() {
    vfs_.SetDecide([this](FileCall call, std::int64_t number, FileRole role) { return Decide(call, number, role); });
    Boot({});
    while (report_.cuts < options_.cuts && GoesOn()) WriteUntilCut();
    faults_on_ = false;
    sqlite_ = nullptr;
    report_.failures = vfs_.failures();
    vfs_.SetDecide(nullptr);
    vfs_.SetDisk(nullptr);
    return std::move(report_);
  }

 private:
  bool GoesOn() const { return report_.broken.empty(); }

  FileFailure Decide(FileCall call, std::int64_t number, FileRole role) {
    {
      absl::MutexLock lock(&mutex_);
      if (is_running_ && !image_ && --calls_left_ <= 0) image_ = disk_->Cut(random_);
    }
    return faults_on_ && faults_ ? faults_(call, number, role) : FileFailure::kNone;
  }

  bool IsCut() {
    absl::MutexLock lock(&mutex_);
    return image_.has_value();
  }

  // The machine starts with these files on its disk.
  void Boot(const DiskImage& image) {
    for (const auto& entry : fs::directory_iterator(options_.directory)) fs::remove_all(entry.path());
    for (const auto& [name, bytes] : image) {
      if (!(std::ofstream(name, std::ios::binary) << bytes)) return Break(fmt::format("{} cannot be written", name));
      fs::permissions(name, fs::perms::owner_read | fs::perms::owner_write);
    }
    vfs_.SetDisk(nullptr);
    {
      absl::MutexLock lock(&mutex_);
      disk_ = std::make_unique<Disk>(image, random_(), options_.lie);
      image_.reset();
      is_running_ = true;
      const bool sometimes = writes_.Pick(kSometimes) == 0;
      calls_left_ = static_cast<std::int64_t>(1 + writes_.Pick(sometimes ? kCallsMaxSometimes : kCallsMax));
    }
    vfs_.SetDisk(disk_.get());
    Open();
  }

  // The disk fails the first tries too; without that a start goes well.
  void Open() {
    sqlite_ = nullptr;
    for (int tries = 0; sqlite_ == nullptr && GoesOn(); ++tries) {
      faults_on_ = tries < kStartsWithFaults;
      absl::StatusOr<std::unique_ptr<SqliteClosureStore>> store =
          OpenAndReadThrough({.path = options_.directory + "/closure.db", .readers = 1});
      if (store.ok())
        sqlite_ = *std::move(store);
      else if (faults_on_ && absl::IsUnavailable(store.status()))
        ++report_.starts_refused;
      else
        Break(fmt::format("a start was refused: {}", store.status().ToString()));
    }
    faults_on_ = false;
  }

  void WriteUntilCut() {
    while (!IsCut() && GoesOn()) {
      if (writes_.Pick(kOneStopIn) == 0)
        StopAndStart();
      else
        WriteOne(writes_.Next(*memory_));
    }
    if (GoesOn()) RecoverFromCut();
  }

  void StopAndStart() {
    faults_on_ = true;
    sqlite_ = nullptr;
    Open();
    // After a cut its image decides.
    if (!GoesOn() || IsCut()) return;
    FindWhatHappened("after a stop and a start", /*started=*/true);
    doubtful_.clear();
    ++report_.stops;
  }

  void WriteOne(const RandomWrite& write) {
    std::string outcome = "not told";
    bool told_before_cut = false;
    faults_on_ = true;
    // Whoever is told in time counts on it, so that moment decides and not a later one.
    Send(*sqlite_, write, [&](std::string told) {
      told_before_cut = !IsCut();
      outcome = std::move(told);
    });
    sqlite_->Drain();
    faults_on_ = false;
    if (!told_before_cut) return doubtful_.push_back(write);
    if (IsUnavailable(outcome)) return Settle(write);
    ++report_.acknowledged;
    const std::string before = memory_->Digest();
    const std::string expected = Write(*memory_, write);
    events_.emplace_back(write);
    // One that changes nothing has no frames.
    if (memory_->Digest() != before) doubtful_.clear();
    if (outcome != expected) Break(fmt::format("a write came to\n{}\nexpected\n{}", outcome, expected));
  }

  // A write that was refused was made whole or not at all, and the next one goes on from that.
  void Settle(const RandomWrite& write) {
    ++report_.refused;
    doubtful_.push_back(write);
    const bool starts = IsUnavailable(Write(*sqlite_, simulation::Lease{}));
    // After a cut its image decides, not what this process sees.
    if (starts && !IsCut()) Open();
    if (!GoesOn() || IsCut()) return;
    const bool made = FindWhatHappened(
        starts ? "after a write that was refused, and a start" : "after a write that was refused", starts);
    // A start puts what it finds on the disk before anything else (PrepareSchema), and what it did not find is not
    // there.
    if (starts || made) doubtful_.clear();
  }

  void RecoverFromCut() {
    ++report_.cuts;
    sqlite_ = nullptr;
    DiskImage image;
    {
      absl::MutexLock lock(&mutex_);
      is_running_ = false;
      image = *std::exchange(image_, std::nullopt);
    }
    Boot(image);
    if (GoesOn() && FindWhatHappened(fmt::format("after cut {}", report_.cuts), /*started=*/true))
      ++report_.made_at_cut;
    doubtful_.clear();
  }

  // What happened is what the store holds: what was acknowledged, and at most one of what is doubtful. Answers whether
  // that was made.
  bool FindWhatHappened(std::string_view when, bool started) {
    const Lines found = Observe(*sqlite_);
    std::vector<std::optional<RandomWrite>> candidates(doubtful_.begin(), doubtful_.end());
    candidates.insert(candidates.begin(), std::nullopt);
    std::string differences;
    for (const std::optional<RandomWrite>& made : candidates) {
      std::vector<Event> events = events_;
      if (made) events.emplace_back(*made);
      if (started) events.emplace_back(Start{});
      std::unique_ptr<MemoryStore> memory = Replay(events);
      const std::string difference = Difference(Observe(*memory), found);
      if (difference.empty()) {
        events_ = std::move(events);
        memory_ = std::move(memory);
        return made.has_value();
      }
      differences += fmt::format("{} a doubtful write, {}\n", made ? "with" : "without", difference);
    }
    Break(fmt::format("{}, the store does not hold what was acknowledged:\n{}", when, differences));
    return false;
  }

  void Break(std::string what) {
    if (report_.broken.empty()) report_.broken = std::move(what);
  }

  const CutOptions& options_;
  FaultVfs vfs_;
  RandomWrites writes_;
  absl::Mutex mutex_;
  std::mt19937_64 random_ ABSL_GUARDED_BY(mutex_);
  bool is_running_ ABSL_GUARDED_BY(mutex_) = false;
  std::int64_t calls_left_ ABSL_GUARDED_BY(mutex_) = 0;
  // The disk when the power was cut; what happened since then did not.
  std::optional<DiskImage> image_ ABSL_GUARDED_BY(mutex_);
  const FaultVfs::Decide faults_;
  std::atomic<bool> faults_on_ = false;
  std::unique_ptr<Disk> disk_;
  // What is known to have happened, and the store to which it did.
  std::vector<Event> events_;
  // Refused since the last one that was acknowledged, or not told in time. Each may stand in the log, not to be seen
  // until a start reads it there, and is overwritten by the next that has frames.
  std::vector<RandomWrite> doubtful_;
  std::unique_ptr<MemoryStore> memory_ = std::make_unique<MemoryStore>();
  std::unique_ptr<SqliteClosureStore> sqlite_;
  CutReport report_;
};

}  // namespace

CutReport LiveWithPowerCuts(const CutOptions& options) { return Life(options).Live(); }

}  // namespace closure
