// SPDX-License-Identifier: Apache-2.0
// The guided flow.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

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

const std::vector<std::string>& Scripted() {
  static const std::vector<std::string> kArguments = {
      "close",    kAccount,           "--via",     "email",  "--sandbox-code", "--accept-agreement", "2026-01",
      "--reason", "NO_LONGER_NEEDED", "--confirm", kAccount, "--discard-all",  "--acknowledge-risk", "--no-input"};
  return kArguments;
}

Closure Blocked(int must_handle, int renounceable) {
  Closure closure = MakeClosure(Closure::BLOCKED);
  closure.mutable_item_counts()->set_must_handle(must_handle);
  closure.mutable_item_counts()->set_renounceable(renounceable);
  return closure;
}

}  // namespace

TEST_CASE("a person is led from the preview to the silent period", "[R55]") {
  FakeServer server;
  const Outcome outcome =
      On(server, {"close", kAccount}, {.input = "email\n123456\ny\nOTHER\nn\n1000000001\n", .tty = true});
  CHECK(outcome.code == 0);
  CHECK_THAT(outcome.out, Contains("SILENT_PERIOD"));
  CHECK_THAT(outcome.err, Contains("ends at 2026-01-08T00:00:00Z"));
  CHECK(server.Requests<v1::VerifyIdentityRequest>("VerifyIdentity")[0].codes(0).code() == "123456");
  CHECK(server.Requests<v1::ConfirmClosureRequest>("ConfirmClosure")[0].reason() == Closure::OTHER);
  CHECK_FALSE(server.Requests<v1::ConfirmClosureRequest>("ConfirmClosure")[0].late_settlement_consent());
}

TEST_CASE("a script closes an account without a question") {
  FakeServer server;
  server.AddInboxMessage("email", "Your code is 222222.", 0);
  const Outcome outcome = On(server, Scripted());
  CHECK(outcome.code == 0);
  CHECK(server.Requests<v1::VerifyIdentityRequest>("VerifyIdentity")[0].codes(0).code() == "222222");
  CHECK(server.closure().state() == Closure::SILENT_PERIOD);
}

TEST_CASE("without a terminal every missing flag is named before anything is started") {
  FakeServer server;
  const Outcome outcome = On(server, {"close", kAccount});
  CHECK(outcome.code == 2);
  CHECK_THAT(outcome.err, Contains("--via, --sandbox-code, --accept-agreement, --reason, --confirm"));
  CHECK(server.Calls("PreviewClosure") == 0);
  CHECK(server.Calls("CreateClosure") == 0);
}

TEST_CASE("a choice that would be refused at the end is refused before anything is begun", "[R53][R55]") {
  struct Row {
    std::vector<std::string> wrong;
    std::string told;
  };
  const std::vector<std::string> good = {"close",   kAccount,    "--sandbox-code", "--accept-agreement",
                                         "2026-01", "--no-input"};
  const std::vector<std::string> confirm = {"--reason", "OTHER", "--confirm", kAccount, "--via", "sms"};
  const auto with = [](std::vector<std::string> all, const std::vector<std::string>& more) {
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  for (const Row& row : std::vector<Row>{
           {{"--reason", "OTHER", "--confirm", "1000000002", "--via", "sms"}, "1000000002 is not the id"},
           {{"--reason", "NONSENSE", "--confirm", kAccount, "--via", "sms"}, "\"NONSENSE\" is not a reason"},
           {{"--reason", "OTHER", "--confirm", kAccount, "--via", "pigeon"}, "\"pigeon\" is not a channel"},
           {with(confirm, {"--reason-text", std::string(501, 'x')}), "more than 500 characters"},
           {with(confirm, {"--reason-text", "a\nb"}), "control characters"},
           {with(confirm, {"--language", "e n"}), "is not a language"},
           {with(confirm, {"--code", "12"}), "a code has six digits"},
           {with(confirm, {"--discard-all"}), "--acknowledge-risk"}}) {
    for (const Closure::State state : {Closure::STATE_UNSPECIFIED, Closure::IDENTITY_PENDING, Closure::BLOCKED}) {
      CAPTURE(row.wrong, Closure::State_Name(state));
      FakeServer server;
      if (state != Closure::STATE_UNSPECIFIED) server.SetClosure(MakeClosure(state));
      const Outcome outcome = On(server, with(good, row.wrong));
      CHECK(outcome.code == 2);
      CHECK_THAT(outcome.err, Contains(row.told));
      for (const char* method : {"CreateClosure", "VerifyIdentity", "AcceptAgreement", "Recheck", "DiscardItems"})
        CHECK(server.Calls(method) == 0);
    }
  }
}

TEST_CASE("on resume only what is still to be asked has to be answered beforehand") {
  FakeServer server;
  server.SetClosure(MakeClosure(Closure::IDENTITY_PENDING));
  CHECK_THAT(On(server, {"close", kAccount}).err,
             Contains(": --sandbox-code or --code, --accept-agreement, --reason, --confirm; nothing was changed"));
  server.SetClosure(MakeClosure(Closure::READY));
  CHECK(On(server, {"close", kAccount, "--reason", "OTHER", "--confirm", kAccount}).code == 0);
}

TEST_CASE("a code with nothing open is refused, and no attempt of a new code is spent") {
  FakeServer server;
  const Outcome outcome = On(server, {"close", kAccount, "--code", "123456"}, {.input = "email\n", .tty = true});
  CHECK(outcome.code == 2);
  CHECK_THAT(outcome.err, Contains("nothing was started") && Contains(" start 1000000001 --via email"));
  CHECK(server.Calls("CreateClosure") == 0);
}

TEST_CASE("an account whose closure cannot be started is told so below the plan, before any question", "[R12]") {
  FakeServer server;
  v1::ClosurePlan plan;
  plan.set_account(kAccountName);
  for (const v1::ErrorReason reason : {v1::ACCOUNT_NOT_ACTIVE, v1::CONTACT_POINT_MISSING}) {
    v1::StartObstacle& obstacle = *plan.add_start_obstacles();
    obstacle.set_reason(reason);
    obstacle.set_detail("it lacks " + v1::ErrorReason_Name(reason));
  }
  server.SetPlan(plan);
  server.AddInboxMessage("email", "Your code is 222222.", 0);
  for (const bool person : {true, false}) {
    CAPTURE(person);
    const Outcome outcome = person ? On(server, {"close", kAccount}, {.input = "email\n", .tty = true, .columns = 200})
                                   : On(server, Scripted());
    CHECK(outcome.code == 1);
    CHECK_THAT(outcome.err, Contains("cannot be closed yet") && !Contains("email or sms?"));
    CHECK_THAT(outcome.err, Contains("can be started: it lacks ACCOUNT_NOT_ACTIVE; it lacks CONTACT_POINT_MISSING;") &&
                                Contains("reason: ACCOUNT_NOT_ACTIVE") && Contains("next: Put that right"));
    CHECK(server.Calls("CreateClosure") == 0);
  }
}

TEST_CASE("a closure that changed meanwhile is looked at again, and not for ever") {
  FakeServer server;
  const grpc::Status moved = RichError(grpc::StatusCode::ABORTED, "the etag moved", "ETAG_MISMATCH");
  const std::vector<std::string> command = {"close", kAccount, "--reason", "OTHER", "--confirm", kAccount};
  server.SetClosure(MakeClosure(Closure::READY));
  server.FailNext("ConfirmClosure", moved);
  const Outcome once = On(server, command);
  CHECK(once.code == 0);
  CHECK_THAT(once.err, Contains("The closure changed meanwhile"));
  server.SetClosure(MakeClosure(Closure::READY));
  for (int i = 0; i < 4; ++i) server.FailNext("ConfirmClosure", moved);
  const Outcome always = On(server, command);
  CHECK(always.code == 1);
  CHECK_THAT(always.err, Contains("ETAG_MISMATCH"));
}

TEST_CASE("a channel that comes too late is told how to be used", "[D9]") {
  FakeServer server;
  server.SetClosure(MakeClosure(Closure::IDENTITY_PENDING));
  const std::string other = " resend 1000000001 --via sms\n";
  CHECK_THAT(On(server, {"close", kAccount, "--via", "sms"}, {.input = "", .tty = true}).err, Contains(other));
  CHECK_THAT(On(server, {"close", kAccount, "--via", "EMAIL"}, {.input = "", .tty = true}).err, !Contains(other));
}

TEST_CASE("a script gives the codes of both channels, one flag each, or is told which one is left", "[D9]") {
  FakeServer server;
  Closure both = MakeClosure(Closure::IDENTITY_PENDING);
  auto& challenges = *both.mutable_identity_verification()->mutable_challenges();
  challenges.Clear();
  challenges.Add()->set_channel(v1::EMAIL);
  challenges.Add()->set_channel(v1::SMS);
  server.SetClosure(both);
  const std::vector<std::string> rest = {"--accept-agreement", "2026-01", "--reason",  "OTHER",
                                         "--confirm",          kAccount,  "--no-input"};
  const auto with = [&rest](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), rest.begin(), rest.end());
    return arguments;
  };
  CHECK(On(server, with({"close", kAccount, "--code", "email:111111", "--code", "sms:222222"})).code == 0);
  CHECK(server.Requests<v1::VerifyIdentityRequest>("VerifyIdentity")[0].codes_size() == 2);
  challenges.Mutable(0)->set_verified(true);
  server.SetClosure(both);
  CHECK_THAT(On(server, {"close", kAccount}, {.input = "", .tty = true, .columns = 200}).err,
             Contains("answer it with --code sms:CODE or --sandbox-code"));
}

TEST_CASE("a new code that was asked for is told", "[D9]") {
  FakeServer server;
  server.SetClosure(MakeClosure(Closure::IDENTITY_PENDING));
  CHECK_THAT(On(server, {"close", kAccount}, {.input = "resend\n", .tty = true}).err,
             Contains("A new code is on its way"));
}

TEST_CASE("a dry run is a preview") {
  FakeServer server;
  CHECK(On(server, {"close", kAccount, "--dry-run"}).code == 3);
  CHECK(server.Calls("PreviewClosure") == 1);
  CHECK(server.Calls("CreateClosure") == 0);
}

TEST_CASE("the flow goes on where an open closure stands") {
  FakeServer server;
  server.SetClosure(MakeClosure(Closure::READY));
  CHECK(On(server, Scripted()).code == 0);
  CHECK(server.Calls("CreateClosure") == 0);
  CHECK(server.Calls("VerifyIdentity") == 0);
  CHECK(server.Calls("ConfirmClosure") == 1);
}

TEST_CASE("a script discards once, then leaves what is to be handled by hand with exit code 3", "[R49][R52]") {
  FakeServer server;
  server.SetClosure(Blocked(1, 1));
  server.SetItems({MakeItem("billing-1", v1::MUST_HANDLE), MakeItem("billing-2", v1::RENOUNCEABLE)});
  server.SetScanResults({Closure::BLOCKED});
  const Outcome outcome = On(server, Scripted());
  CHECK(outcome.code == 3);
  CHECK(server.Calls("DiscardItems") == 1);
  CHECK(server.Calls("ConfirmClosure") == 0);
  CHECK_THAT(outcome.err, Contains("The closure waits.") && Contains("close 1000000001"));
}

TEST_CASE("discarding all goes on while fewer are left, and shows the list once", "[R52]") {
  FakeServer server;
  server.SetClosure(Blocked(0, 3));
  server.SetItems({MakeItem("billing-2", v1::RENOUNCEABLE)});
  server.SetReleases(1);
  server.SetScanResults({Closure::BLOCKED, Closure::BLOCKED, Closure::BLOCKED, Closure::READY});
  const Outcome outcome = On(server, Scripted());
  CHECK(outcome.code == 0);
  CHECK(server.Calls("DiscardItems") == 3);
  CHECK(outcome.err.find("DISPOSITION") == outcome.err.rfind("DISPOSITION"));
}

TEST_CASE("what could not be released is no matter of the owner's work, and a long list is cut", "[R52]") {
  FakeServer server;
  server.SetClosure(Blocked(0, 60));
  std::vector<v1::BlockingItem> items;
  for (int i = 0; i < 60; ++i) items.push_back(MakeItem("billing-" + std::to_string(100 + i), v1::RENOUNCEABLE));
  server.SetItems(items);
  server.SetScanResults({Closure::BLOCKED});
  const Outcome outcome = On(server, Scripted());
  CHECK(outcome.code == 3);
  CHECK(server.Calls("DiscardItems") == 1);
  CHECK_THAT(outcome.err, Contains("There are 10 more") && Contains("billing-149") && !Contains("billing-150"));
  CHECK_THAT(outcome.err, Contains("The closure waits.") && !Contains("sandbox settle"));
}

TEST_CASE("a person handles the rest by hand and has it scanned again", "[R50]") {
  FakeServer server;
  server.SetClosure(Blocked(1, 0));
  server.SetItems({MakeItem("billing-1", v1::MUST_HANDLE)});
  server.SetScanResults({Closure::BLOCKED, Closure::READY});
  const Outcome outcome = On(server, {"close", kAccount}, {.input = "\nOTHER\ny\n1000000001\n", .tty = true});
  CHECK(outcome.code == 0);
  CHECK(server.Calls("Recheck") == 2);
  CHECK(server.Requests<v1::ConfirmClosureRequest>("ConfirmClosure")[0].late_settlement_consent());
}

TEST_CASE("where the cloud is only pretended, the wait for the owner's own work says how to play it", "[R50]") {
  for (const bool person : {true, false}) {
    CAPTURE(person);
    FakeServer server;
    server.SetClosure(Blocked(1, 0));
    server.SetScanResults({Closure::BLOCKED});
    const auto run = [&] {
      return person ? On(server, {"close", kAccount}, {.input = "stop\n", .tty = true}) : On(server, Scripted());
    };
    CHECK_THAT(run().err, Contains("is a sandbox") && Contains(" sandbox settle 1000000001\n"));
    for (int i = 0; i < 2; ++i) server.FailNext("ShowAccount", grpc::Status(grpc::StatusCode::UNIMPLEMENTED, ""));
    CHECK_THAT(run().err, !Contains("sandbox settle") && Contains("The closure waits."));
  }
}

TEST_CASE("a person may stop and come back another day") {
  FakeServer server;
  server.SetClosure(Blocked(1, 0));
  server.SetScanResults({Closure::BLOCKED});
  const Outcome outcome = On(server, {"close", kAccount}, {.input = "stop\n", .tty = true});
  CHECK(outcome.code == 3);
  CHECK(server.Calls("Recheck") == 1);
  CHECK(server.Calls("ConfirmClosure") == 0);
}

TEST_CASE("a blocked closure that is gone on with is scanned first, for its items may be handled by now", "[R50]") {
  FakeServer server;
  server.SetClosure(Blocked(1, 0));
  CHECK(On(server, Scripted()).code == 0);
  CHECK(server.Calls("Recheck") == 1);
  CHECK(server.closure().state() == Closure::SILENT_PERIOD);
}

TEST_CASE("a wrong code is asked for again, and a new one can be sent") {
  FakeServer server;
  server.SetClosure(MakeClosure(Closure::IDENTITY_PENDING));
  server.FailNext("VerifyIdentity",
                  RichError(grpc::StatusCode::FAILED_PRECONDITION, "the code is wrong", "CODE_WRONG"));
  server.FailNext("ResendCode", RichError(grpc::StatusCode::RESOURCE_EXHAUSTED, "wait a minute", "RESEND_TOO_SOON"));
  const Outcome outcome =
      On(server, {"close", kAccount}, {.input = "111111\nresend\nresend\n222222\nn\n", .tty = true});
  CHECK(outcome.code == 1);
  CHECK_THAT(outcome.err, Contains("the code is wrong"));
  CHECK(server.Calls("VerifyIdentity") == 2);
  CHECK_THAT(outcome.err, Contains("wait a minute"));
  CHECK(server.Calls("ResendCode") == 2);
  CHECK(server.closure().state() == Closure::AGREEMENT_PENDING);
}

TEST_CASE("a scan that grew too old is repeated", "[D16]") {
  FakeServer server;
  server.SetClosure(MakeClosure(Closure::READY));
  server.FailNext("ConfirmClosure", RichError(grpc::StatusCode::FAILED_PRECONDITION, "too old", "SCAN_NOT_FRESH"));
  CHECK(On(server, Scripted()).code == 0);
  CHECK(server.Calls("Recheck") == 1);
  CHECK(server.Calls("ConfirmClosure") == 2);
}

TEST_CASE("the guided flow's only data is the closure") {
  FakeServer server;
  server.SetClosure(MakeClosure(Closure::READY));
  std::vector<std::string> arguments = Scripted();
  arguments.insert(arguments.end(), {"-o", "json"});
  const Outcome outcome = On(server, arguments);
  CHECK(nlohmann::json::parse(outcome.out).at("state") == "SILENT_PERIOD");
  CHECK(outcome.err.empty());
}

TEST_CASE("also from its beginning, one line in jsonl") {
  FakeServer server;
  server.AddInboxMessage("email", "Your code is 222222.", 0);
  std::vector<std::string> arguments = Scripted();
  arguments.insert(arguments.end(), {"-o", "jsonl"});
  const Outcome outcome = On(server, arguments);
  CHECK(outcome.code == 0);
  CHECK(nlohmann::json::parse(outcome.out).at("state") == "SILENT_PERIOD");
}

}  // namespace closure
