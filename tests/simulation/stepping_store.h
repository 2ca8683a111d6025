// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SIMULATION_STEPPING_STORE_H_
#define CLOSURE_TESTS_SIMULATION_STEPPING_STORE_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/synchronization/mutex.h"
#include "storage/closure_store.h"
#include "tests/simulation/memory_store.h"

namespace closure::simulation {

// Makes a MemoryStore one that waits for nobody to step it and that every thread may call, as ClosureStore promises it:
// a thread of its own takes the steps. The conformance suite runs on it. Not for simulations: threads are not
// deterministic.
//
// The store below is another process's as soon as this one is destroyed; it must outlive it, and be open before.
class SteppingStore final : public ClosureStore {
 public:
  explicit SteppingStore(MemoryStore& store);
  SteppingStore(const SteppingStore&) = delete;
  SteppingStore& operator=(const SteppingStore&) = delete;
  // What still queues gets UNAVAILABLE. Returns after the last `done`, and leaves the store closed.
  ~SteppingStore() override;

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

  void SetObserver(std::function<void(const StoreChange&)> observer) override;
  void Drain() override;

 private:
  using Call = absl::AnyInvocable<void() &&>;

  bool HasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return closing_ || !store_.Idle(); }
  bool IsIdle() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return unfinished_ == 0; }
  void RunSteps();
  // Takes one step; what it tells comes back instead, to be called without the lock. Nothing when the store is closed
  // and everybody was told.
  std::optional<std::deque<Call>> TakeStep();
  // What the store below calls when it tells this outcome.
  template <typename Outcome>
  absl::AnyInvocable<void(Outcome) &&> Postpone(absl::AnyInvocable<void(Outcome) &&> done)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Calls a reading method of the store below.
  template <typename Answer, typename... Parameters, typename... Arguments>
  Answer Read(Answer (ClosureStore::*method)(Parameters...), const Arguments&... arguments) {
    absl::MutexLock lock(&mutex_);
    return (static_cast<ClosureStore&>(store_).*method)(arguments...);
  }

  absl::Mutex mutex_;
  MemoryStore& store_ ABSL_GUARDED_BY(mutex_);
  // What the step that is being taken tells.
  std::deque<Call> told_ ABSL_GUARDED_BY(mutex_);
  // Writes whose `done` has not returned.
  int64_t unfinished_ ABSL_GUARDED_BY(mutex_) = 0;
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace closure::simulation

#endif  // CLOSURE_TESTS_SIMULATION_STEPPING_STORE_H_
