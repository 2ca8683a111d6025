// SPDX-License-Identifier: Apache-2.0
// Whether what a person reads leads on: which command, in which order, and how it fits the terminal.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "client/closurectl/terminal_text.h"
#include "google/rpc/error_details.pb.h"
#include "tests/client/fake_server.h"
#include "tests/client/run_closurectl.h"

namespace closure {
namespace {

using Catch::Contains;
using v1::Closure;

Outcome On(const FakeServer& server, std::vector<std::string> arguments, const Terminal& terminal = {}) {
  arguments.insert(arguments.end(), {"--server", server.address()});
  return RunClosurectl(arguments, terminal);
}

// Without the command lines in it, which are copied whole.
size_t WidestLine(const std::string& text) {
  size_t widest = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.find("closurectl --server") == std::string::npos) widest = std::max(widest, DisplayWidth(line));
  }
  return widest;
}

Closure Scanned(Closure::State state, int number) {
  Closure closure = MakeClosure(state);
  closure.mutable_scan()->set_number(number);
  closure.mutable_scan()->mutable_end_time()->set_seconds(kCreateSeconds);
  return closure;
}

// Instances as the scan reports them: all alike but for their names.
std::vector<v1::BlockingItem> Instances(int count) {
  std::vector<v1::BlockingItem> items;
  for (int i = 1; i <= count; ++i) {
    v1::BlockingItem item = MakeItem("resources-" + std::to_string(i), v1::MUST_HANDLE);
    item.set_checker("resources");
    item.set_type("ecs/instance");
    item.set_region_code("us-east-1");
    item.set_display_name("vm-" + std::to_string(i));
    item.set_why("The instance vm-" + std::to_string(i) + " is not released.");
    item.clear_amount();
    items.push_back(item);
  }
  return items;
}

}  // namespace

TEST_CASE("watching says what to do next wherever nothing goes on without the owner") {
  FakeServer server;
  server.AddWatch({{MakeClosure(Closure::CHECKING), MakeClosure(Closure::BLOCKED), MakeClosure(Closure::BLOCKED),
                    MakeClosure(Closure::READY), MakeClosure(Closure::CANCELLED)},
                   grpc::Status::OK});
  const Outcome outcome = On(server, {"watch", kClosureName});
  CHECK_THAT(outcome.err, Contains("Next: scan again:\n") && Contains("Next: confirm the deletion:\n"));
  CHECK(outcome.err.find("scan again") == outcome.err.rfind("scan again"));
  CHECK_THAT(outcome.err, !Contains("wait for the scan"));
}

TEST_CASE("the status offers to cancel where that is possible, and to the owner only") {
  FakeServer server;
  Closure ready = MakeClosure(Closure::READY);
  server.SetClosure(ready);
  CHECK_THAT(On(server, {"status", kAccount}).out, !Contains(" cancel "));
  ready.add_allowed_actions(Closure::CANCEL_CLOSURE);
  server.SetClosure(ready);
  CHECK_THAT(On(server, {"status", kAccount}).out, Contains(std::string(" cancel ") + kClosureName + "\n"));
  CHECK_THAT(On(server, {"status", kAccount, "--as", "operator:ann"}).out, !Contains(" cancel "));
}

TEST_CASE("a code without an attempt left is used up, not accepted", "[D9]") {
  FakeServer server;
  Closure pending = MakeClosure(Closure::IDENTITY_PENDING);
  auto* challenge = pending.mutable_identity_verification()->mutable_challenges(0);
  challenge->mutable_expire_time()->set_seconds(kCreateSeconds);
  challenge->set_attempts_left(0);
  server.SetClosure(pending);
  CHECK_THAT(On(server, {"status", kAccount}).out, Contains("the code is used up") && !Contains("accepted until"));
}

TEST_CASE("a code that is not accepted any more is told as expired", "[D9]") {
  FakeServer server;
  Closure pending = MakeClosure(Closure::IDENTITY_PENDING);
  auto* challenge = pending.mutable_identity_verification()->mutable_challenges(0);
  challenge->mutable_expire_time()->set_seconds(kCreateSeconds);
  challenge->set_attempts_left(5);
  server.SetClosure(pending);
  CHECK_THAT(On(server, {"status", kAccount}).out, Contains("code accepted until 2026-01-01T00:00:00Z"));
  pending.clear_allowed_actions();
  pending.add_allowed_actions(Closure::RESEND_CODE);
  server.SetClosure(pending);
  CHECK_THAT(On(server, {"status", kAccount}).out, Contains("the code expired at 2026-01-01T00:00:00Z") &&
                                                       !Contains("accepted until") && !Contains("verify"));
}

TEST_CASE("the day's codes and a channel without a contact point are told what helps", "[D9]") {
  FakeServer server;
  const auto start = [&server](grpc::StatusCode code, const std::string& reason, const std::string& message,
                               const std::map<std::string, std::string>& metadata) {
    server.FailNext("CreateClosure", RichError(code, message, reason, {}, metadata));
    return On(server, {"start", kAccount, "--via", "sms"}).err;
  };
  CHECK_THAT(start(grpc::StatusCode::RESOURCE_EXHAUSTED, "CODE_ATTEMPTS_EXHAUSTED", "ten codes", {{"limit", "10"}}),
             Contains("24 hours") && !Contains("resend"));
  CHECK_THAT(start(grpc::StatusCode::FAILED_PRECONDITION, "CONTACT_POINT_MISSING", "no phone",
                   {{"channel", "SMS"}, {"demanded", "SMS"}}),
             Contains("--via email") && !Contains("--via sms"));
  CHECK_THAT(start(grpc::StatusCode::FAILED_PRECONDITION, "CONTACT_POINT_MISSING", "no phone",
                   {{"channel", "SMS"}, {"demanded", "EMAIL, SMS"}}),
             !Contains("--via email"));
}

TEST_CASE("an error is wrapped on a terminal, and its command stays in one line") {
  FakeServer server;
  server.SetClosure(MakeClosure(Closure::BLOCKED));
  server.FailNext("Recheck",
                  RichError(grpc::StatusCode::FAILED_PRECONDITION, std::string(30, 'x') + " " + std::string(60, 'y'),
                            "STATE_NOT_ALLOWED", {}, {{"possible", "Recheck, DiscardItems"}}));
  const Outcome outcome = On(server, {"recheck", kAccount}, {.tty = true});
  CHECK_THAT(outcome.err, Contains(std::string(30, 'x') + "\n  yyy"));
  CHECK_THAT(outcome.err, Contains("next: See what can be done now:\n  closurectl --server ") &&
                              Contains(std::string(" status ") + kClosureName + "\n"));
  CHECK_THAT(outcome.err, !Contains("DiscardItems"));
}

TEST_CASE("the guided flow shows the risk before it asks for consents", "[R53][R55]") {
  FakeServer server;
  server.SetClosure(MakeClosure(Closure::READY));
  const Outcome outcome = On(server, {"close", kAccount}, {.input = "OTHER\ny\n1000000001\n", .tty = true});
  CHECK(outcome.code == 0);
  const size_t risk = outcome.err.find("Everything in this account is lost for good.");
  CHECK(risk < outcome.err.find("may it be voided or forfeited?"));
  CHECK(outcome.err.find("may it be voided") < outcome.err.find("Type its id"));
  CHECK(outcome.err.rfind("Everything in this account") == risk);
  CHECK(server.Requests<v1::ConfirmClosureRequest>("ConfirmClosure")[0].late_settlement_consent());
}

TEST_CASE("a mistyped account id is asked for again, three times in all, and no declines at once", "[R55]") {
  for (const auto& [typed, confirmed] : std::vector<std::pair<std::string, int>>{
           {"1000000003\n100000001\n1000000001\n", 1}, {"1\n2\n3\n1000000001\n", 0}, {"no\n1000000001\n", 0}}) {
    CAPTURE(typed);
    FakeServer server;
    server.SetClosure(MakeClosure(Closure::READY));
    const Outcome outcome = On(server, {"confirm", kAccount, "--reason", "OTHER"}, {.input = typed, .tty = true});
    CHECK(outcome.code == (confirmed == 1 ? 0 : 1));
    CHECK(server.Calls("ConfirmClosure") == confirmed);
  }
}

TEST_CASE("the guided flow has the words ready for whoever interrupts it, and nothing else has") {
  FakeServer server;
  const Outcome outcome = On(server, {"close", kAccount}, {.input = "email\n", .tty = true});
  CHECK_THAT(outcome.resume_command, Catch::EndsWith(" close 1000000001"));
  CHECK(On(server, {"status", kAccount}, {.tty = true}).resume_command.empty());
}

TEST_CASE("where there is nothing to go on with, an error says no way to go on") {
  FakeServer server;
  server.FailNext("PreviewClosure", RichError(grpc::StatusCode::FAILED_PRECONDITION, "gone", "ACCOUNT_CLOSED"));
  const Outcome outcome = On(server, {"close", kAccount}, {.input = "email\n", .tty = true});
  CHECK(outcome.code == 1);
  CHECK(outcome.resume_command.empty());
  CHECK_THAT(outcome.err, Contains("gone for good") && !Contains("to go on where it stands"));
}

TEST_CASE("items says when nothing was scanned yet, and compares with the scan before only where there was one") {
  FakeServer server;
  server.SetClosure(MakeClosure(Closure::AGREEMENT_PENDING));
  CHECK_THAT(On(server, {"items", kAccount}).err, Contains("Not scanned yet") && !Contains("item(s)"));
  server.SetItems({MakeItem("billing-1", v1::MUST_HANDLE)});
  server.SetClosure(Scanned(Closure::BLOCKED, 1));
  CHECK_THAT(On(server, {"items", kAccount}).err, Contains("1 item(s), by the first scan.") && !Contains("before"));
  server.SetClosure(Scanned(Closure::BLOCKED, 2));
  CHECK_THAT(On(server, {"items", kAccount}).err, Contains("Since the scan before: 0 new"));
  Closure running = Scanned(Closure::CHECKING, 2);
  running.mutable_scan()->clear_end_time();
  server.SetClosure(running);
  CHECK_THAT(On(server, {"items", kAccount}).err, Contains("1 item(s); another scan is running."));
}

TEST_CASE("an item that was renounced asks for nothing more", "[D15]") {
  FakeServer server;
  server.SetClosure(Scanned(Closure::BLOCKED, 1));
  v1::BlockingItem renounced = MakeItem("billing-2", v1::RENOUNCEABLE);
  renounced.set_resolution(v1::BlockingItem::RENOUNCED);
  server.SetItems({renounced});
  CHECK_THAT(On(server, {"items", kAccount}).out,
             Contains("what:    nothing: it is renounced") && !Contains("settle it"));
}

TEST_CASE("a preview begins with the steps and puts what is alike together", "[R12][R49]") {
  FakeServer server;
  v1::ClosurePlan plan;
  plan.set_account(kAccountName);
  plan.add_steps()->set_instructions("Release the instances.");
  std::vector<v1::BlockingItem> items = Instances(3000);
  v1::BlockingItem elsewhere = items[0];
  elsewhere.set_region_code("eu-west-1");
  items.push_back(elsewhere);
  server.SetPlan(plan, items);
  const std::string out = On(server, {"preview", kAccount}).out;
  CHECK(std::count(out.begin(), out.end(), '\n') < 30);
  CHECK_THAT(out, Contains("3000 x MUST_HANDLE UNPAID_BILL ecs/instance in us-east-1; of the first:\n") &&
                      Contains("names:   vm-1, vm-2, vm-3, vm-4, vm-5 and 2995 more\n"));
  CHECK_THAT(out, Contains("in eu-west-1: vm-1\n"));
  CHECK(out.find("Release the instances.") < out.find("3000 x"));
  const Outcome whole = On(server, {"preview", kAccount, "-o", "json"});
  CHECK(nlohmann::json::parse(whole.out).at("items").size() == 3001);
}

TEST_CASE("what a terminal shows is as wide as it, and a row for a machine is one line") {
  FakeServer server;
  v1::ClosurePlan plan;
  plan.set_account(kAccountName);
  std::string long_text;
  for (int i = 0; i < 60; ++i) long_text += "word" + std::to_string(i) + " ";
  plan.add_steps()->set_instructions(long_text);
  plan.add_checkers()->set_detail(long_text);
  v1::BlockingItem item = MakeItem("billing-0123456789abcdef0123456789abcdef", v1::MUST_HANDLE);
  item.set_why(long_text);
  item.set_type("ecs/instance");
  item.set_display_name("the bill of May for everything");
  server.SetPlan(plan, {item});
  server.SetClosure(Scanned(Closure::BLOCKED, 1));
  server.SetItems({item});
  for (const size_t columns : {size_t{0}, size_t{80}, size_t{120}}) {
    const Terminal terminal{.tty = true, .columns = columns, .variables = {{"NO_COLOR", "1"}}};
    for (const char* command : {"preview", "items"}) {
      CAPTURE(columns, command);
      const Outcome outcome = On(server, {command, kAccount}, terminal);
      CHECK(WidestLine(outcome.out) <= (columns == 0 ? 80 : columns));
      CHECK_THAT(outcome.out, Contains("word59"));
    }
  }
  CHECK_THAT(On(server, {"preview", kAccount}).out, Contains(long_text.substr(0, long_text.size() - 1)));
}

TEST_CASE("a hint repeats the channel that was typed, and two codes are told to name theirs", "[D9]") {
  FakeServer server;
  server.SetClosure(MakeClosure(Closure::IDENTITY_PENDING));
  server.FailNext("ResendCode", RichError(grpc::StatusCode::RESOURCE_EXHAUSTED, "wait", "RESEND_TOO_SOON"));
  CHECK_THAT(On(server, {"resend", kAccount, "--via", "sms"}).err,
             Contains(std::string(" resend ") + kClosureName + " --via sms\n"));
  server.FailNext("ResendCode", RichError(grpc::StatusCode::RESOURCE_EXHAUSTED, "wait", "RESEND_TOO_SOON"));
  CHECK_THAT(On(server, {"resend", kAccount}).err, Contains(std::string(" resend ") + kClosureName + "\n"));
  google::rpc::BadRequest fields;
  fields.add_field_violations()->set_field("codes[0].channel");
  google::protobuf::Any packed;
  packed.PackFrom(fields);
  server.FailNext("VerifyIdentity", RichError(grpc::StatusCode::INVALID_ARGUMENT, "codes[0].channel: no",
                                              "FIELD_INVALID", {packed}, {{"demanded", "EMAIL"}}));
  CHECK_THAT(On(server, {"verify", kAccount, "sms:111111"}).err,
             Contains(std::string(" verify ") + kClosureName + " email:CODE\n"));
  server.FailNext("VerifyIdentity", RichError(grpc::StatusCode::INVALID_ARGUMENT, "codes[0].channel: is required",
                                              "FIELD_MISSING", {packed}));
  CHECK_THAT(On(server, {"verify", kAccount, "111111", "222222"}).err,
             Contains(std::string(" verify ") + kClosureName + " email:CODE sms:CODE\n"));
}

TEST_CASE("help is a word too") {
  CHECK_THAT(RunClosurectl({"help"}).out, Contains("Exit codes"));
  const Outcome command = RunClosurectl({"help", "operator", "hold"});
  CHECK(command.code == 0);
  CHECK(command.out == RunClosurectl({"operator", "hold", "--help"}).out);
  CHECK_THAT(RunClosurectl({"help", "clsoe"}).err, Contains("did you mean \"close\"?"));
}

TEST_CASE("what is missing says what it is for, and what is too long is not told back whole") {
  CHECK_THAT(RunClosurectl({"start", kAccount}).err,
             Contains("--via is required (where the code is sent: email or sms)\n"));
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"status", std::string(100'000, 'A')},
           {std::string(100'000, 'a')},
           {"operator", "retry", std::string(100'000, 'a'), "--reason", "x", "--as", "operator:ann"},
           {"status", kAccount, std::string(100'000, 'a')},
           {"status", kAccount, "--as", std::string(100'000, 'a')}}) {
    const Outcome outcome = RunClosurectl(arguments);
    CHECK(outcome.code == 2);
    CHECK(outcome.err.size() < 2000);
    CHECK_THAT(outcome.err, Contains("characters)"));
  }
}

TEST_CASE("an address that is none is refused for its form, not for where it is") {
  for (const char* address : {"http://127.0.0.1:7443", "/path/s.sock", "foo", "localhost", "127.0.0.1:", "a:0",
                              "a:65536", "a:+1", ":7443", "unix:", "unix:s.sock", "[::1]", "a b:1"}) {
    CAPTURE(address);
    const Outcome outcome = RunClosurectl({"status", kAccount, "--server", address});
    CHECK(outcome.code == 2);
    CHECK_THAT(outcome.err, Contains("--server: \"") && Contains("HOST:PORT") && !Contains("ACTOR_REQUIRED"));
  }
  CHECK_THAT(RunClosurectl({"status", kAccount}, {.variables = {{"CLOSURE_SERVER", "foo"}}}).err,
             Contains("CLOSURE_SERVER: \"foo\""));
  for (const char* address : {"closured.example.com:443", "[2001:db8::1]:7443"})
    CHECK_THAT(RunClosurectl({"status", kAccount, "--server", address}).err, Contains("ACTOR_REQUIRED"));
}

TEST_CASE("a list of nothing says so and how to begin") {
  FakeServer server;
  const Outcome own = On(server, {"list", kAccount});
  CHECK(own.code == 0);
  CHECK_THAT(own.err, Contains("There is no closure of account 1000000001.") && Contains(" preview 1000000001\n"));
  CHECK_THAT(On(server, {"list", "-", "--as", "operator:ann"}).err, Contains("There is no closure.\n"));
  CHECK(On(server, {"list", kAccount, "-o", "json"}).err.empty());
}

TEST_CASE("the command for another identity does not carry one's own") {
  FakeServer server;
  const Outcome outcome = On(server, {"server", "status", "--as", "root:w1"});
  CHECK_THAT(outcome.err, Contains(server.address() + " server status --as operator:NAME") && !Contains("root:w1"));
}

TEST_CASE("an account system that is away is told apart from a refusal") {
  FakeServer server;
  for (int i = 0; i < 8; ++i)
    server.FailNext("CreateClosure", RichError(grpc::StatusCode::UNAVAILABLE, "away", "ACCOUNT_SYSTEM_UNAVAILABLE"));
  CHECK(On(server, {"start", kAccount, "--via", "email"}).code == 7);
}

}  // namespace closure
