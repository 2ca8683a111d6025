// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SIMULATION_MEMORY_STORE_H_
#define CLOSURE_TESTS_SIMULATION_MEMORY_STORE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "storage/closure_store.h"
#include "tests/simulation/memory_tables.h"

namespace closure::simulation {

// A ClosureStore for simulations: in memory, without threads, and nothing happens by itself. What it refuses, answers
// and tells is what SqliteClosureStore does (same_as_sqlite_test.cc compares them). A write queues; a step commits some
// of what queues as one batch, or tells the outcome of one write:
//
//   std::mt19937_64 random(seed);
//   MemoryStore store;
//   store.Apply(std::move(commit), [](absl::Status status) { ... });
//   while (store.Step(random)) { ... }   // or, between any two steps:
//   store.Crash(random);
//   store.Reopen();
//
// The object is the database and, one after another, each process that has it open. It has no clock and draws random
// numbers only from the generator that it is given: the same calls come to the same digest.
//
// Errors besides those of ClosureStore: UNAVAILABLE for a write while no process has it open.
//
// Threading: none; everything is called from one thread at a time. The observer and each `done` are called by TellOne,
// and so by Step and Drain; they may read and write, and must not call what else a simulation calls.
class MemoryStore final : public ClosureStore {
 public:
  // The most writes of one batch.
  static constexpr size_t kBatchMax = 256;

  // Empty, and open.
  MemoryStore() = default;
  MemoryStore(const MemoryStore&) = delete;
  MemoryStore& operator=(const MemoryStore&) = delete;

  // ---- what the simulation does ----

  // Whether nothing queues and everybody was told.
  bool Idle() const { return queue_.empty() && outcomes_.empty(); }
  // Does the next thing: tells one, or when there is none to tell, commits a batch. False when it was idle.
  bool Step();
  // Does one thing that could be next: commits run ahead of what is told, and batches have any size, as the threads of
  // a real store have it.
  bool Step(std::mt19937_64& random);
  // Commits the first writes of the queue, at most so many, together; false when none queues.
  bool CommitBatch(size_t writes_max = kBatchMax);
  // What the write that was committed last did; null when it was refused, or there is nothing to tell. Valid until the
  // next call of anything.
  const StoreChange* NewestChange() const;
  // Why the last write is refused, when that is not told yet; OK when it is not.
  absl::Status NewestRefusal() const;
  // Tells the observer and the `done` of the next write that was committed or refused; false when there is none.
  bool TellOne();

  // An orderly stop: what still queues, and what comes after it, gets UNAVAILABLE. Outcomes are still to be told.
  void Close();
  // The process dies. Some writes from the front of the queue, none to all, were committed by then though nobody is
  // told; the rest is lost. Every `done` and the observer are destroyed without a call. Leases stay as they are stored.
  // The number of queued writes that were committed.
  size_t Crash(std::mt19937_64& random);
  // The process dies, and everything that queues is lost.
  void Die();
  // Another process opens it, after Close and everything was told, or after Crash: leases of the one before are void.
  void Reopen();

  // SHA-256 in hexadecimal over everything that is stored; not what queues.
  std::string Digest() const { return DigestOf(tables_); }

  // ---- ClosureStore ----

  void Apply(Commit commit, Done done) override;
  void RecordProgress(ClosureKey key, int64_t scan_number, v1::CheckerResult result, Done done) override;
  void LeaseDueTasks(absl::Time now, absl::Time lease_end, int limit, LeaseDone done) override;

  absl::StatusOr<internal::v1::ClosureData> LoadClosure(const ClosureKey& key) override;
  absl::StatusOr<std::string> LoadClosureBytes(const ClosureKey& key) override;
  absl::StatusOr<std::optional<internal::v1::ClosureData>> FindOpenClosure(std::string_view account_id) override;
  absl::StatusOr<std::vector<ClosureRow>> ListClosures(const ClosureFilter& filter) override;
  absl::StatusOr<int64_t> LoadFence(std::string_view account_id) override;
  absl::StatusOr<int> CountCodes(std::string_view account_id, absl::Time since) override;
  absl::StatusOr<bool> HasTombstone(std::string_view tombstone) override;
  absl::StatusOr<std::vector<v1::BlockingItem>> ListItems(const ClosureKey& key, const ItemFilter& filter) override;
  absl::StatusOr<std::vector<v1::BlockingItem>> LoadItems(const ClosureKey& key,
                                                          const std::vector<std::string>& item_ids) override;
  absl::StatusOr<ItemChangeCounts> CountItemChanges(const ClosureKey& key) override;
  absl::StatusOr<std::vector<v1::Transition>> ListTransitions(const ClosureKey& key, int64_t after, int limit) override;
  absl::StatusOr<std::vector<v1::Consent>> ListConsents(const ClosureKey& key) override;
  absl::StatusOr<StoredRecord> LoadRecord(const ClosureKey& key) override;
  absl::StatusOr<std::optional<RequestRecord>> FindRequest(std::string_view account_id,
                                                           std::string_view request_id) override;
  absl::StatusOr<GateRow> LoadGate(std::string_view account_id) override;
  absl::StatusOr<std::vector<GateRow>> ListGates(int64_t after_revision, int limit) override;
  absl::StatusOr<internal::v1::TaskData> LoadTask(int64_t id) override;
  absl::StatusOr<std::vector<internal::v1::TaskData>> ListTasks(const TaskFilter& filter) override;
  absl::StatusOr<absl::Time> NextDueTime() override;
  absl::StatusOr<TaskCounts> CountTasks(absl::Time now, absl::Time stuck_since) override;
  absl::StatusOr<internal::v1::SystemData> LoadSystem() override;
  absl::StatusOr<int64_t> CountAdmissions(std::string_view organization_id, absl::Time since) override;
  absl::StatusOr<std::vector<std::pair<v1::Closure::State, int64_t>>> CountClosures() override;

  void SetObserver(std::function<void(const StoreChange&)> observer) override { observer_ = std::move(observer); }
  // Steps until it is idle.
  void Drain() override;

 private:
  // What a write did, to be told to the observer; nothing when there is nothing to tell.
  using Result = absl::StatusOr<std::optional<StoreChange>>;
  struct Write {
    absl::AnyInvocable<Result(MemoryTables&)> run;
    Done done;
  };
  struct Outcome {
    Result result;
    Done done;
  };

  void Add(Write write);
  // 0 where the closure does not exist; no row has this number.
  int64_t RowOf(const ClosureKey& key) const;
  GateRow ReadGate(const std::string& account_id, const Account& account) const;

  MemoryTables tables_;
  std::deque<Write> queue_;
  std::deque<Outcome> outcomes_;
  std::function<void(const StoreChange&)> observer_;
  bool open_ = true;
};

}  // namespace closure::simulation

#endif  // CLOSURE_TESTS_SIMULATION_MEMORY_STORE_H_
