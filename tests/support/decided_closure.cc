// SPDX-License-Identifier: Apache-2.0
#include "tests/support/decided_closure.h"

#include <catch2/catch.hpp>

#include "checkers/proto_time.h"
#include "fmt/format.h"
#include "server/decision_builder.h"
#include "server/participants/participant.h"
#include "server/time_witness.h"

namespace closure {
namespace {

constexpr char kAccount[] = "1000000001";
constexpr char kClosure[] = "0123456789abcdef0123456789abcdef";

config::v1::Policy TestPolicy() {
  config::v1::Policy policy;
  *policy.mutable_silent_period() = ToProto(absl::Hours(168));
  *policy.mutable_idle_expiry_before_agreement() = ToProto(absl::Hours(24));
  *policy.mutable_idle_expiry_after_agreement() = ToProto(absl::Hours(720));
  *policy.mutable_code_lifetime() = ToProto(absl::Minutes(10));
  policy.set_code_attempts(5);
  *policy.mutable_resend_spacing() = ToProto(absl::Seconds(60));
  policy.set_codes_per_account_per_day(20);
  *policy.mutable_scan_freshness() = ToProto(absl::Minutes(30));
  *policy.mutable_confirm_limit() = ToProto(absl::Minutes(5));
  *policy.mutable_discard_limit() = ToProto(absl::Minutes(10));
  *policy.mutable_request_id_retention() = ToProto(absl::Hours(720));
  *policy.mutable_notice_retry_limit() = ToProto(absl::Hours(72));
  *policy.mutable_contact_change_window() = ToProto(absl::Hours(72));
  *policy.mutable_stuck_threshold() = ToProto(absl::Minutes(15));
  policy.set_forfeit_limit_units(1000);
  policy.set_void_limit_units(10);
  return policy;
}

// Two of the built-in ones, with their own stages.
std::vector<v1::ParticipantDescription> TestParticipants() {
  std::vector<v1::ParticipantDescription> descriptions;
  for (const std::string_view name : {"billing", "account"}) {
    for (const auto& participant : MakeBuiltinParticipants(Upstreams{})) {
      if (participant->description().name() == name) descriptions.push_back(participant->description());
    }
  }
  return descriptions;
}

}  // namespace

DecidedClosure::DecidedClosure() : participants_(TestParticipants()) {
  *system_.mutable_clock() = Observe({}, clock_.Read()).witness;
  CHECK(Do(Facts()).ok());
}

CreateFacts DecidedClosure::Facts() {
  CreateFacts facts;
  facts.account.set_account_id(kAccount);
  facts.account.set_state(upstream::v1::Account::ACTIVE);
  facts.account.mutable_email()->set_address("ann@example.com");
  facts.account.mutable_phone()->set_address("+8613800000001");
  facts.channel = v1::EMAIL;
  facts.closure_id = kClosure;
  facts.policy = TestPolicy();
  return facts;
}

v1::BlockingItem DecidedClosure::Item(const std::string& id, v1::ItemKind kind, v1::Disposition disposition,
                                      int64_t units, const std::string& fingerprint) {
  v1::BlockingItem item;
  item.set_name(fmt::format("accounts/{}/closures/{}/blockingItems/{}", kAccount, kClosure, id));
  item.set_checker(kind == v1::PAY_AS_YOU_GO_RESOURCE ? "resources" : "billing");
  item.set_kind(kind);
  item.set_disposition(disposition);
  item.set_display_name(id);
  item.set_fingerprint(fingerprint);
  item.set_native_id(id);
  item.set_resolution(v1::BlockingItem::OPEN);
  if (units > 0) {
    item.mutable_amount()->set_currency_code("USD");
    item.mutable_amount()->set_units(units);
  }
  return item;
}

void DecidedClosure::WitnessTime() { *system_.mutable_clock() = Observe(system_.clock(), clock_.Read()).witness; }

Circumstances DecidedClosure::Now(const std::string& actor) const {
  const ClockReading reading = clock_.Read();
  Circumstances circumstances;
  circumstances.now = reading.wall;
  circumstances.actor = actor;
  circumstances.time = Observe(system_.clock(), reading);
  circumstances.retry_factor = retry_factor_;
  circumstances.system = system_;
  circumstances.participants = participants_;
  for (const char* const name : {"billing", "resources"}) {
    v1::CheckerResult& checker = circumstances.checkers.emplace_back();
    checker.set_checker(name);
    checker.set_status(v1::CheckerResult::WAITING);
    checker.set_required(true);
  }
  circumstances.challenge_ids = {fmt::format("challenge-{}-a", last_task_id_),
                                 fmt::format("challenge-{}-b", last_task_id_)};
  circumstances.breaker = breaker_;
  circumstances.tombstone = "tombstone";
  return circumstances;
}

void DecidedClosure::Apply(Commit commit) {
  if (commit.finish_task.has_value()) REQUIRE(tasks_.erase(*commit.finish_task) == 1);
  if (commit.drop_state_tasks) {
    for (auto task = tasks_.begin(); task != tasks_.end();) {
      task = IsBoundToState(task->second.kind()) ? tasks_.erase(task) : std::next(task);
    }
  }
  if (commit.reschedule_task.has_value()) tasks_[commit.reschedule_task->id()] = *commit.reschedule_task;
  for (internal::v1::TaskData& task : commit.add_tasks) {
    task.set_id(++last_task_id_);
    tasks_[task.id()] = task;
  }
  for (const v1::BlockingItem& item : commit.items) items_[item.name().substr(item.name().rfind('/') + 1)] = item;
  if (commit.system.has_value()) {
    REQUIRE(commit.system->version() == system_.version() + 1);
    system_ = *commit.system;
  }
  if (commit.admission.has_value()) system_.set_admissions(system_.admissions() + 1);
  if (commit.closure.has_value()) {
    REQUIRE(commit.expected_version == data_.version());
    REQUIRE(commit.closure->version() == data_.version() + 1);
    // A state changes with a history row, or not at all.
    if (commit.closure->closure().state() != data_.closure().state()) REQUIRE(commit.history.has_value());
    data_ = *commit.closure;
  }
  last_commit_ = std::move(commit);
}

absl::Status DecidedClosure::Do(const Happening& happening, const std::string& actor) {
  absl::StatusOr<Decision> decision = Decide(data_, happening, Now(actor));
  if (!decision.ok()) return decision.status();
  Apply(std::move(decision->commit));
  return decision->reply;
}

std::vector<internal::v1::TaskData> DecidedClosure::Tasks(v1::Task::Kind kind) const {
  std::vector<internal::v1::TaskData> tasks;
  for (const auto& [id, task] : tasks_) {
    if (task.kind() == kind) tasks.push_back(task);
  }
  return tasks;
}

void DecidedClosure::ReportTask(const internal::v1::TaskData& task, const Happening& happening) {
  Circumstances circumstances = Now("system");
  circumstances.task = task;
  absl::StatusOr<Decision> decision = Decide(data_, happening, circumstances);
  REQUIRE(decision.ok());
  // The store refuses a result whose task is gone.
  if (tasks_.count(task.id()) == 0) return;
  Apply(std::move(decision->commit));
}

internal::v1::TaskData DecidedClosure::Report(v1::Task::Kind kind, const Happening& happening) {
  const std::vector<internal::v1::TaskData> tasks = Tasks(kind);
  REQUIRE(tasks.size() == 1);
  ReportTask(tasks.front(), happening);
  return tasks.front();
}

void DecidedClosure::FinishScan(std::vector<v1::BlockingItem> items, std::vector<std::string> silent) {
  ScanFindings findings;
  for (const std::string name : {"billing", "resources"}) {
    v1::CheckerResult& checker = findings.checkers.emplace_back();
    checker.set_checker(name);
    checker.set_required(true);
    const bool is_silent = std::find(silent.begin(), silent.end(), name) != silent.end();
    checker.set_status(is_silent ? v1::CheckerResult::UNANSWERED : v1::CheckerResult::ANSWERED);
    findings.required_unanswered = findings.required_unanswered || is_silent;
  }
  findings.items = std::move(items);
  FinishScan(std::move(findings));
}

void DecidedClosure::FinishScan(ScanFindings findings) {
  ScanAnswered answered{.findings = std::move(findings), .previous = {}};
  for (const auto& [id, item] : items_) answered.previous.push_back(item);
  Report(v1::Task::SCAN, answered);
}

void DecidedClosure::FinishPhase(v1::PerformResponse::Outcome outcome) {
  while (!Tasks(v1::Task::PARTICIPANT).empty()) {
    ParticipantAnswered answered;
    answered.response.set_outcome(outcome);
    for (const v1::Renunciation& renunciation : closure().renunciations())
      answered.response.add_executed_fingerprints(renunciation.fingerprint());
    ReportTask(Tasks(v1::Task::PARTICIPANT).front(), answered);
    if (outcome != v1::PerformResponse::DONE) return;
  }
}

void DecidedClosure::GoToFirstScan() {
  REQUIRE(Do(CodesGiven{{{v1::EMAIL, true}}}).ok());
  v1::Agreement agreement;
  agreement.set_version("2026-01");
  agreement.set_current(true);
  REQUIRE(Do(AgreementGiven{agreement}).ok());
}

void DecidedClosure::GoToReady() {
  GoToFirstScan();
  FinishScan();
  REQUIRE(state() == v1::Closure::READY);
}

void DecidedClosure::GoToRescan(bool late_settlement_consent) {
  if (state() != v1::Closure::READY) GoToReady();
  REQUIRE(
      Do(ConfirmClosure{v1::Closure::NO_LONGER_NEEDED, "", closure().risk_prompt().digest(), late_settlement_consent})
          .ok());
  FinishPhase();
  REQUIRE(state() == v1::Closure::CONFIRMING);
  REQUIRE(Tasks(v1::Task::SCAN).size() == 1);
}

void DecidedClosure::GoToSilentPeriod(bool late_settlement_consent) {
  GoToRescan(late_settlement_consent);
  FinishScan();
  REQUIRE(state() == v1::Closure::SILENT_PERIOD);
}

void DecidedClosure::GoToFinalCheck(bool late_settlement_consent) {
  GoToSilentPeriod(late_settlement_consent);
  FinishPhase();
  clock_.Advance(absl::Hours(168));
  Report(v1::Task::SILENT_PERIOD_END, TimerFired{});
  REQUIRE(state() == v1::Closure::FINAL_CHECK);
}

}  // namespace closure
