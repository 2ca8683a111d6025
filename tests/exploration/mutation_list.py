# SPDX-License-Identifier: Apache-2.0
"""The rules of the machine that are broken on purpose, and the scenario that has to notice each; see mutations.py."""
from broken_rules import Mutation

MACHINE = "server/machine.h"
OWNER = "server/decide_owner.cc"
ITEMS = "server/decide_items.cc"
CONFIRM = "server/decide_confirm.cc"
SCAN = "server/decide_scan.cc"
PARTICIPANTS = "server/decide_participants.cc"
SILENT = "server/decide_silent_period.cc"
ENDS = "server/decide_ends.cc"
NOTICES = "server/decide_notices.cc"
BUILDER = "server/decision_builder.cc"
DECIDE = "server/decide.cc"
MERGE = "server/scan_merge.cc"
MONEY = "server/renounced_money.cc"

MUTATIONS = [
    # ---- the table ----
    Mutation("cancel in the silent period", MACHINE,
             "{v1::Closure::READY, Event::kCancel, v1::Closure::CANCELLED},",
             "{v1::Closure::READY, Event::kCancel, v1::Closure::CANCELLED},\n"
             "    {v1::Closure::SILENT_PERIOD, Event::kCancel, v1::Closure::CANCELLED},", "quiet"),
    Mutation("thawed to ready", MACHINE, "Event::kThawed, v1::Closure::BLOCKED}", "Event::kThawed, v1::Closure::READY}",
             "late bills"),
    Mutation("unclean to ready", MACHINE, "Event::kScanNotClean, v1::Closure::BLOCKED}",
             "Event::kScanNotClean, v1::Closure::READY}", "quiet"),
    Mutation("final problem to deleting", MACHINE, "Event::kFinalCheckProblem, v1::Closure::RESTORING}",
             "Event::kFinalCheckProblem, v1::Closure::DELETING}", "late bills"),
    Mutation("idle to cancelled", MACHINE, "{v1::Closure::READY, Event::kIdle, v1::Closure::EXPIRED}",
             "{v1::Closure::READY, Event::kIdle, v1::Closure::CANCELLED}", "quiet"),
    Mutation("gone in the silent period to cancelled", MACHINE,
             "{v1::Closure::SILENT_PERIOD, Event::kAccountGone, v1::Closure::RESTORING}",
             "{v1::Closure::SILENT_PERIOD, Event::kAccountGone, v1::Closure::CANCELLED}", "deleted elsewhere"),
    # ---- identity, agreement, consent ----
    Mutation("any code is right", OWNER, "  if (right) {\n", "  if (right || !right) {\n", "identity"),
    Mutation("a verification leaves no trace", OWNER,
             "  *builder.closure().mutable_identity_verification()->mutable_verify_time() = ToProto(builder.now());\n", "",
             "quiet"),
    Mutation("one of two codes is enough", OWNER, "std::all_of(challenges.begin(), challenges.end(), [](const auto& challenge)",
             "std::any_of(challenges.begin(), challenges.end(), [](const auto& challenge)", "two channels"),
    Mutation("attempts without limit", OWNER, "if (challenge.attempts_left() <= 0) {", "if (false) {", "identity"),
    Mutation("codes do not expire", OWNER, "if (IsCodeExpired(challenge, builder.policy(), builder.now())) {", "if (false) {", "identity"),
    Mutation("old agreements count", OWNER, "if (!agreement.current()) {", "if (false) {", "quiet"),
    Mutation("the risk is not acknowledged", ITEMS,
             "if (!digest.empty() && digest == closure.risk_prompt().digest()) return absl::OkStatus();",
             "if (digest != \"?\") return absl::OkStatus();", "quiet"),
    Mutation("anything can be discarded", ITEMS, "if (item.disposition() != v1::RENOUNCEABLE) {", "if (false) {",
             "late bills"),
    Mutation("facts that were not shown are discarded", ITEMS, "  if (item.fingerprint() != selection.fingerprint) {",
             "  if (false) {", "quiet"),
    Mutation("an unanswered release stays under way", ENDS,
             "    item.set_resolution(v1::BlockingItem::OUTCOME_UNKNOWN);\n", "", "one late call"),
    # ---- confirm ----
    Mutation("a scan does not age", CONFIRM,
             "if (!closure.scan().clean() || IsScanOld(builder.data(), builder.now())) {",
             "if (!closure.scan().clean()) {", "quiet"),
    Mutation("confirm during a hold", ITEMS, "  if (closure.has_hold()) {\n    return Error(v1::CLOSURE_ON_HOLD",
             "  if (false) {\n    return Error(v1::CLOSURE_ON_HOLD", "operators"),
    Mutation("the rescan is not looked at", CONFIRM,
             "  const absl::Duration time_left = ConfirmTimeLeft(builder);\n  if (!clean) {",
             "  const absl::Duration time_left = ConfirmTimeLeft(builder);\n  if (!clean && false) {", "late bills"),
    Mutation("the rescan may be late", CONFIRM, "} else if (time_left < absl::ZeroDuration()) {", "} else if (false) {",
             "one late call"),
    Mutation("a boot does not end a confirmation", CONFIRM,
             "return within_boot.has_value() ? limit - std::max(on_the_wall, *within_boot) : -limit;",
             "return limit - std::max(on_the_wall, within_boot.value_or(absl::ZeroDuration()));", "one boot"),
    Mutation("a silent period rests on a clock that nobody stored", CONFIRM, "    builder.WitnessTime();\n",
             "    builder.GuardSystem();\n", "one boot"),
    Mutation("no freeze before the rescan", CONFIRM, "  BeginPhase(builder, v1::FREEZE);\n",
             "  BeginScan(builder, v1::CONFIRM);\n", "quiet"),
    Mutation("a failed confirm is not thawed", CONFIRM, "  BeginPhase(builder, v1::THAW);\n", "", "late bills"),
    Mutation("confirm without a deadline", CONFIRM,
             "  builder.AddTask(v1::Task::CONFIRM_DEADLINE, fmt::format(\"confirm-deadline/{}\", builder.data().fence()),\n"
             "                  builder.now() + FromProto(builder.policy().confirm_limit()));\n", "", "quiet"),
    Mutation("the gate stays closed after a thaw", PARTICIPANTS,
             "      builder.Move(Event::kThawed, \"every participant thawed the account\");\n"
             "      builder.commit().gate = v1::GATE_OPEN;\n",
             "      builder.Move(Event::kThawed, \"every participant thawed the account\");\n", "late bills"),
    # ---- the silent period ----
    Mutation("only the wall clock counts", SILENT, "return std::max(on_the_wall, period - passed);",
             "return on_the_wall + 0 * passed + 0 * period;", "one clock jump"),
    Mutation("only elapsed time counts", SILENT, "return std::max(on_the_wall, period - passed);",
             "return period - passed + 0 * on_the_wall;", "one clock jump"),
    Mutation("a clock jump stops nothing", SILENT, "  if (WaitsForClocks(builder)) return builder.Finish();\n", "",
             "one clock jump"),
    Mutation("the breaker stops nothing", SILENT, "  if (WaitsForBreaker(builder)) return builder.Finish();\n", "",
             "operators"),
    Mutation("a hold stops nothing", DECIDE, "if (data.closure().has_hold()) return v1::Task::HOLD;", "", "operators"),
    Mutation("a pause stops nothing", DECIDE, "if (system.has_pause()) return v1::Task::PAUSE;", "", "operators"),
    Mutation("a pause between decision and entry", CONFIRM,
             "    builder.WitnessTime();\n    BeginPhase(builder, v1::ENTER_SILENT_PERIOD);",
             "    BeginPhase(builder, v1::ENTER_SILENT_PERIOD);", "quiet"),
    Mutation("a pause between decision and deletion", SCAN,
             "  builder.GuardSystem();\n  BeginPhase(builder, v1::DELETE);", "  BeginPhase(builder, v1::DELETE);", "quiet"),
    Mutation("one operator approves twice", "server/decide_system.cc",
             "{ return absl::EqualsIgnoreCase(one, actor); })) {",
             "{ return absl::EqualsIgnoreCase(one, actor) && false; })) {",
             "halts"),
    Mutation("the end before the entry acts", CONFIRM, "    BeginPhase(builder, v1::ENTER_SILENT_PERIOD);\n",
             "    BeginPhase(builder, v1::ENTER_SILENT_PERIOD);\n"
             "    builder.AddTask(v1::Task::SILENT_PERIOD_END, \"early\", FromProto(closure.silent_period_end_time()));\n",
             "quiet"),
    Mutation("one operator releases the breaker", "server/decide_system.cc", "constexpr int kApprovalsNeeded = 2;",
             "constexpr int kApprovalsNeeded = 1;", "halts"),
    Mutation("confirmed while the clocks disagree", CONFIRM,
             "  if (absl::Status clocks = RequireClocks(builder); !clocks.ok()) return clocks;\n",
             "  RequireClocks(builder).IgnoreError();\n", "one clock jump"),
    Mutation("a silent period begins while the clocks disagree", CONFIRM,
             "  } else if (answered.clocks_disagreed ||\n"
             "             DoClocksDisagree(builder.circumstances().system, builder.circumstances().time)) {\n",
             "  } else if (answered.clocks_disagreed) {\n", "a late check"),
    Mutation("a rescan on a clock that is right again counts", CONFIRM, "  } else if (answered.clocks_disagreed ||\n",
             "  } else if (false ||\n", "a late check"),
    # ---- the final check ----
    Mutation("a final check passes while the clocks disagree", SCAN, "  const bool waits = WaitsForClocks(builder);\n",
             "  const bool waits = false;\n", "a late check"),
    Mutation("a final check on a clock that is right again counts", SCAN,
             "  if (!waits && !answered.clocks_disagreed) return false;\n", "  if (!waits) return false;\n",
             "a late check"),
    Mutation("no seal before the final check", SILENT, "  BeginPhase(builder, v1::SEAL);\n",
             "  BeginScan(builder, v1::FINAL);\n", "quiet"),
    Mutation("silence counts as a pass", SCAN, "  if (answered.findings.required_unanswered) {\n    Reach(",
             "  if (false) {\n    Reach(", "silence and errors"),
    Mutation("one problem does not matter", SCAN, "  if (merge.unresolved > 0) {\n", "  if (merge.unresolved > 1) {\n",
             "late bills"),
    Mutation("a halt does not stop the deletion", SCAN, "      halt != v1::Task::PARKED_UNSPECIFIED) {\n",
             "      halt == v1::Task::DEAD_LETTER) {\n", "operators"),
    Mutation("late settlement without consent", SCAN, "if (builder.data().late_settlement_consent()) SettleLate",
             "SettleLate", "late bills"),
    # ---- the endings ----
    Mutation("nothing is restored", ENDS, "  builder.Move(event, detail);\n  BeginPhase(builder, v1::RESTORE);\n",
             "  builder.Move(event, detail);\n", "late bills"),
    Mutation("recorded money outlives the end", ENDS,
             "    if (renunciation.status() == v1::Renunciation::RECORDED) renunciation.set_status("
             "v1::Renunciation::DROPPED);\n", "", "quiet"),
    Mutation("nobody is told the end", NOTICES, "    if (!reachable) continue;\n", "    continue;\n", "quiet"),
    Mutation("addresses go before the owner is told", NOTICES,
             "  if (!std::all_of(notices.begin(), notices.end(), IsSettled)) return;\n", "", "quiet"),
    Mutation("a deleted account is closed", OWNER,
             "  if (account.state() == upstream::v1::Account::DELETED) return AccountClosed(account.account_id());\n",
             "  if (account.state() == upstream::v1::Account::DELETED) return absl::OkStatus();\n", "closed again"),
    Mutation("personal data stays", NOTICES,
             "  builder.AddTask(v1::Task::ERASURE, \"erasure\", builder.now());\n", "", "quiet"),
    Mutation("a timer fires early", ENDS, "  if (builder.now() >= due) return false;\n", "  return false;\n", "identity"),
    Mutation("the gate is open after the end", PARTICIPANTS, "      builder.commit().gate = v1::GATE_CLOSED;\n", "",
             "quiet"),
    # ---- money ----
    Mutation("debts are voided too early", MONEY,
             "(phase == v1::ENTER_SILENT_PERIOD && renunciation.kind() == v1::BALANCE)",
             "phase == v1::ENTER_SILENT_PERIOD", "quiet"),
    Mutation("executed money is not recorded", PARTICIPANTS,
             "    renunciation.set_status(v1::Renunciation::EXECUTED);\n", "", "quiet"),
    Mutation("other facts count as renounced", MERGE,
             "        renunciation.fingerprint() == item.fingerprint()) {\n      return true;", "        true) {\n      return true;",
             "another debt"),
    # ---- fences, keys, tasks ----
    Mutation("there is no silent period", BUILDER, "  closure().set_state(*to);\n",
             "  closure().set_state(*to == v1::Closure::SILENT_PERIOD ? v1::Closure::FINAL_CHECK : *to);\n", "quiet"),
    Mutation("the fence does not rise", BUILDER, "  data().set_fence(data().fence() + 1);\n", "", "quiet"),
    Mutation("a state's tasks outlive it", BUILDER, "  commit_.drop_state_tasks = true;\n", "", "quiet"),
    Mutation("a state changes without history", BUILDER,
             "  commit_.history =\n      HistoryEntry{from, *to, std::string(EventName(event)), circumstances_.actor, "
             "std::string(detail), now()};\n", "", "quiet"),
    Mutation("each try has another key", BUILDER, "  task.set_parked(parked);\n",
             "  task.set_parked(parked);\n  task.set_idempotency_key(task.idempotency_key() + '+');\n",
             "deleted late"),
    Mutation("a second freeze has the key of the first", PARTICIPANTS,
             "  builder.data().set_phase_number(builder.data().phase_number() + 1);\n", "", "late bills"),
    Mutation("an unknown release has another key", ITEMS, "AddTask(v1::Task::DISCARD, ReleaseKey(item), builder.now());",
             "AddTask(v1::Task::DISCARD, fmt::format(\"{}{}\", ReleaseKey(item), builder.data().fence()), builder.now());",
             "one late call"),
    Mutation("stages at once", PARTICIPANTS,
             "    if (progress.stage() != stage || progress.status() != v1::ParticipantProgress::WAITING) continue;",
             "    if (progress.status() != v1::ParticipantProgress::WAITING) continue;", "quiet"),
]
