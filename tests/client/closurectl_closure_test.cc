// SPDX-License-Identifier: Apache-2.0
// The commands on one closure.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/client/fake_server.h"
#include "tests/client/run_closurectl.h"

namespace closure {
namespace {

using Catch::Contains;
using nlohmann::json;
using v1::Closure;

Closure AtRevision(Closure::State state, int64_t revision) {
  Closure closure = MakeClosure(state);
  closure.set_revision(revision);
  return closure;
}

// Runs a command against the server.
Outcome On(const FakeServer& server, std::vector<std::string> arguments, const Terminal& terminal = {}) {
  arguments.insert(arguments.end(), {"--server", server.address()});
  return RunClosurectl(arguments, terminal);
}

}  // namespace

TEST_CASE("start sends the channel and a request id", "[R44]") {
  FakeServer server;
  CHECK(On(server, {"start", kAccount, "--via", "sms"}).code == 0);
  const auto request = server.Requests<v1::CreateClosureRequest>("CreateClosure")[0];
  CHECK(request.parent() == kAccountName);
  CHECK(request.channel() == v1::SMS);
  CHECK_FALSE(request.request_id().empty());
}

TEST_CASE("codes may name their channel", "[D9]") {
  FakeServer server;
  server.SetClosure(MakeClosure(Closure::IDENTITY_PENDING));
  CHECK(On(server, {"verify", kAccount, "email:123456", "sms:654321"}).code == 0);
  const auto both = server.Requests<v1::VerifyIdentityRequest>("VerifyIdentity")[0];
  REQUIRE(both.codes_size() == 2);
  CHECK(both.codes(0).channel() == v1::EMAIL);
  CHECK(both.codes(1).channel() == v1::SMS);
  CHECK(both.codes(1).code() == "654321");
  CHECK(On(server, {"verify", kAccount, "123456"}).code == 0);
  const auto bare = server.Requests<v1::VerifyIdentityRequest>("VerifyIdentity")[1];
  CHECK(bare.codes(0).channel() == v1::CHANNEL_UNSPECIFIED);
  CHECK(On(server, {"verify", kAccount, "pigeon:1"}).code == 2);
}

TEST_CASE("the sandbox's code is the newest one sent since the closure began") {
  FakeServer server;
  server.SetClosure(MakeClosure(Closure::IDENTITY_PENDING));
  server.AddInboxMessage("email", "Your code is 111111.", -10);
  server.AddInboxMessage("email", "Account 1000000001: your code is 222222.", 1);
  server.AddInboxMessage("sms", "333333", 2);
  CHECK(On(server, {"verify", kAccount, "--sandbox-code"}).code == 0);
  CHECK(server.Requests<v1::VerifyIdentityRequest>("VerifyIdentity")[0].codes(0).code() == "222222");
}

TEST_CASE("a sandbox code that never comes is exit code 6") {
  FakeServer server;
  server.SetClosure(MakeClosure(Closure::IDENTITY_PENDING));
  CHECK(On(server, {"verify", kAccount, "--sandbox-code"}).code == 6);
  CHECK(server.Calls("VerifyIdentity") == 0);
}

TEST_CASE("agreeing without a version shows the current one and asks", "[R45]") {
  FakeServer server;
  server.SetClosure(MakeClosure(Closure::AGREEMENT_PENDING));
  const Outcome agreed = On(server, {"agree", kAccount}, {.input = "y\n", .tty = true});
  CHECK(agreed.code == 0);
  CHECK_THAT(agreed.err, Contains("You agree that everything is deleted.") && Contains("[y/N]"));
  CHECK(server.Requests<v1::AcceptAgreementRequest>("AcceptAgreement")[0].version() == "2026-01");
  server.SetClosure(MakeClosure(Closure::AGREEMENT_PENDING));
  const Outcome declined = On(server, {"agree", kAccount}, {.input = "\n", .tty = true});
  CHECK(declined.code == 1);
  CHECK_THAT(declined.err, Contains("nothing was changed"));
  CHECK(server.Calls("AcceptAgreement") == 1);
  server.SetClosure(MakeClosure(Closure::BLOCKED));
  const Outcome late = On(server, {"agree", kAccount}, {.input = "y\n", .tty = true});
  CHECK(late.code == 1);
  CHECK_THAT(late.err, Contains("STATE_NOT_ALLOWED") && !Contains("You agree that everything is deleted."));
}

TEST_CASE("nothing is asked without a terminal or with --no-input") {
  FakeServer server;
  server.SetClosure(MakeClosure(Closure::AGREEMENT_PENDING));
  const Outcome piped = On(server, {"agree", kAccount}, {.input = "y\n"});
  CHECK(piped.code == 2);
  CHECK_THAT(piped.err, Contains("not a terminal") && Contains("--version 2026-01"));
  const Outcome refused = On(server, {"agree", kAccount, "--no-input"}, {.input = "y\n", .tty = true});
  CHECK(refused.code == 2);
  CHECK_THAT(refused.err, Contains("--no-input is given"));
  CHECK(server.Calls("AcceptAgreement") == 0);
  CHECK(On(server, {"agree", kAccount, "--version", "2026-01"}).code == 0);
}

TEST_CASE("items are read page by page") {
  FakeServer server;
  server.SetClosure(MakeClosure(Closure::BLOCKED));
  server.SetItems({MakeItem("billing-1", v1::MUST_HANDLE), MakeItem("billing-2", v1::RENOUNCEABLE),
                   MakeItem("billing-3", v1::MUST_HANDLE)});
  const Outcome outcome = On(server, {"items", kAccount});
  CHECK(outcome.code == 0);
  CHECK_THAT(outcome.out,
             Contains("billing-1") && Contains("billing-3") && Contains("https://console.example.com/billing"));
  CHECK(json::parse(On(server, {"items", kAccount, "-o", "json"}).out).at("items").size() == 3);
  const Outcome lines = On(server, {"items", kAccount, "-o", "jsonl"});
  CHECK(std::count(lines.out.begin(), lines.out.end(), '\n') == 3);
}

TEST_CASE("discard --all sends what was shown: fingerprints, risk digest and etag", "[R53][D11]") {
  FakeServer server;
  server.SetClosure(MakeClosure(Closure::BLOCKED));
  v1::BlockingItem released = MakeItem("billing-4", v1::RENOUNCEABLE);
  released.set_resolution(v1::BlockingItem::RENOUNCED);
  server.SetItems({MakeItem("billing-1", v1::MUST_HANDLE), MakeItem("billing-2", v1::RENOUNCEABLE),
                   MakeItem("billing-3", v1::RENOUNCEABLE), released});
  const Outcome outcome = On(server, {"discard", kAccount, "--all"}, {.input = "yes\n", .tty = true});
  CHECK(outcome.code == 0);
  CHECK_THAT(outcome.err, Contains("Everything in this account is lost for good.") && Contains("billing-2"));
  const auto request = server.Requests<v1::DiscardItemsRequest>("DiscardItems")[0];
  REQUIRE(request.selections_size() == 2);
  CHECK(request.selections(0).item() == std::string(kClosureName) + "/blockingItems/billing-2");
  CHECK(request.selections(0).fingerprint() == "fingerprint-of-billing-2");
  CHECK(request.selections(1).fingerprint() == "fingerprint-of-billing-3");
  CHECK(request.risk_digest() == kRiskDigest);
  CHECK(request.etag() == "\"1\"");
}

TEST_CASE("nothing is discarded unless the risk is acknowledged", "[R53]") {
  FakeServer server;
  server.SetClosure(MakeClosure(Closure::BLOCKED));
  server.SetItems({MakeItem("billing-2", v1::RENOUNCEABLE)});
  CHECK(On(server, {"discard", kAccount, "--all"}, {.input = "y\nY\nye\n", .tty = true}).code == 1);
  CHECK(On(server, {"discard", kAccount, "--all"}, {.input = "no\n", .tty = true}).code == 1);
  CHECK(On(server, {"discard", kAccount, "--all"}, {.input = "", .tty = true}).code == 2);
  CHECK(On(server, {"discard", kAccount, "--all"}, {.input = "yes\n"}).code == 2);
  CHECK(server.Calls("DiscardItems") == 0);
  CHECK(On(server, {"discard", kAccount, "--all", "--acknowledge-risk"}).code == 0);
}

TEST_CASE("an item may be named by its last part, and one that is not there is exit code 5") {
  FakeServer server;
  server.SetClosure(MakeClosure(Closure::BLOCKED));
  server.SetItems({MakeItem("billing-2", v1::RENOUNCEABLE), MakeItem("billing-3", v1::RENOUNCEABLE)});
  CHECK(On(server, {"discard", kAccount, "billing-3", "--acknowledge-risk"}).code == 0);
  CHECK(server.Requests<v1::DiscardItemsRequest>("DiscardItems")[0].selections_size() == 1);
  server.SetClosure(MakeClosure(Closure::BLOCKED));
  const Outcome missing = On(server, {"discard", kAccount, "billing-9", "--acknowledge-risk"});
  CHECK(missing.code == 5);
  CHECK_THAT(missing.err, Contains("has no item billing-9"));
  server.SetItems({MakeItem("billing-1", v1::MUST_HANDLE)});
  CHECK(On(server, {"discard", kAccount, "--all", "--acknowledge-risk"}).code == 1);
  CHECK(server.Calls("DiscardItems") == 1);
}

TEST_CASE("nothing is confirmed before the account's id was typed", "[R55][D4]") {
  FakeServer server;
  server.SetClosure(MakeClosure(Closure::READY));
  const std::vector<std::string> confirm = {"confirm", kAccount, "--reason", "OTHER"};
  const std::vector<std::string> wrong = {"confirm", kAccount, "--reason", "OTHER", "--confirm=1000000002"};
  CHECK(On(server, confirm, {.input = "yes\nyes\nyes\n1000000001\n", .tty = true}).code == 1);
  CHECK(On(server, confirm, {.input = "1000000001\n"}).code == 2);
  CHECK(On(server, wrong).code == 2);
  CHECK(On(server, {"confirm", kAccount, "--reason", "BECAUSE", "--confirm", kAccount}).code == 2);
  CHECK(On(server, {"confirm", kAccount, "--confirm", kAccount}).code == 2);
  CHECK(server.Calls("ConfirmClosure") == 0);
}

TEST_CASE("confirming sends reason, consent, risk digest and etag", "[D4][D7][R19]") {
  FakeServer server;
  server.SetClosure(MakeClosure(Closure::READY));
  const Outcome typed = On(server, {"confirm", kAccount, "--reason", "OTHER", "--reason-text", "moving on"},
                           {.input = "1000000001\n", .tty = true});
  CHECK(typed.code == 0);
  CHECK_THAT(typed.err, Contains("Everything in this account is lost for good.") && Contains("Type its id"));
  server.SetClosure(MakeClosure(Closure::READY));
  CHECK(
      On(server, {"confirm", kAccount, "--reason", "too-expensive", "--confirm", kAccount, "--consent-late-settlement"})
          .code == 0);
  const auto requests = server.Requests<v1::ConfirmClosureRequest>("ConfirmClosure");
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].reason() == Closure::OTHER);
  CHECK(requests[0].reason_text() == "moving on");
  CHECK_FALSE(requests[0].late_settlement_consent());
  CHECK(requests[0].risk_digest() == kRiskDigest);
  CHECK(requests[0].etag() == "\"1\"");
  CHECK(requests[1].reason() == Closure::TOO_EXPENSIVE);
  CHECK(requests[1].late_settlement_consent());
}

TEST_CASE("the account to confirm is given by its id or by its name", "[R55]") {
  FakeServer server;
  for (const std::string command : {"confirm", "close"}) {
    for (const std::string given : {"1000000001", "accounts/1000000001"}) {
      CAPTURE(command, given);
      server.SetClosure(MakeClosure(Closure::READY));
      CHECK(On(server, {command, kAccount, "--reason", "OTHER", "--confirm", given}).code == 0);
    }
    server.SetClosure(MakeClosure(Closure::READY));
    const std::string closure = "accounts/1000000001/closures/1";
    CHECK(On(server, {command, kAccount, "--reason", "OTHER", "--confirm", closure}).code == 2);
  }
  CHECK(server.Calls("ConfirmClosure") == 4);
}

TEST_CASE("a closure that cannot be confirmed is not asked about") {
  FakeServer server;
  server.SetClosure(MakeClosure(Closure::BLOCKED));
  const Outcome outcome =
      On(server, {"confirm", kAccount, "--reason", "OTHER"}, {.input = "1000000001\n", .tty = true});
  CHECK(outcome.code == 1);
  CHECK_THAT(outcome.err, Contains("STATE_NOT_ALLOWED") && !Contains("Type its id"));
  CHECK(server.Calls("ConfirmClosure") == 0);
}

TEST_CASE("watching off a terminal prints one line for each change, and goes on after a lost connection", "[R16]") {
  Closure running = AtRevision(Closure::CHECKING, 2);
  v1::CheckerResult* checker = running.mutable_scan()->add_checkers();
  checker->set_checker("billing");
  checker->set_status(v1::CheckerResult::RUNNING);
  Closure answered = running;
  answered.set_revision(3);
  answered.mutable_scan()->mutable_checkers(0)->set_status(v1::CheckerResult::ANSWERED);
  Closure cancelled = answered;
  cancelled.set_revision(4);
  cancelled.set_state(Closure::CANCELLED);
  FakeServer server;
  server.AddWatch({{running}, grpc::Status(grpc::StatusCode::UNAVAILABLE, "stopping")});
  server.AddWatch({{answered, cancelled}, grpc::Status::OK});
  const Outcome outcome = On(server, {"watch", kClosureName});
  CHECK(outcome.code == 0);
  CHECK(outcome.out ==
        "revision 2  state  CHECKING\n"
        "revision 2  scan 0 billing  billing RUNNING\n"
        "revision 3  scan 0 billing  billing ANSWERED, 0 item(s)\n"
        "revision 4  state  CANCELLED\n");
  CHECK_THAT(outcome.err, Contains("going on after revision 2"));
  CHECK(server.Requests<v1::WatchClosureRequest>("WatchClosure")[1].after_revision() == 2);
}

TEST_CASE("watching on a terminal draws over the last picture, and JSON is one line for each change") {
  FakeServer server;
  const WatchScript script = {{AtRevision(Closure::CHECKING, 2), AtRevision(Closure::CANCELLED, 3)}, grpc::Status::OK};
  server.AddWatch(script);
  server.AddWatch(script);
  const Outcome drawn =
      On(server, {"watch", kClosureName, "--color=never"}, {.tty = true, .variables = {{"TERM", "xterm"}}});
  CHECK_THAT(drawn.out, Contains("\x1b[1A\r\x1b[J"));
  const Outcome lines = On(server, {"watch", kClosureName, "-o", "json"});
  CHECK(std::count(lines.out.begin(), lines.out.end(), '\n') == 2);
  CHECK(json::parse(lines.out.substr(0, lines.out.find('\n'))).at("state") == "CHECKING");
}

TEST_CASE("wait tells by its exit code where it ended") {
  struct Row {
    std::vector<std::string> arguments;
    Closure::State reached;
    int exit_code;
  };
  for (const Row& row : std::vector<Row>{{{"wait", kClosureName, "--for", "READY"}, Closure::READY, 0},
                                         {{"wait", kClosureName, "--for", "READY,BLOCKED"}, Closure::BLOCKED, 0},
                                         {{"wait", kClosureName, "--for", "READY", "BLOCKED"}, Closure::BLOCKED, 0},
                                         {{"wait", "--for", "state=READY", kClosureName}, Closure::READY, 0},
                                         {{"wait", kClosureName, "--for", "READY"}, Closure::BLOCKED, 3},
                                         {{"wait", kClosureName, "--for", "CLOSED"}, Closure::BLOCKED, 3},
                                         {{"wait", kClosureName, "--for", "CLOSED"}, Closure::ABORTED, 1}}) {
    CAPTURE(row.arguments);
    FakeServer server;
    server.AddWatch({{AtRevision(Closure::CHECKING, 2), AtRevision(row.reached, 3)}, grpc::Status::OK});
    CHECK(On(server, row.arguments).code == row.exit_code);
  }
}

TEST_CASE("a wait that is over is exit code 6") {
  FakeServer server;
  for (int i = 0; i < 100; ++i)
    server.AddWatch({{AtRevision(Closure::CHECKING, 2)}, grpc::Status(grpc::StatusCode::UNAVAILABLE, "gone")});
  const Outcome outcome = On(server, {"wait", kClosureName, "--for", "READY", "--timeout", "2s"});
  CHECK(outcome.code == 6);
  CHECK_THAT(outcome.err, Contains("WAIT_TIMED_OUT"));
}

TEST_CASE("the limit of a wait may stand before the command, as that of every command") {
  FakeServer server;
  for (int i = 0; i < 100; ++i)
    server.AddWatch({{AtRevision(Closure::CHECKING, 2)}, grpc::Status(grpc::StatusCode::UNAVAILABLE, "gone")});
  const Outcome outcome = On(server, {"--timeout", "2s", "wait", kClosureName, "--for", "CLOSED"});
  CHECK(outcome.code == 6);
  CHECK_THAT(outcome.err, Contains("waited 2s for CLOSED"));
}

TEST_CASE("a wait takes the last word for its closure, also where it could be a state") {
  FakeServer server;
  server.SetClosure(MakeClosure(Closure::READY));
  CHECK(On(server, {"wait", "--for", "READY", "closed"}).code == 0);
  CHECK(server.Requests<v1::ListClosuresRequest>("ListClosures")[0].parent() == "accounts/closed");
  CHECK_THAT(On(server, {"wait", "--for", "READY", "CLOSED"}).err, Contains("CLOSURE is required"));
  CHECK_THAT(On(server, {"wait", "--for", "closed"}).err, Contains("CLOSURE is required"));
}

TEST_CASE("data whose reader went away ends the command, and is an error") {
  FakeServer server;
  server.SetClosure(MakeClosure(Closure::READY));
  for (int i = 0; i < 5; ++i)
    server.AddWatch({{AtRevision(Closure::CHECKING, 2), AtRevision(Closure::CHECKING, 3)},
                     grpc::Status(grpc::StatusCode::UNAVAILABLE, "gone")});
  const Outcome watch =
      RunClosurectl({"watch", kClosureName, "-o", "jsonl", "--server", server.address()}, {.output_max = 10});
  CHECK(watch.code == 1);
  CHECK(json::parse(watch.err).at("error").at("reason") == "OUTPUT_LOST");
  CHECK(server.Calls("WatchClosure") == 1);
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"list", kAccount}, {"record", kAccount, "-o", "json"}, {"--help"}, {"--version"}}) {
    CAPTURE(arguments);
    std::vector<std::string> all = arguments;
    all.insert(all.end(), {"--server", server.address()});
    const Outcome lost = RunClosurectl(all, {.output_max = 10});
    CHECK(lost.code == 1);
    CHECK_THAT(lost.err, Contains("could not be written"));
  }
}

TEST_CASE("a sandbox code for a closure that demands none is refused for its state") {
  FakeServer server;
  server.SetClosure(MakeClosure(Closure::READY));
  const Outcome outcome = On(server, {"verify", kAccount, "--sandbox-code"});
  CHECK(outcome.code == 1);
  CHECK_THAT(outcome.err, Contains("STATE_NOT_ALLOWED") && Contains("is READY"));
  CHECK(server.Calls("ListInbox") == 0);
}

TEST_CASE("status says the state, what is left and what to do next", "[R61]") {
  FakeServer server;
  server.SetClosure(MakeClosure(Closure::SILENT_PERIOD));
  const Outcome outcome = On(server, {"status", kAccount});
  CHECK(outcome.code == 0);
  CHECK_THAT(outcome.out, Contains("SILENT_PERIOD") && Contains("7d, ends 2026-01-08T00:00:00Z"));
  CHECK_THAT(outcome.out,
             Contains("can be neither revoked nor shortened") && Contains("watch " + std::string(kClosureName)));
}

TEST_CASE("an ended closure shows neither an erased address nor a silent period that is over", "[D12][R61]") {
  FakeServer server;
  Closure closure = MakeClosure(Closure::SILENT_PERIOD);
  closure.clear_silent_period_remaining();
  closure.mutable_identity_verification()->mutable_challenges(0)->set_verified(true);
  closure.mutable_identity_verification()->add_challenges()->set_channel(v1::SMS);
  for (const Closure::State state : {Closure::CLOSED, Closure::ABORTED, Closure::FINAL_CHECK}) {
    CAPTURE(state);
    closure.set_state(state);
    server.SetClosure(closure);
    CHECK_THAT(On(server, {"status", kAccount}).out, Contains("EMAIL to a***@example.com: verified"));
    CHECK_THAT(On(server, {"status", kAccount}).out, !Contains("REMAINING"));
  }
  closure.set_state(Closure::CLOSED);
  for (auto& challenge : *closure.mutable_identity_verification()->mutable_challenges()) {
    challenge.clear_masked_address();
  }
  server.SetClosure(closure);
  for (const char* command : {"status", "record"}) {
    const Outcome outcome = On(server, {command, kClosureName});
    CHECK_THAT(outcome.out, Contains("EMAIL: verified") && Contains("SMS: not verified"));
    CHECK_THAT(outcome.out, !Contains(" to :") && !Contains("2026-01-08"));
  }
}

TEST_CASE("list, history, record, gate, agreement and cancel each make their call") {
  FakeServer server;
  server.SetClosure(MakeClosure(Closure::READY));
  CHECK(On(server, {"list", kAccount, "--state", "READY"}).code == 0);
  CHECK(server.Requests<v1::ListClosuresRequest>("ListClosures")[0].state() == Closure::READY);
  CHECK_THAT(On(server, {"history", kClosureName}).out, Catch::StartsWith("NAME") && Contains("create"));
  CHECK_THAT(On(server, {"record", kClosureName}).out, Contains("AGREEMENT"));
  CHECK_THAT(On(server, {"gate", kAccount, "--action", "SIGN_IN"}).out, Contains("GATE_OPEN"));
  CHECK_THAT(On(server, {"agreement", kAccount}).out, Contains("You agree") && Contains("2026-01"));
  CHECK(On(server, {"cancel", kClosureName}).code == 0);
  CHECK(server.Calls("CancelClosure") == 1);
}

}  // namespace closure
