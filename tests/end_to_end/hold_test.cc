// SPDX-License-Identifier: Apache-2.0
// Holds and pauses: nothing irreversible runs while they last, and no timer loses its time.
#include <atomic>
#include <catch2/catch.hpp>

#include "checkers/proto_time.h"
#include "fmt/format.h"
#include "tests/support/api_calls.h"
#include "tests/support/every_state.h"
#include "tests/support/scripted_checker.h"
#include "tests/support/views.h"

namespace closure {
namespace {

using grpc::StatusCode;
using State = v1::Closure::State;

constexpr char kAccount[] = "operator-1";
constexpr char kAnn[] = "operator:ann";

Reply Hold(RunningServer& server, const std::string& name, const std::string& reason = "a court order") {
  auto request = RequestOn<v1::HoldClosureRequest>(name);
  request.set_reason(reason);
  return Send(server, kAnn, request);
}

Reply Release(RunningServer& server, const std::string& name) {
  auto request = RequestOn<v1::ReleaseHoldRequest>(name);
  request.set_reason("the order was lifted");
  return Send(server, "operator:bob", request);
}

// How many acts that cannot be taken back were done on an account.
std::size_t IrreversibleActs(RunningServer& server, const std::string& account_id) {
  std::size_t count = 0;
  for (const char* method :
       {"ResourceService/ReleaseResource", "ResourceService/PurgeData", "BillingService/ForfeitBalance",
        "BillingService/VoidDebt", "AccountService/TerminateSessions", "AccountService/UnbindThirdParties",
        "AccountService/DeleteAccount"}) {
    count += ActsOf(server, account_id, method).size();
  }
  return count;
}

v1::Task::Parked ParkedReason(RunningServer& server, const std::string& name) {
  for (const v1::Task& task : TasksOf(server, name)) {
    if (task.parked() != v1::Task::PARKED_UNSPECIFIED) return task.parked();
  }
  return v1::Task::PARKED_UNSPECIFIED;
}

TEST_CASE("a hold in any state stops what cannot be taken back, and nothing is lost by it", "[D6][R11]") {
  RunningServer server;
  EveryState states(server);
  // Where a held closure comes to while everything around it works: what can be taken back goes on.
  const std::map<State, State> held_at = {{v1::Closure::CONFIRMING, v1::Closure::BLOCKED},
                                          {v1::Closure::THAWING, v1::Closure::BLOCKED},
                                          {v1::Closure::RESTORING, v1::Closure::ABORTED}};
  const std::map<State, State> released_to = {{v1::Closure::DISCARDING, v1::Closure::READY},
                                              {v1::Closure::FINAL_CHECK, v1::Closure::CLOSED},
                                              {v1::Closure::DELETING, v1::Closure::CLOSED}};
  for (const State state : EveryState::All()) {
    if (EveryState::IsEnd(state)) continue;
    INFO(v1::Closure::State_Name(state));
    Owner& owner = states.In(state);
    const v1::Closure before = owner.closure();
    const std::size_t acts = IrreversibleActs(server, owner.account_id());
    const auto held = Hold(server, owner.name()).As<v1::Closure>();
    CHECK(held.hold().operator_() == kAnn);
    CHECK(held.hold().reason() == "a court order");
    // The one scan that hangs goes on hanging.
    if (state != v1::Closure::CHECKING) {
      states.LetGo(state);
      WaitUntilQuiet(server, owner.name());
    }
    owner.Refresh();
    CHECK(owner.closure().state() == (held_at.count(state) > 0 ? held_at.at(state) : state));
    CHECK(IrreversibleActs(server, owner.account_id()) == acts);
    CHECK(owner.closure().silent_period_end_time().seconds() == before.silent_period_end_time().seconds());
    if (owner.closure().state() == state)
      CHECK(owner.closure().expire_time().seconds() == before.expire_time().seconds());
    if (EveryState::IsEnd(owner.closure().state())) continue;
    CHECK_FALSE(Release(server, owner.name()).As<v1::Closure>().has_hold());
    if (released_to.count(state) > 0) owner.WaitFor({released_to.at(state)});
    if (state != v1::Closure::CHECKING) WaitUntilQuiet(server, owner.name());
  }
}

TEST_CASE("a held closure is cleared and rechecked, but neither discarded nor confirmed", "[operators]") {
  RunningServer server;
  EveryState states(server);
  Owner& ready = states.In(v1::Closure::READY);
  Owner& blocked = states.In(v1::Closure::BLOCKED);
  for (Owner* owner : {&ready, &blocked}) {
    REQUIRE(Hold(server, owner->name()).ok());
    owner->Recheck();
    WaitUntilQuiet(server, owner->name());
  }
  const std::string before = Sight(server, ready.name()) + Sight(server, blocked.name());
  const Reply held = Send(server, ready.actor(), ready.ConfirmRequest());
  CheckRefused(held, StatusCode::FAILED_PRECONDITION, v1::CLOSURE_ON_HOLD, {ready.name(), "a court order"});
  CHECK(held.metadata()["holdReason"] == "a court order");
  const v1::DiscardItemsRequest discard = DiscardRequestFor(blocked, {OnlyItem(blocked.Items(), v1::BALANCE)});
  CheckRefused(Send(server, blocked.actor(), discard), StatusCode::FAILED_PRECONDITION, v1::CLOSURE_ON_HOLD,
               {blocked.name()});
  CHECK(Sight(server, ready.name()) + Sight(server, blocked.name()) == before);
  REQUIRE(Release(server, ready.name()).ok());
  REQUIRE(Release(server, blocked.name()).ok());
  CHECK(Send(server, ready.actor(), ready.ConfirmRequest()).ok());
  CHECK(Send(server, blocked.actor(), discard).ok());
}

TEST_CASE("holds are placed on what goes on, replaced, and released once", "[operators]") {
  RunningServer server;
  EveryState states(server);
  for (const State state : EveryState::All()) {
    INFO(v1::Closure::State_Name(state));
    Owner& owner = states.In(state);
    const std::string before = Sight(server, owner.name());
    const Reply released = Release(server, owner.name());
    CheckRefused(released, StatusCode::FAILED_PRECONDITION, v1::NOTHING_TO_RELEASE, {owner.name()});
    CHECK(released.metadata()["what"] == "HOLD");
    if (EveryState::IsEnd(state)) {
      const Reply reply = Hold(server, owner.name());
      CheckRefused(reply, StatusCode::FAILED_PRECONDITION, v1::STATE_NOT_ALLOWED,
                   {v1::Closure::State_Name(state), "hold"});
    }
    CHECK(Sight(server, owner.name()) == before);
  }
  const std::string name = states.In(v1::Closure::SILENT_PERIOD).name();
  REQUIRE(Hold(server, name).ok());
  CHECK(Hold(server, name, "another order").As<v1::Closure>().hold().reason() == "another order");
  REQUIRE(Release(server, name).ok());
  CHECK(Release(server, name).reason() == v1::NOTHING_TO_RELEASE);
}

TEST_CASE("a held silent period keeps its end and ends as soon as it is released", "[R18][D16]") {
  RunningServer server;
  server.Load(CloudFileOf(kAccount));
  Owner owner(server, kAccount);
  owner.GoToSilentPeriod();
  const absl::Time end = FromProto(owner.closure().silent_period_end_time());
  REQUIRE(Hold(server, owner.name()).ok());
  server.clock().Advance(absl::Hours(200));
  WaitUntilQuiet(server, owner.name());
  owner.Refresh();
  CHECK(owner.closure().state() == v1::Closure::SILENT_PERIOD);
  CHECK(FromProto(owner.closure().silent_period_end_time()) == end);
  CHECK(ParkedReason(server, owner.name()) == v1::Task::HOLD);
  server.Restart();
  REQUIRE(Release(server, owner.name()).ok());
  owner.WaitFor({v1::Closure::CLOSED});
}

TEST_CASE("what is done on entering the silent period waits for a hold, and the end waits for it", "[R57][R59][D15]") {
  RunningServer server;
  server.Load(CloudFileOf(kAccount, R"("sessions": [{"sessionId": "s-1", "identity": "root"}])"));
  server.SetFault("AccountService/TerminateSessions", sandbox::v1::SetFaultRequest::UNAVAILABLE_BEFORE);
  Owner owner(server, kAccount);
  owner.GoToScanResult();
  owner.Confirm();
  owner.WaitFor({v1::Closure::SILENT_PERIOD});
  WaitUntilQuiet(server, owner.name());
  REQUIRE(Hold(server, owner.name()).ok());
  server.SetFault("AccountService/TerminateSessions", sandbox::v1::SetFaultRequest::FAULT_UNSPECIFIED);
  server.clock().Advance(absl::Hours(200));
  WaitUntilQuiet(server, owner.name());
  CHECK(ParkedReason(server, owner.name()) == v1::Task::HOLD);
  CHECK(server.Show(kAccount).account().sessions_size() == 1);
  CHECK(server.Show(kAccount).service_linked_roles().empty());
  REQUIRE(Release(server, owner.name()).ok());
  owner.WaitFor({v1::Closure::CLOSED});
}

TEST_CASE("a hold that is released early leaves the end where it was", "[R18]") {
  RunningServer server;
  server.Load(CloudFileOf(kAccount));
  Owner owner(server, kAccount);
  owner.GoToSilentPeriod();
  REQUIRE(Hold(server, owner.name()).ok());
  server.clock().Advance(absl::Hours(100));
  REQUIRE(Release(server, owner.name()).ok());
  server.clock().Advance(absl::Hours(68) - absl::Seconds(1));
  WaitUntilQuiet(server, owner.name());
  owner.Refresh();
  CHECK(owner.closure().state() == v1::Closure::SILENT_PERIOD);
  server.clock().Advance(absl::Seconds(1));
  owner.WaitFor({v1::Closure::CLOSED});
}

TEST_CASE("what was clean at a held final check is checked again on release", "[R66][D10]") {
  const auto dirty = std::make_shared<std::atomic<bool>>(false);
  const auto checker = std::make_shared<ScriptedChecker>(
      "vault", [dirty](const v1::CheckRequest& request, const CallOptions&, Checker::CheckDone done) {
        CheckAnswer answer{.items = {}, .as_of = FromProto(request.check_time())};
        if (*dirty) answer.items.push_back(SoundItem("safe-1"));
        std::move(done)(std::move(answer));
      });
  RunningServer server({.extra_checkers = {checker}});
  server.Load(CloudFileOf(kAccount));
  Owner owner(server, kAccount);
  GoToStuckFinalCheck(server, owner);
  REQUIRE(Hold(server, owner.name()).ok());
  server.SetFault("BillingService/SealBilling", sandbox::v1::SetFaultRequest::FAULT_UNSPECIFIED);
  WaitUntilQuiet(server, owner.name());
  RetryTasks(server, owner.name());
  WaitUntilQuiet(server, owner.name());
  owner.Refresh();
  CHECK(owner.closure().state() == v1::Closure::FINAL_CHECK);
  CHECK(ParkedReason(server, owner.name()) == v1::Task::HOLD);
  *dirty = true;
  REQUIRE(Release(server, owner.name()).ok());
  owner.WaitFor({v1::Closure::ABORTED});
  CHECK_FALSE(server.Show(kAccount).deleted());
}

TEST_CASE("a hold that comes while the account is frozen thaws it", "[D6]") {
  RunningServer server;
  server.Load(CloudFileOf(kAccount));
  server.SetFault("DomainService/ListDomains", sandbox::v1::SetFaultRequest::FAULT_UNSPECIFIED);
  server.SetFault("BillingService/FreezeBilling", sandbox::v1::SetFaultRequest::UNAVAILABLE_AFTER);
  Owner owner(server, kAccount);
  owner.GoToScanResult();
  owner.Confirm();
  WaitUntilQuiet(server, owner.name());
  REQUIRE(server.Show(kAccount).billing_frozen());
  REQUIRE(Hold(server, owner.name()).ok());
  owner.WaitFor({v1::Closure::BLOCKED});
  CHECK(owner.closure().cause() == v1::Closure::HALTED);
  CHECK_THAT(owner.closure().cause_detail(), Catch::Contains("a court order"));
  const sandbox::v1::ShowAccountResponse shown = server.Show(kAccount);
  CHECK_FALSE(shown.billing_frozen());
  CHECK_FALSE(shown.account_frozen());
  CHECK(server.Gate(kAccount).gate_state() == v1::GATE_OPEN);
}

TEST_CASE("a pause stops irreversible work of the whole system until it is resumed", "[operators]") {
  RunningServer server;
  EveryState states(server);
  Owner& silent = states.In(v1::Closure::SILENT_PERIOD);
  Owner& deleting = states.In(v1::Closure::DELETING);
  Owner& discarding = states.In(v1::Closure::DISCARDING);
  Owner& ready = states.In(v1::Closure::READY);
  const auto paused = Send(server, kAnn, OperatorRequest<v1::PauseIrreversibleRequest>()).As<v1::SystemStatus>();
  CHECK(paused.pause().actor() == kAnn);
  CHECK(paused.pause().reason() == "a test");
  states.LetGo(v1::Closure::DELETING);
  states.LetGo(v1::Closure::DISCARDING);
  CheckRefused(Send(server, ready.actor(), ready.ConfirmRequest()), StatusCode::FAILED_PRECONDITION,
               v1::IRREVERSIBLE_PAUSED);
  for (Owner* owner : {&deleting, &discarding}) {
    WaitUntilQuiet(server, owner->name());
    CHECK(ParkedReason(server, owner->name()) == v1::Task::PAUSE);
  }
  CHECK_FALSE(server.Show(deleting.account_id()).deleted());
  CHECK(server.Show(discarding.account_id()).account().resources_size() == 1);
  // A repetition by another operator takes the pause over; a restart does not lift it.
  server.Restart();
  CHECK(Send(server, "operator:bob", OperatorRequest<v1::PauseIrreversibleRequest>())
            .As<v1::SystemStatus>()
            .pause()
            .actor() == "operator:bob");
  CHECK_FALSE(Send(server, kAnn, OperatorRequest<v1::ResumeIrreversibleRequest>()).As<v1::SystemStatus>().has_pause());
  deleting.WaitFor({v1::Closure::CLOSED});
  discarding.WaitFor({v1::Closure::READY});
  const Reply resumed = Send(server, kAnn, OperatorRequest<v1::ResumeIrreversibleRequest>());
  CheckRefused(resumed, StatusCode::FAILED_PRECONDITION, v1::NOTHING_TO_RELEASE, {"pause"});
  CHECK(resumed.metadata()["what"] == "PAUSE");
  REQUIRE(Send(server, kAnn, OperatorRequest<v1::PauseIrreversibleRequest>()).ok());
  server.clock().Advance(absl::Hours(168));
  WaitUntilQuiet(server, silent.name());
  silent.Refresh();
  CHECK(silent.closure().state() == v1::Closure::SILENT_PERIOD);
  REQUIRE(Send(server, kAnn, OperatorRequest<v1::ResumeIrreversibleRequest>()).ok());
  silent.WaitFor({v1::Closure::CLOSED});
}

TEST_CASE("a pause while the account is confirmed sends the closure back", "[D6]") {
  const auto hold = std::make_shared<QuestionHold>(kAccount);
  const auto held_at_confirm = std::make_shared<ScriptedChecker>(
      "slow", [hold](const v1::CheckRequest& request, const CallOptions& options, Checker::CheckDone done) {
        if (request.phase() == v1::CONFIRM) return hold->behaviour()(request, options, std::move(done));
        std::move(done)(CheckAnswer{.items = {}, .as_of = FromProto(request.check_time())});
      });
  RunningServer server({.extra_checkers = {held_at_confirm}});
  server.Load(CloudFileOf(kAccount));
  Owner owner(server, kAccount);
  owner.GoToScanResult();
  owner.Confirm();
  REQUIRE(hold->WaitForQuestion());
  REQUIRE(Send(server, kAnn, OperatorRequest<v1::PauseIrreversibleRequest>()).ok());
  hold->LetGo();
  owner.WaitFor({v1::Closure::BLOCKED});
  CHECK(owner.closure().cause() == v1::Closure::HALTED);
  CHECK_FALSE(server.Show(kAccount).account_frozen());
}

TEST_CASE("the status counts closures by state and tasks", "[operators]") {
  RunningServer server;
  EveryState states(server);
  const v1::SystemStatus status = StatusOf(server);
  CHECK(static_cast<std::size_t>(status.closures_size()) == EveryState::All().size());
  for (const auto& each : status.closures()) CHECK(each.count() == 1);
  CHECK(status.deletions_last_hour() == 5);
  CHECK(status.tasks_open() > 0);
  CHECK_FALSE(status.has_pause());
  CHECK_FALSE(status.has_breaker());
  CHECK_FALSE(status.has_clock_jump());
  CHECK(FromProto(status.server_time()) == server.clock().Now());
}

}  // namespace
}  // namespace closure
