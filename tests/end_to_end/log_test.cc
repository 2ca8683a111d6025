// SPDX-License-Identifier: Apache-2.0
// What operators find in the log: whatever the runbook is for leaves a line, and none holds personal data.
#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "tests/support/api_calls.h"
#include "tests/support/scripted_checker.h"
#include "tests/support/views.h"

namespace closure {
namespace {

constexpr char kAccount[] = "log-1";
constexpr char kAnn[] = "operator:ann";

// The only line with all of these parts, after waiting for it; fails the test when there is none or another one.
std::string LineWith(RunningServer& server, const std::vector<std::string>& parts) {
  const std::vector<std::string> found = server.WaitForLogLines([&parts](const std::string& line) {
    return std::all_of(parts.begin(), parts.end(),
                       [&line](const std::string& part) { return absl::StrContains(line, part); });
  });
  CAPTURE(parts, server.LogLines());
  REQUIRE(found.size() == 1);
  return found.front();
}

// Where the first line with this is, and where the last one is.
std::ptrdiff_t FirstWith(const std::vector<std::string>& lines, const std::string& part) {
  const auto has = [&part](const std::string& line) { return absl::StrContains(line, part); };
  return std::find_if(lines.begin(), lines.end(), has) - lines.begin();
}
std::ptrdiff_t LastWith(const std::vector<std::string>& lines, const std::string& part) {
  const auto has = [&part](const std::string& line) { return absl::StrContains(line, part); };
  return lines.rend() - std::find_if(lines.rbegin(), lines.rend(), has) - 1;
}

template <typename Request>
Request About(const std::string& name, const std::string& reason) {
  auto request = RequestOn<Request>(name);
  request.set_reason(reason);
  return request;
}

TEST_CASE("a hold and its release are told with closure, operator and reason", "[log][operators]") {
  RunningServer server;
  server.Load(CloudFileOf(kAccount));
  Owner owner(server, kAccount);
  owner.GoToScanResult();
  REQUIRE(Send(server, kAnn, About<v1::HoldClosureRequest>(owner.name(), "court order")).ok());
  const std::string held = LineWith(server, {"a closure was held"});
  CHECK_THAT(held, Catch::Contains("\"level\":\"warning\"") && Catch::Contains("\"closure\":\"" + owner.name()) &&
                       Catch::Contains("\"actor\":\"operator:ann\"") && Catch::Contains("\"reason\":\"court order\""));
  REQUIRE(Send(server, kAnn, About<v1::ReleaseHoldRequest>(owner.name(), "lifted")).ok());
  CHECK_THAT(LineWith(server, {"the hold of a closure was released"}), Catch::Contains("\"reason\":\"lifted\""));
  // A refused call changed nothing and is not told.
  REQUIRE_FALSE(Send(server, kAnn, About<v1::ReleaseHoldRequest>(owner.name(), "again")).ok());
  LineWith(server, {"the hold of a closure was released"});
}

TEST_CASE("a pause and its end are told, and at the next start that it lasts", "[log][operators]") {
  RunningServer server;
  REQUIRE(Send(server, kAnn, OperatorRequest<v1::PauseIrreversibleRequest>()).ok());
  CHECK_THAT(LineWith(server, {"irreversible work was paused"}),
             Catch::Contains("\"level\":\"warning\"") && Catch::Contains("\"reason\":\"a test\"") &&
                 Catch::Contains("\"method\":\"PauseIrreversible\""));
  server.Restart();
  const std::vector<std::string> lines = server.LogLines();
  // Before anybody is served, and so before anybody can end it.
  CHECK(FirstWith(lines, "irreversible work is paused") < LastWith(lines, "\"msg\":\"serving\""));
  CHECK_THAT(LineWith(server, {"\"msg\":\"stopped\""}),
             Catch::Contains("\"address\":\"127.0.0.1:") && Catch::Contains("\"version\":\""));
  CHECK_THAT(LineWith(server, {"irreversible work is paused"}),
             Catch::Contains("\"actor\":\"operator:ann\"") && Catch::Matches(".*\"since\":\"[^\"+]*Z\".*"));
  REQUIRE(Send(server, kAnn, OperatorRequest<v1::ResumeIrreversibleRequest>()).ok());
  LineWith(server, {"irreversible work was resumed", "operator:ann"});
}

TEST_CASE("a breaker that opens is told once as an error, and each approval of its release", "[log][D14]") {
  RunningServer server(
      {.configure = [](config::v1::ServerConfig& config) { config.mutable_breaker()->set_deletions_per_hour_min(1); }});
  std::vector<std::unique_ptr<Owner>> owners;
  for (const char* account : {"log-a", "log-b"}) {
    server.Load(CloudFileOf(account));
    owners.push_back(std::make_unique<Owner>(server, account));
    owners.back()->GoToSilentPeriod();
  }
  server.clock().Advance(absl::Hours(168));
  WaitForStatus(server, [](const v1::SystemStatus& status) { return status.has_breaker(); });
  CHECK_THAT(LineWith(server, {"the velocity breaker is open"}),
             Catch::Contains("\"level\":\"error\"") && Catch::Contains("\"actor\":\"system\""));
  REQUIRE(Send(server, kAnn, OperatorRequest<v1::ReleaseBreakerRequest>()).ok());
  LineWith(server, {"the release of the velocity breaker was approved", "operator:ann"});
  REQUIRE(Send(server, "operator:bob", OperatorRequest<v1::ReleaseBreakerRequest>()).ok());
  LineWith(server, {"the velocity breaker was released", "operator:bob"});
  LineWith(server, {"the velocity breaker is open"});
}

TEST_CASE("an account system that does not answer is told for a start and for a preview", "[log]") {
  RunningServer server;
  server.Load(CloudFileOf(kAccount));
  server.SetFault("AccountService/GetAccount", sandbox::v1::SetFaultRequest::UNAVAILABLE_BEFORE);
  v1::CreateClosureRequest create;
  create.set_parent(std::string("accounts/") + kAccount);
  create.set_channel(v1::EMAIL);
  create.set_request_id(NewRequestId());
  const std::string owner = std::string("root:") + kAccount;
  CHECK(Send(server, owner, create).reason() == v1::ACCOUNT_SYSTEM_UNAVAILABLE);
  LineWith(server, {"the account system did not answer", "\"method\":\"CreateClosure\"", "warning"});
  v1::PreviewClosureRequest preview;
  preview.set_account(std::string("accounts/") + kAccount);
  CHECK(Send(server, owner, preview).reason() == v1::ACCOUNT_SYSTEM_UNAVAILABLE);
  LineWith(server, {"the account system did not answer", "\"method\":\"PreviewClosure\""});
}

TEST_CASE("a checker that does not answer a scan is told with the closure", "[log][D5]") {
  RunningServer server;
  server.Load(CloudFileOf(kAccount));
  server.SetFault("DomainService/ListDomains", sandbox::v1::SetFaultRequest::UNAVAILABLE_BEFORE);
  Owner owner(server, kAccount);
  owner.GoToScanResult();
  LineWith(server, {"a checker did not answer", "\"checker\":\"domains\"", owner.name(), "\"required\":true"});
}

TEST_CASE("a checker that a stop cut off is not told to be silent", "[log][D5]") {
  const auto hold = std::make_shared<QuestionHold>(kAccount);
  RunningServer server({.extra_checkers = {std::make_shared<ScriptedChecker>("vault", hold->behaviour())}});
  server.Load(CloudFileOf(kAccount));
  Owner owner(server, kAccount);
  owner.Create();
  owner.Verify();
  owner.Agree();
  REQUIRE(hold->WaitForQuestion());
  server.Restart([&] { hold->LetGo(); });
  owner.WaitFor({v1::Closure::READY});
  for (const std::string& line : server.LogLines()) CHECK_THAT(line, !Catch::Contains("a checker did not answer"));
}

TEST_CASE("no line of the log holds the owner's address, number or code", "[log][D12]") {
  // It says more than it should.
  const auto vault = std::make_shared<ScriptedChecker>(
      "vault", [](const v1::CheckRequest&, const CallOptions&, Checker::CheckDone done) {
        std::move(done)(absl::UnavailableError("no key of Owner@log-1.example"));
      });
  RunningServer server({.extra_checkers = {vault}});
  server.Load(CloudFileOf(kAccount));
  Owner owner(server, kAccount);
  owner.Create();
  const std::string code = owner.Code();
  owner.Verify();
  owner.Agree();
  owner.WaitFor({v1::Closure::BLOCKED});
  CHECK_THAT(LineWith(server, {"a checker did not answer"}), Catch::Contains("no key of ***"));
  server.SetFault("MessagingService/SendMail", sandbox::v1::SetFaultRequest::UNAVAILABLE_BEFORE, 1);
  owner.Cancel();
  WaitUntilQuiet(server, owner.name());
  REQUIRE_FALSE(server.LogLines().empty());
  for (const std::string& line : server.LogLines()) {
    CHECK_THAT(line, !Catch::Contains("@log-1.example") && !Catch::Contains("13900000001") &&
                         !Catch::Contains("\"" + code + "\""));
  }
}

}  // namespace
}  // namespace closure
