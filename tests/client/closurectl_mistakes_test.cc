// SPDX-License-Identifier: Apache-2.0
// What a person gets who types something wrong, or asks for what cannot be done now.
#include <catch2/catch.hpp>

#include "google/rpc/error_details.pb.h"
#include "tests/client/fake_server.h"
#include "tests/client/run_closurectl.h"

namespace closure {
namespace {

using Catch::Contains;
using v1::Closure;

constexpr char kRisk[] = "Everything in this account is lost for good.";
constexpr char kGoOn[] = " close 1000000001\n";

Outcome RunOn(const FakeServer& server, std::vector<std::string> arguments, const Terminal& terminal) {
  arguments.insert(arguments.end(), {"--server", server.address()});
  return RunClosurectl(arguments, terminal);
}

Outcome On(const FakeServer& server, std::vector<std::string> arguments, const std::string& typed = "") {
  return RunOn(server, std::move(arguments), {.input = typed, .tty = true});
}

Closure Held(Closure::State state) {
  Closure closure = MakeClosure(state);
  closure.mutable_hold()->set_operator_("operator:ann");
  closure.mutable_hold()->set_reason("court order");
  return closure;
}

}  // namespace

TEST_CASE("an item that cannot be discarded is refused before the risk is shown", "[R49][R53]") {
  FakeServer server;
  server.SetClosure(MakeClosure(Closure::BLOCKED));
  v1::BlockingItem renounced = MakeItem("billing-3", v1::RENOUNCEABLE);
  renounced.set_resolution(v1::BlockingItem::RENOUNCED);
  server.SetItems({MakeItem("billing-1", v1::MUST_HANDLE), MakeItem("billing-2", v1::RENOUNCEABLE), renounced});
  const Outcome by_hand = On(server, {"discard", kAccount, "billing-2", "billing-1"}, "yes\n");
  CHECK(by_hand.code == 1);
  CHECK_THAT(by_hand.err, Contains("ITEM_NOT_RENOUNCEABLE") && Contains("by hand: settle it") && !Contains(kRisk));
  const Outcome done = On(server, {"discard", kAccount, "billing-3"}, "yes\n");
  CHECK(done.code == 1);
  CHECK_THAT(done.err, Contains("ITEM_NOT_OPEN") && Contains("RENOUNCED") && !Contains(kRisk));
  CHECK(server.Calls("DiscardItems") == 0);
}

TEST_CASE("who discards a part is told that the risk names more", "[R53]") {
  FakeServer server;
  Closure blocked = MakeClosure(Closure::BLOCKED);
  blocked.mutable_item_counts()->set_renounceable(2);
  server.SetItems({MakeItem("billing-2", v1::RENOUNCEABLE), MakeItem("billing-3", v1::RENOUNCEABLE)});
  server.SetClosure(blocked);
  CHECK_THAT(On(server, {"discard", kAccount, "billing-2"}, "yes\n").err,
             Contains("Discarded now: the 1 item(s) above. The text below names all 2"));
  server.SetClosure(blocked);
  CHECK_THAT(On(server, {"discard", kAccount, "--all"}, "yes\n").err, Contains(kRisk) && !Contains("Discarded now"));
}

TEST_CASE("neither discarding nor confirming shows a risk in a state that does not take it, or under a hold",
          "[R53][R55]") {
  struct Row {
    Closure closure;
    std::vector<std::string> arguments;
    std::string told;
  };
  const std::vector<std::string> confirm = {"confirm", kAccount, "--reason", "OTHER"};
  const std::vector<std::string> given = {"confirm", kAccount, "--reason", "OTHER", "--confirm", kAccount};
  const std::vector<std::string> discard = {"discard", kAccount, "--all"};
  for (const Row& row : std::vector<Row>{{MakeClosure(Closure::BLOCKED), confirm, "scan again:\n"},
                                         {MakeClosure(Closure::BLOCKED), given, "scan again:\n"},
                                         {MakeClosure(Closure::IDENTITY_PENDING), confirm, " verify "},
                                         {MakeClosure(Closure::IDENTITY_PENDING), given, " verify "},
                                         {MakeClosure(Closure::IDENTITY_PENDING), discard, " verify "},
                                         {MakeClosure(Closure::CHECKING), discard, "wait for the scan"},
                                         {Held(Closure::READY), confirm, "CLOSURE_ON_HOLD"},
                                         {Held(Closure::BLOCKED), discard, "court order"}}) {
    CAPTURE(row.arguments, Closure::State_Name(row.closure.state()));
    FakeServer server;
    server.SetItems({MakeItem("billing-2", v1::RENOUNCEABLE)});
    server.SetClosure(row.closure);
    const Outcome outcome = On(server, row.arguments, "yes\n");
    CHECK(outcome.code == 1);
    CHECK_THAT(outcome.err, Contains(row.told) && !Contains(kRisk) && !Contains("Type "));
    CHECK(server.Calls("ConfirmClosure") + server.Calls("DiscardItems") == 0);
  }
}

TEST_CASE("another account's id is refused before the risk is shown") {
  FakeServer server;
  server.SetClosure(MakeClosure(Closure::READY));
  const Outcome outcome = On(server, {"confirm", kAccount, "--reason", "OTHER", "--confirm=1000000002"});
  CHECK(outcome.code == 2);
  CHECK_THAT(outcome.err, Contains("1000000002 is not the id") && !Contains(kRisk));
}

TEST_CASE("a wrong answer to the guided flow is asked for again, three times at most") {
  FakeServer server;
  const Outcome again = On(server, {"close", kAccount}, "pigeon\nemail\n12ab\n123456\nmaybe\nn\n");
  CHECK_THAT(again.err, Contains("\"pigeon\" is not a channel") && Contains("answer y or n, not \"maybe\""));
  CHECK_THAT(again.err, Contains("a code has six digits, \"12ab\" has not\n"));
  CHECK(server.Requests<v1::VerifyIdentityRequest>("VerifyIdentity").size() == 1);
  CHECK(server.closure().state() == Closure::AGREEMENT_PENDING);
  FakeServer other;
  const Outcome given_up = On(other, {"close", kAccount}, "a\nb\nc\nemail\n");
  CHECK(given_up.code == 2);
  CHECK(other.Calls("CreateClosure") == 0);
}

TEST_CASE("a flow that ends early says how to go on, and goes on where it was") {
  FakeServer server;
  const Outcome declined = On(server, {"close", kAccount}, "email\n123456\nn\n");
  CHECK(declined.code == 1);
  CHECK_THAT(declined.err, Contains("DECLINED") && Catch::EndsWith(kGoOn));
  const Outcome ended = On(server, {"close", kAccount}, "y\nOTHER\nn\n1000000002\n1\n100000001\n1000000001\n");
  CHECK(ended.code == 1);
  CHECK_THAT(ended.err, Contains("was not typed") && Catch::EndsWith(kGoOn));
  CHECK(server.closure().state() == Closure::READY);
  CHECK(On(server, {"close", kAccount}, "OTHER\nn\n1000000001\n").code == 0);
  CHECK(server.Calls("CreateClosure") == 1);
  CHECK(server.Calls("VerifyIdentity") == 1);
  CHECK(server.Calls("AcceptAgreement") == 1);
}

TEST_CASE("a new code that is asked for too soon says in how many seconds, and a sandbox where its mail is") {
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(41);
  retry.mutable_retry_delay()->set_nanos(300'000'000);
  google::protobuf::Any packed;
  packed.PackFrom(retry);
  FakeServer server;
  server.SetClosure(MakeClosure(Closure::IDENTITY_PENDING));
  server.FailNext("ResendCode",
                  RichError(grpc::StatusCode::RESOURCE_EXHAUSTED, "sent just now", "RESEND_TOO_SOON", {packed}));
  const Outcome outcome = On(server, {"close", kAccount}, "resend\n123456\nn\n");
  CHECK_THAT(outcome.err, Contains("sent just now; a new one can be sent in 42s\n"));
  CHECK_THAT(outcome.err, Contains(" sandbox inbox 1000000001\n") && Contains("--sandbox-code"));
  server.SetClosure(MakeClosure(Closure::IDENTITY_PENDING));
  server.FailNext("ShowAccount", grpc::Status(grpc::StatusCode::UNIMPLEMENTED, ""));
  CHECK_THAT(On(server, {"close", kAccount}, "123456\nn\n").err, !Contains("sandbox"));
}

TEST_CASE("the flow asks nothing of a closure that an operator holds") {
  FakeServer server;
  server.SetClosure(Held(Closure::READY));
  const Outcome outcome = On(server, {"close", kAccount}, "OTHER\nn\n1000000001\n");
  CHECK(outcome.code == 1);
  CHECK_THAT(outcome.err, Contains("CLOSURE_ON_HOLD") && !Contains("Why do you leave?"));
}

TEST_CASE("the wait for the owner's own work takes Enter and stop, and nothing else") {
  FakeServer server;
  server.SetClosure(MakeClosure(Closure::BLOCKED));
  server.SetScanResults({Closure::BLOCKED});
  const Outcome outcome = On(server, {"close", kAccount}, "quit\nstop\n");
  CHECK(outcome.code == 3);
  CHECK_THAT(outcome.err, Contains("press Enter alone, or type stop\n"));
  CHECK(server.Calls("Recheck") == 1);
}

TEST_CASE("a flow with nothing left to ask does not speak of questions") {
  FakeServer server;
  server.SetClosure(MakeClosure(Closure::SILENT_PERIOD));
  const Outcome outcome = On(server, {"close", kAccount});
  CHECK(outcome.code == 0);
  CHECK_THAT(outcome.err, !Contains("Leave at any question"));
}

TEST_CASE("a code that is none is refused before any call") {
  FakeServer server;
  server.SetClosure(MakeClosure(Closure::IDENTITY_PENDING));
  for (const char* code : {"12ab", "1234567", "email:12345", "sms:"}) {
    CAPTURE(code);
    const Outcome outcome = On(server, {"verify", kAccount, code});
    CHECK(outcome.code == 2);
    CHECK_THAT(outcome.err, Contains("six digits"));
  }
  CHECK(server.Calls("VerifyIdentity") == 0);
}

TEST_CASE("a checker that the scan does not know is refused with the nearest one") {
  FakeServer server;
  Closure blocked = MakeClosure(Closure::BLOCKED);
  for (const char* checker : {"billing", "domains"}) blocked.mutable_scan()->add_checkers()->set_checker(checker);
  server.SetClosure(blocked);
  const Outcome outcome = On(server, {"items", kAccount, "--checker", "bilings"});
  CHECK(outcome.code == 2);
  CHECK(outcome.out.empty());
  CHECK_THAT(outcome.err, Contains("no checker \"bilings\"; did you mean billing?"));
  CHECK(On(server, {"items", kAccount, "--checker", "domains"}).code == 0);
}

TEST_CASE("an agreement in another language than asked for says so", "[R45]") {
  FakeServer server;
  CHECK_THAT(On(server, {"agreement", "--language", "fr"}).err,
             Contains("There is no text in the language \"fr\"; this is the one in \"en\"."));
  CHECK_THAT(On(server, {"agreement", "--language", "en-GB"}).err, !Contains("There is no text"));
  server.SetClosure(MakeClosure(Closure::AGREEMENT_PENDING));
  CHECK_THAT(On(server, {"agree", kAccount, "--language", "fr"}, "n\n").err, Contains("the language \"fr\""));
}

TEST_CASE("where an account is asked for, a closure is refused") {
  FakeServer server;
  for (const char* command : {"preview", "close", "list", "gate"}) {
    CAPTURE(command);
    const Outcome outcome = RunOn(server, {command, kClosureName}, {.tty = true, .columns = 200});
    CHECK(outcome.code == 2);
    CHECK_THAT(outcome.err, Contains("names a closure, and an account is asked for: write 1000000001"));
  }
  CHECK(server.LastActor().empty());
}

TEST_CASE("a flag of another command says whose it is, and every wrong one says where to read on") {
  struct Row {
    std::vector<std::string> arguments;
    std::string told;
  };
  for (const Row& row :
       std::vector<Row>{{{"start", kAccount, "--via", "email", "--reason", "x"},
                         "closurectl start takes no --reason; it belongs to close, confirm"},
                        {{"watch", kAccount, "--for", "CLOSED"}, "closurectl watch takes no --for; it belongs to wait"},
                        {{"start", kAccount, "--VIA", "email"}, "closurectl start takes no --VIA; did you mean --via?"},
                        {{"status", kAccount, "--frobnicate"}, "closurectl status takes no --frobnicate"},
                        {{"CLOSE", kAccount}, "there is no command \"CLOSE\"; did you mean \"close\"?"},
                        {{"Status", kAccount}, "there is no command \"Status\"; did you mean \"status\"?"},
                        {{"operator"}, "a command is missing after closurectl operator; the commands are tasks, retry"},
                        {{"gate", kAccount, "--action", "foo"}, "\"foo\" is not an action; it is one of SIGN_IN"},
                        {{"sandbox", "fault", "a/b", "HANG", "--calls", "x"}, "not in range 1 to 1000000"}}) {
    CAPTURE(row.arguments);
    const Outcome outcome = RunClosurectl(row.arguments);
    CHECK(outcome.code == 2);
    CHECK_THAT(outcome.err, Contains(row.told) && Contains("\nnext: See how it is used: closurectl"));
  }
}

TEST_CASE("a version of the agreement that is not the current one starts nothing", "[R45]") {
  for (const bool open : {false, true}) {
    FakeServer server;
    if (open) server.SetClosure(MakeClosure(Closure::IDENTITY_PENDING));
    const Outcome outcome = RunOn(server, {"close", kAccount, "--via", "email", "--accept-agreement", "2026-1"},
                                  {.input = "123456\n", .tty = true, .columns = 200});
    CHECK(outcome.code == 1);
    CHECK_THAT(outcome.err, Contains("AGREEMENT_VERSION_STALE (FAILED_PRECONDITION)"));
    CHECK_THAT(outcome.err, Contains("is 2026-01, not \"2026-1\"; nothing was ") && Contains(" agreement 1000000001"));
    for (const char* method : {"CreateClosure", "VerifyIdentity", "AcceptAgreement"}) CHECK(server.Calls(method) == 0);
  }
}

TEST_CASE("a scan that is too old is told before the risk, and the flow scans again by itself", "[D16]") {
  FakeServer server;
  Closure old = MakeClosure(Closure::READY);
  old.clear_allowed_actions();
  old.add_allowed_actions(Closure::RECHECK);
  old.mutable_scan()->mutable_fresh_until_time()->set_seconds(kCreateSeconds);
  server.SetClosure(old);
  const Outcome refused = RunOn(server, {"confirm", kAccount, "--reason", "OTHER"}, {.input = "x\n", .tty = true});
  CHECK(refused.code == 1);
  CHECK_THAT(refused.err, Contains("SCAN_NOT_FRESH") && Contains("fresh until 2026-01-01T00:00:00Z") &&
                              Contains(" recheck ") && !Contains("lost for good"));
  CHECK_THAT(On(server, {"status", kAccount}).out, Contains(" recheck ") && !Contains(" confirm "));
  const Outcome flow = RunOn(server, {"close", kAccount}, {.input = "OTHER\nn\n1000000001\n", .tty = true});
  CHECK(flow.code == 0);
  CHECK(server.Calls("Recheck") == 1);
  CHECK(server.Calls("ConfirmClosure") == 1);
  CHECK(flow.err.find("Everything is clear") > flow.err.find("scanning again"));
}

TEST_CASE("who only looks on is refused before the first question of the flow", "[R41]") {
  for (const std::string actor : {"operator:ann", "ram:bob@1000000001"}) {
    FakeServer server;
    const Outcome outcome =
        RunOn(server, {"close", kAccount}, {.input = "email\n", .tty = true, .variables = {{"CLOSURE_AS", actor}}});
    CHECK(outcome.code == 4);
    CHECK_THAT(outcome.err, Contains("ROOT_IDENTITY_REQUIRED") && !Contains("to go on") && !Contains("email or sms"));
    CHECK(server.Calls("PreviewClosure") == 0);
    CHECK(server.Calls("ListClosures") == 0);
  }
}

TEST_CASE("a reason that is none three times leads to its flag and words", "[D4]") {
  FakeServer server;
  server.SetClosure(MakeClosure(Closure::READY));
  const Outcome outcome = RunOn(server, {"close", kAccount}, {.input = "a\nb\nc\n", .tty = true});
  CHECK(outcome.code == 2);
  CHECK_THAT(outcome.err, Contains("next: Give it with --reason: one of NO_LONGER_NEEDED, "));
  CHECK_THAT(RunClosurectl({"close", "--help"}).out, Contains("NO_LONGER_NEEDED, TOO_EXPENSIVE"));
}

TEST_CASE("a script that leaves renounceable items is told the flags that discard them", "[R52]") {
  FakeServer server;
  Closure blocked = MakeClosure(Closure::BLOCKED);
  blocked.mutable_item_counts()->set_renounceable(1);
  server.SetClosure(blocked);
  server.SetScanResults({Closure::BLOCKED});
  const Outcome outcome = On(server, {"close", kAccount, "--no-input", "--reason", "OTHER", "--confirm", kAccount});
  CHECK(outcome.code == 3);
  CHECK_THAT(outcome.err, Contains("1 renounceable item(s) are left") &&
                              Contains("run the same command with:\n  --discard-all --acknowledge-risk\n"));
}

}  // namespace closure
