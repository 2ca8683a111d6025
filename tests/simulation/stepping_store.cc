// SPDX-License-Identifier: Apache-2.0
#include "tests/simulation/stepping_store.h"

namespace closure::simulation {

SteppingStore::SteppingStore(MemoryStore& store) : store_(store), thread_([this] { RunSteps(); }) {}

SteppingStore::~SteppingStore() {
  {
    absl::MutexLock lock(&mutex_);
    closing_ = true;
  }
  thread_.join();
}

void SteppingStore::RunSteps() {
  for (;;) {
    std::optional<std::deque<Call>> calls = TakeStep();
    if (!calls.has_value()) return;
    for (Call& call : *calls) std::move(call)();
  }
}

std::optional<std::deque<SteppingStore::Call>> SteppingStore::TakeStep() {
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(this, &SteppingStore::HasWork));
  if (closing_) store_.Close();
  if (!store_.Step()) return std::nullopt;
  return std::exchange(told_, {});
}

template <typename Outcome>
absl::AnyInvocable<void(Outcome) &&> SteppingStore::Postpone(absl::AnyInvocable<void(Outcome) &&> done) {
  ++unfinished_;
  return [this, done = std::move(done)](Outcome outcome) mutable {
    // Called by Step, within the lock.
    mutex_.AssertHeld();
    told_.push_back([this, done = std::move(done), outcome = std::move(outcome)]() mutable {
      std::move(done)(std::move(outcome));
      absl::MutexLock lock(&mutex_);
      --unfinished_;
    });
  };
}

// ---- writes ----

void SteppingStore::Apply(Commit commit, Done done) {
  absl::MutexLock lock(&mutex_);
  store_.Apply(std::move(commit), Postpone(std::move(done)));
}

void SteppingStore::RecordProgress(ClosureKey key, int64_t scan_number, v1::CheckerResult result, Done done) {
  absl::MutexLock lock(&mutex_);
  store_.RecordProgress(std::move(key), scan_number, std::move(result), Postpone(std::move(done)));
}

void SteppingStore::LeaseDueTasks(absl::Time now, absl::Time lease_end, int limit, LeaseDone done) {
  absl::MutexLock lock(&mutex_);
  store_.LeaseDueTasks(now, lease_end, limit, Postpone(std::move(done)));
}

void SteppingStore::SetObserver(std::function<void(const StoreChange&)> observer) {
  absl::MutexLock lock(&mutex_);
  store_.SetObserver([this, observer = std::move(observer)](const StoreChange& change) {
    mutex_.AssertHeld();
    told_.push_back([observer, change] { observer(change); });
  });
}

void SteppingStore::Drain() {
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(this, &SteppingStore::IsIdle));
}

// ---- reads ----

absl::StatusOr<internal::v1::ClosureData> SteppingStore::LoadClosure(const ClosureKey& key) {
  return Read(&ClosureStore::LoadClosure, key);
}

absl::StatusOr<std::string> SteppingStore::LoadClosureBytes(const ClosureKey& key) {
  return Read(&ClosureStore::LoadClosureBytes, key);
}

absl::StatusOr<std::optional<internal::v1::ClosureData>> SteppingStore::FindOpenClosure(std::string_view account_id) {
  return Read(&ClosureStore::FindOpenClosure, account_id);
}

absl::StatusOr<std::vector<ClosureRow>> SteppingStore::ListClosures(const ClosureFilter& filter) {
  return Read(&ClosureStore::ListClosures, filter);
}

absl::StatusOr<int64_t> SteppingStore::LoadFence(std::string_view account_id) {
  return Read(&ClosureStore::LoadFence, account_id);
}

absl::StatusOr<int> SteppingStore::CountCodes(std::string_view account_id, absl::Time since) {
  return Read(&ClosureStore::CountCodes, account_id, since);
}

absl::StatusOr<bool> SteppingStore::HasTombstone(std::string_view tombstone) {
  return Read(&ClosureStore::HasTombstone, tombstone);
}

absl::StatusOr<std::vector<v1::BlockingItem>> SteppingStore::ListItems(const ClosureKey& key,
                                                                       const ItemFilter& filter) {
  return Read(&ClosureStore::ListItems, key, filter);
}

absl::StatusOr<std::vector<v1::BlockingItem>> SteppingStore::LoadItems(const ClosureKey& key,
                                                                       const std::vector<std::string>& item_ids) {
  return Read(&ClosureStore::LoadItems, key, item_ids);
}

absl::StatusOr<ItemChangeCounts> SteppingStore::CountItemChanges(const ClosureKey& key) {
  return Read(&ClosureStore::CountItemChanges, key);
}

absl::StatusOr<std::vector<v1::Transition>> SteppingStore::ListTransitions(const ClosureKey& key, int64_t after,
                                                                           int limit) {
  return Read(&ClosureStore::ListTransitions, key, after, limit);
}

absl::StatusOr<std::vector<v1::Consent>> SteppingStore::ListConsents(const ClosureKey& key) {
  return Read(&ClosureStore::ListConsents, key);
}

absl::StatusOr<StoredRecord> SteppingStore::LoadRecord(const ClosureKey& key) {
  return Read(&ClosureStore::LoadRecord, key);
}

absl::StatusOr<std::optional<RequestRecord>> SteppingStore::FindRequest(std::string_view account_id,
                                                                        std::string_view request_id) {
  return Read(&ClosureStore::FindRequest, account_id, request_id);
}

absl::StatusOr<GateRow> SteppingStore::LoadGate(std::string_view account_id) {
  return Read(&ClosureStore::LoadGate, account_id);
}

absl::StatusOr<std::vector<GateRow>> SteppingStore::ListGates(int64_t after_revision, int limit) {
  return Read(&ClosureStore::ListGates, after_revision, limit);
}

absl::StatusOr<internal::v1::TaskData> SteppingStore::LoadTask(int64_t id) { return Read(&ClosureStore::LoadTask, id); }

absl::StatusOr<std::vector<internal::v1::TaskData>> SteppingStore::ListTasks(const TaskFilter& filter) {
  return Read(&ClosureStore::ListTasks, filter);
}

absl::StatusOr<absl::Time> SteppingStore::NextDueTime() { return Read(&ClosureStore::NextDueTime); }

absl::StatusOr<TaskCounts> SteppingStore::CountTasks(absl::Time now, absl::Time stuck_since) {
  return Read(&ClosureStore::CountTasks, now, stuck_since);
}

absl::StatusOr<internal::v1::SystemData> SteppingStore::LoadSystem() { return Read(&ClosureStore::LoadSystem); }

absl::StatusOr<int64_t> SteppingStore::CountAdmissions(std::string_view organization_id, absl::Time since) {
  return Read(&ClosureStore::CountAdmissions, organization_id, since);
}

absl::StatusOr<std::vector<std::pair<v1::Closure::State, int64_t>>> SteppingStore::CountClosures() {
  return Read(&ClosureStore::CountClosures);
}

}  // namespace closure::simulation
