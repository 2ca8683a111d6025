// SPDX-License-Identifier: Apache-2.0
// A closure whose next step is due but waits says for what, to everybody who reads or watches it.
#include <catch2/catch.hpp>

#include "checkers/proto_time.h"
#include "tests/support/api_calls.h"
#include "tests/support/every_state.h"
#include "tests/support/views.h"

namespace closure {
namespace {

constexpr char kAccount[] = "waits-1";
constexpr char kAnn[] = "operator:ann";
constexpr absl::Duration kWeek = absl::Hours(168);

// The kinds of what a closure waits for, as every read tells them alike.
std::vector<int> KindsOf(RunningServer& server, Owner& owner) {
  const auto kinds = [](const v1::Closure& closure) {
    std::vector<int> result;
    for (const v1::Wait& wait : closure.waits()) result.push_back(wait.kind());
    return result;
  };
  WaitUntilQuiet(server, owner.name());
  owner.Refresh();
  const std::vector<int> got = kinds(owner.closure());
  v1::ListClosuresRequest list;
  list.set_parent("accounts/" + owner.account_id());
  CHECK(kinds(Send(server, owner.actor(), list).As<v1::ListClosuresResponse>().closures(0)) == got);
  v1::WatchClosureRequest watch;
  watch.set_name(owner.name());
  const auto context = RunningServer::As(owner.actor());
  const auto reader = server.closures().WatchClosure(context.get(), watch);
  v1::WatchClosureResponse first;
  REQUIRE(reader->Read(&first));
  CHECK(kinds(first.closure()) == got);
  context->TryCancel();
  reader->Finish();
  return got;
}

struct Silent {
  RunningServer server;
  Owner owner{server, kAccount};

  Silent() {
    server.Load(CloudFileOf(kAccount));
    owner.GoToSilentPeriod();
  }
  std::vector<int> Kinds() { return KindsOf(server, owner); }
  void Hold() {
    auto request = RequestOn<v1::HoldClosureRequest>(owner.name());
    request.set_reason("a court order");
    REQUIRE(Send(server, kAnn, request).ok());
  }
  void Release() {
    auto request = RequestOn<v1::ReleaseHoldRequest>(owner.name());
    request.set_reason("the order was lifted");
    REQUIRE(Send(server, kAnn, request).ok());
  }
};

TEST_CASE("a silent period that could be over tells of the hold it waits for, and its etag stays", "[R61][D16]") {
  Silent silent;
  silent.Hold();
  // Nothing is due yet, so nothing waits.
  CHECK(silent.Kinds().empty());
  const std::string etag = silent.owner.closure().etag();
  silent.server.clock().Advance(kWeek);
  REQUIRE(silent.Kinds() == std::vector<int>{v1::Wait::HOLD});
  const v1::Wait& wait = silent.owner.closure().waits(0);
  CHECK(FromProto(wait.start_time()) == silent.server.clock().Now());
  CHECK_FALSE(wait.has_end_time());
  CHECK_THAT(wait.detail(), Catch::Contains("a court order"));
  CHECK(silent.owner.closure().etag() == etag);
  silent.Release();
  silent.owner.WaitFor({v1::Closure::CLOSED});
  CHECK(silent.Kinds().empty());
}

TEST_CASE("a pause is told without the operator's own words", "[R61]") {
  Silent silent;
  REQUIRE(Send(silent.server, kAnn, OperatorRequest<v1::PauseIrreversibleRequest>()).ok());
  CHECK(silent.Kinds().empty());
  silent.server.clock().Advance(kWeek);
  REQUIRE(silent.Kinds() == std::vector<int>{v1::Wait::PAUSE});
  const std::string detail = silent.owner.closure().waits(0).detail();
  CHECK_THAT(detail,
             Catch::Contains("paused irreversible work") && !Catch::Contains("a test") && !Catch::Contains("ann"));
  // A hold that comes on top is told by the next read.
  silent.server.clock().Advance(absl::Hours(1));
  silent.Hold();
  REQUIRE(silent.Kinds() == std::vector<int>{v1::Wait::HOLD, v1::Wait::PAUSE});
  CHECK(FromProto(silent.owner.closure().waits(0).start_time()) == silent.server.clock().Now());
  CHECK(FromProto(silent.owner.closure().waits(1).start_time()) == silent.server.clock().Now() - absl::Hours(1));
  silent.Release();
  CHECK(silent.Kinds() == std::vector<int>{v1::Wait::PAUSE});
  REQUIRE(Send(silent.server, kAnn, OperatorRequest<v1::ResumeIrreversibleRequest>()).ok());
  silent.owner.WaitFor({v1::Closure::CLOSED});
}

TEST_CASE("releases and deletions that are paused say so, and what was only placed does not", "[R61]") {
  RunningServer server;
  EveryState states(server);
  REQUIRE(Send(server, kAnn, OperatorRequest<v1::PauseIrreversibleRequest>()).ok());
  for (const v1::Closure::State state : {v1::Closure::DISCARDING, v1::Closure::DELETING}) {
    INFO(v1::Closure::State_Name(state));
    states.LetGo(state);
    CHECK(KindsOf(server, states.In(state)) == std::vector<int>{v1::Wait::PAUSE});
  }
  for (const v1::Closure::State state : {v1::Closure::READY, v1::Closure::BLOCKED, v1::Closure::SILENT_PERIOD}) {
    INFO(v1::Closure::State_Name(state));
    CHECK(KindsOf(server, states.In(state)).empty());
  }
}

TEST_CASE("a final check that was clean and is held says so", "[R61][R66]") {
  Silent silent;
  silent.server.SetFault("BillingService/SealBilling", sandbox::v1::SetFaultRequest::UNAVAILABLE_BEFORE);
  silent.server.clock().Advance(kWeek);
  silent.owner.WaitFor({v1::Closure::FINAL_CHECK});
  silent.Hold();
  silent.server.SetFault("BillingService/SealBilling", sandbox::v1::SetFaultRequest::FAULT_UNSPECIFIED);
  WaitUntilQuiet(silent.server, silent.owner.name());
  RetryTasks(silent.server, silent.owner.name());
  CHECK(silent.Kinds() == std::vector<int>{v1::Wait::HOLD});
}

TEST_CASE("a silent period that the breaker keeps waiting says so", "[D14][R61]") {
  RunningServer server({.configure = [](config::v1::ServerConfig& config) {
    config.mutable_breaker()->set_deletions_per_hour_min(1);
    config.mutable_breaker()->set_deletions_per_hour_permille(0);
  }});
  server.Load(CloudFileOf(kAccount));
  server.Load(CloudFileOf("waits-2"));
  Owner one(server, kAccount);
  Owner two(server, "waits-2");
  one.GoToSilentPeriod();
  two.GoToSilentPeriod();
  server.clock().Advance(kWeek);
  const std::vector<int> first = KindsOf(server, one);
  const std::vector<int> second = KindsOf(server, two);
  const std::vector<int> waits = {v1::Wait::BREAKER};
  CHECK(first.size() + second.size() == 1);
  CHECK((first == waits || second == waits));
  const Owner& waiting = first.empty() ? two : one;
  CHECK_THAT(waiting.closure().waits(0).detail(), Catch::Contains("two operators"));
}

TEST_CASE("a silent period tells of clocks that disagree, and then of the time that is still missing", "[R18][R61]") {
  Silent silent;
  silent.server.clock().JumpWall(365 * absl::Hours(24));
  REQUIRE(silent.Kinds() == std::vector<int>{v1::Wait::CLOCK_JUMP});
  CHECK_THAT(silent.owner.closure().waits(0).detail(), Catch::Contains("clocks disagree"));
  REQUIRE(Send(silent.server, kAnn, OperatorRequest<v1::AcknowledgeClockJumpRequest>()).ok());
  REQUIRE(silent.Kinds() == std::vector<int>{v1::Wait::TRUSTED_TIME});
  const v1::Wait wait = silent.owner.closure().waits(0);
  CHECK(FromProto(wait.start_time()) == FromProto(silent.owner.closure().silent_period_end_time()));
  CHECK(FromProto(wait.end_time()) == silent.server.clock().Now() + kWeek);
  silent.server.clock().Advance(FromProto(wait.end_time()) - silent.server.clock().Now());
  silent.owner.WaitFor({v1::Closure::CLOSED});
}

TEST_CASE("who watches hears when a step begins to wait and when it goes on", "[watch][R61]") {
  Silent silent;
  REQUIRE(Send(silent.server, kAnn, OperatorRequest<v1::PauseIrreversibleRequest>()).ok());
  v1::WatchClosureRequest request;
  request.set_name(silent.owner.name());
  const auto context = RunningServer::As(silent.owner.actor());
  const auto reader = silent.server.closures().WatchClosure(context.get(), request);
  v1::WatchClosureResponse response;
  REQUIRE(reader->Read(&response));
  CHECK(response.closure().waits().empty());
  silent.server.clock().Advance(kWeek);
  while (response.closure().waits().empty()) REQUIRE(reader->Read(&response));
  CHECK(response.closure().waits(0).kind() == v1::Wait::PAUSE);
  CHECK(response.closure().state() == v1::Closure::SILENT_PERIOD);
  REQUIRE(Send(silent.server, kAnn, OperatorRequest<v1::ResumeIrreversibleRequest>()).ok());
  while (!response.closure().waits().empty()) REQUIRE(reader->Read(&response));
  context->TryCancel();
  reader->Finish();
}

}  // namespace
}  // namespace closure
