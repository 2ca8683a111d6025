// SPDX-License-Identifier: Apache-2.0
// The next commands that people are given: they fit the one who acts, and they can be run.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/client/fake_server.h"
#include "tests/client/run_closurectl.h"

namespace closure {
namespace {

using Catch::Contains;
using nlohmann::json;
using v1::Closure;

Outcome On(const FakeServer& server, std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"--server", server.address()});
  return RunClosurectl(arguments);
}

Outcome AsOperator(const FakeServer& server, std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"--as", "operator:ann"});
  return On(server, std::move(arguments));
}

v1::Task MakeTask(const std::string& name, v1::Task::Kind kind, int64_t seconds_from_now, int attempts) {
  v1::Task task;
  task.set_name(name);
  task.set_kind(kind);
  task.mutable_due_time()->set_seconds(kCreateSeconds + seconds_from_now);
  task.set_attempts(attempts);
  return task;
}

}  // namespace

TEST_CASE("an operator's command without an identity asks for an operator's") {
  const Outcome outcome = RunClosurectl({"operator", "status"});
  CHECK(outcome.code == 2);
  CHECK_THAT(outcome.err, Contains("next: Add --as operator:NAME") && !Contains("root:") && !Contains("ram:"));
}

TEST_CASE("the next commands of an operator carry the identity, wherever it came from") {
  FakeServer server;
  server.FailNext("RetryTask", RichError(grpc::StatusCode::NOT_FOUND, "gone", "TASK_NOT_FOUND"));
  const std::string program = "closurectl --server " + server.address() + " --as operator:ann ";
  CHECK_THAT(AsOperator(server, {"operator", "retry", "9", "--reason", "x"}).err,
             Contains(program + "operator tasks\n"));
  const Outcome variable = RunClosurectl({"operator", "pause", "--reason", "x", "--server", server.address()},
                                         {.variables = {{"CLOSURE_AS", "operator:ann"}}});
  CHECK_THAT(variable.err, Contains(program + "operator resume --reason TEXT\n"));
}

TEST_CASE("an operator reads an operator's next steps, in every state", "[R61]") {
  FakeServer server;
  for (const Closure::State state : {Closure::IDENTITY_PENDING, Closure::BLOCKED, Closure::READY}) {
    server.SetClosure(MakeClosure(state));
    const std::string out = AsOperator(server, {"status", kAccount}).out;
    CHECK_THAT(out, Contains("operator hold " + std::string(kClosureName) + " --reason TEXT") && Contains(" record "));
    CHECK_THAT(out, Contains("operator tasks --closure " + std::string(kClosureName) + " --all"));
    CHECK_THAT(out, !Contains(" verify acc") && !Contains(" discard acc") && !Contains(" recheck ") &&
                        !Contains(" confirm acc"));
    CHECK_THAT(out, Contains("the owner: "));
  }
  Closure held = MakeClosure(Closure::READY);
  held.mutable_hold()->set_reason("court order");
  server.SetClosure(held);
  CHECK_THAT(AsOperator(server, {"status", kAccount}).out,
             Contains("operator release ") && !Contains("operator hold "));
  CHECK_THAT(AsOperator(server, {"items", kAccount}).err, Contains("operator release "));
}

TEST_CASE("an operator is sent neither to start a closure nor to become the owner") {
  FakeServer server;
  const Outcome none = AsOperator(server, {"operator", "tasks", "--closure", kAccount});
  CHECK(none.code == 5);
  CHECK_THAT(none.err, Contains(" list -\n") && !Contains("start"));
  server.FailNext("CreateClosure", RichError(grpc::StatusCode::PERMISSION_DENIED, "no", "ROOT_IDENTITY_REQUIRED"));
  CHECK_THAT(AsOperator(server, {"start", kAccount, "--via", "email"}).err,
             Contains("Only the owner does this.") && Contains(" --as operator:ann status 1000000001\n"));
}

TEST_CASE("items does not lead to items again", "[R50][R52]") {
  FakeServer server;
  Closure blocked = MakeClosure(Closure::BLOCKED);
  blocked.mutable_item_counts()->set_must_handle(1);
  blocked.mutable_item_counts()->set_renounceable(1);
  server.SetClosure(blocked);
  const Outcome outcome = On(server, {"items", kAccount});
  CHECK_THAT(outcome.err, Contains("handle 1 item(s) by hand") && Contains(" discard ") && Contains(" recheck "));
  CHECK_THAT(outcome.err, !Contains(" items " + std::string(kClosureName)));
}

TEST_CASE("after settling, the next command fits the account") {
  FakeServer server;
  CHECK_THAT(On(server, {"sandbox", "settle", kAccount}).err, Contains("1 thing(s) settled") && Contains(" preview "));
  CHECK_THAT(On(server, {"sandbox", "settle", "7"}).err,
             Contains("There was nothing to settle.") && !Contains("recheck"));
  Closure blocked = MakeClosure(Closure::BLOCKED);
  blocked.add_allowed_actions(Closure::RECHECK);
  server.SetClosure(blocked);
  CHECK_THAT(On(server, {"sandbox", "settle", kAccount}).err, Contains(" recheck 1000000001\n"));
  server.SetClosure(MakeClosure(Closure::SILENT_PERIOD));
  CHECK_THAT(On(server, {"sandbox", "settle", kAccount}).err, Contains(" status 1000000001\n"));
}

TEST_CASE("after a bill, the next command fits the account") {
  FakeServer server;
  CHECK_THAT(On(server, {"sandbox", "bill", kAccount, "1", "USD"}).err,
             Contains("The bill arrived. Next:\n") && Contains(" preview 1000000001\n"));
  Closure ready = MakeClosure(Closure::READY);
  ready.add_allowed_actions(Closure::RECHECK);
  server.SetClosure(ready);
  CHECK_THAT(On(server, {"sandbox", "bill", kAccount, "1", "USD"}).err, Contains(" recheck 1000000001\n"));
  // An operator does not scan.
  CHECK_THAT(AsOperator(server, {"sandbox", "bill", kAccount, "1", "USD"}).err,
             Contains(" --as operator:ann status 1000000001\n"));
  CHECK(On(server, {"sandbox", "bill", kAccount, "1", "USD", "-o", "json"}).err.empty());
}

TEST_CASE("after the clock was moved, the next command shows what became of the closures") {
  FakeServer server;
  CHECK_THAT(On(server, {"sandbox", "advance", "7d"}).err, Contains("by 7d. Next:\n") && Contains(" status ACCOUNT\n"));
  CHECK_THAT(On(server, {"sandbox", "advance", "7d", "--as", "root:7"}).err, Contains(" --as root:7 status 7\n"));
  CHECK_THAT(AsOperator(server, {"sandbox", "advance", "7d"}).err, Contains(" --as operator:ann list -\n"));
}

TEST_CASE("a fault that is set says how it is removed, and one that is removed where to look") {
  FakeServer server;
  const std::string method = "closure.upstream.v1.BillingService/SealBilling";
  CHECK_THAT(On(server, {"sandbox", "fault", "BillingService/SealBilling", "hang", "--calls", "2"}).err,
             Contains("HANG for 2 call(s). To remove it:\n") && Contains(" sandbox fault " + method + " none\n"));
  CHECK_THAT(On(server, {"sandbox", "fault", method, "none"}).err,
             Contains("the fault is removed. Next:\n") && Contains(" status ACCOUNT\n"));
}

TEST_CASE("a second pause or hold says what it replaces") {
  FakeServer server;
  CHECK_THAT(AsOperator(server, {"operator", "pause", "--reason", "first"}).err,
             Contains("Irreversible work is paused.") && !Contains("already"));
  CHECK_THAT(AsOperator(server, {"operator", "pause", "--reason", "second"}).err,
             Contains("It was paused already, since") && Contains(": first.\nThat pause is replaced by yours"));
  Closure held = MakeClosure(Closure::READY);
  held.mutable_hold()->set_operator_("operator:bob");
  held.mutable_hold()->set_reason("court order");
  server.SetClosure(held);
  CHECK_THAT(AsOperator(server, {"operator", "hold", kAccount, "--reason", "second"}).err,
             Contains("It was held already, since") && Contains("by operator:bob: court order"));
}

TEST_CASE("tasks that are merely scheduled are counted, and listed when asked for") {
  FakeServer server;
  server.SetTasks({MakeTask("tasks/1", v1::Task::SCAN, -5, 0), MakeTask("tasks/2", v1::Task::NOTICE, 60, 3),
                   MakeTask("tasks/3", v1::Task::FORGET_REQUESTS, 30 * 86'400, 0)});
  const Outcome urgent = AsOperator(server, {"operator", "tasks"});
  CHECK_THAT(urgent.out, Contains("tasks/1") && Contains("tasks/2") && !Contains("tasks/3"));
  CHECK_THAT(urgent.err, Contains("1 task(s) are scheduled for later") && Contains("operator retry TASK"));
  CHECK_THAT(AsOperator(server, {"operator", "tasks", "--all"}).out, Contains("tasks/3"));
  CHECK(json::parse(AsOperator(server, {"operator", "tasks", "-o", "json"}).out).at("tasks").size() == 3);
  server.SetTasks({MakeTask("tasks/3", v1::Task::FORGET_REQUESTS, 30 * 86'400, 0)});
  CHECK_THAT(AsOperator(server, {"operator", "tasks"}).err, !Contains("retry"));
  server.SetTasks({});
  CHECK_THAT(AsOperator(server, {"operator", "tasks"}).err, Contains("Nothing is due, failing or parked."));
}

TEST_CASE("the answers of resend, retry, breaker-release and ack-clock are JSON of their resource") {
  FakeServer server;
  server.SetClosure(MakeClosure(Closure::IDENTITY_PENDING));
  const auto data = [](const Outcome& outcome) {
    CHECK(outcome.code == 0);
    CHECK(outcome.err.empty());
    return json::parse(outcome.out);
  };
  const json resent = data(On(server, {"resend", kAccount, "-o", "json"}));
  CHECK(resent.at("name") == kClosureName);
  CHECK(resent.at("state") == "IDENTITY_PENDING");
  const json retried = data(AsOperator(server, {"operator", "retry", "42", "--reason", "x", "-o", "json"}));
  CHECK(retried.at("name") == "tasks/42");
  CHECK(retried.at("attempts") == 0);
  for (const char* command : {"breaker-release", "ack-clock"}) {
    CAPTURE(command);
    const json system = data(AsOperator(server, {"operator", command, "--reason", "x", "-o", "json"}));
    CHECK(system.at("version") == "0.1.0");
    CHECK(system.at("tasksStuck") == "0");
  }
  CHECK(server.Requests<v1::ReleaseBreakerRequest>("ReleaseBreaker")[0].reason() == "x");
  CHECK(server.Requests<v1::AcknowledgeClockJumpRequest>("AcknowledgeClockJump")[0].reason() == "x");
}

TEST_CASE("that nothing is stuck does not hide what fails or is parked", "[operators]") {
  FakeServer server;
  v1::Task parked = MakeTask("tasks/2", v1::Task::SCAN, 0, 0);
  parked.set_parked(v1::Task::PAUSE);
  server.SetTasks({MakeTask("tasks/1", v1::Task::SCAN, 60, 3), parked});
  CHECK_THAT(AsOperator(server, {"operator", "tasks", "--stuck"}).err,
             Contains("Nothing is stuck; 1 failing, 1 parked:\n  closurectl ") && Contains(" operator tasks\n"));
  server.SetTasks({});
  CHECK_THAT(AsOperator(server, {"operator", "tasks", "--stuck"}).err,
             Contains("Nothing is stuck; 0 failing, 0 parked."));
}

}  // namespace closure
