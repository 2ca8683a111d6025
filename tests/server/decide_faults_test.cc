// SPDX-License-Identifier: Apache-2.0
// Faults of decisions that were found and mended; each keeps its test.
#include <algorithm>
#include <catch2/catch.hpp>

#include "checkers/proto_time.h"
#include "server/decide.h"
#include "server/decide_system.h"
#include "server/decision_builder.h"
#include "server/errors.h"
#include "server/random_source.h"
#include "server/time_witness.h"
#include "tests/support/decided_closure.h"

namespace closure {
namespace {

using Closure = v1::Closure;

ConfirmClosure Confirmation(const DecidedClosure& closure, bool consent = false) {
  return {Closure::OTHER, "", closure.closure().risk_prompt().digest(), consent};
}

v1::CheckerResult Fared(const std::string& name, v1::CheckerResult::Status status, bool required = true) {
  v1::CheckerResult result;
  result.set_checker(name);
  result.set_status(status);
  result.set_required(required);
  return result;
}

// READY with a renounced balance of 500 USD.
void RenounceBalance(DecidedClosure& closure, const v1::BlockingItem& balance) {
  closure.GoToReady();
  REQUIRE(closure.Do(Recheck{}).ok());
  closure.FinishScan({balance});
  REQUIRE(closure.Do(DiscardGiven{{{{"balance", "f1"}}, closure.closure().risk_prompt().digest()}, {balance}}).ok());
  closure.Report(v1::Task::DISCARD_DEADLINE, TimerFired{});
  closure.FinishScan({balance});
  REQUIRE(closure.state() == Closure::READY);
}

TEST_CASE("nobody but billing is believed about executed money", "[decide][D15]") {
  DecidedClosure closure;
  const v1::BlockingItem balance = DecidedClosure::Item("balance", v1::BALANCE, v1::RENOUNCEABLE, 500);
  RenounceBalance(closure, balance);
  REQUIRE(closure.Do(Confirmation(closure)).ok());
  closure.FinishPhase();
  closure.FinishScan({balance});
  REQUIRE(closure.state() == Closure::SILENT_PERIOD);
  REQUIRE(closure.Tasks(v1::Task::PARTICIPANT).size() == 1);
  // Billing is down and is tried again; somebody else of the phase says that the money is forfeited.
  ParticipantAnswered nothing_taken;
  nothing_taken.response.set_outcome(v1::PerformResponse::DONE);
  closure.ReportTask(closure.Tasks(v1::Task::PARTICIPANT).front(), nothing_taken);  // billing: the balance had moved
  const internal::v1::TaskData other = closure.Tasks(v1::Task::PARTICIPANT).front();
  REQUIRE(other.payload().participant() == "account");
  ParticipantAnswered lie = nothing_taken;
  lie.response.add_executed_fingerprints("f1");
  closure.ReportTask(other, lie);
  CHECK(closure.closure().renunciations(0).status() != v1::Renunciation::EXECUTED);
}

TEST_CASE("a deletion gets on when renounced money moved after the final check", "[decide][L1][D15]") {
  DecidedClosure closure;
  closure.GoToFinalCheck(true);
  closure.FinishPhase();
  closure.FinishScan({DecidedClosure::Item("debt", v1::DEBT, v1::RENOUNCEABLE, 8)});
  REQUIRE(closure.state() == Closure::DELETING);
  for (int day = 0; day < 30; ++day) {
    if (closure.state() != Closure::DELETING) break;
    ParticipantAnswered paid;  // the debt was paid meanwhile: it is 0, not 8, for ever
    paid.response.set_outcome(v1::PerformResponse::FACTS_MOVED);
    const auto tasks = closure.Tasks(v1::Task::PARTICIPANT);
    if (tasks.empty() || tasks.front().payload().participant() != "billing") break;
    closure.ReportTask(tasks.front(), paid);
    closure.clock().Advance(absl::Hours(24));
  }
  const auto tasks = closure.Tasks(v1::Task::PARTICIPANT);
  REQUIRE_FALSE(tasks.empty());
  CHECK(tasks.front().payload().participant() != "billing");
}

TEST_CASE("an operator's command does not swallow a clock jump", "[decide][time]") {
  ManualClock clock;
  internal::v1::SystemData system;
  *system.mutable_clock() = Observe({}, clock.Read()).witness;
  clock.Reboot(absl::Hours(24 * 10));
  const Observation observation = Observe(system.clock(), clock.Read());
  REQUIRE_FALSE(observation.jump.empty());
  const absl::StatusOr<Commit> commit =
      DecideSystem(system, {SystemCommand::Kind::kPause, "incident"}, "operator:ann", observation, clock.Read().wall);
  REQUIRE(commit.ok());
  const bool told_now = commit->system->has_clock_jump();
  const bool told_later = !Observe(commit->system->clock(), clock.Read()).jump.empty();
  CHECK((told_now || told_later));
}

TEST_CASE("a jump that a decision sees is told with it, so that what it made due is found again", "[decide][time]") {
  DecidedClosure closure;
  closure.GoToRescan();
  const bool jumps = GENERATE(false, true);
  if (jumps) closure.clock().JumpWall(absl::Hours(24 * 365));
  REQUIRE(closure.Do(PlaceHold{"legal"}, "operator:ann").ok());
  REQUIRE(closure.state() == Closure::THAWING);
  CHECK(closure.system().has_clock_jump() == jumps);
  CHECK(closure.last_commit().system.has_value() == jumps);
  closure.clock().JumpWall(-absl::Hours(24 * 365));
  CHECK(Observe(closure.system().clock(), closure.clock().Read()).went_back);
}

TEST_CASE("of several jumps the last is told, with the one before it", "[decide][time]") {
  ManualClock clock;
  internal::v1::SystemData system;
  *system.mutable_clock() = Observe({}, clock.Read()).witness;
  for (const absl::Duration by : {absl::Minutes(2), absl::Minutes(3), absl::Minutes(5)}) {
    clock.JumpWall(by);
    Commit commit;
    Witness(commit, system, Observe(system.clock(), clock.Read()), clock.Now());
    system = *commit.system;
    CHECK(FromProto(system.clock_jump().create_time()) == clock.Now());
  }
  CHECK(system.clock_jump().reason() ==
        "the wall clock moved by 5m while the boot-time clock moved by 0; before that the wall clock moved by 3m while "
        "the boot-time clock moved by 0");
  Commit quiet;
  CHECK(Witness(quiet, system, Observe(system.clock(), clock.Read()), clock.Now()).clock_jump().reason() ==
        system.clock_jump().reason());
}

TEST_CASE("an operator whose name was stored in other letters is still one person", "[decide][D14]") {
  ManualClock clock;
  internal::v1::SystemData system;
  const Observation observation = Observe({}, clock.Read());
  *system.mutable_clock() = observation.witness;
  system.mutable_breaker()->add_approvals("operator:Ann");
  const auto approve = [&](const std::string& actor) {
    return DecideSystem(system, {SystemCommand::Kind::kReleaseBreaker, "checked"}, actor, observation,
                        clock.Read().wall);
  };
  CHECK(ReasonOf(approve("operator:ann").status()) == v1::SECOND_OPERATOR_REQUIRED);
  const absl::StatusOr<Commit> released = approve("operator:bob");
  REQUIRE(released.ok());
  CHECK_FALSE(released->system->has_breaker());
}

TEST_CASE("an acknowledgement credits nothing that the wall clock took back", "[decide][time][R18]") {
  ManualClock clock;
  internal::v1::SystemData system;
  *system.mutable_clock() = Observe({}, clock.Read()).witness;
  const absl::Time begin = clock.Read().wall;
  clock.Reboot(absl::Hours(24 * 8));  // the battery-backed clock is a week ahead
  *system.mutable_clock() = Observe(system.clock(), clock.Read()).witness;
  system.mutable_clock_jump()->set_reason("reboot");
  clock.JumpWall(-absl::Hours(24 * 8));  // and is set right
  const Observation observation = Observe(system.clock(), clock.Read());
  const absl::StatusOr<Commit> commit = DecideSystem(system, {SystemCommand::Kind::kAcknowledgeClockJump, "checked"},
                                                     "operator:ann", observation, clock.Read().wall);
  REQUIRE(commit.ok());
  REQUIRE(clock.Read().wall == begin);
  // A day may have been believed at the boot; a week that never passed may not.
  CHECK(FromProto(commit->system->clock().elapsed()) <= absl::Hours(24));
}

TEST_CASE("items of a checker that was disabled since do not block", "[decide][D5]") {
  DecidedClosure closure;
  closure.GoToReady();
  REQUIRE(closure.Do(Recheck{}).ok());
  const v1::BlockingItem vm = DecidedClosure::Item("vm", v1::PAY_AS_YOU_GO_RESOURCE, v1::MUST_HANDLE);
  closure.FinishScan({vm});
  REQUIRE(closure.state() == Closure::BLOCKED);
  REQUIRE(closure.Do(Recheck{}).ok());
  ScanAnswered answered;
  answered.previous = {closure.item("vm")};
  answered.findings.checkers.push_back(Fared("billing", v1::CheckerResult::ANSWERED));
  SECTION("disabled") { answered.findings.checkers.push_back(Fared("resources", v1::CheckerResult::SKIPPED)); }
  SECTION("advisory and silent") {
    answered.findings.checkers.push_back(Fared("resources", v1::CheckerResult::UNANSWERED, false));
  }
  SECTION("gone from the configuration") {}
  closure.Report(v1::Task::SCAN, answered);
  CHECK(closure.state() == Closure::READY);
}

TEST_CASE("a timer that an operator hurries is checked again when it fires", "[decide][D6]") {
  DecidedClosure closure;
  closure.GoToReady();
  REQUIRE(closure.Do(Confirmation(closure)).ok());
  const internal::v1::TaskData deadline = closure.Tasks(v1::Task::CONFIRM_DEADLINE).front();
  closure.ReportTask(deadline, RetryRequested{"hurry"});
  closure.Report(v1::Task::CONFIRM_DEADLINE, TimerFired{});
  CHECK(closure.state() == Closure::CONFIRMING);
}

TEST_CASE("the owner sees why a release failed after the scan that follows it", "[decide][R51]") {
  DecidedClosure closure;
  closure.GoToReady();
  REQUIRE(closure.Do(Recheck{}).ok());
  const v1::BlockingItem vm = DecidedClosure::Item("vm", v1::PAY_AS_YOU_GO_RESOURCE, v1::RENOUNCEABLE);
  closure.FinishScan({vm});
  REQUIRE(closure.Do(DiscardGiven{{{{"vm", "f1"}}, closure.closure().risk_prompt().digest()}, {vm}}).ok());
  ReleaseAnswered refused;
  refused.item = closure.item("vm");
  refused.response.set_outcome(v1::DiscardResponse::REFUSED);
  refused.response.set_detail("deletion protection is on");
  closure.Report(v1::Task::DISCARD, refused);
  closure.FinishScan({vm});
  REQUIRE(closure.state() == Closure::BLOCKED);
  CHECK(closure.item("vm").resolution() == v1::BlockingItem::RELEASE_FAILED);
  CHECK_THAT(closure.item("vm").resolution_detail(), Catch::Contains("deletion protection"));
}

TEST_CASE("a scan is over when the state that it was for is", "[decide][R16]") {
  DecidedClosure closure;
  closure.GoToReady();
  SECTION("confirm ran out of time") {
    REQUIRE(closure.Do(Confirmation(closure)).ok());
    closure.FinishPhase();
    REQUIRE(closure.Tasks(v1::Task::SCAN).size() == 1);
    closure.clock().Advance(absl::Minutes(5));
    closure.Report(v1::Task::CONFIRM_DEADLINE, TimerFired{});
    closure.FinishPhase();
    REQUIRE(closure.state() == Closure::BLOCKED);
  }
  SECTION("the owner cancels") {
    REQUIRE(closure.Do(Recheck{}).ok());
    REQUIRE(closure.Do(CancelClosure{}).ok());
  }
  // RecordProgress writes into a scan as long as it has no end.
  CHECK(closure.closure().scan().has_end_time());
}

TEST_CASE("erasure leaves no address in the errors of notices", "[decide][D12]") {
  DecidedClosure closure;
  REQUIRE(closure.Do(CancelClosure{}).ok());
  const std::vector<internal::v1::TaskData> notices = closure.Tasks(v1::Task::NOTICE);
  closure.ReportTask(notices[1], MessageSent{});
  closure.clock().Advance(absl::Hours(73));
  closure.ReportTask(notices[0], TaskFailed{"INVALID_ARGUMENT: ann@example.com has no mailbox", absl::ZeroDuration()});
  REQUIRE(closure.closure().notices(0).status() == v1::Notice::DEAD_LETTERED);
  closure.Report(v1::Task::ERASURE, Erase{{"h1", "h2"}});
  CHECK(closure.data().DebugString().find("ann@example.com") == std::string::npos);
  for (const auto& task : closure.Tasks(v1::Task::NOTICE))
    CHECK(task.last_error().find("ann@example.com") == std::string::npos);
}

TEST_CASE("a closure that ended refuses every command, the release of a hold too", "[decide][S5]") {
  DecidedClosure closure;
  REQUIRE(closure.Do(PlaceHold{"legal"}, "operator:ann").ok());
  REQUIRE(closure.Do(CancelClosure{}).ok());
  const int64_t version = closure.data().version();
  closure.Do(ReleaseHold{"late"}, "operator:ann").IgnoreError();
  CHECK(closure.data().version() == version);
}

TEST_CASE("what a participant says of itself is bounded before it is stored", "[decide]") {
  DecidedClosure closure;
  closure.GoToReady();
  REQUIRE(closure.Do(Confirmation(closure)).ok());
  ParticipantAnswered verbose;
  verbose.response.set_outcome(v1::PerformResponse::IN_PROGRESS);
  verbose.response.set_detail(std::string(2'000'000, 'x'));
  closure.ReportTask(closure.Tasks(v1::Task::PARTICIPANT).front(), verbose);
  // SQLite refuses a row of more than 1,000,000 bytes here, so this commit would fail for ever.
  CHECK(closure.data().ByteSizeLong() < 100'000);
}

TEST_CASE("an account that its system does not delete is not closed", "[decide][S2]") {
  DecidedClosure closure;
  closure.GoToFinalCheck();
  closure.FinishPhase();
  closure.FinishScan();
  REQUIRE(closure.state() == Closure::DELETING);
  ParticipantAnswered done;
  done.response.set_outcome(v1::PerformResponse::DONE);
  closure.ReportTask(closure.Tasks(v1::Task::PARTICIPANT).front(), done);  // billing, stage 1
  const internal::v1::TaskData deletion = closure.Tasks(v1::Task::PARTICIPANT).front();
  REQUIRE(deletion.payload().participant() == "account");
  ParticipantAnswered moved;
  moved.response.set_outcome(v1::PerformResponse::FACTS_MOVED);
  closure.ReportTask(deletion, moved);
  CHECK(closure.state() == Closure::DELETING);
}

TEST_CASE("an acknowledgement credits only what its operator could see", "[decide][time]") {
  ManualClock clock;
  internal::v1::SystemData system;
  *system.mutable_clock() = Observe({}, clock.Read()).witness;
  system.mutable_clock_jump()->set_reason("seen");
  // Not witnessed yet: a boot after which the wall clock says that nine days passed.
  clock.Reboot(absl::Hours(24 * 9));
  const Observation observation = Observe(system.clock(), clock.Read());
  const absl::StatusOr<Commit> commit = DecideSystem(system, {SystemCommand::Kind::kAcknowledgeClockJump, "seen"},
                                                     "operator:ann", observation, clock.Read().wall);
  REQUIRE(commit.ok());
  CHECK(commit->system->has_clock_jump());
  CHECK(FromProto(commit->system->clock().elapsed()) <= absl::Hours(24));
}

TEST_CASE("a participant's word alone does not say that an account was deleted", "[decide][D17][R18]") {
  DecidedClosure closure;
  closure.GoToSilentPeriod();
  ParticipantAnswered gone;
  gone.response.set_outcome(v1::PerformResponse::ACCOUNT_DELETED);
  closure.ReportTask(closure.Tasks(v1::Task::PARTICIPANT).front(), gone);
  CHECK(closure.state() == Closure::SILENT_PERIOD);
  CHECK(closure.closure().participants(0).attempts() == 1);
}

TEST_CASE("a clock that goes back and is first seen at the end of a silent period is told with its witness",
          "[decide][time][D6]") {
  DecidedClosure closure;
  closure.GoToSilentPeriod();
  closure.FinishPhase();
  closure.clock().JumpWall(-absl::Hours(24));
  closure.Report(v1::Task::SILENT_PERIOD_END, TimerFired{});
  REQUIRE(closure.last_commit().system.has_value());
  CHECK(closure.last_commit().system->has_clock_jump());
  // Nobody who looks at this witness sees it any more.
  CHECK_FALSE(Observe(closure.last_commit().system->clock(), closure.clock().Read()).went_back);
  CHECK(closure.last_commit().clock_went_back == closure.clock().Now());
}

TEST_CASE("what is decided to be tried again is spread, so that it does not come back together", "[decide]") {
  DecidedClosure closure;
  closure.GoToFinalCheck();
  const double factor = GENERATE(0.8, 1.2);
  closure.retry_factor() = factor;
  SECTION("a participant that is not done") {
    closure.FinishPhase(v1::PerformResponse::IN_PROGRESS);
    CHECK(FromProto(closure.Tasks(v1::Task::PARTICIPANT).front().due_time()) ==
          closure.clock().Now() + factor * absl::Seconds(1));
  }
  SECTION("a checker that is silent at the final check") {
    closure.FinishPhase();
    closure.FinishScan({}, {"billing"});
    CHECK(FromProto(closure.Tasks(v1::Task::SCAN).front().due_time()) ==
          closure.clock().Now() + factor * absl::Seconds(1));
  }
}

TEST_CASE("the spread of retries is a fifth at most, and there is one", "[decide]") {
  double least = 1;
  double most = 1;
  constexpr int kDraws = 1000;
  for (int draw = 0; draw < kDraws; ++draw) {
    least = std::min(least, SystemRandom().RetryFactor());
    most = std::max(most, SystemRandom().RetryFactor());
  }
  CHECK(least >= 0.8);
  CHECK(most <= 1.2);
  CHECK(most - least > 0.1);
}

TEST_CASE("every address is taken out of an error that is kept, an address of stars too", "[decide][D12]") {
  DecidedClosure closure;
  closure.AddContact("*");
  closure.AddContact("");
  REQUIRE(closure.Do(CancelClosure{}).ok());
  const std::string error = "no mailbox ann@example.com, * Ann@Example.COM";
  closure.ReportTask(closure.Tasks(v1::Task::NOTICE).front(), TaskFailed{error, absl::ZeroDuration()});
  const std::string& kept = closure.closure().notices(0).last_error();
  CHECK(kept.find("ann") == std::string::npos);
  CHECK(kept.find("Ann") == std::string::npos);
  CHECK(kept.starts_with("no mailbox **"));
}

}  // namespace
}  // namespace closure
