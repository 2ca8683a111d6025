// SPDX-License-Identifier: Apache-2.0
// What operators find in the log: whatever the runbook is for leaves a line, and none holds personal data.
#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "tests/support/api_calls.h"
#include "tests/support/views.h"

namespace closure {
namespace {

constexpr char kAccount[] = "log-1";
constexpr char kAnn[] = "operator:ann";

// The only line with all of these parts; fails the test when there is none or another one.
std::string LineWith(RunningServer& server, const std::vector<std::string>& parts) {
  std::vector<std::string> found;
  for (const std::string& line : server.LogLines()) {
    if (std::all_of(parts.begin(), parts.end(), [&](const std::string& part) { return absl::StrContains(line, part); }))
      found.push_back(line);
  }
  CAPTURE(parts, server.LogLines());
  REQUIRE(found.size() == 1);
  return found.front();
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
             Catch::Contains("\"level\":\"warning\"") && Catch::Contains("\"reason\":\"a test\""));
  server.Restart();
  CHECK_THAT(LineWith(server, {"irreversible work is paused"}), Catch::Contains("\"actor\":\"operator:ann\""));
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
  LineWith(server, {"a checker did not answer", "\"checker\":\"domains\"", owner.name(), "\"required\":\"true\""});
}

TEST_CASE("no line of the log holds the owner's address, number or code", "[log][D12]") {
  RunningServer server;
  server.Load(CloudFileOf(kAccount));
  Owner owner(server, kAccount);
  owner.Create();
  const std::string code = owner.Code();
  owner.Verify();
  server.SetFault("MessagingService/SendMail", sandbox::v1::SetFaultRequest::UNAVAILABLE_BEFORE, 1);
  owner.Cancel();
  WaitUntilQuiet(server, owner.name());
  REQUIRE_FALSE(server.LogLines().empty());
  for (const std::string& line : server.LogLines()) {
    CHECK_THAT(line, !Catch::Contains("owner@log-1.example") && !Catch::Contains("13900000001") &&
                         !Catch::Contains("\"" + code + "\""));
  }
}

}  // namespace
}  // namespace closure
