// SPDX-License-Identifier: Apache-2.0
// The end of a silent period: never early, and admitted by the breaker.
#include <catch2/catch.hpp>
#include <random>

#include "checkers/proto_time.h"
#include "server/decide.h"
#include "tests/support/decided_closure.h"
#include "tests/support/random_seed.h"

namespace closure {
namespace {

using Closure = v1::Closure;

TEST_CASE("a silent period never ends before its end on every clock, and its end never moves",
          "[decide][R18][random]") {
  const unsigned seed = RandomSeed();
  INFO(kSeedVariable << "=" << seed);
  std::mt19937 random(seed);
  for (int run = 0; run < 50; ++run) {
    DecidedClosure closure;
    closure.GoToSilentPeriod();
    closure.FinishPhase();
    const absl::Time end = FromProto(closure.closure().silent_period_end_time());
    absl::Duration passed;
    bool jumped = false;
    while (closure.state() == Closure::SILENT_PERIOD && !jumped && passed < absl::Hours(500)) {
      const absl::Duration by = absl::Minutes(std::uniform_int_distribution<int>(1, 1500)(random));
      if (std::uniform_int_distribution<int>(0, 9)(random) == 0) {
        closure.clock().JumpWall(by + absl::Minutes(2));
        jumped = true;
      } else {
        closure.clock().Advance(by);
        passed += by;
      }
      closure.Report(v1::Task::SILENT_PERIOD_END, TimerFired{});
      CHECK(FromProto(closure.closure().silent_period_end_time()) == end);
      if (closure.state() != Closure::SILENT_PERIOD) CHECK(passed >= absl::Hours(168));
      if (jumped) CHECK(closure.Tasks(v1::Task::SILENT_PERIOD_END).front().parked() == v1::Task::CLOCK_JUMP);
    }
  }
}

TEST_CASE("the silent period's end waits for holds, pauses and the breaker", "[decide][D14][R18]") {
  DecidedClosure closure;
  closure.GoToSilentPeriod();
  closure.FinishPhase();
  closure.clock().Advance(absl::Hours(168));
  v1::Task::Parked expected = v1::Task::PARKED_UNSPECIFIED;
  SECTION("hold") {
    CHECK(closure.Do(PlaceHold{"legal"}, "operator:ann").ok());
    expected = v1::Task::HOLD;
  }
  SECTION("pause") {
    closure.system().mutable_pause()->set_reason("incident");
    expected = v1::Task::PAUSE;
  }
  SECTION("a clock jump that was noticed before") {
    closure.system().mutable_clock_jump()->set_reason("seen");
    expected = v1::Task::CLOCK_JUMP;
  }
  SECTION("an open breaker, however few are admitted now") {
    closure.system().mutable_breaker()->set_reason("seen");
    expected = v1::Task::BREAKER;
  }
  SECTION("the breaker opens by itself at the limit of all") {
    closure.breaker().global = 20;
    expected = v1::Task::BREAKER;
  }
  SECTION("the breaker opens by itself at the limit of one organization") {
    closure.breaker().organization = 20;
    expected = v1::Task::BREAKER;
  }
  closure.Report(v1::Task::SILENT_PERIOD_END, TimerFired{});
  CHECK(closure.state() == Closure::SILENT_PERIOD);
  const internal::v1::TaskData end = closure.Tasks(v1::Task::SILENT_PERIOD_END).front();
  CHECK(end.parked() == expected);
  CHECK(closure.system().has_breaker() == (expected == v1::Task::BREAKER));
  // To wait is no failure.
  CHECK(end.attempts() == 0);
  CHECK_FALSE(end.has_first_failure_time());
}

TEST_CASE("a silent period that lasts another millisecond is not over", "[decide][R18]") {
  DecidedClosure closure;
  closure.GoToSilentPeriod();
  closure.FinishPhase();
  closure.clock().Advance(absl::Hours(168) - absl::Milliseconds(1));
  closure.Report(v1::Task::SILENT_PERIOD_END, TimerFired{});
  CHECK(closure.state() == Closure::SILENT_PERIOD);
  closure.clock().Advance(GENERATE(absl::Milliseconds(1), absl::Seconds(3)));
  closure.Report(v1::Task::SILENT_PERIOD_END, TimerFired{});
  CHECK(closure.state() == Closure::FINAL_CHECK);
}

TEST_CASE("one admission below the limit passes", "[decide][D14]") {
  DecidedClosure closure;
  closure.GoToSilentPeriod();
  closure.FinishPhase();
  closure.clock().Advance(absl::Hours(168));
  closure.breaker().global = 19;
  closure.breaker().organization = 19;
  closure.Report(v1::Task::SILENT_PERIOD_END, TimerFired{});
  CHECK(closure.state() == Closure::FINAL_CHECK);
  REQUIRE(closure.last_commit().admission.has_value());
  CHECK(closure.last_commit().admission->time == closure.clock().Now());
  CHECK(closure.last_commit().expected_system_version == closure.system().version());
  CHECK_FALSE(closure.last_commit().system.has_value());
  CHECK_FALSE(closure.last_commit().reschedule_task.has_value());
  CHECK_FALSE(closure.last_commit().clock_went_back.has_value());
  // What no hour counts any more is forgotten, with a day to spare for a clock that is set back.
  CHECK(closure.last_commit().forget_before == closure.clock().Now() - absl::Hours(24));
}

TEST_CASE("an admission leaves as many to others as the tighter limit has left", "[decide][D14]") {
  DecidedClosure closure;
  closure.GoToSilentPeriod();
  closure.FinishPhase();
  closure.clock().Advance(absl::Hours(168));
  closure.system().set_admissions(500);
  const auto [global, organization, left] =
      GENERATE(table<int, int, int>({{19, 3, 1}, {3, 19, 1}, {12, 4, 8}, {0, 0, 20}}));
  closure.breaker().global = global;
  closure.breaker().organization = organization;
  closure.Report(v1::Task::SILENT_PERIOD_END, TimerFired{});
  REQUIRE(closure.last_commit().admission.has_value());
  CHECK(closure.last_commit().admission->admissions_max == 500 + left);
}

TEST_CASE("the end of a silent period is not even watched before its entry acts are done", "[decide][R57][R59]") {
  DecidedClosure closure;
  closure.GoToSilentPeriod();
  CHECK(closure.Tasks(v1::Task::SILENT_PERIOD_END).empty());
  closure.FinishPhase();
  CHECK(closure.Tasks(v1::Task::SILENT_PERIOD_END).size() == 1);
}

}  // namespace
}  // namespace closure
