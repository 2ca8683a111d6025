// SPDX-License-Identifier: Apache-2.0
// Operators' switches over the whole system.
#include "server/decide_system.h"

#include <catch2/catch.hpp>
#include <string>

#include "checkers/proto_time.h"
#include "server/decide.h"
#include "server/errors.h"
#include "tests/support/one_decision.h"

namespace closure {
namespace {

using Kind = SystemCommand::Kind;

internal::v1::SystemData Halted() {
  internal::v1::SystemData system;
  system.set_version(7);
  system.mutable_pause()->set_reason("a pause");
  system.mutable_breaker()->set_reason("a breaker");
  system.mutable_breaker()->add_approvals("operator:cleo");
  system.mutable_clock_jump()->set_reason("a jump");
  system.set_last_jump("a jump");
  return system;
}

absl::StatusOr<Commit> Operate(const internal::v1::SystemData& system, Kind kind,
                               const std::string& actor = "operator:ann", const Observation& observation = {}) {
  return DecideSystem(system, {kind, "because"}, actor, observation, kNow);
}

// What is halted, a letter each, and what goes on.
std::string Halts(const Commit& commit) {
  const internal::v1::SystemData& system = *commit.system;
  std::string text = std::string(system.has_pause() ? "P" : "") + (system.has_breaker() ? "B" : "") +
                     (system.has_clock_jump() ? "J" : "");
  for (const auto& [parked, due] : commit.unpark) {
    CHECK(due == kNow);
    text += " goes on: " + v1::Task::Parked_Name(parked);
  }
  return text;
}

TEST_CASE("each switch of the operators changes its own halt and no other, and lets go what waited for it",
          "[decide][D14][R18]") {
  CHECK(Halts(*Operate({}, Kind::kPause)) == "P");
  CHECK(Halts(*Operate(Halted(), Kind::kPause)) == "PBJ");
  CHECK(Halts(*Operate(Halted(), Kind::kResume)) == "BJ goes on: PAUSE");
  CHECK(Halts(*Operate(Halted(), Kind::kReleaseBreaker)) == "PJ goes on: BREAKER");
  CHECK(Halts(*Operate(Halted(), Kind::kAcknowledgeClockJump)) == "PB goes on: CLOCK_JUMP");
  for (const Kind kind : {Kind::kPause, Kind::kResume, Kind::kReleaseBreaker, Kind::kAcknowledgeClockJump})
    CHECK(Operate(Halted(), kind)->system->version() == 8);
  const v1::SystemStatus::Halt pause = Operate({}, Kind::kPause)->system->pause();
  CHECK(pause.actor() == "operator:ann");
  CHECK(pause.reason() == "because");
  CHECK(FromProto(pause.create_time()) == kNow);
}

TEST_CASE("what is not halted cannot be released", "[decide][D14]") {
  const std::pair<Kind, const char*> switches[] = {
      {Kind::kResume, "there is no pause"},
      {Kind::kReleaseBreaker, "there is no open breaker"},
      {Kind::kAcknowledgeClockJump, "there is no clock jump"},
  };
  for (const auto& [kind, message] : switches) {
    const absl::Status refused = Operate({}, kind).status();
    CHECK(ReasonOf(refused) == v1::NOTHING_TO_RELEASE);
    CHECK(std::string(refused.message()) == message);
  }
}

TEST_CASE("the breaker is released by two operators, whoever is the second", "[decide][D14]") {
  internal::v1::SystemData system;
  system.mutable_breaker()->set_reason("too many");
  const absl::StatusOr<Commit> first = Operate(system, Kind::kReleaseBreaker, "operator:ann");
  REQUIRE(first.ok());
  CHECK(Halts(*first) == "B");
  CHECK_FALSE(first->system->has_breaker_release_time());
  const absl::Status again = Operate(*first->system, Kind::kReleaseBreaker, "operator:ann").status();
  CHECK(ReasonOf(again) == v1::SECOND_OPERATOR_REQUIRED);
  CHECK(std::string(again.message()) ==
        "operator:ann has approved the release already; another operator has to as well");
  const absl::StatusOr<Commit> second = Operate(*first->system, Kind::kReleaseBreaker, "operator:bob");
  REQUIRE(second.ok());
  CHECK(Halts(*second) == " goes on: BREAKER");
  CHECK(FromProto(second->system->breaker_release_time()) == kNow);
}

TEST_CASE("whoever has approved is known again among all who did", "[decide][D14]") {
  internal::v1::SystemData system;
  for (const char* const name : {"a", "b", "c", "d", "e", "f", "g", "h", "i"})
    system.mutable_breaker()->add_approvals(std::string("operator:") + name);
  for (const char* const name : {"a", "b", "c", "d", "e", "f", "g", "h", "i"}) {
    const absl::Status again = Operate(system, Kind::kReleaseBreaker, std::string("operator:") + name).status();
    CHECK(ReasonOf(again) == v1::SECOND_OPERATOR_REQUIRED);
  }
  CHECK(Operate(system, Kind::kReleaseBreaker, "operator:j").ok());
}

TEST_CASE("a jump that a command's reading shows is told, before the one that was told already", "[decide][time]") {
  Observation observation;
  observation.jump = "new";
  CHECK(Operate({}, Kind::kPause, "operator:ann", observation)->system->clock_jump().reason() == "new");
  CHECK(Operate(Halted(), Kind::kPause, "operator:ann", observation)->system->clock_jump().reason() ==
        "new; before that a jump");
  internal::v1::SystemData jumped = Halted();
  jumped.mutable_clock_jump()->set_reason("a jump; before that another");
  CHECK(Operate(jumped, Kind::kPause, "operator:ann", observation)->system->clock_jump().reason() ==
        "new; before that a jump");
  CHECK(Operate(Halted(), Kind::kPause, "operator:ann", {})->system->clock_jump().reason() == "a jump");
  // The one that was acknowledged is over; this one is not.
  CHECK(Operate(Halted(), Kind::kAcknowledgeClockJump, "operator:ann", observation)->system->clock_jump().reason() ==
        "new");
  const internal::v1::SystemData acknowledged = *Operate(Halted(), Kind::kAcknowledgeClockJump)->system;
  CHECK(Operate(acknowledged, Kind::kPause, "operator:ann", observation)->system->clock_jump().reason() == "new");
}

TEST_CASE("an acknowledgement that names the jump that was looked at counts for no other", "[decide][time]") {
  internal::v1::SystemData system = Halted();
  system.mutable_clock_jump()->mutable_create_time()->set_seconds(1'782'896'400);
  system.mutable_clock_jump()->mutable_create_time()->set_nanos(123'456'000);
  SystemCommand command{Kind::kAcknowledgeClockJump, "because", system.clock_jump().create_time()};
  CHECK(DecideSystem(system, command, "operator:ann", {}, kNow).ok());
  const int another = GENERATE(0, 1, 2);
  if (another == 0) command.jump_create_time->set_seconds(1'782'896'399);
  if (another == 1) command.jump_create_time->set_nanos(123'455'000);
  if (another == 2) command.jump_create_time = google::protobuf::Timestamp();
  const absl::Status refused = DecideSystem(system, command, "operator:ann", {}, kNow).status();
  CheckRefused(refused, v1::CLOCK_JUMP_CHANGED,
               "the clocks' last jump is another than the one that was looked at: a jump",
               {{"createTime", "2026-07-01T09:00:00.123456Z"}});
  CHECK(absl::IsAborted(refused));
}

TEST_CASE("a release of the breaker stands unless it lies ahead of a clock that went back", "[decide][D14][time]") {
  Observation observation;
  observation.went_back = true;
  for (const absl::Duration ahead :
       {-absl::Hours(2), -absl::Seconds(1), -absl::Microseconds(1), absl::ZeroDuration(), absl::Microseconds(1),
        absl::Seconds(1), absl::Seconds(1) + absl::Microseconds(1), absl::Hours(2)}) {
    internal::v1::SystemData system;
    *system.mutable_breaker_release_time() = ToProto(kNow + ahead);
    const absl::StatusOr<Commit> commit = Operate(system, Kind::kPause, "operator:ann", observation);
    REQUIRE(commit.ok());
    INFO(absl::FormatDuration(ahead));
    CHECK(commit->system->has_breaker_release_time() == (ahead <= absl::ZeroDuration()));
    CHECK(commit->clock_went_back == kNow);
  }
  CHECK_FALSE(Operate({}, Kind::kPause)->clock_went_back.has_value());
}

}  // namespace
}  // namespace closure
