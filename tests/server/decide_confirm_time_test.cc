// SPDX-License-Identifier: Apache-2.0
// How long Confirm may take, on which clocks, and what the silent period that it begins is counted from (D6, R17).
#include <catch2/catch.hpp>

#include "checkers/proto_time.h"
#include "server/commands.h"
#include "server/time_witness.h"
#include "tests/support/decided_closure.h"
#include "tests/support/mark_watch.h"
#include "tests/support/one_decision.h"

namespace closure {
namespace {

using Closure = v1::Closure;

constexpr absl::Duration kLimit = absl::Minutes(5);

absl::Status Confirm(DecidedClosure& closure) {
  return closure.Do(ConfirmClosure{Closure::OTHER, "moving", closure.closure().risk_prompt().digest(), false});
}

TEST_CASE("a clean rescan begins the silent period up to the very end of the five minutes", "[decide][D6][R17][R56]") {
  DecidedClosure closure;
  closure.GoToRescan();
  SECTION("well within them") { closure.clock().Advance(absl::Minutes(3)); }
  SECTION("at their end") { closure.clock().Advance(kLimit); }
  closure.FinishScan();
  CHECK(closure.state() == Closure::SILENT_PERIOD);
  const absl::Time begin = closure.clock().Now();
  CHECK(FromProto(closure.closure().silent_period_start_time()) == begin);
  CHECK(FromProto(closure.closure().silent_period_end_time()) == begin + absl::Hours(168));
  // A pause that comes between reading and committing is not overlooked.
  CHECK(closure.last_commit().expected_system_version == closure.system().version());
  CHECK_FALSE(closure.last_commit().system.has_value());
  CHECK(closure.Tasks(v1::Task::CONFIRM_DEADLINE).empty());
  REQUIRE(closure.closure().participants_size() > 0);
  CHECK(closure.closure().participants(0).phase() == v1::ENTER_SILENT_PERIOD);
}

TEST_CASE("no silent period begins while the clocks disagree, or after questions that were asked then",
          "[decide][R18][R33][time]") {
  DecidedClosure closure;
  closure.GoToRescan();
  ScanAnswered answered;
  SECTION("a clock jumped ahead and nobody knows yet") { closure.clock().JumpWall(absl::Minutes(2)); }
  SECTION("a clock went back and nobody knows yet") { closure.clock().JumpWall(-absl::Minutes(2)); }
  SECTION("nobody acknowledged the jump") { closure.system().mutable_clock_jump()->set_reason("it jumped"); }
  SECTION("they disagreed when the checkers were asked") { answered.clocks_disagreed = true; }
  closure.Report(v1::Task::SCAN, answered);
  CHECK(closure.state() == Closure::THAWING);
  CHECK(closure.closure().cause() == Closure::HALTED);
  CHECK(closure.closure().cause_detail() ==
        "the server's clocks disagreed, so nobody can tell whether what ends some day has ended");
}

TEST_CASE("a problem that a rescan finds while the clocks disagree is what the owner is told", "[decide][R17][time]") {
  DecidedClosure closure;
  closure.GoToRescan();
  closure.clock().JumpWall(absl::Minutes(2));
  closure.FinishScan({DecidedClosure::Item("bill", v1::UNPAID_BILL, v1::MUST_HANDLE, 5)});
  CHECK(closure.closure().cause() == Closure::RESCAN_NOT_CLEAN);
}

TEST_CASE("what passed before a silent period does not count for it when a clock is set right after it began",
          "[decide][R18][time]") {
  DecidedClosure closure;
  closure.GoToReady();
  closure.clock().JumpWall(-kClockJump);
  closure.clock().Reboot(absl::Minutes(5));
  REQUIRE(closure.Do(Recheck{}).ok());
  closure.FinishScan();
  REQUIRE(Confirm(closure).ok());
  closure.FinishPhase();
  closure.FinishScan();
  REQUIRE(closure.state() == Closure::SILENT_PERIOD);
  // The witness that was stored is of another boot.
  const auto& system = closure.last_commit().system;
  REQUIRE(system.has_value());
  CHECK(FromProto(system->clock().wall_time()) == closure.clock().Now());
  CHECK_FALSE(system->has_clock_jump());
  closure.clock().JumpWall(kClockJump);
  closure.clock().Advance(absl::Hours(100));
  const Observation now = Observe(closure.system().clock(), closure.clock().Read());
  CHECK(PassedSince(closure.data().silent_period_start(), now.witness) == absl::Hours(100));
}

TEST_CASE("a boot ends a confirmation, for nobody can tell how long it took", "[decide][D6][time]") {
  DecidedClosure closure;
  closure.GoToRescan();
  closure.clock().Reboot(absl::Seconds(30));
  const MarkWatch mark(Mark::kConfirmEndedByBoot);
  SECTION("at the rescan's end") { closure.FinishScan(); }
  SECTION("at the deadline") { closure.Report(v1::Task::CONFIRM_DEADLINE, TimerFired{}); }
  SECTION("whatever the wall clock was set to meanwhile") {
    closure.clock().JumpWall(-absl::Hours(1));
    closure.FinishScan();
  }
  CHECK(closure.state() == Closure::THAWING);
  CHECK(closure.closure().cause() == Closure::CONFIRM_TIMED_OUT);
  CHECK(closure.closure().cause_detail() ==
        "the server's machine was booted since Confirm, so nobody can tell how long it took; confirm again");
  CHECK(mark.reached());
}

TEST_CASE("a boot before Confirm does not end a confirmation", "[decide][D6][time]") {
  DecidedClosure closure;
  closure.GoToReady();
  closure.clock().Reboot(absl::Seconds(30));
  REQUIRE(Confirm(closure).ok());
  closure.FinishPhase();
  closure.FinishScan();
  CHECK(closure.state() == Closure::SILENT_PERIOD);
}

TEST_CASE("a clean rescan that ends after the five minutes on any clock sends the closure back", "[decide][D6][time]") {
  DecidedClosure closure;
  closure.GoToRescan();
  SECTION("by a microsecond") { closure.clock().Advance(kLimit + absl::Microseconds(1)); }
  SECTION("on the wall clock alone, within what clocks may differ") {
    closure.clock().Advance(kLimit - kClockJump + absl::Microseconds(1));
    closure.clock().JumpWall(kClockJump);
  }
  SECTION("on the trusted clock alone") {
    closure.clock().Advance(kLimit + absl::Microseconds(1));
    closure.clock().JumpWall(-kLimit);
  }
  closure.FinishScan();
  CHECK(closure.state() == Closure::THAWING);
  CHECK(closure.closure().cause() == Closure::CONFIRM_TIMED_OUT);
  CHECK(closure.closure().cause_detail() == "freeze and rescan took too long: the rescan ended too late");
}

TEST_CASE("five minutes that truly passed are over, whatever jumped beside them", "[decide][D6][time]") {
  DecidedClosure closure;
  closure.GoToRescan();
  const absl::Duration passed = GENERATE(kLimit - absl::Seconds(1), kLimit - absl::Microseconds(1), kLimit,
                                         kLimit + absl::Microseconds(1), kLimit + absl::Seconds(1));
  closure.clock().Advance(passed);
  closure.clock().JumpWall(absl::Hours(1));
  closure.Report(v1::Task::CONFIRM_DEADLINE, TimerFired{});
  CHECK(closure.state() == Closure::THAWING);
  CHECK(closure.closure().cause() == (passed < kLimit ? Closure::HALTED : Closure::CONFIRM_TIMED_OUT));
}

TEST_CASE("a limit that is no whole number of seconds is held to its fraction", "[decide][D6][time]") {
  DecidedClosure closure;
  closure.GoToRescan();
  const absl::Duration early = GENERATE(absl::Milliseconds(1), absl::ZeroDuration(), -absl::Milliseconds(1));
  closure.clock().Advance(kLimit + absl::Milliseconds(500) - early);
  closure.clock().JumpWall(absl::Hours(1));
  internal::v1::ClosureData data = closure.data();
  *data.mutable_policy()->mutable_confirm_limit() = ToProto(kLimit + absl::Milliseconds(500));
  Circumstances circumstances = At(closure.clock().Now());
  circumstances.task = closure.Tasks(v1::Task::CONFIRM_DEADLINE).front();
  circumstances.time = Observe(closure.system().clock(), closure.clock().Read());
  const Commit commit = Committed(data, TimerFired{}, circumstances);
  CHECK(commit.closure->closure().cause() ==
        (early > absl::ZeroDuration() ? Closure::HALTED : Closure::CONFIRM_TIMED_OUT));
}

TEST_CASE("a checker that was silent over a boot is what the owner is told", "[decide][D6][time]") {
  DecidedClosure closure;
  closure.GoToRescan();
  closure.clock().Reboot(absl::Seconds(30));
  closure.FinishScan({}, {"billing"});
  CHECK(closure.closure().cause() == Closure::RESCAN_NOT_CLEAN);
  CHECK_THAT(closure.closure().cause_detail(), Catch::Contains("billing did not answer"));
}

TEST_CASE("a clock that jumps past the five minutes is no time that passed", "[decide][D6][time]") {
  DecidedClosure closure;
  closure.GoToRescan();
  closure.clock().JumpWall(kLimit + absl::Microseconds(1));
  SECTION("at the rescan's end") { closure.FinishScan(); }
  SECTION("at the end of a rescan that had no time left to ask") { closure.FinishScan({}, {"billing"}); }
  SECTION("at the deadline") { closure.Report(v1::Task::CONFIRM_DEADLINE, TimerFired{}); }
  CHECK(closure.state() == Closure::THAWING);
  CHECK(closure.closure().cause() == Closure::HALTED);
  CHECK(closure.system().has_clock_jump());
}

}  // namespace
}  // namespace closure
