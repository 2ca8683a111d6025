// SPDX-License-Identifier: Apache-2.0
#include "tests/io_faults/faulty_life.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "storage/sqlite/sqlite_closure_store.h"
#include "tests/io_faults/read_through.h"
#include "tests/io_faults/store_pairs.h"
#include "tests/simulation/memory_store.h"
#include "tests/simulation/random_writes.h"
#include "tests/storage/comes_true.h"

namespace closure {
namespace {

using simulation::MemoryStore;
using simulation::Observe;
using simulation::RandomWrite;
using simulation::RandomWrites;

constexpr int kWritesAfter = 5;
// How many of the last transactions may go with a log that was written wrong.
constexpr int kLostMax = 2;

bool IsRefused(std::string_view line) {
  constexpr std::string_view kAfterWhat = ": ";
  const std::size_t what = line.find(kAfterWhat);
  return what != std::string_view::npos && line.substr(what + kAfterWhat.size()).starts_with("UNAVAILABLE: ");
}

bool RefusesSome(const Lines& lines) { return std::any_of(lines.begin(), lines.end(), IsRefused); }

// Those of the lines that `found` does not refuse.
Lines Answered(const Lines& lines, const Lines& found) {
  Lines left;
  for (std::size_t i = 0; i < std::min(lines.size(), found.size()); ++i) {
    if (!IsRefused(found[i])) left.push_back(lines[i]);
  }
  return left;
}

class Life {
 public:
  explicit Life(const LifeOptions& options) : options_(options), writes_(options.seed) {}

  LifeReport Live() {
    if (options_.writes_before > 0) LiveBefore();
    vfs_.SetDecide(options_.decide);
    if (GoesOn()) Open();
    vfs_.SetDecide(options_.decide);
    for (int number = 0; number < options_.writes && GoesOn(); ++number) WriteOne();
    vfs_.SetDecide(nullptr);
    for (int number = 0; number < kWritesAfter && GoesOn(); ++number) WriteWithoutFaults();
    if (GoesOn()) Compare("at the end");
    if (GoesOn()) Reopen();
    if (GoesOn()) Compare("opened anew");
    if (GoesOn()) Stop();
    return Finish();
  }

 private:
  bool GoesOn() const { return report_.broken.empty() && report_.given_up == 0 && report_.lost_ends == 0; }

  // The life of the process before, which is killed: what it leaves is what its files hold at this moment.
  void LiveBefore() {
    const std::filesystem::path left = options_.directory;
    const std::filesystem::path before = left / "before";
    std::filesystem::create_directory(before);
    std::filesystem::permissions(before, std::filesystem::perms::owner_all);
    auto store = OpenAndReadThrough({.path = before / "closure.db", .readers = 1});
    if (!store.ok()) return Break(store.status().ToString());
    if (!LogComesEmpty(before / "closure.db")) return Break("the log of a new database does not come empty");
    // A write that erases something has the log emptied after it; then one more follows.
    for (int number = 0; GoesOn() && (number < options_.writes_before || !CopyWithLog(before, left)); ++number) {
      const RandomWrite write = writes_.Next(memory_);
      const std::string outcome = Write(**store, write);
      if (outcome != Remember(write)) Break(fmt::format("a write before came to\n{}", outcome));
    }
    Remember(std::nullopt);
    *store = nullptr;
    vfs_.CountAnew();
  }

  // Whether there is a log that holds anything. It is copied first: what a checkpoint moves meanwhile is in the
  // database then. While it is cut to nothing it cannot be read.
  static bool CopyWithLog(const std::filesystem::path& from, const std::filesystem::path& to) {
    for (const char* const file : {"closure.db-wal", "closure.db"}) {
      std::error_code failed;
      std::filesystem::copy_file(from / file, to / file, std::filesystem::copy_options::overwrite_existing, failed);
      if (failed) return false;
    }
    return std::filesystem::file_size(to / "closure.db-wal") > 0;
  }

  void Open() {
    absl::StatusOr<std::unique_ptr<SqliteClosureStore>> store = TryOpen();
    if (store.ok()) {
      sqlite_ = *std::move(store);
      return;
    }
    // A flipped bit can make a file look like one of another program or version.
    const bool refused = absl::IsUnavailable(store.status()) || absl::IsFailedPrecondition(store.status());
    if (!refused) Break(fmt::format("opening was refused: {}", store.status().ToString()));
    Reopen();
  }

  absl::StatusOr<std::unique_ptr<SqliteClosureStore>> TryOpen() {
    return OpenAndReadThrough({.path = options_.directory + "/closure.db", .readers = 1});
  }

  // Lifts the faults: without them it has to open, whatever they did.
  void Reopen() {
    vfs_.SetDecide(nullptr);
    sqlite_ = nullptr;
    absl::StatusOr<std::unique_ptr<SqliteClosureStore>> store = TryOpen();
    if (!store.ok() && options_.damage != Damage::kNone) {
      ++report_.given_up;
      return;
    }
    if (!store.ok()) return Break(fmt::format("the store does not open again: {}", store.status().ToString()));
    sqlite_ = *std::move(store);
    // It takes back what the process before it had leased.
    Remember(std::nullopt);
    ++report_.reopened;
    if (options_.damage == Damage::kLog) AllowLostEnd();
  }

  // Does to the store in memory what was done to the other: a write, or a new start.
  std::string Remember(const std::optional<RandomWrite>& done) {
    done_.push_back(done);
    return Do(memory_, done);
  }

  static std::string Do(MemoryStore& store, const std::optional<RandomWrite>& done) {
    if (done.has_value()) return Write(store, *done);
    store.Close();
    store.Reopen();
    return "";
  }

  // The last transaction of a log that was written wrong looks like the torn end that a crash leaves; and with it goes
  // the one before, where the word that ends this is wrong (log_end.h). Nothing more does.
  void AllowLostEnd() {
    const Lines found = Observe(*sqlite_);
    Lines expected = Observe(memory_);
    int lost = 0;
    for (std::size_t kept = done_.size(); !Difference(expected, found).empty() && kept > 0; --kept) {
      Lines before = ObserveAfter(kept - 1);
      // Some writes change nothing.
      if (!Difference(before, expected).empty()) ++lost;
      if (lost > kLostMax) return;
      expected = std::move(before);
    }
    if (lost > 0 && Difference(expected, found).empty()) ++report_.lost_ends;
  }

  // What there is when only the first so many things were done, and then a new start.
  Lines ObserveAfter(std::size_t kept) const {
    MemoryStore store;
    for (std::size_t i = 0; i < kept; ++i) Do(store, done_[i]);
    Do(store, std::nullopt);
    return Observe(store);
  }

  void WriteOne() {
    const RandomWrite write = writes_.Next(memory_);
    const std::string outcome = Write(*sqlite_, write);
    if (IsUnavailable(outcome)) return Settle(write);
    const std::string expected = Remember(write);
    ++report_.acknowledged;
    if (outcome != expected) Break(fmt::format("a write came to\n{}\nexpected\n{}", outcome, expected));
    ReadOne();
  }

  // A read that is answered is answered right.
  void ReadOne() {
    const auto found = sqlite_->LoadSystem();
    const auto expected = memory_.LoadSystem();
    if (!found.ok() && !absl::IsUnavailable(found.status())) return Break(found.status().ToString());
    if (found.ok() && found->SerializeAsString() != expected->SerializeAsString()) Break("a read was answered wrong");
  }

  // A write that was refused was made whole or not at all.
  void Settle(const RandomWrite& write) {
    ++report_.refused;
    vfs_.SetDecide(nullptr);
    if (IsUnavailable(Write(*sqlite_, simulation::Lease{}))) Reopen();
    if (!GoesOn()) return;
    if (options_.damage != Damage::kNone && RefusesSome(Observe(*sqlite_))) Reopen();
    if (!GoesOn()) return;
    if (!Difference(Observe(memory_), Observe(*sqlite_)).empty()) {
      Remember(write);
      ++report_.made_though_refused;
      Compare("after a write that was refused");
    }
    vfs_.SetDecide(options_.decide);
  }

  void WriteWithoutFaults() {
    const RandomWrite write = writes_.Next(memory_);
    std::string outcome = Write(*sqlite_, write);
    if (IsUnavailable(outcome)) {
      // Met damage, which ends with a new start.
      Reopen();
      if (!GoesOn()) return;
      outcome = Write(*sqlite_, write);
    }
    if (const std::string expected = Remember(write); outcome != expected)
      Break(fmt::format("without faults a write came to\n{}\nexpected\n{}", outcome, expected));
  }

  // In order, on the disk that fails.
  void Stop() {
    vfs_.SetDecide(options_.decide);
    sqlite_ = nullptr;
    Reopen();
    if (GoesOn()) Compare("after a stop");
  }

  void Compare(std::string_view when) {
    const Lines expected = Observe(memory_);
    Lines found = Observe(*sqlite_);
    if (options_.damage != Damage::kNone && RefusesSome(found)) {
      // A read was the first to meet the damage, which ends with a new start. What was answered beside it is right.
      CheckEqual(when, Answered(expected, found), Answered(found, found));
      Reopen();
      if (!GoesOn()) return;
      found = Observe(*sqlite_);
    }
    CheckEqual(when, Observe(memory_), found);
  }

  void CheckEqual(std::string_view when, const Lines& expected, const Lines& found) {
    if (const std::string difference = Difference(expected, found); !difference.empty())
      Break(fmt::format("{}, the store does not hold what was acknowledged:\n{}", when, difference));
  }

  void Break(std::string what) {
    if (report_.broken.empty()) report_.broken = std::move(what);
  }

  LifeReport Finish() {
    sqlite_ = nullptr;
    if (!report_.broken.empty()) report_.broken += fmt::format("\nwhat failed last: {}", vfs_.LastFailures());
    report_.calls = vfs_.counts();
    report_.failures = vfs_.failures();
    return std::move(report_);
  }

  const LifeOptions& options_;
  FaultVfs vfs_;
  RandomWrites writes_;
  MemoryStore memory_;
  // What was done to it: writes, and new starts where there is none.
  std::vector<std::optional<RandomWrite>> done_;
  std::unique_ptr<SqliteClosureStore> sqlite_;
  LifeReport report_;
};

}  // namespace

LifeReport LiveWithFaults(const LifeOptions& options) { return Life(options).Live(); }

}  // namespace closure
