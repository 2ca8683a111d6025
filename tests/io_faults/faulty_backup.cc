// SPDX-License-Identifier: Apache-2.0
#include "tests/io_faults/faulty_backup.h"

#include <filesystem>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "storage/sqlite/backup.h"
#include "storage/sqlite/sqlite_closure_store.h"
#include "tests/io_faults/read_through.h"
#include "tests/io_faults/store_pairs.h"
#include "tests/simulation/random_writes.h"

namespace closure {
namespace {

namespace fs = std::filesystem;

constexpr absl::Time kNow = absl::FromUnixSeconds(1'782'896'400);

absl::StatusOr<Lines> Held(const std::string& path) {
  absl::StatusOr<std::unique_ptr<SqliteClosureStore>> store = OpenAndReadThrough({.path = path, .readers = 1});
  if (!store.ok()) return store.status();
  return simulation::Observe(**store);
}

class Backup {
 public:
  explicit Backup(const BackupOptions& options)
      : options_(options),
        database_(options.directory + "/closure.db"),
        copy_(options.directory + "/copy.db"),
        reference_(options.directory + "/reference.db") {}

  LifeReport Make() {
    // Stays in use, so that a part of it stands only in its log.
    const auto store = OpenAndReadThrough({.path = database_, .readers = 1});
    if (!store.ok()) return Broken(store.status().ToString());
    simulation::RandomWrites writes(options_.seed);
    for (int number = 0; number < options_.writes; ++number) Write(**store, writes.Next(**store));
    if (const absl::Status made = BackUpDatabase(database_, reference_, kNow); !made.ok())
      return Broken(made.ToString());
    const Lines before = simulation::Observe(**store);

    const FaultVfs::Counts calls = vfs_.counts();
    vfs_.SetDecide([&](FileCall call, std::int64_t number, FileRole role) {
      return options_.decide ? options_.decide(call, number - calls.at(static_cast<std::size_t>(call)), role)
                             : FileFailure::kNone;
    });
    const absl::Status made = BackUpDatabase(database_, copy_, kNow);
    vfs_.SetDecide(nullptr);
    return Judge(made, before, **store, calls);
  }

 private:
  LifeReport Judge(const absl::Status& made, const Lines& before, ClosureStore& store, const FaultVfs::Counts& calls) {
    for (std::size_t call = 0; call < calls.size(); ++call)
      report_.calls.at(call) = vfs_.counts().at(call) - calls.at(call);
    report_.failures = vfs_.failures();
    if (const std::string difference = Difference(before, simulation::Observe(store)); !difference.empty())
      return Broken(fmt::format("a backup changed the database:\n{}", difference));
    if (!made.ok()) return JudgeRefused(made);
    report_.acknowledged = 1;
    return JudgeMade();
  }

  // The copy holds what one holds that was made without faults.
  LifeReport JudgeMade() {
    const absl::StatusOr<Lines> expected = Held(reference_);
    const absl::StatusOr<Lines> found = Held(copy_);
    for (const auto& opened : {expected, found}) {
      if (!opened.ok()) return Broken(fmt::format("a backup does not open: {}", opened.status().ToString()));
    }
    if (const std::string difference = Difference(*expected, *found); !difference.empty())
      return Broken(fmt::format("a backup that was reported does not hold everything:\n{}", difference));
    return std::move(report_);
  }

  // Nothing has the copy's name, and nothing keeps the next one from being made.
  LifeReport JudgeRefused(const absl::Status& refused) {
    report_.refused = 1;
    if (fs::exists(copy_)) return Broken(fmt::format("a backup that failed is there: {}", refused.ToString()));
    if (const absl::Status again = BackUpDatabase(database_, copy_, kNow); !again.ok())
      return Broken(fmt::format("after {} no backup can be made: {}", refused.ToString(), again.ToString()));
    return JudgeMade();
  }

  LifeReport Broken(std::string what) {
    report_.broken = std::move(what);
    return std::move(report_);
  }

  const BackupOptions& options_;
  const std::string database_;
  const std::string copy_;
  const std::string reference_;
  FaultVfs vfs_;
  LifeReport report_;
};

}  // namespace

LifeReport BackUpWithFaults(const BackupOptions& options) { return Backup(options).Make(); }

}  // namespace closure
