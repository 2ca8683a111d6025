// SPDX-License-Identifier: Apache-2.0
#include "server/time_witness.h"

#include <catch2/catch.hpp>
#include <random>

#include "checkers/proto_time.h"
#include "tests/support/manual_clock.h"
#include "tests/support/random_seed.h"

namespace closure {
namespace {

// A witness that has seen one reading.
internal::v1::ClockWitness Seen(const ManualClock& clock) { return Observe({}, clock.Read()).witness; }

absl::Duration ElapsedOf(const internal::v1::ClockWitness& witness) { return FromProto(witness.elapsed()); }
absl::Duration ElapsedOf(const Observation& observation) { return ElapsedOf(observation.witness); }

TEST_CASE("the first reading credits nothing and is no jump", "[time]") {
  ManualClock clock;
  const Observation first = Observe({}, clock.Read());
  CHECK(ElapsedOf(first) == absl::ZeroDuration());
  CHECK(first.jump.empty());
}

TEST_CASE("time that passes on both clocks is credited", "[time][R18]") {
  ManualClock clock;
  const auto witness = Seen(clock);
  clock.Advance(absl::Hours(48));
  const Observation later = Observe(witness, clock.Read());
  CHECK(ElapsedOf(later) == absl::Hours(48));
  CHECK(later.jump.empty());
}

TEST_CASE("a wall clock set forward credits nothing and is a jump", "[time][R18]") {
  ManualClock clock;
  const auto witness = Seen(clock);
  clock.JumpWall(absl::Hours(24 * 365));
  const Observation later = Observe(witness, clock.Read());
  CHECK(ElapsedOf(later) == absl::ZeroDuration());
  CHECK_FALSE(later.jump.empty());
}

TEST_CASE("a wall clock set back credits what the boot-time clock says and is a jump", "[time]") {
  ManualClock clock;
  const auto witness = Seen(clock);
  clock.Advance(absl::Hours(1));
  clock.JumpWall(-absl::Hours(24));
  const Observation later = Observe(witness, clock.Read());
  CHECK(ElapsedOf(later) == absl::Hours(1));
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

TEST_CASE("a new boot credits the wall clock for a day, and withholds what is longer", "[time]") {
  ManualClock clock;
  const auto witness = Seen(clock);
  SECTION("a day is believed") {
    clock.Reboot(absl::Hours(24));
    const Observation later = Observe(witness, clock.Read());
    CHECK(ElapsedOf(later) == absl::Hours(24));
    CHECK(later.jump.empty());
  }
  SECTION("three days need an operator, whose acknowledgement credits what was withheld") {
    clock.Reboot(absl::Hours(72));
    const Observation later = Observe(witness, clock.Read());
    CHECK(ElapsedOf(later) == absl::ZeroDuration());
    CHECK_FALSE(later.jump.empty());
    CHECK(ElapsedOf(CreditWithheld(later.witness, absl::InfiniteDuration())) == absl::Hours(72));
  }
  SECTION("a microsecond more than a day needs one too") {
    clock.Reboot(absl::Hours(24) + absl::Microseconds(1));
    const Observation later = Observe(witness, clock.Read());
    CHECK(ElapsedOf(later) == absl::ZeroDuration());
    CHECK(later.jump.find("more than 24h is not believed without an operator") != std::string::npos);
  }
  SECTION("a minute back is no jump, a microsecond more is") {
    clock.Reboot(-absl::Minutes(1));
    CHECK(Observe(witness, clock.Read()).jump.empty());
    clock.JumpWall(-absl::Microseconds(1));
    CHECK(Observe(witness, clock.Read()).jump.find("the wall clock went back by 1m0.000001s over a boot") == 0);
  }
  SECTION("a wall clock that went back credits nothing") {
    clock.Reboot(-absl::Hours(2));
    const Observation later = Observe(witness, clock.Read());
    CHECK(ElapsedOf(later) == absl::ZeroDuration());
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
    CHECK(ElapsedOf(observation) == boot_time_passed);
    witness = observation.witness;
  }
}

TEST_CASE("a wall clock that was set back and is set right over a boot credits what passed and no more",
          "[time][R18]") {
  ManualClock clock;
  auto witness = Seen(clock);
  clock.JumpWall(-absl::Hours(24));
  witness = Observe(witness, clock.Read()).witness;
  SECTION("at once") {
    clock.Reboot(absl::Hours(26));
    const Observation later = Observe(witness, clock.Read());
    // It says more than a day, so an operator has to look; what it makes up is credited by nobody.
    CHECK(ElapsedOf(later) == absl::ZeroDuration());
    CHECK(ElapsedOf(CreditWithheld(later.witness, absl::InfiniteDuration())) == absl::Hours(2));
    CHECK_FALSE(later.jump.empty());
    // Whether it was set right is not known for certain, so the next boot is not believed either.
    clock.Reboot(absl::Hours(3));
    CHECK(ElapsedOf(Observe(later.witness, clock.Read())) == absl::ZeroDuration());
  }
  SECTION("too far, and right again before anybody acknowledges it") {
    clock.Reboot(absl::Hours(47));
    witness = Observe(witness, clock.Read()).witness;
    CHECK(ElapsedOf(witness) == absl::ZeroDuration());
    clock.JumpWall(-absl::Hours(23));
    witness = Observe(witness, clock.Read()).witness;
    CHECK(ElapsedOf(CreditWithheld(witness, absl::InfiniteDuration())) == absl::ZeroDuration());
  }
  SECTION("in two steps, the first of them within a boot") {
    clock.JumpWall(absl::Hours(10));
    witness = Observe(witness, clock.Read()).witness;
    clock.Reboot(absl::Hours(15));
    CHECK(ElapsedOf(Observe(witness, clock.Read())) == absl::Hours(1));
  }
  SECTION("and nothing of it can be acknowledged") {
    CHECK(ElapsedOf(CreditWithheld(witness, absl::InfiniteDuration())) == absl::ZeroDuration());
    CHECK(PassedSince(MarkOf(witness), witness) == absl::ZeroDuration());
  }
}

TEST_CASE("a clock that goes back while an outage is withheld is remembered all the same", "[time][R18]") {
  ManualClock clock;
  auto witness = Seen(clock);
  clock.Reboot(absl::Hours(72));
  witness = Observe(witness, clock.Read()).witness;
  const internal::v1::ElapsedMark mark = MarkOf(witness);
  clock.JumpWall(-absl::Hours(24));
  witness = Observe(witness, clock.Read()).witness;
  clock.Reboot(absl::Hours(26));
  witness = Observe(witness, clock.Read()).witness;
  CHECK(PassedSince(mark, witness) == absl::ZeroDuration());
  CHECK(PassedSince(mark, CreditWithheld(witness, absl::InfiniteDuration())) == absl::ZeroDuration());
}

TEST_CASE("an outage can be acknowledged although the wall clock is a microsecond behind", "[time]") {
  ManualClock clock;
  auto witness = Seen(clock);
  clock.JumpWall(-absl::Microseconds(1));
  witness = Observe(witness, clock.Read()).witness;
  clock.Reboot(absl::Hours(72));
  witness = CreditWithheld(Observe(witness, clock.Read()).witness, absl::InfiniteDuration());
  CHECK(FromProto(witness.elapsed()) == absl::Hours(72) - absl::Microseconds(1));
}

// One life of a clock that is right or behind, and is set right within boots and over them.
class RandomClock {
 public:
  explicit RandomClock(std::mt19937& random) : random_(random) {}

  // Some time passes; answers how much.
  absl::Duration Pass() {
    const absl::Duration by = Pick(100'000);
    if (random_() % 3 == 0) {
      const absl::Duration right = random_() % 2 == 0 ? behind_ : absl::ZeroDuration();
      clock_.Reboot(by + right);
      behind_ -= right;
      return by;
    }
    const absl::Duration behind = random_() % 3 == 0 ? Pick(200'000) : behind_;
    clock_.Advance(by);
    clock_.JumpWall(behind_ - behind);
    behind_ = behind;
    return by;
  }
  const ManualClock& clock() const { return clock_; }

 private:
  absl::Duration Pick(int most) { return absl::Seconds(std::uniform_int_distribution<int>(0, most)(random_)); }

  std::mt19937& random_;
  ManualClock clock_;
  absl::Duration behind_;  // how far the wall clock is behind the true time
};

TEST_CASE("what passed since a mark never exceeds the true time, though clocks go back and are set right over boots",
          "[time][R18][random]") {
  const unsigned seed = RandomSeed();
  INFO(kSeedVariable << "=" << seed);
  std::mt19937 random(seed);
  for (int life = 0; life < 300; ++life) {
    RandomClock clock(random);
    auto witness = Seen(clock.clock());
    internal::v1::ElapsedMark mark = MarkOf(witness);
    absl::Duration since_mark;
    for (int step = 0; step < 60; ++step) {
      since_mark += clock.Pass();
      witness = Observe(witness, clock.clock().Read()).witness;
      if (random() % 5 == 0) witness = CreditWithheld(witness, absl::InfiniteDuration());
      CHECK(PassedSince(mark, witness) <= since_mark);
      if (random() % 10 != 0) continue;
      mark = MarkOf(witness);
      since_mark = absl::ZeroDuration();
    }
  }
}

TEST_CASE("a mark beside an older witness shows no more than the true time", "[time][R18][random]") {
  const unsigned seed = RandomSeed();
  INFO(kSeedVariable << "=" << seed);
  std::mt19937 random(seed);
  int marks = 0;
  for (int life = 0; life < 1000; ++life) {
    RandomClock clock(random);
    auto witness = Seen(clock.clock());
    for (auto before = random() % 9; before > 0; --before) {
      clock.Pass();
      witness = Observe(witness, clock.clock().Read()).witness;
    }
    clock.Pass();
    const auto observed = Observe(witness, clock.clock().Read()).witness;
    const std::optional<internal::v1::ElapsedMark> mark = MarkBeside(witness, observed);
    // Over a boot it may tell what passed before the mark as passed after it.
    CHECK(mark.has_value() == (witness.boot_id() == observed.boot_id()));
    if (!mark.has_value()) continue;
    ++marks;
    absl::Duration since_mark;
    for (int step = 0; step < 30; ++step) {
      since_mark += clock.Pass();
      witness = Observe(witness, clock.clock().Read()).witness;
      if (random() % 5 == 0) witness = CreditWithheld(witness, absl::InfiniteDuration());
      CHECK(PassedSince(*mark, witness) <= since_mark);
    }
  }
  CHECK(marks > 100);
}

TEST_CASE("what a wall clock was set ahead before a mark beside an older witness does not count after a boot",
          "[time][R18]") {
  ManualClock clock;
  const auto witness = Seen(clock);
  clock.Advance(absl::Seconds(20));
  clock.JumpWall(absl::Seconds(55));
  const auto mark = MarkBeside(witness, Observe(witness, clock.Read()).witness);
  REQUIRE(mark.has_value());
  clock.Reboot(absl::Hours(1));
  CHECK(PassedSince(*mark, Observe(witness, clock.Read()).witness) == absl::Hours(1));
}

TEST_CASE("what passed within a boot is known for sure, and over a boot not at all", "[time][D6]") {
  ManualClock clock;
  auto witness = Seen(clock);
  const internal::v1::BootMark mark = BootMarkOf(witness);
  CHECK(PassedWithinBoot(mark, witness) == absl::ZeroDuration());
  clock.Advance(absl::Minutes(3));
  clock.JumpWall(-absl::Hours(5));
  witness = Observe(witness, clock.Read()).witness;
  CHECK(PassedWithinBoot(mark, witness) == absl::Minutes(3));
  clock.Reboot(absl::Minutes(1));
  CHECK(PassedWithinBoot(mark, Observe(witness, clock.Read()).witness) == std::nullopt);
}

}  // namespace
}  // namespace closure
