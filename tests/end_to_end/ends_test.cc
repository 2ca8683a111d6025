// SPDX-License-Identifier: Apache-2.0
// How closures end: cancelled, expired, closed for ever, and what the owner is told.
#include <catch2/catch.hpp>
#include <set>

#include "checkers/proto_time.h"
#include "fmt/format.h"
#include "tests/support/api_calls.h"
#include "tests/support/views.h"

namespace closure {
namespace {

using grpc::StatusCode;

constexpr char kAccount[] = "ends-1";
constexpr absl::Duration kDay = absl::Hours(24);

void WaitUntilErased(Owner& owner) {
  owner.WaitUntil([](const v1::Closure& closure) { return closure.has_personal_data_erase_time(); });
}

// The result notices that were sent, by channel.
std::map<std::string, std::string> Notices(RunningServer& server) {
  std::map<std::string, std::string> notices;
  for (const auto& message : server.Inbox(kAccount)) {
    if (message.idempotency_key().find("/notice/") == std::string::npos) continue;
    CHECK(notices.emplace(message.channel(), message.body()).second);
  }
  return notices;
}

TEST_CASE("the owner is told the result by mail and by text message, whatever it is", "[R64][R65][R66][D1][D16]") {
  RunningServer server;
  const std::string language = GENERATE(as<std::string>(), "en", "zh");
  const std::string end = GENERATE(as<std::string>(), "CLOSED", "ABORTED", "CANCELLED", "EXPIRED");
  server.Load(CloudFileOf(kAccount, fmt::format(R"("languageCode": "{}")", language)));
  Owner owner(server, kAccount);
  if (end == "CLOSED" || end == "ABORTED") {
    owner.GoToSilentPeriod();
    if (end == "ABORTED") IssueBill(server, kAccount, "250.00 USD");
    owner.GoToEnd();
  } else {
    owner.Create();
    if (end == "CANCELLED") owner.Cancel();
    server.clock().Advance(kDay);
  }
  WaitUntilErased(owner);
  CHECK(v1::Closure::State_Name(owner.closure().state()) == end);
  const std::map<std::string, std::string> notices = Notices(server);
  REQUIRE(notices.size() == 2);
  for (const auto& [channel, body] : notices) {
    CHECK_THAT(body, Catch::Contains(kAccount));
    const bool chinese = body.find("账") != std::string::npos;
    CHECK(chinese == (language == "zh"));
  }
  for (const v1::Notice& notice : owner.closure().notices()) CHECK(notice.status() == v1::Notice::DELIVERED);
}

TEST_CASE("where there is one contact point the result is told there", "[R64]") {
  RunningServer server;
  server.Load(
      fmt::format(R"({{"accounts": [{{"accountId": "{}", "email": {{"address": "only@ends.example"}}}}]}})", kAccount));
  Owner owner(server, kAccount);
  owner.Create();
  owner.Cancel();
  WaitUntilErased(owner);
  CHECK(Notices(server).size() == 1);
  REQUIRE(owner.closure().notices_size() == 2);
  CHECK(owner.closure().notices(0).status() == v1::Notice::DELIVERED);
  CHECK(owner.closure().notices(1).status() == v1::Notice::NO_ADDRESS);
}

TEST_CASE("an idle closure expires after a day before the agreement and after thirty days behind it", "[D16]") {
  RunningServer server;
  const auto [state, days] =
      GENERATE(std::pair(v1::Closure::IDENTITY_PENDING, 1), std::pair(v1::Closure::AGREEMENT_PENDING, 1),
               std::pair(v1::Closure::BLOCKED, 30), std::pair(v1::Closure::READY, 30));
  const bool blocked = state == v1::Closure::BLOCKED;
  server.Load(CloudFileOf(
      kAccount, blocked ? R"("funds": [{"currencyCode": "USD", "balance": "2000.00", "debt": "4.00"}])" : ""));
  Owner owner(server, kAccount);
  owner.Create();
  if (state != v1::Closure::IDENTITY_PENDING) owner.Verify();
  if (days == 30) {
    owner.Agree();
    owner.WaitFor({state});
  }
  if (blocked) owner.DiscardAll();
  owner.Refresh();
  REQUIRE(owner.closure().state() == state);
  CHECK(FromProto(owner.closure().expire_time()) == server.clock().Now() + days * kDay);
  server.clock().Advance(days * kDay - absl::Seconds(1));
  WaitUntilQuiet(server, owner.name());
  owner.Refresh();
  CHECK(owner.closure().state() == state);
  server.clock().Advance(absl::Seconds(1));
  owner.WaitFor({v1::Closure::EXPIRED});
  CHECK(owner.closure().cause() == v1::Closure::IDLE);
  CHECK_FALSE(owner.closure().has_expire_time());
  // What was renounced is dropped with it: nobody voids a debt and stays (D15).
  for (const v1::Renunciation& each : owner.closure().renunciations())
    CHECK(each.status() == v1::Renunciation::DROPPED);
  CHECK(server.Gate(kAccount).gate_state() == v1::GATE_OPEN);
}

TEST_CASE("who does something has the whole time again", "[D16]") {
  RunningServer server;
  server.Load(CloudFileOf(kAccount));
  Owner owner(server, kAccount);
  owner.Create();
  for (int i = 0; i < 3; ++i) {
    server.clock().Advance(kDay - absl::Seconds(1));
    REQUIRE(Send(server, owner.actor(), RequestOn<v1::ResendCodeRequest>(owner.name())).ok());
    WaitUntilQuiet(server, owner.name());
  }
  owner.Verify();
  owner.Agree();
  owner.WaitFor({v1::Closure::READY});
  for (int i = 0; i < 3; ++i) {
    server.clock().Advance(30 * kDay - absl::Seconds(1));
    owner.Recheck();
  }
  CHECK(owner.closure().state() == v1::Closure::READY);
  server.clock().Advance(30 * kDay);
  owner.WaitFor({v1::Closure::EXPIRED});
}

TEST_CASE("while items are released the owner cancels as soon as that has settled", "[D1][D3]") {
  RunningServer server;
  server.Load(CloudFileOf(kAccount, R"("bulkResourceCount": 1)"));
  server.SetFault("ResourceService/ReleaseResource", sandbox::v1::SetFaultRequest::UNAVAILABLE_BEFORE, 1);
  Owner owner(server, kAccount);
  owner.GoToScanResult();
  REQUIRE(Send(server, owner.actor(), DiscardRequestFor(owner, owner.Items())).ok());
  WaitUntilQuiet(server, owner.name());
  const auto cancel = RequestOn<v1::CancelClosureRequest>(owner.name());
  CheckRefused(Send(server, owner.actor(), cancel), StatusCode::FAILED_PRECONDITION, v1::STATE_NOT_ALLOWED,
               {"DISCARDING"});
  server.clock().Advance(absl::Seconds(5));
  owner.WaitFor({v1::Closure::READY});
  CHECK(Send(server, owner.actor(), cancel).As<v1::Closure>().state() == v1::Closure::CANCELLED);
  // What was released stays released.
  CHECK(server.Show(kAccount).account().resources().empty());
}

TEST_CASE("a cancelled closure drops what was renounced and leaves the account alone", "[D1][D15]") {
  RunningServer server;
  server.Load(CloudFileOf(kAccount, R"("funds": [{"currencyCode": "USD", "balance": "20.00", "debt": "5.00"}])"));
  Owner owner(server, kAccount);
  owner.GoToScanResult();
  owner.DiscardAll();
  owner.Cancel();
  REQUIRE(owner.closure().renunciations_size() == 2);
  for (const v1::Renunciation& each : owner.closure().renunciations())
    CHECK(each.status() == v1::Renunciation::DROPPED);
  CHECK(owner.closure().cause() == v1::Closure::OWNER_CANCELLED);
  WaitUntilErased(owner);
  for (const char* method :
       {"BillingService/ForfeitBalance", "BillingService/VoidDebt", "BillingService/FreezeBilling"}) {
    CHECK(ActsOf(server, kAccount, method).empty());
  }
}

TEST_CASE("a closed account never comes back, not even from a backup", "[R2][R4][R5][D13]") {
  RunningServer server;
  server.Load(CloudFileOf(kAccount));
  Owner owner(server, kAccount);
  owner.GoToSilentPeriod();
  owner.GoToEnd();
  WaitUntilErased(owner);
  v1::CreateClosureRequest create;
  create.set_parent(fmt::format("accounts/{}", kAccount));
  create.set_channel(v1::EMAIL);
  create.set_request_id(NewRequestId());
  CheckRefused(Send(server, owner.actor(), create), StatusCode::FAILED_PRECONDITION, v1::ACCOUNT_CLOSED, {kAccount});
  // Somebody restores the cloud from a backup: the account is there again, for everybody but us.
  server.Load(CloudFileOf(kAccount));
  server.Restart();
  CheckRefused(Send(server, owner.actor(), create), StatusCode::FAILED_PRECONDITION, v1::ACCOUNT_CLOSED, {kAccount});
  v1::PreviewClosureRequest preview;
  preview.set_account(create.parent());
  CheckRefused(Send(server, owner.actor(), preview), StatusCode::FAILED_PRECONDITION, v1::ACCOUNT_CLOSED, {kAccount});
  for (const auto action :
       {v1::CheckAccessRequest::SIGN_IN, v1::CheckAccessRequest::VIEW_CLOSURE, v1::CheckAccessRequest::OTHER}) {
    CHECK_FALSE(server.Gate(kAccount, action).allowed());
  }
  // The record of the closure stays readable.
  owner.Refresh();
  CHECK(owner.closure().state() == v1::Closure::CLOSED);
  CHECK(owner.closure().cause() == v1::Closure::COMPLETED);
}

}  // namespace
}  // namespace closure
