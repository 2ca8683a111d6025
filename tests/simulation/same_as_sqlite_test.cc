// SPDX-License-Identifier: Apache-2.0
// The store of simulations says and does what the real one does: the same random writes come to the same in both.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>

#include "storage/sqlite/sqlite_closure_store.h"
#include "tests/simulation/memory_store.h"
#include "tests/simulation/random_writes.h"
#include "tests/storage/temporary_directory.h"
#include "tests/support/random_seed.h"

namespace closure::simulation {
namespace {

constexpr int kRounds = 400;

std::unique_ptr<SqliteClosureStore> OpenSqlite(const std::string& path) {
  auto store = SqliteClosureStore::Open({.path = path});
  INFO(store.status().ToString());
  REQUIRE(store.ok());
  return *std::move(store);
}

// Writes down what a store tells, its observer and its callers each in order: how the two fall together depends on what
// became durable together. To be read after Drain.
class Told {
 public:
  void Watch(ClosureStore& store) {
    store.SetObserver([this](const StoreChange& change) {
      changes_.push_back("changed " + change.closure.account_id + "/" + change.closure.closure_id +
                         (change.gate_changed ? " gate" : "") + (change.tasks_added ? " tasks" : "") +
                         (change.system_written ? " system" : ""));
    });
  }
  void Write(ClosureStore& store, const RandomWrite& write) {
    Send(store, write, [this](std::string outcome) { outcomes_.push_back(std::move(outcome)); });
  }
  std::vector<std::string> Take() {
    std::vector<std::string> lines = std::exchange(changes_, {});
    std::ranges::move(std::exchange(outcomes_, {}), std::back_inserter(lines));
    return lines;
  }

 private:
  std::vector<std::string> changes_;
  std::vector<std::string> outcomes_;
};

// Demands that the lines are the same, and shows the first that are not.
void CheckSame(const std::vector<std::string>& memory, const std::vector<std::string>& sqlite) {
  const size_t size = std::min(memory.size(), sqlite.size());
  for (size_t number = 0; number < size; ++number) {
    if (memory[number] != sqlite[number]) REQUIRE(memory[number] == sqlite[number]);
  }
  REQUIRE(memory.size() == sqlite.size());
}

TEST_CASE("the same random writes are answered, told and stored alike in memory and in SQLite", "[simulation]") {
  const unsigned seed = RandomSeed();
  INFO(kSeedVariable << "=" << seed);
  RandomWrites writes(seed);
  const TemporaryDirectory directory;
  MemoryStore memory;
  std::unique_ptr<SqliteClosureStore> sqlite = OpenSqlite(directory.Path("closure.db"));
  Told memory_told;
  Told sqlite_told;
  memory_told.Watch(memory);
  sqlite_told.Watch(*sqlite);
  std::map<std::string, int> outcomes;
  for (int round = 0; round < kRounds; ++round) {
    // All are decided on the same state, so that some of them come too late.
    std::vector<RandomWrite> batch;
    for (uint64_t left = 1 + writes.Pick(6); left > 0; --left) batch.push_back(writes.Next(memory));
    for (const RandomWrite& write : batch) {
      memory_told.Write(memory, write);
      sqlite_told.Write(*sqlite, write);
    }
    memory.Drain();
    sqlite->Drain();
    const std::vector<std::string> told = memory_told.Take();
    for (const std::string& line : told) ++outcomes[line.substr(0, line.find(' '))];
    CheckSame(told, sqlite_told.Take());
    CheckSame(Observe(memory), Observe(*sqlite));
    if (writes.Pick(40) != 0) continue;
    memory.Close();
    memory.Reopen();
    sqlite = nullptr;
    sqlite = OpenSqlite(directory.Path("closure.db"));
    memory_told.Watch(memory);
    sqlite_told.Watch(*sqlite);
    CheckSame(Observe(memory), Observe(*sqlite));
  }
  // It was worth it: writes were made, and refused for each reason.
  for (const absl::StatusCode code : {absl::StatusCode::kOk, absl::StatusCode::kInvalidArgument,
                                      absl::StatusCode::kAlreadyExists, absl::StatusCode::kAborted}) {
    INFO(absl::StatusCodeToString(code));
    CHECK(outcomes[std::to_string(static_cast<int>(code))] > 20);
  }
}

}  // namespace
}  // namespace closure::simulation
