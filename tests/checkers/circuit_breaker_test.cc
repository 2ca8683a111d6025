// SPDX-License-Identifier: Apache-2.0
#include "checkers/remote/circuit_breaker.h"

#include <string>

#include "catch2/catch.hpp"
#include "tests/support/mark_watch.h"

namespace closure {
namespace {

using Catch::Matchers::Contains;
using Outcome = CircuitBreaker::Outcome;

constexpr absl::Duration kPause = absl::Seconds(4);

// A breaker that opens after three, at a time that the test sets.
struct Rig {
  CircuitBreaker breaker{{.failures = 3, .pause = kPause, .pause_max = 3 * kPause}};
  absl::Duration now = absl::Hours(1);

  CircuitBreaker::Admission Admit() {
    const auto admission = breaker.Admit(now);
    REQUIRE(admission.ok());
    return *admission;
  }
  std::string Refusal() {
    const absl::Status status = breaker.Admit(now).status();
    REQUIRE(absl::IsUnavailable(status));
    return std::string(status.message());
  }
  void Call(Outcome outcome) { breaker.Report(Admit(), outcome, "connection refused", now); }
  void Open() {
    for (int i = 0; i < 3; ++i) Call(Outcome::kSilent);
    REQUIRE(breaker.is_open());
  }
};

TEST_CASE("whoever answers now and then is always asked") {
  Rig rig;
  for (int i = 0; i < 9; ++i) {
    rig.Call(Outcome::kSilent);
    rig.Call(Outcome::kSilent);
    rig.Call(Outcome::kAnswered);
  }
  CHECK_FALSE(rig.breaker.is_open());
}

TEST_CASE("after so many calls in a row without an answer nobody is let through, and is told why and for how long") {
  Rig rig;
  const MarkWatch spared(Mark::kCheckerSpared);
  rig.Open();
  rig.now += absl::Milliseconds(1500);
  CHECK(rig.Refusal() ==
        "not asked, because 3 calls in a row got no answer; it is asked again in 3s; the last: connection refused");
  CHECK(spared.reached());
}

TEST_CASE("what its caller gave up tells nothing") {
  Rig rig;
  for (int i = 0; i < 9; ++i) rig.Call(Outcome::kUnknown);
  rig.Call(Outcome::kSilent);
  rig.Call(Outcome::kUnknown);
  rig.Call(Outcome::kSilent);
  CHECK_FALSE(rig.breaker.is_open());
  rig.Call(Outcome::kSilent);
  CHECK(rig.breaker.is_open());
}

TEST_CASE("after the pause one call is let through, and its answer lets everybody") {
  Rig rig;
  const MarkWatch probed(Mark::kCheckerProbed);
  rig.Open();
  rig.now += kPause - absl::Nanoseconds(1);
  rig.Refusal();
  CHECK_FALSE(probed.reached());
  rig.now += absl::Nanoseconds(1);
  const auto probe = rig.Admit();
  CHECK(probed.reached());
  CHECK_THAT(rig.Refusal(), Contains("somebody asks it just now"));
  rig.breaker.Report(probe, Outcome::kAnswered, "", rig.now);
  CHECK_FALSE(rig.breaker.is_open());
  rig.Admit();
  rig.Admit();
}

TEST_CASE("each call that was let through in vain doubles the pause, up to the longest") {
  Rig rig;
  rig.Open();
  for (const absl::Duration pause : {kPause, 2 * kPause, 3 * kPause, 3 * kPause}) {
    rig.now += pause - absl::Nanoseconds(1);
    rig.Refusal();
    rig.now += absl::Nanoseconds(1);
    rig.Call(Outcome::kSilent);
  }
  CHECK_THAT(rig.Refusal(), Contains("7 calls in a row"));
}

TEST_CASE("a call that was let through and hangs keeps nobody else from seeing for longer than the longest pause") {
  Rig rig;
  rig.Open();
  rig.now += kPause;
  const auto hangs = rig.Admit();
  rig.now += 3 * kPause - absl::Nanoseconds(1);
  CHECK_THAT(rig.Refusal(), Contains("somebody asks it just now"));
  rig.now += absl::Nanoseconds(1);
  const auto next = rig.Admit();
  CHECK(next.is_probe);
  rig.breaker.Report(next, Outcome::kAnswered, "", rig.now);
  CHECK_FALSE(rig.breaker.is_open());
  // What it comes to in the end tells nothing new.
  rig.breaker.Report(hangs, Outcome::kSilent, "timed out", rig.now);
  CHECK_FALSE(rig.breaker.is_open());
}

TEST_CASE("when the call that was let through is given up another one is") {
  Rig rig;
  rig.Open();
  rig.now += kPause;
  rig.Call(Outcome::kUnknown);
  rig.Call(Outcome::kAnswered);
  CHECK_FALSE(rig.breaker.is_open());
}

TEST_CASE("a late silence of calls from before it opened tells nothing new, a late answer does") {
  Rig rig;
  const auto early = rig.Admit();
  const auto late = rig.Admit();
  rig.Open();
  rig.now += kPause;
  const auto probe = rig.Admit();
  rig.breaker.Report(early, Outcome::kSilent, "timed out", rig.now);
  CHECK_THAT(rig.Refusal(), Contains("3 calls in a row") && Contains("just now"));
  rig.breaker.Report(late, Outcome::kAnswered, "", rig.now);
  CHECK_FALSE(rig.breaker.is_open());
  // The probe is one of many then.
  rig.breaker.Report(probe, Outcome::kSilent, "timed out", rig.now);
  CHECK_FALSE(rig.breaker.is_open());
}

}  // namespace
}  // namespace closure
