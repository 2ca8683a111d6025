// SPDX-License-Identifier: Apache-2.0
// Timers, holds, accounts that are gone, restoring, and what every end does.
#include "checkers/proto_time.h"
#include "fmt/format.h"
#include "server/decision_builder.h"
#include "server/die.h"
#include "server/errors.h"
#include "server/state_refusal.h"
#include "server/time_witness.h"

namespace closure {
namespace {

// A timer may be hurried by an operator; it fires when its time has come and waits before. Answers whether it does.
bool WaitUntil(DecisionBuilder& builder, absl::Time due) {
  if (builder.now() >= due) return false;
  builder.RescheduleTask(due, "", v1::Task::PARKED_UNSPECIFIED);
  return true;
}

Decision DecideDiscardDeadline(DecisionBuilder& builder, const TimerFired& fired) {
  const absl::Duration span = FromProto(builder.policy().discard_limit());
  const absl::Time limit = FromProto(builder.closure().state_enter_time()) + span;
  const bool over = builder.data().releases_open() == 0 || HasEnded(limit, span, builder.now());
  if (!over && WaitUntil(builder, limit)) return builder.Finish();
  for (v1::BlockingItem item : fired.items) {
    item.set_resolution(v1::BlockingItem::OUTCOME_UNKNOWN);
    item.set_resolution_detail("the release was not answered in time; the scan tells whether it happened");
    builder.commit().items.push_back(std::move(item));
  }
  builder.Move(Event::kDiscardSettled,
               fired.items.empty() ? "" : fmt::format("{} releases were not answered in time", fired.items.size()));
  builder.data().set_releases_open(0);
  BeginScan(builder, v1::SCAN);
  return builder.Finish();
}

Decision DecideExpiry(DecisionBuilder& builder) {
  if (WaitUntil(builder, FromProto(builder.closure().expire_time()))) return builder.Finish();
  if (!NextState(builder.state(), Event::kIdle).has_value()) return builder.Finish();
  builder.Move(Event::kIdle, "");
  BeginEnd(builder, v1::Closure::IDLE, "nothing happened for too long");
  return builder.Finish();
}

}  // namespace

void BeginEnd(DecisionBuilder& builder, v1::Closure::Cause cause, std::string_view detail) {
  v1::Closure& closure = builder.closure();
  closure.set_cause(cause);
  closure.set_cause_detail(std::string(detail));
  *closure.mutable_end_time() = ToProto(builder.now());
  *builder.data().mutable_end() = MarkOf(builder.circumstances().time.witness);
  closure.clear_participants();
  closure.clear_risk_prompt();
  closure.clear_hold();
  builder.data().clear_codes();
  // What was not executed is not executed any more, so that nobody voids a debt and stays (D15).
  for (v1::Renunciation& renunciation : *closure.mutable_renunciations()) {
    if (renunciation.status() == v1::Renunciation::RECORDED) renunciation.set_status(v1::Renunciation::DROPPED);
  }
  BeginNotices(builder);
  builder.AddTask(v1::Task::FORGET_REQUESTS, "forget-requests",
                  builder.now() + FromProto(builder.policy().request_id_retention()));
}

void BeginRestore(DecisionBuilder& builder, Event event, v1::Closure::Cause cause, std::string_view detail) {
  builder.closure().set_cause(cause);
  builder.closure().set_cause_detail(std::string(detail));
  builder.Move(event, detail);
  BeginPhase(builder, v1::RESTORE);
}

Decision DecideTimer(DecisionBuilder& builder, const TimerFired& fired) {
  switch (builder.circumstances().task->kind()) {
    case v1::Task::DISCARD_DEADLINE:
      return DecideDiscardDeadline(builder, fired);
    case v1::Task::CONFIRM_DEADLINE:
      if (WaitUntil(builder, builder.now() + ConfirmTimeLeft(builder))) return builder.Finish();
      TimeOutConfirm(builder, WhyConfirmIsLate(builder.closure()));
      return builder.Finish();
    case v1::Task::SILENT_PERIOD_END:
      return DecideSilentPeriodEnd(builder);
    case v1::Task::EXPIRY:
      return DecideExpiry(builder);
    case v1::Task::FORGET_REQUESTS:
      if (WaitUntil(builder,
                    FromProto(builder.closure().end_time()) + FromProto(builder.policy().request_id_retention())))
        return builder.Finish();
      builder.commit().forget_requests = true;
      return builder.Finish();
    case v1::Task::SEND_CODE:
    case v1::Task::SCAN:
    case v1::Task::DISCARD:
    case v1::Task::PARTICIPANT:
    case v1::Task::NOTICE:
    case v1::Task::ERASURE:
      // Not a timer: what it was for is over.
      return builder.Finish();
    default:
      Impossible("a task of no kind that there is");
  }
}

Decision DecideAccountGone(DecisionBuilder& builder) {
  constexpr std::string_view kDetail = "the account system says that the account was deleted";
  if (!NextState(builder.state(), Event::kAccountGone).has_value()) return builder.Finish();
  if (NextState(builder.state(), Event::kAccountGone) == v1::Closure::CANCELLED) {
    builder.Move(Event::kAccountGone, kDetail);
    BeginEnd(builder, v1::Closure::ACCOUNT_GONE, kDetail);
  } else {
    BeginRestore(builder, Event::kAccountGone, v1::Closure::ACCOUNT_GONE, kDetail);
  }
  return builder.Finish();
}

absl::StatusOr<Decision> DecideHold(DecisionBuilder& builder, const PlaceHold& command) {
  v1::Closure& closure = builder.closure();
  if (IsTerminal(closure.state())) return RefuseHoldOnEnded(closure);
  const std::string replaced =
      closure.has_hold() ? fmt::format("; replaces the hold of {}", closure.hold().operator_()) : "";
  v1::Hold& hold = *closure.mutable_hold();
  hold.set_operator_(builder.circumstances().actor);
  hold.set_reason(command.reason);
  *hold.mutable_create_time() = ToProto(builder.now());
  if (closure.state() == v1::Closure::CONFIRMING) {
    FailConfirm(builder, v1::Closure::HALTED, fmt::format("an operator's hold: {}", command.reason));
  } else {
    builder.Note("hold_placed", command.reason + replaced);
  }
  return builder.Finish();
}

absl::StatusOr<Decision> DecideReleaseHold(DecisionBuilder& builder, const ReleaseHold& command) {
  v1::Closure& closure = builder.closure();
  if (IsTerminal(closure.state()) || !closure.has_hold()) {
    return Error(v1::NOTHING_TO_RELEASE, fmt::format("closure {} has no hold", closure.name()),
                 {{"closure", closure.name()}, {"what", v1::Task::Parked_Name(v1::Task::HOLD)}});
  }
  closure.clear_hold();
  builder.commit().unpark_hold = builder.now();
  builder.Note("hold_released", command.reason);
  return builder.Finish();
}

}  // namespace closure
