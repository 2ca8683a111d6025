// SPDX-License-Identifier: Apache-2.0
// The commands of operators, and those that play the world around `closured dev`.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/client/fake_server.h"
#include "tests/client/run_closurectl.h"

namespace closure {
namespace {

using Catch::Contains;
using nlohmann::json;

Outcome On(const FakeServer& server, std::vector<std::string> arguments, const Terminal& terminal = {}) {
  arguments.insert(arguments.end(), {"--server", server.address()});
  return RunClosurectl(arguments, terminal);
}

Outcome AsOperator(const FakeServer& server, std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"--as", "operator:ann"});
  return On(server, std::move(arguments));
}

}  // namespace

TEST_CASE("an operator's command needs an operator's identity and a reason") {
  FakeServer server;
  const Outcome nobody = On(server, {"operator", "pause", "--reason", "incident"});
  CHECK(nobody.code == 2);
  CHECK_THAT(nobody.err, Contains("--as operator:NAME"));
  CHECK(AsOperator(server, {"operator", "pause"}).code == 2);
  CHECK(server.Calls("PauseIrreversible") == 0);
  CHECK(AsOperator(server, {"operator", "pause", "--reason", "incident"}).code == 0);
  CHECK(server.LastActor() == "operator:ann");
  CHECK(server.Requests<v1::PauseIrreversibleRequest>("PauseIrreversible")[0].reason() == "incident");
}

TEST_CASE("tasks are listed and retried by name") {
  FakeServer server;
  CHECK_THAT(AsOperator(server, {"operator", "tasks", "--stuck"}).out, Contains("tasks/42"));
  CHECK(server.Requests<v1::ListTasksRequest>("ListTasks")[0].stuck_only());
  CHECK(AsOperator(server, {"operator", "retry", "42", "--reason", "upstream is back"}).code == 0);
  CHECK(server.Requests<v1::RetryTaskRequest>("RetryTask")[0].name() == "tasks/42");
}

TEST_CASE("a hold names its closure by the account") {
  FakeServer server;
  server.SetClosure(MakeClosure(v1::Closure::READY));
  const Outcome held = AsOperator(server, {"operator", "hold", kAccount, "--reason", "court order"});
  CHECK(held.code == 0);
  CHECK_THAT(held.err, Contains(" --as operator:ann operator release " + std::string(kClosureName) + " --reason TEXT"));
  CHECK(server.Requests<v1::HoldClosureRequest>("HoldClosure")[0].name() == kClosureName);
}

TEST_CASE("server status asks for health, and as an operator for the system") {
  FakeServer server;
  const Outcome health = On(server, {"server", "status"});
  CHECK(health.code == 0);
  CHECK_THAT(health.out, Contains("SERVING"));
  CHECK(json::parse(On(server, {"server", "status", "-o", "json"}).out).at("status") == "SERVING");
  CHECK_THAT(AsOperator(server, {"server", "status"}).out, Contains("0.1.0"));
  CHECK_THAT(AsOperator(server, {"operator", "status"}).out, Contains("BREAKER_OPEN"));
}

TEST_CASE("a cloud file is read and its unknown keys are refused") {
  FakeServer server;
  const Outcome loaded =
      On(server, {"sandbox", "load", "-"}, {.input = R"({"accounts": [{"accountId": "7", "description": "empty"}]})"});
  CHECK(loaded.code == 0);
  CHECK_THAT(loaded.out, Contains("7") && Contains("empty"));
  CHECK_THAT(loaded.err, Contains("preview 7"));
  const Outcome refused = On(server, {"sandbox", "load", "-"}, {.input = R"({"acounts": []})"});
  CHECK(refused.code == 2);
  CHECK_THAT(refused.err, Contains("did you mean \"accounts\"?") && Contains("next: Correct what is named"));
  const Outcome broken = On(server, {"sandbox", "load", "-"}, {.input = "{\n  \"accounts\": [] \"x\"\n}"});
  CHECK_THAT(broken.err, Contains("line 2, column 18") && !Contains("\\x0a"));
  CHECK_THAT(refused.err, Contains("acounts"));
  CHECK(server.Calls("LoadCloud") == 1);
}

TEST_CASE("a bill's amount is an exact decimal", "[R26]") {
  FakeServer server;
  CHECK(On(server, {"sandbox", "bill", kAccount, "1000.01", "USD"}).code == 0);
  const auto request = server.Requests<sandbox::v1::IssueBillRequest>("IssueBill")[0];
  CHECK(request.amount().units() == 1000);
  CHECK(request.amount().nanos() == 10'000'000);
}

TEST_CASE("the clock is moved by a duration") {
  FakeServer server;
  CHECK_THAT(On(server, {"sandbox", "advance", "1d12h"}).out, Contains("2026-01-02T12:00:00Z"));
  CHECK(server.Requests<sandbox::v1::AdvanceClockRequest>("AdvanceClock")[0].duration().seconds() == 36 * 3600);
  const Outcome nothing = On(server, {"sandbox", "advance", "0s"});
  CHECK(nothing.code == 2);
  CHECK_THAT(nothing.err, Contains("must be above zero"));
  CHECK(server.Calls("AdvanceClock") == 1);
}

TEST_CASE("a fault names its method with or without the package") {
  FakeServer server;
  CHECK(On(server, {"sandbox", "fault", "BillingService/SealBilling", "hang", "--calls", "2", "--account", "7"}).code ==
        0);
  const Outcome removed = On(server, {"sandbox", "fault", "closure.upstream.v1.BillingService/SealBilling", "none"});
  CHECK(removed.code == 0);
  CHECK_THAT(removed.err, Contains("SealBilling: the fault is removed."));
  const auto requests = server.Requests<sandbox::v1::SetFaultRequest>("SetFault");
  CHECK(requests[0].method() == "closure.upstream.v1.BillingService/SealBilling");
  CHECK(requests[0].fault() == sandbox::v1::SetFaultRequest::HANG);
  CHECK(requests[0].calls() == 2);
  CHECK(requests[0].account_id() == "7");
  CHECK(requests[1].method() == requests[0].method());
  CHECK(requests[1].fault() == sandbox::v1::SetFaultRequest::FAULT_UNSPECIFIED);
}

TEST_CASE("show, inbox and settle each make their call") {
  FakeServer server;
  server.AddInboxMessage("email", "line one\nline two\x1b", 0);
  CHECK_THAT(On(server, {"sandbox", "show", kAccount}).out, Contains("1000000001"));
  CHECK_THAT(On(server, {"sandbox", "inbox", kAccount}).out, Contains("line one\nline two\\x1b"));
  CHECK_THAT(On(server, {"sandbox", "settle", kAccount}).out, Contains("paid bill-1"));
}

TEST_CASE("a server without a sandbox is told apart from a missing one") {
  FakeServer server;
  server.FailNext("ShowAccount", grpc::Status(grpc::StatusCode::UNIMPLEMENTED, ""));
  const Outcome outcome = On(server, {"sandbox", "show", kAccount});
  CHECK(outcome.code == 1);
  CHECK_THAT(outcome.err, Contains("closured dev"));
}

}  // namespace closure
