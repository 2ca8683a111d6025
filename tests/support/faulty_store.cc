// SPDX-License-Identifier: Apache-2.0
#include "tests/support/faulty_store.h"

namespace closure {

void FaultyStore::Apply(Commit commit, Done done) {
  if (const auto before = faults_->before_commit()) before();
  absl::Status fault;
  if (commit.request.has_value()) {
    fault = faults_->TakeCommitFault();
  } else if (commit.closure.has_value()) {
    fault = faults_->results();
  } else if (commit.reschedule_task.has_value()) {
    fault = faults_->put_off();
  }
  if (fault.ok()) return store_->Apply(std::move(commit), std::move(done));
  // A write that changes nothing takes its place in the queue.
  store_->RecordProgress({}, 0, {}, [fault = std::move(fault), done = std::move(done)](const absl::Status&) mutable {
    std::move(done)(std::move(fault));
  });
}

void FaultyStore::LeaseDueTasks(absl::Time now, absl::Time lease_end, int limit, LeaseDone done) {
  absl::Status fault = faults_->leases();
  if (fault.ok()) return store_->LeaseDueTasks(now, lease_end, limit, std::move(done));
  store_->RecordProgress({}, 0, {}, [fault = std::move(fault), done = std::move(done)](const absl::Status&) mutable {
    std::move(done)(std::move(fault));
  });
}

absl::StatusOr<internal::v1::ClosureData> FaultyStore::LoadClosure(const ClosureKey& key) {
  return Read(&ClosureStore::LoadClosure, key);
}

absl::StatusOr<std::string> FaultyStore::LoadClosureBytes(const ClosureKey& key) {
  return Read(&ClosureStore::LoadClosureBytes, key);
}

absl::StatusOr<std::optional<internal::v1::ClosureData>> FaultyStore::FindOpenClosure(std::string_view account_id) {
  return Read(&ClosureStore::FindOpenClosure, account_id);
}

absl::StatusOr<std::vector<ClosureRow>> FaultyStore::ListClosures(const ClosureFilter& filter) {
  return Read(&ClosureStore::ListClosures, filter);
}

absl::StatusOr<int64_t> FaultyStore::LoadFence(std::string_view account_id) {
  return Read(&ClosureStore::LoadFence, account_id);
}

absl::StatusOr<int> FaultyStore::CountCodes(std::string_view account_id, absl::Time since) {
  return Read(&ClosureStore::CountCodes, account_id, since);
}

absl::StatusOr<bool> FaultyStore::HasTombstone(std::string_view tombstone) {
  return Read(&ClosureStore::HasTombstone, tombstone);
}

absl::StatusOr<std::vector<v1::BlockingItem>> FaultyStore::ListItems(const ClosureKey& key, const ItemFilter& filter) {
  return Read(&ClosureStore::ListItems, key, filter);
}

absl::StatusOr<std::vector<v1::BlockingItem>> FaultyStore::LoadItems(const ClosureKey& key,
                                                                     const std::vector<std::string>& item_ids) {
  return Read(&ClosureStore::LoadItems, key, item_ids);
}

absl::StatusOr<ItemChangeCounts> FaultyStore::CountItemChanges(const ClosureKey& key) {
  return Read(&ClosureStore::CountItemChanges, key);
}

absl::StatusOr<std::vector<v1::Transition>> FaultyStore::ListTransitions(const ClosureKey& key, int64_t after,
                                                                         int limit) {
  return Read(&ClosureStore::ListTransitions, key, after, limit);
}

absl::StatusOr<std::vector<v1::Consent>> FaultyStore::ListConsents(const ClosureKey& key) {
  return Read(&ClosureStore::ListConsents, key);
}

absl::StatusOr<StoredRecord> FaultyStore::LoadRecord(const ClosureKey& key) {
  return Read(&ClosureStore::LoadRecord, key);
}

absl::StatusOr<std::optional<RequestRecord>> FaultyStore::FindRequest(std::string_view account_id,
                                                                      std::string_view request_id) {
  return Read(&ClosureStore::FindRequest, account_id, request_id);
}

absl::StatusOr<GateRow> FaultyStore::LoadGate(std::string_view account_id) {
  return Read(&ClosureStore::LoadGate, account_id);
}

absl::StatusOr<std::vector<GateRow>> FaultyStore::ListGates(int64_t after_revision, int limit) {
  return Read(&ClosureStore::ListGates, after_revision, limit);
}

absl::StatusOr<internal::v1::TaskData> FaultyStore::LoadTask(int64_t id) { return Read(&ClosureStore::LoadTask, id); }

absl::StatusOr<std::vector<internal::v1::TaskData>> FaultyStore::ListTasks(const TaskFilter& filter) {
  return Read(&ClosureStore::ListTasks, filter);
}

absl::StatusOr<TaskCounts> FaultyStore::CountTasks(absl::Time now, absl::Time stuck_since) {
  return Read(&ClosureStore::CountTasks, now, stuck_since);
}

absl::StatusOr<internal::v1::SystemData> FaultyStore::LoadSystem() {
  if (absl::Status fault = faults_->system_reads(); !fault.ok()) return fault;
  return Read(&ClosureStore::LoadSystem);
}

absl::StatusOr<int64_t> FaultyStore::CountAdmissions(std::string_view organization_id, absl::Time since) {
  return Read(&ClosureStore::CountAdmissions, organization_id, since);
}

absl::StatusOr<std::vector<std::pair<v1::Closure::State, int64_t>>> FaultyStore::CountClosures() {
  return Read(&ClosureStore::CountClosures);
}

}  // namespace closure
