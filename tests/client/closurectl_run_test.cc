// SPDX-License-Identifier: Apache-2.0
// What every command has in common: flags, identity, formats, errors, exit codes.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "google/rpc/error_details.pb.h"
#include "tests/client/fake_server.h"
#include "tests/client/run_closurectl.h"

namespace closure {
namespace {

using Catch::Contains;
using nlohmann::json;

// An address where nobody listens.
constexpr char kNobody[] = "127.0.0.1:1";

}  // namespace

TEST_CASE("help and version go to the data stream and succeed") {
  const Outcome help = RunClosurectl({"--help"});
  CHECK(help.code == 0);
  CHECK_THAT(help.out, Contains("preview") && Contains("Exit codes"));
  CHECK(help.err.empty());
  const Outcome version = RunClosurectl({"--version"});
  CHECK(version.code == 0);
  CHECK_THAT(version.out, Catch::Matches("closurectl [0-9.]+, commit [0-9a-z-]+ \\(closure\\.v1\\)\n"));
  const Outcome command = RunClosurectl({"operator", "hold", "--help"});
  CHECK(command.code == 0);
  CHECK_THAT(command.out, Contains("Example"));
}

TEST_CASE("wrong usage is exit code 2, whatever the parser calls it") {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{},
                                             {"operator"},
                                             {"start"},
                                             {"start", kAccount},
                                             {"start", kAccount, "--via"},
                                             {"status", "a", "b"},
                                             {"status", kAccount, "--nonsense"},
                                             {"status", kAccount, "-o", "xml"},
                                             {"status", kAccount, "--color", "maybe"},
                                             {"status", kAccount, "--timeout", "30"},
                                             {"status", kAccount, "--as", "alice"},
                                             {"start", kAccount, "--via", "pigeon"},
                                             {"sandbox", "fault", "a/b", "HANG", "--calls", "x"},
                                             {"sandbox", "advance", "soon"},
                                             {"sandbox", "bill", kAccount, "1.2.3", "USD"},
                                             {"sandbox", "load", "no-such-file.json"},
                                             {"wait", kAccount, "--for", "NOWHERE"},
                                             {"discard", kAccount},
                                             {"discard", kAccount, "x", "--all"},
                                             {"operator", "tasks"}}) {
    CAPTURE(arguments);
    const Outcome outcome = RunClosurectl(arguments);
    CHECK(outcome.code == 2);
    CHECK(outcome.out.empty());
    CHECK_FALSE(outcome.err.empty());
  }
}

TEST_CASE("an account or identity that is none is named before any call, whatever bytes it has", "[R41]") {
  struct Row {
    std::vector<std::string> arguments;
    std::string named;
  };
  FakeServer server;
  for (const Row& row :
       std::vector<Row>{{{"status", "Bad!"}, "\"Bad!\" names no account"},
                        {{"status", "\xc3\xa9"}, "\"\xc3\xa9\" names no account"},
                        {{"status", ""}, "\"\" names no account"},
                        {{"status", "-1"}, "-1"},
                        {{"status", std::string(65, '1')}, "names no account"},
                        {{"status", "accounts/a\nb/closures/ab"}, "\"accounts/a\\x0ab/closures/ab\" names no account"},
                        {{"cancel", "accounts/7/closure/ab"}, "\"accounts/7/closure/ab\" names no closure"},
                        {{"preview", "A"}, "\"A\" names no account"},
                        {{"close", "A"}, "\"A\" names no account"},
                        {{"list", "A"}, "\"A\" names no account"},
                        {{"gate", "A"}, "\"A\" names no account"},
                        {{"agreement", "A"}, "\"A\" names no account"},
                        {{"sandbox", "show", "A"}, "\"A\" names no account"},
                        {{"sandbox", "inbox", "A"}, "\"A\" names no account"},
                        {{"sandbox", "settle", "A"}, "\"A\" names no account"},
                        {{"sandbox", "bill", "A", "1", "USD"}, "\"A\" names no account"},
                        {{"sandbox", "fault", "a/b", "HANG", "--account", "A"}, "\"A\" names no account"},
                        {{"operator", "hold", "A", "--reason", "x", "--as", "operator:ann"}, "\"A\" names no account"},
                        {{"status", kAccount, "--as", "operator:a\nb"}, "--as: the identity \"operator:a\\x0ab\""},
                        {{"status", kAccount, "--as", "operator:"}, "--as: the identity \"operator:\""},
                        {{"status", kAccount, "--as", "root:A"}, "--as: the identity \"root:A\""},
                        {{"status", kAccount, "--as", "ram:\xc3\xa9@7"}, "--as: the identity \"ram:\xc3\xa9@7\""},
                        {{"status", kAccount, "--as", "ram:alice"}, "--as: the identity \"ram:alice\""}}) {
    CAPTURE(row.arguments);
    const Outcome outcome = RunClosurectl(row.arguments, {.variables = {{"CLOSURE_SERVER", server.address()}}});
    CHECK(outcome.code == 2);
    CHECK_THAT(outcome.err, Contains(row.named) && Contains("--help"));
  }
  const Outcome variable = RunClosurectl({"status", kAccount}, {.variables = {{"CLOSURE_AS", "operator:\xff"}}});
  CHECK(variable.code == 2);
  CHECK_THAT(variable.err, Contains("CLOSURE_AS: the identity \"operator:\\xff\""));
  CHECK(server.LastActor().empty());
}

TEST_CASE("what the field of an error says is not said again below it") {
  google::rpc::BadRequest details;
  details.add_field_violations()->set_field("parent");
  details.mutable_field_violations(0)->set_description("is odd");
  google::protobuf::Any packed;
  packed.PackFrom(details);
  FakeServer server;
  server.FailNext("ListClosures", RichError(grpc::StatusCode::INVALID_ARGUMENT, "parent: is odd", "FIELD_INVALID",
                                            {packed}, {{"field", "parent"}}));
  const std::string err = RunClosurectl({"list", kAccount, "--server", server.address()}).err;
  REQUIRE_THAT(err, Contains("is odd"));
  CHECK(err.find("is odd") == err.rfind("is odd"));
}

TEST_CASE("an argument that is not UTF-8 is named and nothing is sent") {
  FakeServer server;
  server.SetClosure(MakeClosure(v1::Closure::READY));
  const Outcome outcome = RunClosurectl({"confirm", kAccount, "--reason", "OTHER", "--confirm", kAccount,
                                         "--reason-text", "x\xff", "--server", server.address(), "-o", "json"});
  CHECK(outcome.code == 2);
  const json error = json::parse(outcome.err).at("error");
  CHECK(error.at("reason") == "USAGE");
  CHECK(error.at("message") == "the argument \"x\\xff\" after --reason-text is not UTF-8; nothing was sent");
  CHECK(server.LastActor().empty());
  CHECK(RunClosurectl({"\xc0\x80"}).code == 2);
}

TEST_CASE("an answer that is not UTF-8 is refused and nothing is changed") {
  FakeServer server;
  server.SetClosure(MakeClosure(v1::Closure::AGREEMENT_PENDING));
  const Outcome outcome =
      RunClosurectl({"agree", kAccount, "--server", server.address()}, {.input = "y\xff\n", .tty = true});
  CHECK(outcome.code == 2);
  CHECK_THAT(outcome.err, Contains("the answer \"y\\xff\" is not UTF-8"));
  CHECK(server.Calls("AcceptAgreement") == 0);
}

TEST_CASE("a question that cannot be asked names the flag and the whole command") {
  FakeServer server;
  server.SetClosure(MakeClosure(v1::Closure::AGREEMENT_PENDING));
  const Outcome outcome = RunClosurectl({"agree", kAccount, "--server", server.address(), "-o", "json"});
  CHECK(outcome.code == 2);
  const json error = json::parse(outcome.err).at("error");
  CHECK(error.at("reason") == "INPUT_REQUIRED");
  CHECK(error.at("metadata").at("command") == "closurectl agree");
  CHECK(error.at("metadata").at("flag") == "--version 2026-01");
}

TEST_CASE("the agreement can be read without naming an account, on this machine only") {
  FakeServer server;
  CHECK_THAT(RunClosurectl({"agreement", "--server", server.address()}).out, Contains("You agree"));
  CHECK(server.LastActor() == "operator:closurectl");
  const Outcome remote = RunClosurectl({"agreement", "--server", "closured.example.com:443"});
  CHECK(remote.code == 2);
  CHECK_THAT(remote.err, Contains("ACTOR_REQUIRED"));
}

TEST_CASE("a misspelt command gets a suggestion, in a group too") {
  const Outcome outcome = RunClosurectl({"stauts", kAccount});
  CHECK(outcome.code == 2);
  CHECK_THAT(outcome.err, Contains("there is no command \"stauts\"; did you mean \"status\"?"));
  CHECK_THAT(RunClosurectl({"--server", kNobody, "operator", "taks"}).err,
             Contains("did you mean \"operator tasks\"?"));
  CHECK_THAT(RunClosurectl({"frobnicate"}).err, Contains("the commands are") && Contains("preview"));
}

TEST_CASE("a misspelt flag gets a suggestion") {
  const Outcome outcome = RunClosurectl({"start", kAccount, "--vai", "email"});
  CHECK(outcome.code == 2);
  CHECK_THAT(outcome.err, Contains("did you mean --via?"));
}

TEST_CASE("an account that is called like a command is still an account") {
  FakeServer server;
  server.SetClosure(MakeClosure(v1::Closure::READY));
  CHECK(RunClosurectl({"list", "cancel", "--server", server.address()}).code == 0);
  CHECK(server.Requests<v1::ListClosuresRequest>("ListClosures")[0].parent() == "accounts/cancel");
  CHECK(server.Calls("CancelClosure") == 0);
}

TEST_CASE("a server that is not there is exit code 7 and says what to do") {
  const Outcome outcome = RunClosurectl({"status", kClosureName, "--server", kNobody});
  CHECK(outcome.code == 7);
  CHECK_THAT(outcome.err, Contains(kNobody) && Contains("next: Is the server running?"));
  CHECK(outcome.out.empty());
}

TEST_CASE("the address comes from the flag, then the environment") {
  FakeServer server;
  server.SetClosure(MakeClosure(v1::Closure::READY));
  const Terminal terminal{.variables = {{"CLOSURE_SERVER", server.address()}}};
  CHECK(RunClosurectl({"status", kAccount}, terminal).code == 0);
  CHECK(RunClosurectl({"status", kAccount, "--server", kNobody}, terminal).code == 7);
}

TEST_CASE("the identity is the flag's, then the environment's, then the root of the account that is named",
          "[R41][R42]") {
  FakeServer server;
  server.SetClosure(MakeClosure(v1::Closure::READY));
  const Terminal terminal{.variables = {{"CLOSURE_AS", "ram:alice@1000000001"}, {"CLOSURE_SERVER", server.address()}}};
  RunClosurectl({"status", kAccount, "--as", "operator:ann"}, terminal);
  CHECK(server.LastActor() == "operator:ann");
  RunClosurectl({"status", kAccount}, terminal);
  CHECK(server.LastActor() == "ram:alice@1000000001");
  RunClosurectl({"status", kClosureName, "--server", server.address()});
  CHECK(server.LastActor() == "root:1000000001");
}

TEST_CASE("no identity is assumed for a server on another machine") {
  const Outcome outcome = RunClosurectl({"status", kAccount, "--server", "closured.example.com:443"});
  CHECK(outcome.code == 2);
  CHECK_THAT(outcome.err, Contains("ACTOR_REQUIRED") && Contains("--as root:ACCOUNT"));
}

TEST_CASE("an error of several faults has a line for each, and what is said is not said again") {
  const std::string message =
      "cloud file: 2 faults\naccount \"a\": email: is missing\naccount \"b\x1b\": state: is odd";
  google::rpc::BadRequest bad_request;
  bad_request.add_field_violations()->set_field("email");
  bad_request.mutable_field_violations(0)->set_description(message);
  google::protobuf::Any packed;
  packed.PackFrom(bad_request);
  FakeServer server;
  server.FailNext("LoadCloud", RichError(grpc::StatusCode::INVALID_ARGUMENT, message, "CLOUD_FILE_INVALID", {packed},
                                         {{"field", "email"}}));
  const Outcome outcome = RunClosurectl({"sandbox", "load", "-", "--server", server.address()}, {.input = "{}"});
  CHECK(outcome.code == 2);
  CHECK(outcome.err ==
        "error: cloud file: 2 faults\n  account \"a\": email: is missing\n  account \"b\\x1b\": state: is odd\n"
        "  reason: CLOUD_FILE_INVALID (INVALID_ARGUMENT)\n  field: email\n"
        "next: Correct what is named in the cloud file, then load it again.\n");
}

TEST_CASE("an error is told with reason, metadata, fields, delay and what to do next") {
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(42);
  google::rpc::BadRequest bad_request;
  auto* violation = bad_request.add_field_violations();
  violation->set_field("channel");
  violation->set_description("too early");
  google::protobuf::Any packed_retry;
  packed_retry.PackFrom(retry);
  google::protobuf::Any packed_fields;
  packed_fields.PackFrom(bad_request);
  const grpc::Status error = RichError(grpc::StatusCode::RESOURCE_EXHAUSTED, "a code was sent \x1b[2J 18 s ago",
                                       "RESEND_TOO_SOON", {packed_retry, packed_fields}, {{"channel", "EMAIL"}});
  FakeServer server;
  server.FailNext("ResendCode", error);
  server.FailNext("ResendCode", error);

  SECTION("for people") {
    const Outcome outcome = RunClosurectl({"resend", kClosureName, "--server", server.address()});
    CHECK(outcome.code == 1);
    CHECK(outcome.out.empty());
    CHECK_THAT(outcome.err, Contains("error: a code was sent \\x1b[2J 18 s ago"));
    CHECK_THAT(outcome.err, Contains("reason: RESEND_TOO_SOON (RESOURCE_EXHAUSTED)") && Contains("channel: EMAIL"));
    CHECK_THAT(outcome.err, Contains("field channel: too early") && Contains("retry in: 42s"));
    CHECK_THAT(outcome.err, Contains("next: Wait as long as is said, then: closurectl --server " + server.address() +
                                     " resend " + kClosureName));
  }
  SECTION("as JSON") {
    const Outcome outcome = RunClosurectl({"resend", kClosureName, "--server", server.address(), "-o", "json"});
    CHECK(outcome.code == 1);
    CHECK(outcome.out.empty());
    const json told = json::parse(outcome.err).at("error");
    CHECK(told.at("code") == "RESOURCE_EXHAUSTED");
    CHECK(told.at("reason") == "RESEND_TOO_SOON");
    CHECK(told.at("domain") == "closure.v1");
    CHECK(told.at("message") == "a code was sent \x1b[2J 18 s ago");
    CHECK(told.at("metadata").at("channel") == "EMAIL");
    CHECK(told.at("fieldViolations").at(0).at("description") == "too early");
    CHECK(told.at("retryDelay") == "42s");
    CHECK(told.at("exitCode") == 1);
    CHECK_FALSE(told.at("hint").get<std::string>().empty());
  }
  SECTION("as a JSON line") {
    const Outcome outcome = RunClosurectl({"resend", kClosureName, "--server", server.address(), "-o", "jsonl"});
    CHECK(std::count(outcome.err.begin(), outcome.err.end(), '\n') == 1);
    CHECK(json::parse(outcome.err).contains("error"));
  }
}

TEST_CASE("wrong usage follows the format that was asked for") {
  for (const std::vector<std::string>& format :
       std::vector<std::vector<std::string>>{{"-o", "json"}, {"--output=json"}, {"-ojson"}}) {
    std::vector<std::string> arguments = {"stauts"};
    arguments.insert(arguments.end(), format.begin(), format.end());
    const Outcome outcome = RunClosurectl(arguments);
    CHECK(outcome.code == 2);
    CHECK(json::parse(outcome.err).at("error").at("reason") == "USAGE");
  }
}

TEST_CASE("each kind of refusal has its exit code") {
  struct Row {
    grpc::StatusCode code;
    std::string reason;
    int exit_code;
  };
  for (const Row& row : std::vector<Row>{{grpc::StatusCode::PERMISSION_DENIED, "ROOT_IDENTITY_REQUIRED", 4},
                                         {grpc::StatusCode::UNAUTHENTICATED, "IDENTITY_MISSING", 4},
                                         {grpc::StatusCode::NOT_FOUND, "CLOSURE_NOT_FOUND", 5},
                                         {grpc::StatusCode::INVALID_ARGUMENT, "NAME_MALFORMED", 2},
                                         {grpc::StatusCode::FAILED_PRECONDITION, "STATE_NOT_ALLOWED", 1},
                                         {grpc::StatusCode::ABORTED, "ETAG_MISMATCH", 1}}) {
    CAPTURE(row.reason);
    FakeServer server;
    server.FailNext("Recheck", RichError(row.code, "no", row.reason));
    CHECK(RunClosurectl({"recheck", kClosureName, "--server", server.address()}).code == row.exit_code);
  }
}

TEST_CASE("an account means its open closure") {
  FakeServer server;
  server.SetClosure(MakeClosure(v1::Closure::BLOCKED));
  REQUIRE(RunClosurectl({"recheck", kAccount, "--server", server.address()}).code == 0);
  CHECK(server.Requests<v1::ListClosuresRequest>("ListClosures")[0].parent() == kAccountName);
  CHECK(server.Requests<v1::RecheckRequest>("Recheck")[0].name() == kClosureName);
}

TEST_CASE("an account without a closure is exit code 5 and says how to start one") {
  FakeServer server;
  const Outcome outcome = RunClosurectl({"status", kAccount, "--server", server.address()});
  CHECK(outcome.code == 5);
  CHECK_THAT(outcome.err, Contains("has no closure") && Contains(" start 1000000001 --via email"));
}

TEST_CASE("data is JSON of the resource and nothing else is said") {
  FakeServer server;
  server.SetClosure(MakeClosure(v1::Closure::BLOCKED));
  const Outcome outcome = RunClosurectl({"recheck", kAccount, "--server", server.address(), "-o", "json"});
  CHECK(outcome.code == 0);
  CHECK(outcome.err.empty());
  const json closure = json::parse(outcome.out);
  CHECK(closure.at("name") == kClosureName);
  CHECK(closure.at("state") == "CHECKING");
  CHECK(closure.at("revision") == "2");
  CHECK(closure.at("causeDetail") == "");
}

TEST_CASE("after a mutation people read what changed and the exact next command") {
  FakeServer server;
  server.SetClosure(MakeClosure(v1::Closure::BLOCKED));
  const Outcome outcome = RunClosurectl({"recheck", kAccount, "--server", server.address()});
  CHECK_THAT(outcome.out, Catch::StartsWith("NAME") && Contains("CHECKING"));
  CHECK_THAT(outcome.err, Contains("A new scan was started. The closure is CHECKING."));
  CHECK_THAT(outcome.err,
             Contains("closurectl --server " + server.address() + " wait " + kClosureName + " --for READY BLOCKED\n"));
}

TEST_CASE("colour is for terminals that want it, and the flag decides") {
  FakeServer server;
  server.SetClosure(MakeClosure(v1::Closure::BLOCKED));
  const std::vector<std::string> plain = {"status", kAccount, "--server", server.address()};
  std::vector<std::string> always = plain;
  always.push_back("--color=always");
  const auto colored = [](const Outcome& outcome) { return outcome.out.find('\x1b') != std::string::npos; };
  CHECK(colored(RunClosurectl(plain, {.tty = true, .variables = {{"TERM", "xterm"}}})));
  CHECK_FALSE(colored(RunClosurectl(plain)));
  CHECK_FALSE(colored(RunClosurectl(plain, {.tty = true, .variables = {{"TERM", "dumb"}}})));
  CHECK_FALSE(colored(RunClosurectl(plain, {.tty = true, .variables = {{"TERM", "xterm"}, {"NO_COLOR", "1"}}})));
  CHECK(colored(RunClosurectl(always, {.variables = {{"NO_COLOR", "1"}}})));
}

TEST_CASE("a call that the server cancels is a server that is stopping: exit code 7") {
  FakeServer server;
  for (int i = 0; i < 4; ++i) server.FailNext("CreateClosure", grpc::Status(grpc::StatusCode::CANCELLED, "CANCELLED"));
  const Outcome outcome = RunClosurectl({"start", kAccount, "--via", "email", "--server", server.address()});
  CHECK(outcome.code == 7);
  CHECK_THAT(outcome.err, Contains("is stopping; a change may have been made") &&
                              Contains("run the same command again when it is back"));
}

TEST_CASE("what a missing option is for keeps the case of names") {
  CHECK_THAT(RunClosurectl({"confirm", kAccount}).err, Contains("(NO_LONGER_NEEDED, "));
  CHECK_THAT(RunClosurectl({"sandbox", "bill", kAccount, "1"}).err, Contains("(ISO 4217, such as USD)"));
  CHECK_THAT(RunClosurectl({"start", kAccount}).err, Contains("(where the code is sent"));
}

}  // namespace closure
