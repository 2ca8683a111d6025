// SPDX-License-Identifier: Apache-2.0
// The whole life of closures, from the first preview to the last message.
#include <catch2/catch.hpp>
#include <set>

#include "tests/support/running_server.h"

namespace closure {
namespace {

TEST_CASE("a clean account is closed for good and nothing of it is left",
          "[R1][R2][R4][R9][R11][R57][R59][R60][R64][R65]") {
  RunningServer server;
  server.LoadExample("demo");
  Owner owner(server, "1000000002");
  CHECK(owner.Preview().eligible());
  owner.GoToSilentPeriod();
  CHECK(server.Show("1000000002").account().sessions().empty());
  CHECK(server.Show("1000000002").service_linked_roles(0) == "AliyunServiceRoleForAccountDeletion");
  owner.GoToEnd();
  CHECK(owner.closure().state() == v1::Closure::CLOSED);
  const auto shown = server.Show("1000000002");
  CHECK(shown.deleted());
  CHECK(shown.account().display_name().empty());
  CHECK(shown.service_linked_roles().empty());
  CHECK_FALSE(server.Gate("1000000002", v1::CheckAccessRequest::SIGN_IN).allowed());
  owner.WaitUntil([](const v1::Closure& closure) { return closure.has_personal_data_erase_time(); });
  std::set<std::string> channels;
  for (const auto& message : server.Inbox("1000000002")) {
    if (message.idempotency_key().find("/notice/") != std::string::npos) channels.insert(message.channel());
  }
  CHECK(channels == std::set<std::string>{"email", "sms"});
}

TEST_CASE("an account with workloads is blocked, cleared and closed",
          "[R12][R20][R30][R47][R48][R49][R50][R51][R52][R55][D15]") {
  RunningServer server;
  server.LoadExample("demo");
  Owner owner(server, "1000000001");
  owner.GoToScanResult();
  REQUIRE(owner.closure().state() == v1::Closure::BLOCKED);
  CHECK(owner.Items().size() == 3);
  owner.DiscardAll();
  REQUIRE(owner.closure().state() == v1::Closure::BLOCKED);
  CHECK(owner.closure().item_counts().must_handle() == 1);
  CHECK(owner.closure().item_counts().renounced() == 1);
  sandbox::v1::SettleAccountRequest settle;
  settle.set_account_id("1000000001");
  sandbox::v1::SettleAccountResponse settled;
  REQUIRE(server.sandbox().SettleAccount(RunningServer::As("").get(), settle, &settled).ok());
  owner.Recheck();
  REQUIRE(owner.closure().state() == v1::Closure::READY);
  owner.GoToSilentPeriod();
  CHECK(owner.closure().renunciations(0).status() == v1::Renunciation::EXECUTED);
  owner.GoToEnd();
  CHECK(owner.closure().state() == v1::Closure::CLOSED);
}

TEST_CASE("a late bill aborts the closure and the account is restored", "[R10][R66][R67][D2]") {
  RunningServer server;
  server.LoadExample("demo");
  Owner owner(server, "1000000003");
  owner.GoToSilentPeriod();
  CHECK_FALSE(server.Gate("1000000003").allowed());
  owner.GoToEnd();
  CHECK(owner.closure().state() == v1::Closure::ABORTED);
  CHECK(owner.closure().cause() == v1::Closure::FINAL_CHECK_PROBLEM);
  const auto shown = server.Show("1000000003");
  CHECK_FALSE(shown.deleted());
  CHECK_FALSE(shown.account_frozen());
  CHECK_FALSE(shown.billing_frozen());
  CHECK_FALSE(shown.billing_sealed());
  CHECK(shown.service_linked_roles().empty());
  CHECK(server.Gate("1000000003").allowed());
}

}  // namespace
}  // namespace closure
