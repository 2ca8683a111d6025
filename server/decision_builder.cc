// SPDX-License-Identifier: Apache-2.0
#include "server/decision_builder.h"

#include <algorithm>

#include "checkers/proto_time.h"
#include "fmt/format.h"
#include "protos/coverage_mark.h"
#include "server/decide_system.h"
#include "server/die.h"
#include "server/state_refusal.h"

namespace closure {

DecisionBuilder::DecisionBuilder(const internal::v1::ClosureData& data, const Circumstances& circumstances)
    : circumstances_(circumstances) {
  commit_.closure = data;
  commit_.expected_version = data.version();
  commit_.closure->set_version(data.version() + 1);
  closure().set_revision(closure().revision() + 1);
  *closure().mutable_update_time() = ToProto(now());
}

absl::Status DecisionBuilder::Require(Event event, v1::Closure::Action asked) {
  if (NextState(state(), event).has_value()) return absl::OkStatus();
  return RefuseInState(closure(), asked);
}

void DecisionBuilder::Move(Event event, std::string_view detail) {
  const State from = state();
  const std::optional<State> to = NextState(from, event);
  if (!to.has_value()) Impossible(fmt::format("no row for {} and {}", v1::Closure::State_Name(from), EventName(event)));
  EndScan();
  closure().set_state(*to);
  *closure().mutable_state_enter_time() = ToProto(now());
  closure().clear_expire_time();
  data().set_fence(data().fence() + 1);
  data().set_etag_number(data().etag_number() + 1);
  commit_.drop_state_tasks = true;
  commit_.history =
      HistoryEntry{from, *to, std::string(EventName(event)), circumstances_.actor, std::string(detail), now()};
}

void DecisionBuilder::EndScan() {
  if (!closure().has_scan() || closure().scan().has_end_time()) return;
  v1::Scan& scan = *closure().mutable_scan();
  *scan.mutable_end_time() = ToProto(now());
  for (v1::CheckerResult& checker : *scan.mutable_checkers()) {
    if (checker.status() != v1::CheckerResult::WAITING && checker.status() != v1::CheckerResult::RUNNING) continue;
    checker.set_status(v1::CheckerResult::UNANSWERED);
    checker.set_fault(v1::CheckerResult::FAILED);
    checker.set_detail("the scan was given up: the closure went on without it");
    Reach(Mark::kScanGivenUp);
  }
}

void DecisionBuilder::Note(std::string_view event, std::string_view detail) {
  if (commit_.history.has_value()) return;
  commit_.history =
      HistoryEntry{state(), state(), std::string(event), circumstances_.actor, std::string(detail), now()};
}

void DecisionBuilder::TouchItems() { data().set_etag_number(data().etag_number() + 1); }

internal::v1::TaskData& DecisionBuilder::AddTask(v1::Task::Kind kind, std::string_view key, absl::Time due) {
  internal::v1::TaskData& task = commit_.add_tasks.emplace_back();
  task.set_kind(kind);
  task.set_account_id(data().account_id());
  task.set_closure_id(data().closure_id());
  task.set_idempotency_key(fmt::format("{}/{}", closure().name(), key));
  *task.mutable_due_time() = ToProto(due);
  task.mutable_payload()->set_fence(data().fence());
  return task;
}

void DecisionBuilder::AddConsent(v1::Consent::Kind kind, std::string_view version, std::string_view digest,
                                 std::string_view text) {
  v1::Consent& consent = commit_.consents.emplace_back();
  consent.set_kind(kind);
  consent.set_version(std::string(version));
  consent.set_digest(std::string(digest));
  consent.set_text(std::string(text));
  consent.set_language_code(data().language_code());
  *consent.mutable_create_time() = ToProto(now());
  consent.set_actor(circumstances_.actor);
}

void DecisionBuilder::SetExpiry(absl::Duration idle) {
  const absl::Time due = now() + idle;
  const absl::Time before = closure().has_expire_time() ? FromProto(closure().expire_time()) : absl::InfinitePast();
  *closure().mutable_expire_time() = ToProto(due);
  if (commit_.drop_state_tasks) {
    // One timer per state; when it fires before the time that later activity moved, it waits again.
    AddTask(v1::Task::EXPIRY, fmt::format("expiry/{}", data().fence()), due);
  } else if (due < before) {
    // The wall clock was set back since, and the state's timer would fire too late.
    AddTask(v1::Task::EXPIRY, fmt::format("expiry/{}/{}", data().fence(), data().version()), due);
  }
}

void DecisionBuilder::FinishTask() {
  if (!circumstances_.task.has_value()) Impossible("a result without a task");
  commit_.finish_task = circumstances_.task->id();
  task_settled_ = true;
}

void DecisionBuilder::RescheduleTask(absl::Time due, std::string_view error, v1::Task::Parked parked) {
  if (!circumstances_.task.has_value()) Impossible("a result without a task");
  internal::v1::TaskData task = *circumstances_.task;
  *task.mutable_due_time() = ToProto(due);
  task.set_parked(parked);
  if (!error.empty()) CountFailure(task, error, now());
  commit_.reschedule_task = std::move(task);
  task_settled_ = true;
  // Otherwise a release that comes between reading and committing would find nothing parked, and nobody would come back
  // for this task.
  if (parked == v1::Task::PAUSE || parked == v1::Task::BREAKER || parked == v1::Task::CLOCK_JUMP) GuardSystem();
}

void DecisionBuilder::GuardSystem() { commit_.expected_system_version = circumstances_.system.version(); }

internal::v1::SystemData& DecisionBuilder::WitnessTime() {
  return Witness(commit_, circumstances_.system, circumstances_.time, now());
}

Decision DecisionBuilder::Finish(absl::Status reply) {
  if (circumstances_.task.has_value() && !task_settled_) FinishTask();
  // What is due by a clock that jumped is found again when it is set right only if somebody knows of the jump.
  if (!circumstances_.time.jump.empty() && !commit_.system.has_value()) WitnessTime();
  closure().set_etag(fmt::format("\"{}\"", data().etag_number()));
  return {std::move(commit_), std::move(reply)};
}

Decision DecisionBuilder::FinishWithoutChange() {
  Decision decision = Finish();
  decision.commit.closure.reset();
  decision.commit.expected_version = 0;
  return decision;
}

void CountFailure(internal::v1::TaskData& task, std::string_view error, absl::Time now) {
  task.set_attempts(task.attempts() + 1);
  task.set_last_error(std::string(error));
  if (!task.has_first_failure_time()) *task.mutable_first_failure_time() = ToProto(now);
}

absl::Duration RetryDelay(int attempts, double factor) {
  constexpr int kDoublingsMax = 9;
  return factor * std::min(absl::Seconds(1) * (1 << std::clamp(attempts, 0, kDoublingsMax)), absl::Minutes(5));
}

}  // namespace closure
