// SPDX-License-Identifier: Apache-2.0
#include "server/closure_waits.h"

#include <algorithm>
#include <string>
#include <utility>

#include "checkers/proto_time.h"
#include "fmt/format.h"
#include "server/closure_view.h"
#include "storage/status_macros.h"

namespace closure {
namespace {

// The end of a silent period is among a closure's first tasks; besides it there are messages at most.
constexpr int kTasksLookedAt = 50;

// The states in which something that cannot be taken back is done, or the silent period ends.
bool MayWait(v1::Closure::State state) {
  return state == v1::Closure::DISCARDING || state == v1::Closure::SILENT_PERIOD || state == v1::Closure::FINAL_CHECK ||
         state == v1::Closure::DELETING;
}

bool IsSilentPeriodOver(const v1::Closure& closure, absl::Time now) {
  return closure.state() == v1::Closure::SILENT_PERIOD && now >= FromProto(closure.silent_period_end_time());
}

v1::Wait MakeWait(v1::Wait::Kind kind, absl::Time start, std::string detail) {
  v1::Wait wait;
  wait.set_kind(kind);
  *wait.mutable_start_time() = ToProto(start);
  wait.set_detail(std::move(detail));
  return wait;
}

// The task that ends the silent period, put off because the trusted elapsed time is behind the wall clock. One that
// failed is put off too, and is no such wait.
bool IsPutOff(const internal::v1::TaskData& task, absl::Time now) {
  return task.kind() == v1::Task::SILENT_PERIOD_END && task.parked() == v1::Task::PARKED_UNSPECIFIED &&
         task.attempts() == 0 && FromProto(task.due_time()) > now;
}

v1::Wait TrustedTimeWait(const v1::Closure& closure, const internal::v1::TaskData& task) {
  v1::Wait wait = MakeWait(v1::Wait::TRUSTED_TIME, FromProto(closure.silent_period_end_time()),
                           "the server has not yet witnessed that the whole silent period has passed");
  *wait.mutable_end_time() = task.due_time();
  return wait;
}

}  // namespace

std::vector<v1::Wait> WaitsOf(const internal::v1::ClosureData& data, const internal::v1::TaskData& task,
                              const internal::v1::SystemData& system, absl::Time now) {
  const v1::Closure& closure = data.closure();
  const bool ends_silent_period = task.kind() == v1::Task::SILENT_PERIOD_END;
  if (ends_silent_period && !IsSilentPeriodOver(closure, now)) return {};
  std::vector<v1::Wait> waits;
  const auto add = [&](v1::Wait::Kind kind, const google::protobuf::Timestamp& since, std::string detail) {
    waits.push_back(MakeWait(kind, std::max(FromProto(task.due_time()), FromProto(since)), std::move(detail)));
  };
  if (closure.has_hold()) {
    add(v1::Wait::HOLD, closure.hold().create_time(),
        fmt::format("an operator holds this closure: {}", closure.hold().reason()));
  }
  if (system.has_pause())
    add(v1::Wait::PAUSE, system.pause().create_time(), "the operators have paused irreversible work");
  if (!ends_silent_period && closure.state() != v1::Closure::FINAL_CHECK) return waits;
  if (ends_silent_period && system.has_breaker()) {
    add(v1::Wait::BREAKER, system.breaker().create_time(),
        "unusually many accounts were closed within an hour, and two operators have to look into it first");
  }
  if (system.has_clock_jump()) {
    add(v1::Wait::CLOCK_JUMP, system.clock_jump().create_time(),
        "the server's clocks disagree, and an operator has to look into it first");
  }
  return waits;
}

absl::StatusOr<std::vector<v1::Wait>> ReadWaits(ClosureStore& store, const internal::v1::ClosureData& data,
                                                absl::Time now) {
  if (!MayWait(data.closure().state())) return std::vector<v1::Wait>();
  TaskFilter filter{.closure = {data.account_id(), data.closure_id()}, .halted_only = true, .limit = 1};
  CLOSURE_ASSIGN_OR_RETURN(const std::vector<internal::v1::TaskData> halted, store.ListTasks(filter));
  if (!halted.empty()) {
    CLOSURE_ASSIGN_OR_RETURN(const internal::v1::SystemData system, store.LoadSystem());
    return WaitsOf(data, halted.front(), system, now);
  }
  if (!IsSilentPeriodOver(data.closure(), now)) return std::vector<v1::Wait>();
  filter.halted_only = false;
  filter.limit = kTasksLookedAt;
  CLOSURE_ASSIGN_OR_RETURN(const std::vector<internal::v1::TaskData> tasks, store.ListTasks(filter));
  const auto put_off = std::find_if(tasks.begin(), tasks.end(), [&](const auto& task) { return IsPutOff(task, now); });
  if (put_off == tasks.end()) return std::vector<v1::Wait>();
  return std::vector<v1::Wait>{TrustedTimeWait(data.closure(), *put_off)};
}

absl::StatusOr<grpc::Slice> TimedPartWithWaits(ClosureStore& store, const internal::v1::ClosureData& data,
                                               absl::Time now) {
  CLOSURE_ASSIGN_OR_RETURN(std::vector<v1::Wait> waits, ReadWaits(store, data, now));
  v1::Closure timed = TimedPart(data, now);
  for (v1::Wait& wait : waits) *timed.add_waits() = std::move(wait);
  return grpc::Slice(timed.SerializeAsString());
}

absl::StatusOr<v1::Closure> PresentWithWaits(ClosureStore& store, const internal::v1::ClosureData& data,
                                             absl::Time now) {
  CLOSURE_ASSIGN_OR_RETURN(std::vector<v1::Wait> waits, ReadWaits(store, data, now));
  v1::Closure closure = Present(data, now);
  for (v1::Wait& wait : waits) *closure.add_waits() = std::move(wait);
  return closure;
}

}  // namespace closure
