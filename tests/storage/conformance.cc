// SPDX-License-Identifier: Apache-2.0
#include "tests/storage/conformance.h"

#include <catch2/catch.hpp>
#include <utility>

#include "absl/synchronization/notification.h"

namespace closure {
namespace {

using internal::v1::ClosureData;
using internal::v1::TaskData;

std::unique_ptr<ClosureStore> MustOpen(StorePlace& place) {
  absl::StatusOr<std::unique_ptr<ClosureStore>> store = place.Open();
  INFO(store.status().ToString());
  REQUIRE(store.ok());
  return *std::move(store);
}

}  // namespace

TestStore::TestStore(const StoreBackend& backend) : place_(backend.make_place()), store_(MustOpen(*place_)) {}

void TestStore::Reopen() {
  store_.reset();
  store_ = MustOpen(*place_);
}

absl::Status TestStore::Apply(Commit commit) {
  absl::Notification done;
  absl::Status answer;
  store_->Apply(std::move(commit), [&](absl::Status status) {
    answer = std::move(status);
    done.Notify();
  });
  done.WaitForNotification();
  return answer;
}

absl::Status TestStore::RecordProgress(const ClosureKey& key, int64_t scan_number, const v1::CheckerResult& result) {
  absl::Notification done;
  absl::Status answer;
  store_->RecordProgress(key, scan_number, result, [&](absl::Status status) {
    answer = std::move(status);
    done.Notify();
  });
  done.WaitForNotification();
  return answer;
}

absl::StatusOr<std::vector<TaskData>> TestStore::LeaseDueTasks(absl::Time now, absl::Time lease_end, int limit) {
  absl::Notification done;
  absl::StatusOr<std::vector<TaskData>> answer;
  store_->LeaseDueTasks(now, lease_end, limit, [&](absl::StatusOr<std::vector<TaskData>> tasks) {
    answer = std::move(tasks);
    done.Notify();
  });
  done.WaitForNotification();
  return answer;
}

ClosureData TestStore::Load(const ClosureKey& key) {
  absl::StatusOr<ClosureData> data = store_->LoadClosure(key);
  INFO(data.status().ToString());
  REQUIRE(data.ok());
  return *std::move(data);
}

ClosureData TestStore::Create(const ClosureKey& key, const std::vector<v1::Closure::State>& states) {
  const absl::StatusOr<int64_t> fence = store_->LoadFence(key.account_id);
  REQUIRE(fence.ok());
  const absl::Status created = Apply(Creation(key, *fence + 1));
  INFO(created.ToString());
  REQUIRE(created.ok());
  for (const v1::Closure::State state : states) {
    const absl::Status status = Apply(Decision(Load(key), state));
    INFO("to " << v1::Closure::State_Name(state) << ": " << status.ToString());
    REQUIRE(status.ok());
  }
  return Load(key);
}

std::vector<std::string> TestStore::TaskKeys(const ClosureKey& key) {
  const absl::StatusOr<std::vector<TaskData>> tasks = store_->ListTasks({.closure = key});
  REQUIRE(tasks.ok());
  std::vector<std::string> keys;
  for (const TaskData& task : *tasks) keys.push_back(task.idempotency_key());
  return keys;
}

}  // namespace closure
