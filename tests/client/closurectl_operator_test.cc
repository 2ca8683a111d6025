// SPDX-License-Identifier: Apache-2.0
// The commands of operators, and those that play the world around `closured dev`.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
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
  v1::Task stuck;
  stuck.set_name("tasks/42");
  stuck.set_stuck(true);
  server.SetTasks({stuck});
  CHECK_THAT(AsOperator(server, {"operator", "tasks", "--stuck"}).out, Contains("tasks/42"));
  CHECK(server.Requests<v1::ListTasksRequest>("ListTasks")[0].stuck_only());
  CHECK(AsOperator(server, {"operator", "retry", "42", "--reason", "upstream is back"}).code == 0);
  CHECK(server.Requests<v1::RetryTaskRequest>("RetryTask")[0].name() == "tasks/42");
}

TEST_CASE("a retry of a task that goes on waiting says so and names what ends the wait") {
  FakeServer server;
  for (const auto& [parked, command] : std::vector<std::pair<v1::Task::Parked, std::string>>{
           {v1::Task::PAUSE, "operator resume --reason TEXT"},
           {v1::Task::BREAKER, "operator breaker-release --reason TEXT"},
           {v1::Task::CLOCK_JUMP, "operator status"},
           {v1::Task::HOLD, "operator release " + std::string(kClosureName) + " --reason TEXT"}}) {
    v1::Task task;
    task.set_name("tasks/42");
    task.set_closure(kClosureName);
    task.set_kind(v1::Task::SILENT_PERIOD_END);
    task.set_parked(parked);
    server.SetTasks({task});
    const Outcome outcome = AsOperator(server, {"operator", "retry", "42", "--reason", "r"});
    CHECK(outcome.code == 0);
    CHECK_THAT(outcome.err,
               Contains("goes on waiting") && Contains(" --as operator:ann " + command) && !Contains("is due now"));
  }
  v1::Task timer;
  timer.set_name("tasks/42");
  timer.set_kind(v1::Task::EXPIRY);
  server.SetTasks({timer});
  CHECK_THAT(AsOperator(server, {"operator", "retry", "42", "--reason", "r"}).err,
             Contains("does not go off before its time") && !Contains("is due now"));
  server.SetTasks({});
  CHECK_THAT(AsOperator(server, {"operator", "retry", "42", "--reason", "r"}).err, Contains("The task is due now."));
}

TEST_CASE("an approval says whether the breaker is released, and who has to approve next", "[D14]") {
  FakeServer server;
  v1::SystemStatus open;
  open.mutable_breaker()->add_approvals("operator:ann");
  server.SetSystem(open);
  const Outcome first = AsOperator(server, {"operator", "breaker-release", "--reason", "r"});
  CHECK_THAT(first.err, Contains("stays open until another operator approves") &&
                            Contains(" --as operator:OTHER operator breaker-release --reason TEXT") &&
                            Contains("--server " + server.address()) && !Contains("operator:ann --as"));
  server.SetSystem({});
  const Outcome second = AsOperator(server, {"operator", "breaker-release", "--reason", "r"});
  CHECK_THAT(second.err, Contains("The breaker is released.") && Contains("where more wait, it opens again") &&
                             !Contains("is recorded"));
}

TEST_CASE("an acknowledgement says when the clock moved once more, and what is to be done about that", "[R18]") {
  FakeServer server;
  v1::SystemStatus settled;
  settled.mutable_server_time()->set_seconds(1'782'896'400);
  server.SetSystem(settled);
  CHECK_THAT(AsOperator(server, {"operator", "ack-clock", "--reason", "r"}).err,
             Contains("acknowledged: the server's clock counts, which shows 2026-07-01") && !Contains("once more"));
  v1::SystemStatus again;
  again.mutable_clock_jump()->set_reason("a year back");
  again.mutable_clock_jump()->mutable_create_time()->set_seconds(1'782'896'400);
  again.mutable_clock_jump()->mutable_create_time()->set_nanos(123'456'000);
  server.SetSystem(again);
  CHECK_THAT(AsOperator(server, {"operator", "ack-clock", "--reason", "r"}).err,
             Contains("the clock moved once more") && Contains("another acknowledgement: a year back") &&
                 Contains(" --as operator:ann operator ack-clock --seen 2026-07-01T09:00:00.123456Z --reason TEXT"));
}

TEST_CASE("an acknowledgement names the jump that was looked at, where it is told", "[R18]") {
  FakeServer server;
  for (const char* const unclear : {"yesterday", ""}) {
    const Outcome refused = AsOperator(server, {"operator", "ack-clock", "--seen", unclear, "--reason", "r"});
    CHECK(refused.code == 2);
    CHECK_THAT(refused.err, Contains(absl::StrCat("--seen: \"", unclear, "\"")) && Contains("operator status"));
  }
  CHECK(AsOperator(server, {"operator", "ack-clock", "--seen", "2026-07-01T09:00:00.123456Z", "--reason", "r"}).code ==
        0);
  CHECK(server.Requests<v1::AcknowledgeClockJumpRequest>("AcknowledgeClockJump")[0].jump_create_time().nanos() ==
        123'456'000);
  CHECK(AsOperator(server, {"operator", "ack-clock", "--reason", "r"}).code == 0);
  CHECK_FALSE(server.Requests<v1::AcknowledgeClockJumpRequest>("AcknowledgeClockJump")[1].has_jump_create_time());
}

TEST_CASE("the system's status counts what is parked and names what ends each halt", "[operators]") {
  FakeServer server;
  const Outcome calm = AsOperator(server, {"operator", "status"});
  CHECK_THAT(calm.out, Contains("0 due, 0 parked, 0 stuck"));
  CHECK_THAT(calm.err, !Contains("Next"));
  v1::SystemStatus status;
  status.mutable_pause()->set_reason("incident");
  status.mutable_breaker()->set_reason("too many");
  status.mutable_clock_jump()->set_reason("a year ahead");
  status.set_tasks_parked(3);
  status.set_tasks_stuck(2);
  server.SetSystem(status);
  const Outcome outcome = AsOperator(server, {"operator", "status"});
  CHECK_THAT(outcome.out, Contains("3 parked, 2 stuck"));
  for (const char* command :
       {"operator resume --reason TEXT", "operator breaker-release --reason TEXT",
        "operator ack-clock --seen 1970-01-01T00:00:00Z --reason TEXT", "operator tasks --stuck", "operator tasks\n"}) {
    CHECK_THAT(outcome.err, Contains(std::string(" --as operator:ann ") + command));
  }
  CHECK_THAT(AsOperator(server, {"operator", "pause", "--reason", "r"}).err,
             Contains("Irreversible work is paused.") || Contains("It was paused already"));
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
  const json both = json::parse(AsOperator(server, {"server", "status", "-o", "json"}).out);
  CHECK(both.at("status") == "SERVING");
  CHECK(both.at("version") == "0.1.0");
  CHECK_THAT(AsOperator(server, {"operator", "status"}).out, Contains("BREAKER_OPEN"));
}

TEST_CASE("a folder in place of a cloud file is refused") {
  const Outcome outcome = RunClosurectl({"sandbox", "load", CLOSURE_SOURCE_DIR});
  CHECK(outcome.code == 2);
  CHECK_THAT(outcome.err, Contains("is a folder, not a file"));
}

TEST_CASE("what names no task is refused before any call") {
  FakeServer server;
  const Outcome outcome = AsOperator(server, {"operator", "retry", "abc", "--reason", "x"});
  CHECK(outcome.code == 2);
  CHECK_THAT(outcome.err, Contains("\"abc\" names no task: write tasks/42 or 42"));
  CHECK(server.Calls("RetryTask") == 0);
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

TEST_CASE("a fault for no call is refused") {
  FakeServer server;
  CHECK(On(server, {"sandbox", "fault", "BillingService/SealBilling", "hang", "--calls", "0"}).code == 2);
  CHECK(server.Calls("SetFault") == 0);
}

}  // namespace closure
