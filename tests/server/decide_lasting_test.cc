// SPDX-License-Identifier: Apache-2.0
// What must stay true over weeks: over wrong clocks, changed configurations and many rounds of one closure.
#include <algorithm>
#include <catch2/catch.hpp>

#include "checkers/proto_time.h"
#include "server/decide.h"
#include "server/time_witness.h"
#include "tests/support/decided_closure.h"
#include "tests/support/mark_watch.h"

namespace closure {
namespace {

using Closure = v1::Closure;

TEST_CASE("a clock that was wrong when a closure ended neither gives notices up early nor tries them for a year",
          "[decide][D12][R64]") {
  DecidedClosure closure;
  const absl::Duration ahead = GENERATE(absl::Minutes(3), absl::Hours(24 * 365), -absl::Hours(24));
  closure.clock().JumpWall(ahead);
  REQUIRE(closure.Do(CancelClosure{}).ok());
  closure.clock().JumpWall(-ahead);
  const auto fail = [&] {
    const internal::v1::TaskData notice = closure.Tasks(v1::Task::NOTICE).front();
    closure.ReportTask(notice, TaskFailed{"UNAVAILABLE: no", absl::Minutes(1)});
    return closure.closure().notices(0).status();
  };
  CHECK(fail() == v1::Notice::PENDING);
  closure.clock().Advance(absl::Hours(71));
  CHECK(fail() == v1::Notice::PENDING);
  closure.clock().Advance(absl::Hours(1));
  CHECK(fail() == v1::Notice::DEAD_LETTERED);
}

TEST_CASE("time that was withheld before a silent period and is credited during it did not pass in it",
          "[decide][R18]") {
  DecidedClosure closure;
  closure.GoToReady();
  closure.clock().Reboot(absl::Hours(24 * 9));
  closure.WitnessTime();
  REQUIRE(FromProto(closure.system().clock().withheld()) == absl::Hours(24 * 9));
  REQUIRE(closure.Do(Recheck{}).ok());
  closure.FinishScan();
  closure.GoToSilentPeriod();
  closure.FinishPhase();
  *closure.system().mutable_clock() = CreditWithheld(closure.system().clock(), absl::Hours(24 * 9));
  // A second error of the wall clock, vouched for as well.
  closure.clock().JumpWall(absl::Hours(168));
  closure.WitnessTime();
  closure.Report(v1::Task::SILENT_PERIOD_END, TimerFired{});
  CHECK(closure.state() == Closure::SILENT_PERIOD);
  closure.clock().Advance(absl::Hours(168) - absl::Seconds(1));
  closure.Report(v1::Task::SILENT_PERIOD_END, TimerFired{});
  CHECK(closure.state() == Closure::SILENT_PERIOD);
  closure.clock().Advance(absl::Seconds(1));
  closure.Report(v1::Task::SILENT_PERIOD_END, TimerFired{});
  CHECK(closure.state() == Closure::FINAL_CHECK);
}

TEST_CASE("who took part at Confirm is asked to the end, whatever the configuration says by then",
          "[decide][R3][R67][D2]") {
  const auto is_asked = [](const DecidedClosure& closure) {
    const auto& all = closure.closure().participants();
    return std::any_of(all.begin(), all.end(), [](const auto& each) { return each.participant() == "account"; });
  };
  DecidedClosure closure;
  SECTION("to thaw") {
    closure.GoToReady();
    REQUIRE(closure.Do(ConfirmClosure{Closure::OTHER, "", closure.closure().risk_prompt().digest(), false}).ok());
    closure.participants().pop_back();
    REQUIRE(closure.Do(PlaceHold{"legal"}, "operator:ann").ok());
    REQUIRE(closure.state() == Closure::THAWING);
  }
  SECTION("to restore") {
    closure.GoToFinalCheck();
    closure.participants().pop_back();
    closure.FinishPhase();
    closure.FinishScan({DecidedClosure::Item("late", v1::UNPAID_BILL, v1::MUST_HANDLE, 5)});
    REQUIRE(closure.state() == Closure::RESTORING);
  }
  SECTION("to delete") {
    closure.GoToFinalCheck();
    closure.participants().pop_back();
    closure.FinishPhase();
    closure.FinishScan();
    REQUIRE(closure.state() == Closure::DELETING);
  }
  CHECK(is_asked(closure));
}

TEST_CASE("of renunciations that were dropped the latest hundred are kept", "[decide][D15]") {
  DecidedClosure closure;
  closure.GoToFirstScan();
  for (int round = 0; round < 130; ++round) {
    const std::string facts = "f" + std::to_string(round);
    closure.FinishScan({DecidedClosure::Item("b", v1::BALANCE, v1::RENOUNCEABLE, 5, facts)});
    REQUIRE(
        closure.Do(DiscardGiven{{{{"b", facts}}, closure.closure().risk_prompt().digest()}, {closure.item("b")}}).ok());
    closure.Report(v1::Task::DISCARD_DEADLINE, TimerFired{});
    closure.FinishScan({DecidedClosure::Item("b", v1::BALANCE, v1::RENOUNCEABLE, 5, facts + "moved")});
    REQUIRE(closure.Do(Recheck{}).ok());
  }
  CHECK(closure.closure().renunciations_size() == 100);
}

TEST_CASE("what failed is tried again when its time comes, and is shown where people look for it", "[decide]") {
  DecidedClosure closure;
  const absl::Time due = closure.clock().Now() + absl::Minutes(2);
  const internal::v1::TaskData code = closure.Tasks(v1::Task::SEND_CODE).front();
  closure.ReportTask(code, TaskFailed{"UNAVAILABLE: no mail", absl::Minutes(2)});
  REQUIRE(closure.Tasks(v1::Task::SEND_CODE).size() == 1);
  CHECK(FromProto(closure.Tasks(v1::Task::SEND_CODE).front().due_time()) == due);
  CHECK(closure.Tasks(v1::Task::SEND_CODE).front().last_error() == "UNAVAILABLE: no mail");
  closure.GoToReady();
  CHECK(closure.Do(ConfirmClosure{Closure::OTHER, "", closure.closure().risk_prompt().digest(), false}).ok());
  const internal::v1::TaskData freeze = closure.Tasks(v1::Task::PARTICIPANT).front();
  const absl::Time later = closure.clock().Now() + absl::Minutes(3);
  closure.ReportTask(freeze, TaskFailed{"UNAVAILABLE: no billing", absl::Minutes(3)});
  const auto& participants = closure.closure().participants();
  const auto shown = std::find_if(participants.begin(), participants.end(), [&freeze](const auto& each) {
    return each.participant() == freeze.payload().participant();
  });
  REQUIRE(shown != participants.end());
  CHECK(shown->last_error() == "UNAVAILABLE: no billing");
  CHECK(shown->attempts() == 1);
  for (const internal::v1::TaskData& task : closure.Tasks(v1::Task::PARTICIPANT)) {
    if (task.id() != freeze.id()) continue;
    CHECK(FromProto(task.due_time()) == later);
  }
}

TEST_CASE("a parked task waits for its own halt as long as that lasts, and for no other", "[decide][D14]") {
  const std::vector<v1::Task::Parked> halts = {v1::Task::HOLD, v1::Task::PAUSE, v1::Task::BREAKER,
                                               v1::Task::CLOCK_JUMP};
  std::vector<v1::Task::Parked> parked = halts;
  parked.insert(parked.end(), {v1::Task::PARKED_UNSPECIFIED, v1::Task::DEAD_LETTER});
  for (unsigned lasting = 0; lasting < 1U << halts.size(); ++lasting) {
    const auto lasts = [&](std::size_t halt) { return (lasting >> halt & 1U) != 0; };
    internal::v1::ClosureData data;
    internal::v1::SystemData system;
    if (lasts(0)) data.mutable_closure()->mutable_hold();
    if (lasts(1)) system.mutable_pause();
    if (lasts(2)) system.mutable_breaker();
    if (lasts(3)) system.mutable_clock_jump();
    for (const v1::Task::Parked reason : parked) {
      CAPTURE(lasting, v1::Task::Parked_Name(reason));
      internal::v1::TaskData task;
      task.set_parked(reason);
      const auto halt = static_cast<std::size_t>(std::find(halts.begin(), halts.end(), reason) - halts.begin());
      const bool waits = halt < halts.size() && lasts(halt);
      CHECK(LastingHaltOf(task, data, system) == (waits ? reason : v1::Task::PARKED_UNSPECIFIED));
    }
  }
}

TEST_CASE("what is no step of the machine stands in the history too", "[decide]") {
  DecidedClosure closure;
  CHECK(closure.Do(PlaceHold{"legal"}, "operator:ann").ok());
  const Commit& held = closure.last_commit();
  CHECK(held.history->event == "hold_placed");
  CHECK(held.history->detail == "legal");
  CHECK(held.history->actor == "operator:ann");
  CHECK(held.history->from_state == Closure::IDENTITY_PENDING);
  CHECK(held.history->to_state == Closure::IDENTITY_PENDING);
}

TEST_CASE("a scan that is given up leaves nobody waiting or asked, and what was answered as it is", "[decide][D5]") {
  DecidedClosure closure;
  closure.GoToFirstScan();
  internal::v1::ClosureData data = closure.data();
  REQUIRE_FALSE(data.closure().scan().has_end_time());
  auto& checkers = *data.mutable_closure()->mutable_scan()->mutable_checkers();
  checkers.Clear();
  const std::vector<v1::CheckerResult::Status> statuses = {v1::CheckerResult::WAITING, v1::CheckerResult::RUNNING,
                                                           v1::CheckerResult::ANSWERED, v1::CheckerResult::SKIPPED};
  for (const v1::CheckerResult::Status status : statuses) checkers.Add()->set_status(status);
  Circumstances circumstances;
  circumstances.now = closure.clock().Now();
  circumstances.actor = "root:1000000001";
  const MarkWatch mark(Mark::kScanGivenUp);
  const absl::StatusOr<Decision> decision = Decide(data, CancelClosure{}, circumstances);
  REQUIRE(decision.ok());
  CHECK(mark.reached());
  const v1::Scan& scan = decision->commit.closure->closure().scan();
  CHECK(scan.has_end_time());
  REQUIRE(scan.checkers_size() == 4);
  for (int i = 0; i < 4; ++i) {
    const bool given_up = i < 2;
    CHECK(scan.checkers(i).status() == (given_up ? v1::CheckerResult::UNANSWERED : statuses[static_cast<size_t>(i)]));
    CHECK(scan.checkers(i).fault() == (given_up ? v1::CheckerResult::FAILED : v1::CheckerResult::FAULT_UNSPECIFIED));
    CHECK(scan.checkers(i).detail().empty() != given_up);
  }
}

}  // namespace
}  // namespace closure
