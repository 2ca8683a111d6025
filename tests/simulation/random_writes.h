// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SIMULATION_RANDOM_WRITES_H_
#define CLOSURE_TESTS_SIMULATION_RANDOM_WRITES_H_

#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "storage/closure_store.h"

// Writes of all kinds from one seed, to compare stores with each other and a store with itself. Test code, not
// thread-safe.
namespace closure::simulation {

struct Progress {
  ClosureKey key;
  int64_t scan_number = 0;
  v1::CheckerResult result;
};

struct Lease {
  absl::Time now;
  absl::Time end;
  int limit = 0;
};

// Request ids are r0, r1 ... below this.
inline constexpr int kRequestIds = 40;

using RandomWrite = std::variant<Commit, Progress, Lease>;

// Sends the write; `done` gets its outcome in words, without what only one kind of store says.
void Send(ClosureStore& store, const RandomWrite& write, std::function<void(std::string)> done);

// Everything that the reads of the interface tell about what RandomWrites writes, a line for each answer.
std::vector<std::string> Observe(ClosureStore& store);

// Makes writes about a few accounts, items, tasks and request ids, so that they meet. Many closures go all their way;
// some writes are refused, for every reason that there is.
class RandomWrites {
 public:
  explicit RandomWrites(uint64_t seed) : random_(seed) {}

  // A write that was decided on what the store holds now.
  RandomWrite Next(ClosureStore& store);
  // A number from 0 to below this.
  uint64_t Pick(uint64_t count) { return random_() % count; }

 private:
  bool Once(uint64_t in) { return Pick(in) == 0; }
  absl::Time PickTime();
  std::string PickAccount();
  v1::Closure::State PickNext(v1::Closure::State state);
  internal::v1::TaskData PickTask(const ClosureKey& key);
  ClosureKey PickClosure(ClosureStore& store);

  Commit MakeCommit(ClosureStore& store);
  Commit MakeCreation(ClosureStore& store, const std::string& account_id);
  Commit MakeDecision(const internal::v1::ClosureData& loaded);
  void ChangeScan(v1::Closure& closure);
  void AddFacts(ClosureStore& store, const ClosureKey& key, Commit& commit);
  void AddRequests(const std::string& account_id, Commit& commit);
  void AddTasks(ClosureStore& store, const ClosureKey& key, Commit& commit);
  void AddSystem(ClosureStore& store, Commit& commit);
  void Spoil(Commit& commit);
  void SpoilClosure(Commit& commit);
  void SpoilFacts(Commit& commit);

  std::mt19937_64 random_;
  int closures_made_ = 0;
};

}  // namespace closure::simulation

#endif  // CLOSURE_TESTS_SIMULATION_RANDOM_WRITES_H_
