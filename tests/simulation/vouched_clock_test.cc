// SPDX-License-Identifier: Apache-2.0
// When a clock is to be believed, and when nobody can be blamed for having believed it.
#include "tests/simulation/vouched_clock.h"

#include "catch2/catch.hpp"
#include "checkers/proto_time.h"

namespace closure::simulation {
namespace {

constexpr absl::Time kBegin = absl::FromUnixSeconds(1'782'896'400);

struct World {
  Schedule schedule;
  MachineClock clock{schedule, kBegin};
  VouchedClock vouched{schedule, clock};

  void Pass(absl::Duration time) {
    schedule.After(time, kWorld, [] {});
    schedule.RunNext();
  }
  void Set(absl::Duration wrong_by, bool machine_off = false) {
    clock.SetWrong(wrong_by);
    vouched.WasSet(machine_off);
  }
  bool Commit(bool jump) {
    internal::v1::SystemData system;
    *system.mutable_clock()->mutable_wall_time() = ToProto(clock.Now());
    if (jump) system.mutable_clock_jump()->set_reason("it jumped");
    return vouched.SawSystem(system);
  }
};

TEST_CASE("a clock is believed until it is set, and again when an operator acknowledges that or it is right",
          "[simulation]") {
  World world;
  world.Pass(absl::Hours(1));
  world.Set(absl::Hours(3));
  world.Pass(absl::Hours(1));
  CHECK_FALSE(world.vouched.WasWrong(absl::Minutes(59)));
  CHECK(world.vouched.WasWrong(absl::Minutes(61)));
  CHECK(world.vouched.Date() == kBegin + absl::Hours(2));
  SECTION("an operator vouches for the wrong time") {
    CHECK_FALSE(world.Commit(true));
    CHECK(world.Commit(false));
    CHECK(world.vouched.Date() == kBegin + absl::Hours(5));
  }
  SECTION("it is set right before the service knew") { world.Set(absl::ZeroDuration()); }
  world.Pass(absl::Hours(1));
  CHECK_FALSE(world.vouched.WasWrong(absl::Minutes(121)));
  CHECK(world.vouched.WasWrong(absl::Minutes(119)));
}

TEST_CASE("a clock that is right again is not believed before an operator says so, where the service knows of the jump",
          "[simulation]") {
  World world;
  world.Set(absl::Hours(3));
  CHECK_FALSE(world.Commit(true));
  world.Pass(absl::Hours(1));
  world.Set(absl::ZeroDuration());
  world.Pass(absl::Hours(1));
  CHECK(world.vouched.WasWrong(absl::Minutes(90)));
  CHECK(world.Commit(false));
  world.Pass(absl::Hours(1));
  CHECK_FALSE(world.vouched.WasWrong(absl::Minutes(150)));
  CHECK(world.vouched.Date() == kBegin + absl::Hours(3));
}

TEST_CASE("a clock that is set right while the machine is off is believed at once", "[simulation]") {
  World world;
  world.Set(-absl::Minutes(20));
  CHECK_FALSE(world.Commit(true));
  CHECK(world.Commit(false));
  world.Pass(absl::Hours(1));
  world.Set(absl::ZeroDuration(), true);
  world.Pass(absl::Hours(1));
  CHECK_FALSE(world.vouched.WasWrong(absl::Minutes(90)));
  CHECK(world.vouched.Date() == kBegin + absl::Hours(2));
}

TEST_CASE("what was asked at the moment at which a clock was set may have come before it", "[simulation]") {
  World world;
  world.Pass(absl::Hours(1));
  world.Set(absl::Hours(3));
  CHECK_FALSE(world.vouched.WasWrong(absl::Hours(1)));
}

}  // namespace
}  // namespace closure::simulation
