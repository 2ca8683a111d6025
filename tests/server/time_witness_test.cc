// SPDX-License-Identifier: Apache-2.0
#include "server/time_witness.h"

#include <catch2/catch.hpp>
#include <random>

#include "tests/support/manual_clock.h"
#include "tests/support/random_seed.h"

namespace closure {
namespace {

// A witness that has seen one reading.
internal::v1::ClockWitness Seen(const ManualClock& clock) { return Observe({}, clock.Read()).witness; }

TEST_CASE("the first reading credits nothing and is no jump", "[time]") {
  ManualClock clock;
  const Observation first = Observe({}, clock.Read());
  CHECK(first.elapsed() == absl::ZeroDuration());
  CHECK(first.jump.empty());
}

TEST_CASE("time that passes on both clocks is credited", "[time][R18]") {
  ManualClock clock;
  const auto witness = Seen(clock);
  clock.Advance(absl::Hours(48));
  const Observation later = Observe(witness, clock.Read());
  CHECK(later.elapsed() == absl::Hours(48));
  CHECK(later.jump.empty());
}

TEST_CASE("a wall clock set forward credits nothing and is a jump", "[time][R18]") {
  ManualClock clock;
  const auto witness = Seen(clock);
  clock.JumpWall(absl::Hours(24 * 365));
  const Observation later = Observe(witness, clock.Read());
  CHECK(later.elapsed() == absl::ZeroDuration());
  CHECK_FALSE(later.jump.empty());
}

TEST_CASE("a wall clock set back credits what the boot-time clock says and is a jump", "[time]") {
  ManualClock clock;
  const auto witness = Seen(clock);
  clock.Advance(absl::Hours(1));
  clock.JumpWall(-absl::Hours(24));
  const Observation later = Observe(witness, clock.Read());
  CHECK(later.elapsed() == absl::Hours(1));
  CHECK_FALSE(later.jump.empty());
}

TEST_CASE("a difference of a minute is no jump, a microsecond more is", "[time]") {
  ManualClock clock;
  const auto witness = Seen(clock);
  clock.JumpWall(absl::Minutes(1));
  CHECK(Observe(witness, clock.Read()).jump.empty());
  clock.JumpWall(absl::Microseconds(1));
  CHECK_FALSE(Observe(witness, clock.Read()).jump.empty());
}

TEST_CASE("a new boot credits the wall clock for at most a day and withholds the rest", "[time]") {
  ManualClock clock;
  const auto witness = Seen(clock);
  SECTION("a day is believed") {
    clock.Reboot(absl::Hours(24));
    const Observation later = Observe(witness, clock.Read());
    CHECK(later.elapsed() == absl::Hours(24));
    CHECK(later.jump.empty());
  }
  SECTION("three days need an operator, whose acknowledgement credits what was withheld") {
    clock.Reboot(absl::Hours(72));
    const Observation later = Observe(witness, clock.Read());
    CHECK(later.elapsed() == absl::Hours(24));
    CHECK_FALSE(later.jump.empty());
    CHECK(Observation{CreditWithheld(later.witness, absl::InfiniteDuration()), ""}.elapsed() == absl::Hours(72));
  }
  SECTION("a wall clock that went back credits nothing") {
    clock.Reboot(-absl::Hours(2));
    const Observation later = Observe(witness, clock.Read());
    CHECK(later.elapsed() == absl::ZeroDuration());
    CHECK_FALSE(later.jump.empty());
  }
}

TEST_CASE("over random clocks elapsed time never runs ahead of the boot-time clock within a boot", "[time][random]") {
  const unsigned seed = RandomSeed();
  INFO(kSeedVariable << "=" << seed);
  std::mt19937 random(seed);
  ManualClock clock;
  auto witness = Seen(clock);
  absl::Duration boot_time_passed;
  for (int step = 0; step < 1000; ++step) {
    const absl::Duration by = absl::Seconds(std::uniform_int_distribution<int>(0, 100'000)(random));
    if (std::uniform_int_distribution<int>(0, 3)(random) == 0) {
      clock.JumpWall(std::uniform_int_distribution<int>(0, 1)(random) == 0 ? by : -by);
    } else {
      clock.Advance(by);
      boot_time_passed += by;
    }
    const Observation observation = Observe(witness, clock.Read());
    CHECK(observation.elapsed() == boot_time_passed);
    witness = observation.witness;
  }
}

}  // namespace
}  // namespace closure
