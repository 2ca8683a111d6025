// SPDX-License-Identifier: Apache-2.0
// What a scan comes to: for the owner and at the final check; after Confirm see decide_confirm.cc.
#include "server/decide_scan.h"

#include "checkers/proto_time.h"
#include "fmt/format.h"
#include "protos/coverage_mark.h"
#include "protos/money.h"
#include "server/decision_builder.h"
#include "server/die.h"
#include "server/redaction.h"
#include "server/scan_merge.h"
#include "server/texts.h"
#include "server/time_witness.h"

namespace closure {
namespace {

// The names of what did not answer, for people.
std::string Unanswered(const ScanFindings& findings) {
  std::string text;
  for (const v1::CheckerResult& checker : findings.checkers) {
    if (!checker.required() || checker.status() != v1::CheckerResult::UNANSWERED) continue;
    absl::StrAppend(&text, text.empty() ? "" : "; ", checker.checker(), " did not answer: ", checker.detail());
  }
  return text;
}

void StoreCheckers(DecisionBuilder& builder, const ScanFindings& findings) {
  auto& checkers = *builder.closure().mutable_scan()->mutable_checkers();
  checkers.Clear();
  for (const v1::CheckerResult& checker : findings.checkers) *checkers.Add() = checker;
}

Decision DecideOwnerScan(DecisionBuilder& builder, const ScanAnswered& answered) {
  ScanMerge merge = MergeScan(builder.data(), answered.findings, answered.previous, builder.now());
  const bool clean = merge.unresolved == 0 && !answered.findings.required_unanswered;
  StoreScan(builder, answered.findings, merge, clean);
  builder.Move(clean ? Event::kScanClean : Event::kScanNotClean, ScanSummary(merge, answered.findings));
  *builder.closure().mutable_risk_prompt() =
      MakeRiskPrompt(builder.data(), builder.state(), clean ? merge.renounced : merge.renounceable);
  builder.SetExpiry(FromProto(builder.policy().idle_expiry_after_agreement()));
  return builder.Finish();
}

// Covers small debts and balances that came during the silent period by the consent given at Confirm (D7).
void SettleLate(DecisionBuilder& builder, ScanMerge& merge) {
  for (const v1::BlockingItem& item : merge.late_money) {
    v1::Renunciation& renunciation = merge.renunciations.emplace_back();
    renunciation.set_kind(item.kind());
    *renunciation.mutable_amount() = item.amount();
    renunciation.set_fingerprint(item.fingerprint());
    renunciation.set_status(v1::Renunciation::RECORDED);
    *renunciation.mutable_create_time() = ToProto(builder.now());
    renunciation.set_by_consent(true);
    for (v1::BlockingItem& stored : merge.items) {
      if (stored.name() == item.name()) stored.set_resolution(v1::BlockingItem::RENOUNCED);
    }
  }
  const int covered = static_cast<int>(merge.late_money.size());
  merge.unresolved -= covered;
  merge.counts.set_renounceable(merge.counts.renounceable() - covered);
  merge.counts.set_renounced(merge.counts.renounced() + covered);
}

// Makes a final check again that judged what ends some day by a day that may be wrong; answers whether it was one.
bool RepeatDoubtfulCheck(DecisionBuilder& builder, const ScanAnswered& answered) {
  const bool waits = WaitForClocks(builder);
  if (!waits && !answered.clocks_disagreed) return false;
  Reach(Mark::kFinalCheckDoubted);
  if (!waits) builder.RescheduleTask(builder.now(), "", v1::Task::PARKED_UNSPECIFIED);
  return true;
}

// Makes a final check again that is not over: its checkers are shown, and nothing follows from them.
Decision LookAgain(DecisionBuilder& builder, const ScanAnswered& answered) {
  StoreCheckers(builder, answered.findings);
  return builder.Finish();
}

Decision DecideFinalScan(DecisionBuilder& builder, const ScanAnswered& answered) {
  if (RepeatDoubtfulCheck(builder, answered)) return LookAgain(builder, answered);
  ScanMerge merge = MergeScan(builder.data(), answered.findings, answered.previous, builder.now());
  if (builder.data().late_settlement_consent()) SettleLate(builder, merge);
  const std::string summary = ScanSummary(merge, answered.findings);
  if (merge.unresolved > 0) {
    const std::string problems = WithoutAddresses(builder.data(), ScanProblems(merge, answered.findings));
    StoreScan(builder, answered.findings, merge, false);
    BeginRestore(builder, Event::kFinalCheckProblem, v1::Closure::FINAL_CHECK_PROBLEM, problems);
    return builder.Finish();
  }
  if (answered.findings.required_unanswered) {
    Reach(Mark::kFinalCheckRetried);
    const Circumstances& circumstances = builder.circumstances();
    const absl::Duration backoff = RetryDelay(circumstances.task->attempts(), circumstances.retry_factor);
    builder.RescheduleTask(builder.now() + backoff, Unanswered(answered.findings), v1::Task::PARKED_UNSPECIFIED);
    return LookAgain(builder, answered);
  }
  if (const v1::Task::Parked halt = HaltOf(builder.data(), builder.circumstances().system);
      halt != v1::Task::PARKED_UNSPECIFIED) {
    // What is clean now may not be clean on release.
    builder.RescheduleTask(builder.now(), "", halt);
    return LookAgain(builder, answered);
  }
  StoreScan(builder, answered.findings, merge, true);
  builder.Move(Event::kFinalCheckPassed, summary);
  builder.GuardSystem();
  BeginPhase(builder, v1::DELETE);
  return builder.Finish();
}

}  // namespace

std::string ScanSummary(const ScanMerge& merge, const ScanFindings& findings) {
  const std::string unanswered = Unanswered(findings);
  return fmt::format("{} must-handle, {} renounceable, {} renounced{}{}", merge.counts.must_handle(),
                     merge.counts.renounceable(), merge.counts.renounced(), unanswered.empty() ? "" : "; ", unanswered);
}

std::string ScanProblems(const ScanMerge& merge, const ScanFindings& findings) {
  constexpr int kNamed = 3;
  std::string text;
  int named = 0;
  for (const v1::BlockingItem& item : merge.items) {
    if (!IsInTheWay(item.resolution()) || named == kNamed) continue;
    ++named;
    text += fmt::format("{}{}{}", text.empty() ? "" : "; ", item.display_name(),
                        item.has_amount() ? fmt::format(" ({})", FormatMoney(item.amount())) : "");
  }
  if (merge.unresolved > named) text += fmt::format("; and {} more", merge.unresolved - named);
  const std::string unanswered = Unanswered(findings);
  if (!unanswered.empty()) text += fmt::format("{}{}", text.empty() ? "" : "; ", unanswered);
  return text;
}

void StoreScan(DecisionBuilder& builder, const ScanFindings& findings, ScanMerge& merge, bool clean) {
  v1::Closure& closure = builder.closure();
  StoreCheckers(builder, findings);
  v1::Scan& scan = *closure.mutable_scan();
  *scan.mutable_end_time() = ToProto(builder.now());
  scan.set_clean(clean);
  if (clean) *scan.mutable_fresh_until_time() = ToProto(builder.now() + FromProto(builder.policy().scan_freshness()));
  *closure.mutable_item_counts() = merge.counts;
  closure.clear_renunciations();
  for (v1::Renunciation& renunciation : merge.renunciations) *closure.add_renunciations() = std::move(renunciation);
  builder.commit().items = std::move(merge.items);
}

void BeginScan(DecisionBuilder& builder, v1::CheckPhase phase) {
  // Why a Confirm before failed is over with what is found now.
  if (phase == v1::SCAN) {
    builder.closure().clear_cause();
    builder.closure().clear_cause_detail();
  }
  v1::Scan scan;
  scan.set_number(builder.closure().scan().number() + 1);
  scan.set_phase(phase);
  *scan.mutable_start_time() = ToProto(builder.now());
  for (const v1::CheckerResult& checker : builder.circumstances().checkers) *scan.add_checkers() = checker;
  *builder.closure().mutable_scan() = std::move(scan);
  const int64_t number = builder.closure().scan().number();
  internal::v1::TaskData& task = builder.AddTask(v1::Task::SCAN, fmt::format("scan/{}", number), builder.now());
  task.mutable_payload()->set_scan_number(number);
  task.mutable_payload()->set_check_phase(phase);
}

Decision DecideScan(DecisionBuilder& builder, const ScanAnswered& answered) {
  switch (builder.state()) {
    case v1::Closure::CHECKING:
      return DecideOwnerScan(builder, answered);
    case v1::Closure::CONFIRMING:
      return DecideConfirmScan(builder, answered);
    case v1::Closure::FINAL_CHECK:
      return DecideFinalScan(builder, answered);
    default:
      Impossible("a scan in a state without scans");
  }
}

}  // namespace closure
