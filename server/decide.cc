// SPDX-License-Identifier: Apache-2.0
#include "server/decide.h"

#include "checkers/proto_time.h"
#include "protos/coverage_mark.h"
#include "server/decision_builder.h"
#include "server/die.h"
#include "server/overloaded.h"
#include "server/time_witness.h"

namespace closure {
namespace {

// A commit that only ends the task: what it was for is over.
Decision Drop(const Circumstances& circumstances) {
  Decision decision;
  decision.commit.finish_task = circumstances.task->id();
  return decision;
}

}  // namespace

absl::StatusOr<Decision> Decide(const internal::v1::ClosureData& data, const Happening& happening,
                                const Circumstances& circumstances) {
  if (const auto* facts = std::get_if<CreateFacts>(&happening)) return DecideCreate(*facts, circumstances);
  if (circumstances.task.has_value() && IsBoundToState(circumstances.task->kind()) &&
      circumstances.task->payload().fence() != data.fence()) {
    Reach(Mark::kStaleResultDropped);
    return Drop(circumstances);
  }
  DecisionBuilder builder(data, circumstances);
  using Result = absl::StatusOr<Decision>;
  return std::visit(
      Overloaded{
          [](const CreateFacts&) -> Result { Impossible("a creation that was not decided as one"); },
          [&](const ResendCode& command) -> Result { return DecideResend(builder, command); },
          [&](const CodesGiven& given) -> Result { return DecideCodes(builder, given); },
          [&](const AgreementGiven& given) -> Result { return DecideAgreement(builder, given); },
          [&](const Recheck&) -> Result { return DecideRecheck(builder); },
          [&](const DiscardGiven& given) -> Result { return DecideDiscard(builder, given); },
          [&](const ConfirmClosure& command) -> Result { return DecideConfirm(builder, command); },
          [&](const CancelClosure&) -> Result { return DecideCancel(builder); },
          [&](const PlaceHold& command) -> Result { return DecideHold(builder, command); },
          [&](const ReleaseHold& command) -> Result { return DecideReleaseHold(builder, command); },
          [&](const TimerFired& fired) -> Result { return DecideTimer(builder, fired); },
          [&](const ScanAnswered& answered) -> Result { return DecideScan(builder, answered); },
          [&](const AccountGone&) -> Result { return DecideAccountGone(builder); },
          [&](const ReleaseAnswered& answered) -> Result { return DecideRelease(builder, answered); },
          [&](const ParticipantAnswered& answered) -> Result { return DecideParticipant(builder, answered); },
          [&](const MessageSent& sent) -> Result { return DecideMessage(builder, sent); },
          [&](const TaskFailed& failed) -> Result { return DecideFailure(builder, failed); },
          [&](const TaskHeld&) -> Result { return DecideHeld(builder); },
          [&](const RetryRequested& request) -> Result { return DecideRetry(builder, request); },
          [&](const Erase& erase) -> Result { return DecideErase(builder, erase); },
      },
      happening);
}

std::vector<v1::Closure::Action> AllowedActions(State state) {
  std::vector<v1::Closure::Action> actions;
  const auto allow = [&](bool allowed, v1::Closure::Action action) {
    if (allowed) actions.push_back(action);
  };
  const auto listed = [&](Event event) { return NextState(state, event).has_value(); };
  allow(listed(Event::kIdentityVerified), v1::Closure::RESEND_CODE);
  allow(listed(Event::kIdentityVerified), v1::Closure::VERIFY_IDENTITY);
  allow(listed(Event::kAgreementAccepted), v1::Closure::ACCEPT_AGREEMENT);
  allow(listed(Event::kRecheck), v1::Closure::RECHECK);
  allow(listed(Event::kDiscard), v1::Closure::DISCARD_ITEMS);
  allow(listed(Event::kConfirm), v1::Closure::CONFIRM_CLOSURE);
  allow(listed(Event::kCancel), v1::Closure::CANCEL_CLOSURE);
  return actions;
}

bool IsScanOld(const internal::v1::ClosureData& data, absl::Time now) {
  return HasEnded(FromProto(data.closure().scan().fresh_until_time()), FromProto(data.policy().scan_freshness()), now);
}

bool IsIrreversible(const internal::v1::TaskData& task) {
  if (task.kind() == v1::Task::DISCARD) return true;
  if (task.kind() != v1::Task::PARTICIPANT) return false;
  const v1::ParticipantPhase phase = task.payload().participant_phase();
  return phase == v1::ENTER_SILENT_PERIOD || phase == v1::DELETE;
}

v1::Task::Parked HaltOf(const internal::v1::ClosureData& data, const internal::v1::SystemData& system) {
  if (data.closure().has_hold()) return v1::Task::HOLD;
  if (system.has_pause()) return v1::Task::PAUSE;
  return v1::Task::PARKED_UNSPECIFIED;
}

v1::Task::Parked LastingHaltOf(const internal::v1::TaskData& task, const internal::v1::ClosureData& data,
                               const internal::v1::SystemData& system) {
  const v1::Task::Parked parked = task.parked();
  const bool lasts = (parked == v1::Task::HOLD && data.closure().has_hold()) ||
                     (parked == v1::Task::PAUSE && system.has_pause()) ||
                     (parked == v1::Task::BREAKER && system.has_breaker()) ||
                     (parked == v1::Task::CLOCK_JUMP && system.has_clock_jump());
  return lasts ? parked : v1::Task::PARKED_UNSPECIFIED;
}

}  // namespace closure
