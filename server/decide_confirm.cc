// SPDX-License-Identifier: Apache-2.0
// Confirm Deletion (D6): what it needs, the rescan of the frozen account, and the way back.
#include <algorithm>
#include <optional>
#include <string>

#include "checkers/proto_time.h"
#include "fmt/format.h"
#include "protos/coverage_mark.h"
#include "server/decide_scan.h"
#include "server/decide_system.h"
#include "server/decision_builder.h"
#include "server/errors.h"
#include "server/redaction.h"
#include "server/scan_merge.h"
#include "server/texts.h"
#include "server/time_witness.h"

namespace closure {
namespace {

// Nothing when the machine was booted since.
std::optional<absl::Duration> PassedSinceConfirm(DecisionBuilder& builder) {
  return PassedWithinBoot(builder.data().confirm_start(), builder.circumstances().time.witness);
}

// Sends a closure that is being confirmed back because the clocks disagree.
void HaltConfirm(DecisionBuilder& builder) {
  FailConfirm(builder, v1::Closure::HALTED,
              "the server's clocks disagreed, so nobody can tell whether what ends some day has ended");
}

// A freeze would be in vain: nobody can tell whether what ends some day has ended.
// Errors: FAILED_PRECONDITION with IRREVERSIBLE_PAUSED.
absl::Status RequireClocks(DecisionBuilder& builder) {
  if (!DoClocksDisagree(builder.circumstances())) return absl::OkStatus();
  return Error(v1::IRREVERSIBLE_PAUSED,
               "the server's clocks disagree, and an operator has to look into it first; try again later",
               {{"closure", builder.closure().name()}, {"what", v1::Task::Parked_Name(v1::Task::CLOCK_JUMP)}});
}

// What passed before the mark is counted before it only if nobody goes on from a witness that tells otherwise (ADR 16).
void MarkSilentPeriod(DecisionBuilder& builder) {
  const Circumstances& circumstances = builder.circumstances();
  const internal::v1::ClockWitness& seen = circumstances.time.witness;
  const std::optional<internal::v1::ElapsedMark> mark = MarkBeside(circumstances.system.clock(), seen);
  *builder.data().mutable_silent_period_start() = mark.value_or(MarkOf(seen));
  if (mark.has_value())
    builder.GuardSystem();
  else
    builder.WitnessTime();
}

}  // namespace

absl::StatusOr<Decision> DecideConfirm(DecisionBuilder& builder, const ConfirmClosure& command) {
  if (absl::Status allowed = builder.Require(Event::kConfirm, v1::Closure::CONFIRM_CLOSURE); !allowed.ok())
    return allowed;
  v1::Closure& closure = builder.closure();
  if (!closure.scan().clean() || IsScanOld(builder.data(), builder.now())) {
    return Error(v1::SCAN_NOT_FRESH, fmt::format("the last scan of {} is too old; recheck first", closure.name()),
                 {{"closure", closure.name()}});
  }
  if (absl::Status risk = RequireRiskRead(closure, command.risk_digest); !risk.ok()) return risk;
  if (absl::Status halts = RequireNoHalt(builder, true); !halts.ok()) return halts;
  if (absl::Status clocks = RequireClocks(builder); !clocks.ok()) return clocks;

  const v1::RiskPrompt prompt = closure.risk_prompt();
  builder.AddConsent(v1::Consent::CONFIRM_RISK, "", prompt.digest(), prompt.text());
  if (command.late_settlement_consent)
    builder.AddConsent(v1::Consent::LATE_SETTLEMENT, "", prompt.digest(), prompt.text());
  closure.set_reason(command.reason);
  closure.set_reason_text(command.reason_text);
  *closure.mutable_confirm_time() = ToProto(builder.now());
  *builder.data().mutable_confirm_start() = BootMarkOf(builder.circumstances().time.witness);
  const auto& participants = builder.circumstances().participants;
  builder.data().mutable_participants()->Assign(participants.begin(), participants.end());
  closure.clear_cause();
  closure.clear_cause_detail();
  builder.data().set_late_settlement_consent(command.late_settlement_consent);
  builder.Move(Event::kConfirm, fmt::format("reason {}{}", v1::Closure::Reason_Name(command.reason),
                                            command.late_settlement_consent ? ", consents to late settlements" : ""));
  builder.commit().gate = v1::GATE_CLOSING;
  builder.GuardSystem();
  BeginPhase(builder, v1::FREEZE);
  builder.AddTask(v1::Task::CONFIRM_DEADLINE, fmt::format("confirm-deadline/{}", builder.data().fence()),
                  builder.now() + FromProto(builder.policy().confirm_limit()));
  return builder.Finish();
}

absl::Duration ConfirmTimeLeft(DecisionBuilder& builder) {
  const absl::Duration limit = FromProto(builder.policy().confirm_limit());
  const absl::Duration on_the_wall = builder.now() - FromProto(builder.closure().confirm_time());
  const std::optional<absl::Duration> within_boot = PassedSinceConfirm(builder);
  // Over a boot only the wall clock tells how much passed, and it may have been set.
  return within_boot.has_value() ? limit - std::max(on_the_wall, *within_boot) : -limit;
}

std::string WhyConfirmIsLate(const v1::Closure& closure) {
  std::string waits;
  for (const v1::ParticipantProgress& progress : closure.participants()) {
    if (progress.phase() != v1::FREEZE || progress.status() != v1::ParticipantProgress::PERFORMING) continue;
    waits += fmt::format("{}{}{}", waits.empty() ? "" : ", ", progress.participant(),
                         progress.last_error().empty() ? "" : fmt::format(" ({})", progress.last_error()));
  }
  if (waits.empty()) return "freeze and rescan took too long: the rescan was not over";
  return fmt::format("freeze and rescan took too long: the account was not frozen by {}", waits);
}

void FailConfirm(DecisionBuilder& builder, v1::Closure::Cause cause, std::string_view detail) {
  builder.closure().set_cause(cause);
  builder.closure().set_cause_detail(std::string(detail));
  builder.Move(Event::kConfirmFailed, detail);
  // Every participant thaws, whether its freeze was answered or not: the fence keeps a late freeze out.
  BeginPhase(builder, v1::THAW);
}

void TimeOutConfirm(DecisionBuilder& builder, std::string_view late) {
  const std::optional<absl::Duration> passed = PassedSinceConfirm(builder);
  if (!passed.has_value()) {
    Reach(Mark::kConfirmEndedByBoot);
    return FailConfirm(
        builder, v1::Closure::CONFIRM_TIMED_OUT,
        "the server's machine was booted since Confirm, so nobody can tell how long it took; confirm again");
  }
  // A clock that jumped ahead is no time that passed.
  const absl::Duration limit = FromProto(builder.policy().confirm_limit());
  const bool by_jump = *passed < limit && DoClocksDisagree(builder.circumstances());
  if (by_jump) return HaltConfirm(builder);
  FailConfirm(builder, v1::Closure::CONFIRM_TIMED_OUT, late);
}

Decision DecideConfirmScan(DecisionBuilder& builder, const ScanAnswered& answered) {
  ScanMerge merge = MergeScan(builder.data(), answered.findings, answered.previous, builder.now());
  const bool clean = merge.unresolved == 0 && !answered.findings.required_unanswered;
  const std::string problems = WithoutAddresses(builder.data(), ScanProblems(merge, answered.findings));
  StoreScan(builder, answered.findings, merge, clean);
  const absl::Duration time_left = ConfirmTimeLeft(builder);
  if (!clean) {
    *builder.closure().mutable_risk_prompt() = MakeRiskPrompt(builder.data(), v1::Closure::BLOCKED, merge.renounceable);
    // Silence at the deadline is the time's fault, not the checkers'.
    const bool late =
        merge.unresolved == 0 && time_left <= absl::ZeroDuration() && PassedSinceConfirm(builder).has_value();
    if (late)
      TimeOutConfirm(builder, problems);
    else
      FailConfirm(builder, v1::Closure::RESCAN_NOT_CLEAN, problems);
  } else if (HaltOf(builder.data(), builder.circumstances().system) != v1::Task::PARKED_UNSPECIFIED) {
    FailConfirm(builder, v1::Closure::HALTED, "a hold or pause came before the silent period began");
  } else if (time_left < absl::ZeroDuration()) {
    TimeOutConfirm(builder, "freeze and rescan took too long: the rescan ended too late");
  } else if (answered.clocks_disagreed || DoClocksDisagree(builder.circumstances())) {
    HaltConfirm(builder);
  } else {
    v1::Closure& closure = builder.closure();
    builder.Move(Event::kSilentPeriodEntered, ScanSummary(merge, answered.findings));
    *closure.mutable_silent_period_start_time() = ToProto(builder.now());
    *closure.mutable_silent_period_end_time() = ToProto(builder.now() + FromProto(builder.policy().silent_period()));
    MarkSilentPeriod(builder);
    BeginPhase(builder, v1::ENTER_SILENT_PERIOD);
  }
  return builder.Finish();
}

}  // namespace closure
