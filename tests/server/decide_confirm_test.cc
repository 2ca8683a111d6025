// SPDX-License-Identifier: Apache-2.0
// What Confirm needs and writes down, and how the rescan of the frozen account ends (D6).
#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "checkers/proto_time.h"
#include "fmt/format.h"
#include "server/decide.h"
#include "server/decision_builder.h"
#include "server/errors.h"
#include "tests/support/decided_closure.h"
#include "tests/support/error_details.h"

namespace closure {
namespace {

using Closure = v1::Closure;
using Progress = v1::ParticipantProgress;

constexpr absl::Duration kLimit = absl::Minutes(5);

ConfirmClosure Confirmation(const DecidedClosure& closure, bool consent = false) {
  return {Closure::OTHER, "moving", closure.closure().risk_prompt().digest(), consent};
}

// CONFIRMING, with these asked to freeze the account in the first stage, and "later" in the second.
void GoToFreeze(DecidedClosure& closure, const std::vector<std::string>& names) {
  closure.participants().clear();
  const auto add = [&](const std::string& name, int stage) {
    v1::ParticipantDescription& description = closure.participants().emplace_back();
    description.set_name(name);
    for (const v1::ParticipantPhase phase : {v1::FREEZE, v1::THAW}) {
      auto& described = *description.add_stages();
      described.set_phase(phase);
      described.set_stage(stage);
    }
  };
  for (const std::string& name : names) add(name, 1);
  add("later", 2);
  closure.GoToReady();
  REQUIRE(closure.Do(Confirmation(closure)).ok());
}

void ReportOf(DecidedClosure& closure, const std::string& participant, const Happening& happening) {
  for (const internal::v1::TaskData& task : closure.Tasks(v1::Task::PARTICIPANT)) {
    if (task.payload().participant() == participant) return closure.ReportTask(task, happening);
  }
  FAIL("nobody asks " << participant);
}

ParticipantAnswered Done() {
  ParticipantAnswered answered;
  answered.response.set_outcome(v1::PerformResponse::DONE);
  return answered;
}

std::string WhyLate(DecidedClosure& closure) {
  closure.clock().Advance(kLimit);
  closure.Report(v1::Task::CONFIRM_DEADLINE, TimerFired{});
  REQUIRE(closure.state() == Closure::THAWING);
  CHECK(closure.closure().cause() == Closure::CONFIRM_TIMED_OUT);
  CHECK(closure.last_commit().history->detail == closure.closure().cause_detail());
  return closure.closure().cause_detail();
}

TEST_CASE("nothing but a closure that is ready can be confirmed, and none twice", "[decide][R47][R55][R63]") {
  DecidedClosure closure;
  SECTION("before identity is verified") {}
  SECTION("while the first scan runs") { closure.GoToFirstScan(); }
  SECTION("blocked") {
    closure.GoToFirstScan();
    closure.FinishScan({DecidedClosure::Item("bill", v1::UNPAID_BILL, v1::MUST_HANDLE, 5)});
    REQUIRE(closure.state() == Closure::BLOCKED);
  }
  SECTION("while a recheck runs") {
    closure.GoToReady();
    REQUIRE(closure.Do(Recheck{}).ok());
  }
  SECTION("confirmed already") {
    closure.GoToReady();
    REQUIRE(closure.Do(Confirmation(closure)).ok());
  }
  SECTION("in the silent period") { closure.GoToSilentPeriod(); }
  const Closure::State state = closure.state();
  const int64_t version = closure.data().version();
  CHECK(ReasonOf(closure.Do(Confirmation(closure))) == v1::STATE_NOT_ALLOWED);
  CHECK(closure.state() == state);
  CHECK(closure.data().version() == version);
}

TEST_CASE("confirm rests on a scan that was clean, whatever else says that the closure is ready",
          "[decide][R47][R55]") {
  DecidedClosure closure;
  closure.GoToReady();
  internal::v1::ClosureData data = closure.data();
  data.mutable_closure()->mutable_scan()->set_clean(false);
  Circumstances circumstances;
  circumstances.now = closure.clock().Now();
  circumstances.participants = closure.participants();
  const absl::Status refused = Decide(data, Confirmation(closure), circumstances).status();
  CHECK(ReasonOf(refused) == v1::SCAN_NOT_FRESH);
  CHECK_THAT(std::string(refused.message()), Catch::Contains(closure.closure().name()));
}

TEST_CASE("a refused confirm writes nothing down", "[decide][R53][R55]") {
  DecidedClosure closure;
  closure.GoToReady();
  ConfirmClosure confirm = Confirmation(closure, true);
  v1::ErrorReason reason = v1::RISK_NOT_ACKNOWLEDGED;
  SECTION("the risk was not read") { confirm.risk_digest = "00"; }
  SECTION("the scan is old") {
    closure.clock().Advance(absl::Minutes(30));
    reason = v1::SCAN_NOT_FRESH;
  }
  SECTION("an operator holds the closure") {
    REQUIRE(closure.Do(PlaceHold{"legal"}, "operator:ann").ok());
    reason = v1::CLOSURE_ON_HOLD;
  }
  SECTION("irreversible work is paused") {
    closure.system().mutable_pause()->set_reason("incident");
    reason = v1::IRREVERSIBLE_PAUSED;
  }
  SECTION("the wall clock jumped, and nobody acknowledged it") {
    closure.system().mutable_clock_jump()->set_reason("it jumped");
    reason = v1::IRREVERSIBLE_PAUSED;
  }
  SECTION("the wall clock jumped just now") {
    closure.clock().JumpWall(absl::Minutes(2));
    reason = v1::IRREVERSIBLE_PAUSED;
  }
  const int64_t version = closure.data().version();
  CHECK(ReasonOf(closure.Do(confirm)) == reason);
  CHECK(closure.data().version() == version);
  CHECK(closure.state() == Closure::READY);
}

TEST_CASE("who is refused by a pause or a jump of the clocks is told which", "[decide][errors]") {
  DecidedClosure closure;
  closure.GoToReady();
  std::string what = "PAUSE";
  SECTION("a pause") { closure.system().mutable_pause()->set_reason("incident"); }
  SECTION("a jump") {
    closure.clock().JumpWall(absl::Minutes(2));
    what = "CLOCK_JUMP";
  }
  const absl::Status refused = closure.Do(Confirmation(closure));
  CHECK(ReasonOf(refused) == v1::IRREVERSIBLE_PAUSED);
  CHECK(MetadataOf(refused).at("what") == what);
}

TEST_CASE("confirm keeps what was consented to, and to late settlements only where that was said",
          "[decide][R53][D7][D9]") {
  const bool late_settlement = GENERATE(false, true);
  DecidedClosure closure;
  closure.GoToReady();
  const v1::RiskPrompt prompt = closure.closure().risk_prompt();
  REQUIRE(closure.Do(Confirmation(closure, late_settlement)).ok());
  const Commit& commit = closure.last_commit();
  REQUIRE(commit.consents.size() == (late_settlement ? 2 : 1));
  CHECK(commit.consents.front().kind() == v1::Consent::CONFIRM_RISK);
  CHECK(commit.consents.back().kind() == (late_settlement ? v1::Consent::LATE_SETTLEMENT : v1::Consent::CONFIRM_RISK));
  for (const v1::Consent& consent : commit.consents) {
    CHECK(consent.digest() == prompt.digest());
    CHECK(consent.text() == prompt.text());
    CHECK(consent.actor() == "root:1000000001");
    CHECK(FromProto(consent.create_time()) == closure.clock().Now());
  }
  CHECK(closure.data().late_settlement_consent() == late_settlement);
  CHECK(commit.history->detail == (late_settlement ? "reason OTHER, consents to late settlements" : "reason OTHER"));
}

TEST_CASE("confirm closes the gate, keeps the reason and who takes part, and counts five minutes",
          "[decide][D4][D6][R17]") {
  DecidedClosure closure;
  closure.GoToReady();
  REQUIRE(closure.Do(Confirmation(closure)).ok());
  CHECK(closure.state() == Closure::CONFIRMING);
  CHECK(closure.last_commit().gate == v1::GATE_CLOSING);
  CHECK(closure.closure().reason() == Closure::OTHER);
  CHECK(closure.closure().reason_text() == "moving");
  CHECK(FromProto(closure.closure().confirm_time()) == closure.clock().Now());
  REQUIRE(closure.data().participants_size() == 2);
  CHECK(closure.data().participants(0).name() == "billing");
  CHECK(closure.data().participants(1).name() == "account");
  REQUIRE(closure.Tasks(v1::Task::CONFIRM_DEADLINE).size() == 1);
  CHECK(FromProto(closure.Tasks(v1::Task::CONFIRM_DEADLINE).front().due_time()) == closure.clock().Now() + kLimit);
}

TEST_CASE("a confirm that is late names everybody who has not frozen the account, with their errors",
          "[decide][D6][R17]") {
  const std::string late = "freeze and rescan took too long: the account was not frozen by ";
  DecidedClosure closure;
  GoToFreeze(closure, {"a", "b", "c"});
  SECTION("nobody answered") { CHECK(WhyLate(closure) == late + "a, b, c"); }
  SECTION("one failed in the middle") {
    ReportOf(closure, "b", TaskFailed{"UNAVAILABLE: no", absl::ZeroDuration()});
    CHECK(WhyLate(closure) == late + "a, b (UNAVAILABLE: no), c");
  }
  SECTION("the first is done, the last is not ready") {
    ParticipantAnswered slow;
    slow.response.set_outcome(v1::PerformResponse::IN_PROGRESS);
    slow.response.set_detail("half of it");
    ReportOf(closure, "a", Done());
    ReportOf(closure, "c", slow);
    CHECK(WhyLate(closure) == late + "b, c (IN_PROGRESS: half of it)");
  }
  SECTION("one is left") {
    ReportOf(closure, "a", Done());
    ReportOf(closure, "c", Done());
    CHECK(WhyLate(closure) == late + "b");
  }
  SECTION("the stage that came last") {
    for (const char* const name : {"c", "b", "a"}) ReportOf(closure, name, Done());
    CHECK(WhyLate(closure) == late + "later");
  }
  SECTION("all froze it, and the rescan is not over") {
    for (const char* const name : {"b", "a", "c", "later"}) ReportOf(closure, name, Done());
    REQUIRE(closure.Tasks(v1::Task::SCAN).size() == 1);
    CHECK(WhyLate(closure) == "freeze and rescan took too long: the rescan was not over");
  }
}

TEST_CASE("only who is freezing the account is told to be late with it", "[decide][D6]") {
  Closure closure;
  CHECK(WhyConfirmIsLate(closure) == "freeze and rescan took too long: the rescan was not over");
  const auto add = [&](const std::string& name, v1::ParticipantPhase phase, Progress::Status status) {
    Progress& progress = *closure.add_participants();
    progress.set_participant(name);
    progress.set_phase(phase);
    progress.set_status(status);
  };
  add("thawing", v1::THAW, Progress::PERFORMING);
  add("waiting", v1::FREEZE, Progress::WAITING);
  add("done", v1::FREEZE, Progress::DONE);
  CHECK(WhyConfirmIsLate(closure) == "freeze and rescan took too long: the rescan was not over");
  add("slow", v1::FREEZE, Progress::PERFORMING);
  add("restoring", v1::RESTORE, Progress::PERFORMING);
  CHECK(WhyConfirmIsLate(closure) == "freeze and rescan took too long: the account was not frozen by slow");
}

TEST_CASE("a rescan that finds something is not clean, however late it ends", "[decide][D6][R48]") {
  const absl::Duration taken = GENERATE(absl::Minutes(1), kLimit, 2 * kLimit);
  const bool silent = GENERATE(false, true);
  CAPTURE(absl::FormatDuration(taken), silent);
  DecidedClosure closure;
  closure.GoToRescan();
  closure.clock().Advance(taken);
  closure.FinishScan({DecidedClosure::Item("new bill", v1::UNPAID_BILL, v1::MUST_HANDLE, 5),
                      DecidedClosure::Item("new balance", v1::BALANCE, v1::RENOUNCEABLE, 7)},
                     silent ? std::vector<std::string>{"resources"} : std::vector<std::string>{});
  CHECK(closure.state() == Closure::THAWING);
  CHECK(closure.closure().cause() == Closure::RESCAN_NOT_CLEAN);
  CHECK_THAT(closure.closure().cause_detail(), Catch::Contains("new bill") && Catch::Contains("new balance"));
  CHECK((closure.closure().cause_detail().find("resources did not answer") != std::string::npos) == silent);
  CHECK_FALSE(closure.closure().scan().clean());
  CHECK(closure.closure().item_counts().must_handle() == 1);
  // What can be renounced now is what the owner reads next.
  CHECK_THAT(closure.closure().risk_prompt().text(), Catch::Contains("new balance"));
  closure.FinishPhase();
  CHECK(closure.state() == Closure::BLOCKED);
}

TEST_CASE("a required checker that is silent after Confirm is at fault while there was time to answer",
          "[decide][D5][D6]") {
  const bool in_time = GENERATE(true, false);
  DecidedClosure closure;
  closure.GoToRescan();
  closure.clock().Advance(in_time ? kLimit - absl::Microseconds(1) : kLimit);
  closure.FinishScan({}, {"resources"});
  CHECK(closure.state() == Closure::THAWING);
  CHECK(closure.closure().cause() == (in_time ? Closure::RESCAN_NOT_CLEAN : Closure::CONFIRM_TIMED_OUT));
  CHECK_THAT(closure.closure().cause_detail(), Catch::Contains("resources did not answer"));
  CHECK_FALSE(closure.closure().scan().clean());
}

TEST_CASE("the silence of an advisory checker after Confirm does not keep the silent period from beginning",
          "[decide][D5]") {
  DecidedClosure closure;
  closure.GoToRescan();
  ScanFindings findings;
  v1::CheckerResult& advisory = findings.checkers.emplace_back();
  advisory.set_checker("domains");
  advisory.set_status(v1::CheckerResult::UNANSWERED);
  closure.FinishScan(std::move(findings));
  CHECK(closure.state() == Closure::SILENT_PERIOD);
}

TEST_CASE("a hold or pause that comes after Confirm keeps the silent period from beginning", "[decide][D6]") {
  DecidedClosure closure;
  closure.GoToRescan();
  SECTION("a hold sends the closure back at once") {
    REQUIRE(closure.Do(PlaceHold{"legal"}, "operator:ann").ok());
    CHECK(closure.closure().cause_detail() == "an operator's hold: legal");
  }
  SECTION("a pause, when the rescan is clean") {
    closure.system().mutable_pause()->set_reason("incident");
    closure.FinishScan();
    CHECK(closure.closure().cause_detail() == "a hold or pause came before the silent period began");
  }
  SECTION("a pause, when the rescan is late as well") {
    closure.system().mutable_pause()->set_reason("incident");
    closure.clock().Advance(2 * kLimit);
    closure.FinishScan();
  }
  CHECK(closure.state() == Closure::THAWING);
  CHECK(closure.closure().cause() == Closure::HALTED);
  CHECK_FALSE(closure.closure().has_silent_period_start_time());
  for (const Progress& progress : closure.closure().participants()) CHECK(progress.phase() == v1::THAW);
}

TEST_CASE("under a pause the owner still learns what the rescan found", "[decide][D6][R48]") {
  DecidedClosure closure;
  closure.GoToRescan();
  closure.system().mutable_pause()->set_reason("incident");
  closure.FinishScan({DecidedClosure::Item("new bill", v1::UNPAID_BILL, v1::MUST_HANDLE, 5)});
  CHECK(closure.closure().cause() == Closure::RESCAN_NOT_CLEAN);
  CHECK_THAT(closure.closure().cause_detail(), Catch::Contains("new bill"));
}

TEST_CASE("why a Confirm failed is forgotten with the next one", "[decide][D6]") {
  DecidedClosure closure;
  closure.GoToRescan();
  closure.FinishScan({}, {"resources"});
  closure.FinishPhase();
  REQUIRE(closure.state() == Closure::BLOCKED);
  CHECK(closure.closure().cause() == Closure::RESCAN_NOT_CLEAN);
  REQUIRE(closure.Do(Recheck{}).ok());
  closure.FinishScan();
  REQUIRE(closure.Do(Confirmation(closure)).ok());
  CHECK(closure.closure().cause() == Closure::CAUSE_UNSPECIFIED);
  CHECK(closure.closure().cause_detail().empty());
}

}  // namespace
}  // namespace closure
