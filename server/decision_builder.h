// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_DECISION_BUILDER_H_
#define CLOSURE_SERVER_DECISION_BUILDER_H_

#include <string>
#include <string_view>
#include <vector>

#include "server/decide.h"
#include "server/machine.h"

namespace closure {

// The next version of a closure while it is being decided on, and the transaction that brings it about. `Move` is the
// only door to another state. Lives for one decision.
class DecisionBuilder {
 public:
  DecisionBuilder(const internal::v1::ClosureData& data, const Circumstances& circumstances);

  const Circumstances& circumstances() const { return circumstances_; }
  absl::Time now() const { return circumstances_.now; }
  internal::v1::ClosureData& data() { return *commit_.closure; }
  v1::Closure& closure() { return *commit_.closure->mutable_closure(); }
  const config::v1::Policy& policy() { return data().policy(); }
  State state() { return closure().state(); }
  Commit& commit() { return commit_; }

  // Whether the state lists the event that `asked` would be.
  // Errors: FAILED_PRECONDITION with STATE_NOT_ALLOWED, which names the state and what was asked (state_refusal.h).
  absl::Status Require(Event event, v1::Closure::Action asked);
  // Goes to the state that the table gives: history, fence, etag, and an end to the tasks of the state that is left.
  // The caller has checked with Require, or knows; an unlisted pair ends the process.
  void Move(Event event, std::string_view detail);
  // A fact for the history that changes no state.
  void Note(std::string_view event, std::string_view detail);
  // The items changed, so the etag does.
  void TouchItems();

  // A task of the present state. `key` is what follows the closure's name in its stable key.
  internal::v1::TaskData& AddTask(v1::Task::Kind kind, std::string_view key, absl::Time due);
  void AddConsent(v1::Consent::Kind kind, std::string_view version, std::string_view digest, std::string_view text);
  // When the closure expires if nothing happens, counted from now.
  void SetExpiry(absl::Duration idle);

  // Ends the task whose result this is, or runs it again.
  void FinishTask();
  void RescheduleTask(absl::Time due, std::string_view error, v1::Task::Parked parked);

  // The decision rests on the system's switches as they were read: the commit is refused when they moved.
  void GuardSystem();
  // The system's next version in this commit, with what the clocks tell (decide_system.h); once for each decision.
  // Refused as above.
  internal::v1::SystemData& WitnessTime();

  // With the system's next version where the clocks jumped and nobody knew yet.
  Decision Finish(absl::Status reply = absl::OkStatus());
  // Only ends or reschedules the task; the closure stays as it is.
  Decision FinishWithoutChange();

 private:
  // A scan is over when the state that it was for is.
  void EndScan();

  const Circumstances& circumstances_;
  Commit commit_;
  bool task_settled_ = false;
};

// Writes into a task that a try of it failed: one more attempt, why, and since when it fails.
void CountFailure(internal::v1::TaskData& task, std::string_view error, absl::Time now);

// How long after its nth attempt a failed task is tried again: doubling from a second up to five minutes, times a
// factor (Circumstances::retry_factor).
absl::Duration RetryDelay(int attempts, double factor);

// The steps of a closure's life that decisions in several files take; each leaves the builder in the next state with
// its tasks.

// decide_scan.cc: starts a scan in the present state.
void BeginScan(DecisionBuilder& builder, v1::CheckPhase phase);
// decide_participants.cc: asks the participants of a phase, stage by stage.
void BeginPhase(DecisionBuilder& builder, v1::ParticipantPhase phase);
// decide_confirm.cc: what is left of the five minutes after Confirm, on the clock that shows least (D6). Nothing is
// left after a boot, over which nobody can tell: a confirmation can be given again.
absl::Duration ConfirmTimeLeft(DecisionBuilder& builder);
// decide_confirm.cc: sends a closure that is being confirmed back (D6).
void FailConfirm(DecisionBuilder& builder, v1::Closure::Cause cause, std::string_view detail);
// decide_confirm.cc: the same because the five minutes are over; `late` says by what, unless a boot is why.
void TimeOutConfirm(DecisionBuilder& builder, std::string_view late);
// decide_confirm.cc: what a closure in CONFIRMING waits for when its time is over: who has not frozen the account and
// why, or the rescan.
std::string WhyConfirmIsLate(const v1::Closure& closure);
// decide_notices.cc: sends the result to every contact point, and erases them when that is settled (D12).
void BeginNotices(DecisionBuilder& builder);
// decide_ends.cc: what every terminal state does: notices, renunciations dropped, request ids to be forgotten.
void BeginEnd(DecisionBuilder& builder, v1::Closure::Cause cause, std::string_view detail);
// decide_ends.cc: begins the restoring.
void BeginRestore(DecisionBuilder& builder, Event event, v1::Closure::Cause cause, std::string_view detail);

// decide_silent_period.cc: where the clocks disagree, parks the task until an operator acknowledges the jump; answers
// whether it did (R18, ADR 20).
bool WaitForClocks(DecisionBuilder& builder);

// What discards and Confirm need alike, in decide_items.cc.
// Errors: FAILED_PRECONDITION with CLOSURE_ON_HOLD, or with IRREVERSIBLE_PAUSED where a pause matters; Confirm asks for
// more (decide_confirm.cc).
absl::Status RequireNoHalt(DecisionBuilder& builder, bool pause_matters);
// Errors: FAILED_PRECONDITION with RISK_NOT_ACKNOWLEDGED unless the digest is that of the closure's risk prompt.
absl::Status RequireRiskRead(const v1::Closure& closure, std::string_view digest);

// The cases of Decide, and of its parts.
absl::StatusOr<Decision> DecideCreate(const CreateFacts& facts, const Circumstances& circumstances);
absl::StatusOr<Decision> DecideResend(DecisionBuilder& builder, const ResendCode& command);
absl::StatusOr<Decision> DecideCodes(DecisionBuilder& builder, const CodesGiven& given);
absl::StatusOr<Decision> DecideAgreement(DecisionBuilder& builder, const AgreementGiven& given);
absl::StatusOr<Decision> DecideRecheck(DecisionBuilder& builder);
absl::StatusOr<Decision> DecideDiscard(DecisionBuilder& builder, const DiscardGiven& given);
absl::StatusOr<Decision> DecideConfirm(DecisionBuilder& builder, const ConfirmClosure& command);
absl::StatusOr<Decision> DecideCancel(DecisionBuilder& builder);
absl::StatusOr<Decision> DecideHold(DecisionBuilder& builder, const PlaceHold& command);
absl::StatusOr<Decision> DecideReleaseHold(DecisionBuilder& builder, const ReleaseHold& command);
Decision DecideTimer(DecisionBuilder& builder, const TimerFired& fired);
Decision DecideScan(DecisionBuilder& builder, const ScanAnswered& answered);
Decision DecideAccountGone(DecisionBuilder& builder);
Decision DecideRelease(DecisionBuilder& builder, const ReleaseAnswered& answered);
Decision DecideParticipant(DecisionBuilder& builder, const ParticipantAnswered& answered);
Decision DecideMessage(DecisionBuilder& builder, const MessageSent& sent);
Decision DecideFailure(DecisionBuilder& builder, const TaskFailed& failed);
Decision DecideHeld(DecisionBuilder& builder);
Decision DecideRetry(DecisionBuilder& builder, const RetryRequested& request);
// decide_confirm.cc: the rescan of a frozen account was answered (D6).
Decision DecideConfirmScan(DecisionBuilder& builder, const ScanAnswered& answered);
// decide_participants.cc: a participant did not answer; it is asked again, and shown as failing.
Decision FailParticipant(DecisionBuilder& builder, const TaskFailed& failed);
// decide_notices.cc: a result notice was not accepted; it is tried again, or given up after its limit.
Decision FailNotice(DecisionBuilder& builder, const TaskFailed& failed);
Decision DecideErase(DecisionBuilder& builder, const Erase& erase);
// decide_silent_period.cc
Decision DecideSilentPeriodEnd(DecisionBuilder& builder);

}  // namespace closure

#endif  // CLOSURE_SERVER_DECISION_BUILDER_H_
