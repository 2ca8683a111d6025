// SPDX-License-Identifier: Apache-2.0
#include "tests/storage/sample_commits.h"

#include <fmt/format.h>

#include <utility>

#include "google/protobuf/util/time_util.h"

namespace closure {
namespace {

using internal::v1::ClosureData;
using internal::v1::TaskData;

constexpr absl::Duration kSilentPeriod = absl::Hours(7 * 24);

}  // namespace

google::protobuf::Timestamp TimestampOf(absl::Time time) {
  return google::protobuf::util::TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(time));
}

Commit Creation(const ClosureKey& key, int64_t fence) {
  Commit commit;
  ClosureData& data = commit.closure.emplace();
  data.set_account_id(key.account_id);
  data.set_closure_id(key.closure_id);
  data.set_organization_id(key.account_id);
  data.set_language_code("en");
  data.set_version(1);
  data.set_fence(fence);
  data.set_etag_number(1);
  v1::Closure& closure = *data.mutable_closure();
  closure.set_name(fmt::format("accounts/{}/closures/{}", key.account_id, key.closure_id));
  closure.set_account(fmt::format("accounts/{}", key.account_id));
  closure.set_state(v1::Closure::IDENTITY_PENDING);
  closure.set_revision(1);
  *closure.mutable_create_time() = TimestampOf(kNow);
  *closure.mutable_update_time() = TimestampOf(kNow);
  *closure.mutable_state_enter_time() = TimestampOf(kNow);
  commit.history = HistoryEntry{
      .to_state = v1::Closure::IDENTITY_PENDING, .event = "create", .actor = "root:" + key.account_id, .time = kNow};
  return commit;
}

Commit Decision(const ClosureData& loaded) { return Decision(loaded, loaded.closure().state()); }

Commit Decision(const ClosureData& loaded, v1::Closure::State to, absl::Time time) {
  Commit commit;
  commit.expected_version = loaded.version();
  ClosureData& next = commit.closure.emplace(loaded);
  next.set_version(loaded.version() + 1);
  v1::Closure& closure = *next.mutable_closure();
  closure.set_revision(closure.revision() + 1);
  if (to == loaded.closure().state()) return commit;
  if (to == v1::Closure::FINAL_CHECK && time == kNow) time = kNow + kSilentPeriod;
  next.set_fence(loaded.fence() + 1);
  next.set_etag_number(loaded.etag_number() + 1);
  closure.set_state(to);
  *closure.mutable_state_enter_time() = TimestampOf(time);
  if (to == v1::Closure::SILENT_PERIOD) {
    *closure.mutable_silent_period_start_time() = TimestampOf(time);
    *closure.mutable_silent_period_end_time() = TimestampOf(time + kSilentPeriod);
  }
  commit.history = HistoryEntry{.from_state = loaded.closure().state(),
                                .to_state = to,
                                .event = "decide",
                                .actor = "system",
                                .detail = "version " + std::to_string(next.version()),
                                .time = time};
  return commit;
}

TaskData NewTask(const ClosureKey& key, std::string idempotency_key, absl::Time due, v1::Task::Kind kind) {
  TaskData task;
  task.set_kind(kind);
  task.set_account_id(key.account_id);
  task.set_closure_id(key.closure_id);
  task.set_idempotency_key(std::move(idempotency_key));
  *task.mutable_due_time() = TimestampOf(due);
  return task;
}

v1::BlockingItem NewItem(const ClosureKey& key, const std::string& item_id) {
  v1::BlockingItem item;
  item.set_name(fmt::format("accounts/{}/closures/{}/blockingItems/{}", key.account_id, key.closure_id, item_id));
  item.set_checker("resources");
  item.set_kind(v1::SUBSCRIPTION_RESOURCE);
  item.set_disposition(v1::RENOUNCEABLE);
  item.set_resolution(v1::BlockingItem::OPEN);
  item.set_change(v1::BlockingItem::NEW);
  item.set_resolver(v1::OWNER);
  return item;
}

v1::CheckerResult NewResult(const std::string& checker, v1::CheckerResult::Status status) {
  v1::CheckerResult result;
  result.set_checker(checker);
  result.set_status(status);
  return result;
}

}  // namespace closure
