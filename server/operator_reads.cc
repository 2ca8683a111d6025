// SPDX-License-Identifier: Apache-2.0
#include "server/operator_reads.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "checkers/proto_time.h"
#include "server/decide.h"
#include "server/errors.h"
#include "server/field_checks.h"
#include "server/page_token.h"
#include "server/resource_names.h"
#include "server/strings.h"
#include "server/version.h"
#include "storage/status_macros.h"

namespace closure {
namespace {

constexpr PageLimits kTaskPages = {.fallback = 50, .max = 200};

std::string SubjectOf(const internal::v1::TaskPayload& payload) {
  if (!payload.participant().empty()) return payload.participant();
  if (!payload.item_id().empty()) return payload.item_id();
  return payload.channel() == v1::CHANNEL_UNSPECIFIED ? "" : v1::Channel_Name(payload.channel());
}

// Due time in microseconds and number, as the list is ordered.
std::string TaskCursor(const internal::v1::TaskData& task) {
  return Concat(absl::ToUnixMicros(FromProto(task.due_time())), ":", task.id());
}

absl::StatusOr<std::optional<std::pair<absl::Time, int64_t>>> ReadTaskCursor(const std::string& scope,
                                                                             const std::string& token) {
  CLOSURE_ASSIGN_OR_RETURN(const std::string cursor, ReadPageToken(scope, token));
  if (cursor.empty()) return std::nullopt;
  const std::string_view text = cursor;
  const std::size_t colon = std::min(text.find(':'), text.size());
  const std::optional<int64_t> due_micros = ParseNumber(text.substr(0, colon));
  const std::optional<int64_t> id = ParseNumber(text.substr(std::min(colon + 1, text.size())));
  if (!due_micros || !id) return absl::InternalError(Concat("a page token of tasks holds ", cursor));
  return std::make_pair(absl::FromUnixMicros(*due_micros), *id);
}

}  // namespace

v1::Task PresentTask(const internal::v1::TaskData& data, absl::Time stuck_since) {
  v1::Task task;
  task.set_name(FormatTaskName(data.id()));
  task.set_kind(data.kind());
  task.set_closure(FormatClosureName({.account_id = data.account_id(), .closure_id = data.closure_id()}));
  task.set_idempotency_key(data.idempotency_key());
  *task.mutable_due_time() = data.due_time();
  task.set_attempts(data.attempts());
  task.set_last_error(data.last_error());
  const bool failed = data.has_first_failure_time();
  if (failed) *task.mutable_first_failure_time() = data.first_failure_time();
  task.set_parked(data.parked());
  task.set_stuck(data.parked() == v1::Task::DEAD_LETTER ||
                 (failed && FromProto(data.first_failure_time()) <= stuck_since));
  task.set_subject(SubjectOf(data.payload()));
  return task;
}

OperatorReads::OperatorReads(ClosureStore* store, const Clock* clock, absl::Duration stuck_threshold)
    : store_(store), clock_(clock), stuck_threshold_(stuck_threshold) {}

absl::StatusOr<v1::ListTasksResponse> OperatorReads::ListTasks(const Actor& actor,
                                                               const v1::ListTasksRequest& request) const {
  CLOSURE_RETURN_IF_ERROR(RequireOperator(actor));
  CLOSURE_ASSIGN_OR_RETURN(const int page_size, ParsePageSize(request.page_size(), kTaskPages));
  TaskFilter filter{.limit = page_size + 1};
  if (!request.closure().empty()) {
    CLOSURE_ASSIGN_OR_RETURN(filter.closure, ParseClosureName("closure", request.closure()));
  }
  const absl::Time stuck_since = StuckSince();
  if (request.stuck_only()) filter.stuck_since = stuck_since;
  const std::string scope = PageScope(request);
  CLOSURE_ASSIGN_OR_RETURN(filter.after, ReadTaskCursor(scope, request.page_token()));
  CLOSURE_ASSIGN_OR_RETURN(std::vector<internal::v1::TaskData> tasks, store_->ListTasks(filter));
  v1::ListTasksResponse response;
  const bool more = tasks.size() > static_cast<std::size_t>(page_size);
  if (more) tasks.resize(static_cast<std::size_t>(page_size));
  if (more) response.set_next_page_token(MakePageToken(scope, TaskCursor(tasks.back())));
  for (const internal::v1::TaskData& task : tasks) *response.add_tasks() = PresentTask(task, stuck_since);
  return response;
}

absl::StatusOr<v1::SystemStatus> OperatorReads::GetSystemStatus(const Actor& actor,
                                                                const v1::GetSystemStatusRequest& /*request*/) const {
  CLOSURE_RETURN_IF_ERROR(RequireOperator(actor));
  CLOSURE_ASSIGN_OR_RETURN(const internal::v1::SystemData system, store_->LoadSystem());
  return MakeStatus(system);
}

absl::StatusOr<v1::SystemStatus> OperatorReads::MakeStatus(const internal::v1::SystemData& system) const {
  const absl::Time now = clock_->Now();
  v1::SystemStatus status;
  if (system.has_pause()) *status.mutable_pause() = system.pause();
  if (system.has_breaker()) *status.mutable_breaker() = system.breaker();
  if (system.has_clock_jump()) *status.mutable_clock_jump() = system.clock_jump();
  CLOSURE_ASSIGN_OR_RETURN(const int64_t deletions, store_->CountAdmissions("", now - kBreakerWindow));
  status.set_deletions_last_hour(deletions);
  CLOSURE_ASSIGN_OR_RETURN(const auto counts, store_->CountClosures());
  for (const auto& [state, count] : counts) {
    v1::SystemStatus::StateCount& added = *status.add_closures();
    added.set_state(state);
    added.set_count(count);
  }
  CLOSURE_ASSIGN_OR_RETURN(const TaskCounts tasks, store_->CountTasks(now, now - stuck_threshold_));
  status.set_tasks_open(tasks.open);
  status.set_tasks_due(tasks.due);
  status.set_tasks_stuck(tasks.stuck);
  status.set_tasks_parked(tasks.parked);
  *status.mutable_server_time() = ToProto(now);
  status.set_version(std::string(ServerVersion()));
  return status;
}

}  // namespace closure
