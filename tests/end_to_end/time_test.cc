// SPDX-License-Identifier: Apache-2.0
// Clocks that disagree: a silent period ends when it has passed on every one of them, never earlier.
#include <catch2/catch.hpp>

#include "checkers/proto_time.h"
#include "fmt/format.h"
#include "tests/support/api_calls.h"
#include "tests/support/views.h"

namespace closure {
namespace {

using grpc::StatusCode;

constexpr char kAccount[] = "time-1";
constexpr absl::Duration kWeek = absl::Hours(168);
constexpr absl::Duration kDay = absl::Hours(24);

struct Silent {
  RunningServer server;
  Owner owner{server, kAccount};
  absl::Time end;

  Silent() {
    server.Load(CloudFileOf(kAccount));
    owner.GoToSilentPeriod();
    end = FromProto(owner.closure().silent_period_end_time());
  }
  // Everything that is due by now has happened, and the silent period goes on, with the end that it had.
  bool GoesOn() {
    WaitUntilQuiet(server, owner.name());
    owner.Refresh();
    CHECK(FromProto(owner.closure().silent_period_end_time()) == end);
    return owner.closure().state() == v1::Closure::SILENT_PERIOD;
  }
  v1::SystemStatus WaitForAlert() {
    return WaitForStatus(server, [](const v1::SystemStatus& status) { return status.has_clock_jump(); });
  }
  bool HasAlert() {
    // What the clocks say has been witnessed when a change of the system after their last move is committed.
    Send(server, "operator:ann", OperatorRequest<v1::PauseIrreversibleRequest>());
    Send(server, "operator:ann", OperatorRequest<v1::ResumeIrreversibleRequest>());
    return StatusOf(server).has_clock_jump();
  }
  // After the wall clock went back by a day, the silent period ends a day later than the week that was left of it.
  void EndsADayLater() {
    WaitForAlert();
    CHECK(GoesOn());
    REQUIRE(Acknowledge().ok());
    server.clock().Advance(kWeek);
    CHECK(GoesOn());
    server.clock().Advance(kDay);
    owner.WaitFor({v1::Closure::CLOSED});
  }
  Reply Acknowledge() { return Send(server, "operator:ann", OperatorRequest<v1::AcknowledgeClockJumpRequest>()); }
};

TEST_CASE("a wall clock that jumps ahead by a year ends nothing", "[R18]") {
  Silent silent;
  silent.server.clock().JumpWall(365 * kDay);
  const v1::SystemStatus status = silent.WaitForAlert();
  CHECK(status.clock_jump().actor() == "system");
  CHECK_THAT(status.clock_jump().reason(), Catch::Contains("8760h"));
  CHECK(silent.GoesOn());
  silent.server.clock().Advance(kWeek);
  CHECK(silent.GoesOn());
  // The acknowledgement changes no end: a week has passed on both clocks by now.
  CHECK_FALSE(silent.Acknowledge().As<v1::SystemStatus>().has_clock_jump());
  silent.owner.WaitFor({v1::Closure::CLOSED});
}

TEST_CASE("an acknowledged jump ahead still leaves the week to be waited for", "[R18]") {
  Silent silent;
  silent.server.clock().JumpWall(365 * kDay);
  silent.WaitForAlert();
  CHECK(silent.GoesOn());
  REQUIRE(silent.Acknowledge().ok());
  CHECK(silent.GoesOn());
  silent.server.clock().Advance(kWeek - absl::Seconds(1));
  CHECK(silent.GoesOn());
  silent.server.clock().Advance(absl::Seconds(1));
  silent.owner.WaitFor({v1::Closure::CLOSED});
}

TEST_CASE("a jump ahead that was acknowledged and is set right later lengthens nothing", "[R18][L1]") {
  Silent silent;
  silent.server.clock().JumpWall(365 * kDay);
  silent.WaitForAlert();
  REQUIRE(silent.Acknowledge().ok());
  // The end is put off by what is left of the week, on a calendar that is a year ahead.
  CHECK(silent.GoesOn());
  silent.server.clock().JumpWall(-365 * kDay);
  silent.WaitForAlert();
  REQUIRE(silent.Acknowledge().ok());
  silent.server.clock().Advance(kWeek - absl::Seconds(1));
  CHECK(silent.GoesOn());
  silent.server.clock().Advance(absl::Seconds(1));
  silent.owner.WaitFor({v1::Closure::CLOSED});
}

TEST_CASE("a wall clock that goes back by a day lengthens the silent period by that day", "[R18]") {
  Silent silent;
  silent.server.clock().JumpWall(-kDay);
  silent.EndsADayLater();
}

TEST_CASE("clocks may differ by a minute, and the slower one counts", "[R18]") {
  Silent silent;
  silent.server.clock().JumpWall(absl::Minutes(1));
  silent.server.clock().Advance(kWeek - absl::Seconds(1));
  CHECK(silent.GoesOn());
  CHECK_FALSE(silent.HasAlert());
  silent.server.clock().Advance(absl::Seconds(1));
  silent.owner.WaitFor({v1::Closure::CLOSED});
}

TEST_CASE("time that passes while no server runs counts within one boot", "[R18]") {
  Silent silent;
  silent.server.Restart([&] { silent.server.clock().Advance(kWeek - absl::Seconds(1)); });
  CHECK(silent.GoesOn());
  CHECK_FALSE(silent.HasAlert());
  silent.server.clock().Advance(absl::Seconds(1));
  silent.owner.WaitFor({v1::Closure::CLOSED});
}

TEST_CASE("a wall clock that is set while no server runs is noticed", "[R18]") {
  Silent silent;
  silent.server.Restart([&] { silent.server.clock().JumpWall(30 * kDay); });
  silent.WaitForAlert();
  CHECK(silent.GoesOn());
}

TEST_CASE("a reboot with an outage of less than a day counts", "[R18]") {
  Silent silent;
  silent.server.Restart([&] { silent.server.clock().Reboot(absl::Hours(10)); });
  CHECK_FALSE(silent.HasAlert());
  silent.server.clock().Advance(kWeek - absl::Hours(10) - absl::Seconds(1));
  CHECK(silent.GoesOn());
  silent.server.clock().Advance(absl::Seconds(1));
  silent.owner.WaitFor({v1::Closure::CLOSED});
}

TEST_CASE("a longer outage counts for nothing until an operator says so", "[R18]") {
  Silent silent;
  silent.server.Restart([&] { silent.server.clock().Reboot(10 * kDay); });
  const v1::SystemStatus status = silent.WaitForAlert();
  CHECK_THAT(status.clock_jump().reason(), Catch::Contains("boot"));
  CHECK(silent.GoesOn());
  silent.server.Restart();
  CHECK(silent.GoesOn());
  CHECK(silent.HasAlert());
  REQUIRE(silent.Acknowledge().ok());
  silent.owner.WaitFor({v1::Closure::CLOSED});
}

TEST_CASE("an outage that nobody acknowledged keeps every silent period waiting", "[R18]") {
  Silent silent;
  silent.server.Restart([&] { silent.server.clock().Reboot(5 * kDay); });
  silent.WaitForAlert();
  silent.server.clock().Advance(30 * kDay);
  CHECK(silent.GoesOn());
  for (const v1::Task& task : TasksOf(silent.server, silent.owner.name())) {
    if (task.kind() == v1::Task::SILENT_PERIOD_END) CHECK(task.parked() == v1::Task::CLOCK_JUMP);
  }
  REQUIRE(silent.Acknowledge().ok());
  silent.owner.WaitFor({v1::Closure::CLOSED});
}

TEST_CASE("a wall clock that went back over a boot is noticed", "[R18]") {
  Silent silent;
  silent.server.Restart([&] { silent.server.clock().Reboot(-kDay); });
  silent.EndsADayLater();
}

TEST_CASE("there is nothing to acknowledge while the clocks agree", "[operators]") {
  Silent silent;
  silent.server.clock().Advance(absl::Hours(1));
  const Reply nothing = silent.Acknowledge();
  CheckRefused(nothing, StatusCode::FAILED_PRECONDITION, v1::NOTHING_TO_RELEASE, {"clock jump"});
  CHECK(nothing.metadata()["what"] == "CLOCK_JUMP");
}

TEST_CASE("a jump that came after the one that was looked at waits for another acknowledgement", "[operators][R18]") {
  Silent silent;
  silent.server.clock().JumpWall(365 * kDay);
  silent.WaitForAlert();
  auto acknowledge = OperatorRequest<v1::AcknowledgeClockJumpRequest>();
  *acknowledge.mutable_jump_create_time() = StatusOf(silent.server).clock_jump().create_time();
  silent.server.clock().JumpWall(-kDay);
  // Whoever commits first stores it, and shows it instead of the first.
  REQUIRE(Send(silent.server, "operator:bob", OperatorRequest<v1::PauseIrreversibleRequest>()).ok());
  const Reply refused = Send(silent.server, "operator:ann", acknowledge);
  CheckRefused(refused, StatusCode::ABORTED, v1::CLOCK_JUMP_CHANGED, {"last jump is another", "-24h"});
  acknowledge = OperatorRequest<v1::AcknowledgeClockJumpRequest>();
  *acknowledge.mutable_jump_create_time() = StatusOf(silent.server).clock_jump().create_time();
  CHECK(Send(silent.server, "operator:ann", acknowledge).ok());
  CHECK_FALSE(StatusOf(silent.server).has_clock_jump());
}

TEST_CASE("what comes before Confirm does not wait for an acknowledgement", "[R1]") {
  Silent silent;
  silent.server.clock().JumpWall(365 * kDay);
  silent.WaitForAlert();
  silent.server.Load(CloudFileOf("time-2"));
  Owner other(silent.server, "time-2");
  // Nobody can tell how long ago a contact point changed (D9).
  other.Create();
  other.Verify(v1::EMAIL);
  other.Verify(v1::SMS);
  other.Agree();
  other.WaitFor({v1::Closure::READY});
}

}  // namespace
}  // namespace closure
