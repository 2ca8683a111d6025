// SPDX-License-Identifier: Apache-2.0
// What the final check finds: late debts and balances, with the owner's consent and without.
#include <catch2/catch.hpp>

#include "fmt/format.h"
#include "tests/support/api_calls.h"
#include "tests/support/views.h"

namespace closure {
namespace {

constexpr char kAccount[] = "late-1";

// Funds of the start, and a debt that comes three days after the freeze.
std::string WithLateDebt(const std::string& balance, const std::string& debt, const std::string& late_debt) {
  return CloudFileOf(
      kAccount, fmt::format(R"("funds": [{{"currencyCode": "USD", "balance": "{}", "debt": "{}"}}],)"
                            R"("lateBills": [{{"bill": {{"billId": "late-1", "amount": "{}", "currencyCode": "USD"}},)"
                            R"("afterFreeze": "259200s", "asDebt": true}}])",
                            balance, debt, late_debt));
}

std::string WithBalance(const std::string& balance) {
  return CloudFileOf(kAccount, fmt::format(R"("funds": [{{"currencyCode": "USD", "balance": "{}"}}])", balance));
}

std::string AmountsOf(const std::vector<sandbox::v1::SandboxAct>& acts) {
  std::string text;
  for (const sandbox::v1::SandboxAct& act : acts) text += FormatMoney(act.amount()) + ";";
  return text;
}

std::string NoticeText(RunningServer& server, const std::string& channel) {
  for (const auto& message : server.Inbox(kAccount)) {
    if (message.idempotency_key().find("/notice/") != std::string::npos && message.channel() == channel)
      return message.body();
  }
  return "";
}

TEST_CASE("the risk prompt of Confirm says what a consent to late settlements means", "[D7][R53][R54]") {
  RunningServer server;
  server.Load(CloudFileOf(kAccount));
  Owner owner(server, kAccount);
  owner.GoToScanResult();
  for (const char* part : {"late", "consent", "10", "1000", "every bill that arrives late", "aborted"}) {
    CHECK_THAT(owner.closure().risk_prompt().text(), Catch::Contains(part));
  }
}

TEST_CASE("a late debt within the limit is voided with consent and aborts without", "[D7][R24][R66][R67]") {
  RunningServer server;
  const bool consent = GENERATE(true, false);
  server.Load(WithLateDebt("0", "0", "10.00"));
  Owner owner(server, kAccount);
  owner.GoToSilentPeriod(consent);
  owner.GoToEnd();
  if (!consent) {
    CHECK(owner.closure().state() == v1::Closure::ABORTED);
    CHECK(owner.closure().cause() == v1::Closure::FINAL_CHECK_PROBLEM);
    CHECK(ActsOf(server, kAccount, "BillingService/VoidDebt").empty());
    return;
  }
  REQUIRE(owner.closure().state() == v1::Closure::CLOSED);
  REQUIRE(owner.closure().renunciations_size() == 1);
  CHECK(owner.closure().renunciations(0).by_consent());
  CHECK(owner.closure().renunciations(0).kind() == v1::DEBT);
  CHECK(owner.closure().renunciations(0).status() == v1::Renunciation::EXECUTED);
  CHECK(AmountsOf(ActsOf(server, kAccount, "BillingService/VoidDebt")) == FormatMoney(Amount("10.00 USD")) + ";");
  v1::GetClosureRecordRequest get;
  get.set_name(owner.name());
  const auto record = Send(server, owner.actor(), get).As<v1::ClosureRecord>();
  CHECK(std::count_if(record.consents().begin(), record.consents().end(),
                      [](const auto& each) { return each.kind() == v1::Consent::LATE_SETTLEMENT; }) == 1);
}

TEST_CASE("a late debt above the limit aborts with consent too", "[D7][R25][R66]") {
  RunningServer server;
  server.Load(WithLateDebt("0", "0", "10.01"));
  Owner owner(server, kAccount);
  owner.GoToSilentPeriod(true);
  owner.GoToEnd();
  CHECK(owner.closure().state() == v1::Closure::ABORTED);
  CHECK(OnlyItem(owner.Items(), v1::DEBT).disposition() == v1::MUST_HANDLE);
  CHECK(ActsOf(server, kAccount, "BillingService/VoidDebt").empty());
}

TEST_CASE("a late debt adds to the one that was renounced, and the limit is for both together", "[D7][D8]") {
  RunningServer server;
  const auto [late, closes] = GENERATE(std::pair("4.00", true), std::pair("4.01", false));
  server.Load(WithLateDebt("0", "6.00", late));
  Owner owner(server, kAccount);
  owner.GoToSilentPeriod(true);
  owner.GoToEnd();
  if (closes) {
    CHECK(owner.closure().state() == v1::Closure::CLOSED);
    CHECK(AmountsOf(ActsOf(server, kAccount, "BillingService/VoidDebt")) == FormatMoney(Amount("10.00 USD")) + ";");
  } else {
    CHECK(owner.closure().state() == v1::Closure::ABORTED);
    CHECK(ActsOf(server, kAccount, "BillingService/VoidDebt").empty());
    CHECK(owner.closure().renunciations(0).status() == v1::Renunciation::DROPPED);
  }
}

TEST_CASE("a late balance within the limit is forfeited with consent and aborts without", "[D7][R23][R66]") {
  RunningServer server;
  const auto [consent, balance, closes] = GENERATE(
      std::tuple(true, "1000.00", true), std::tuple(false, "1000.00", false), std::tuple(true, "1000.01", false));
  server.Load(WithBalance("0"));
  Owner owner(server, kAccount);
  owner.GoToSilentPeriod(consent);
  // A refund comes late.
  server.Load(WithBalance(balance));
  owner.GoToEnd();
  CHECK(owner.closure().state() == (closes ? v1::Closure::CLOSED : v1::Closure::ABORTED));
  CHECK(ActsOf(server, kAccount, "BillingService/ForfeitBalance").size() == (closes ? 1 : 0));
  if (!closes) CHECK(server.Show(kAccount).account().funds_size() == 1);
}

TEST_CASE("a late balance counts together with what was forfeited before", "[D7][D8]") {
  RunningServer server;
  const auto [late, closes] = GENERATE(std::pair("400.00", true), std::pair("400.01", false));
  server.Load(WithBalance("600.00"));
  Owner owner(server, kAccount);
  owner.GoToSilentPeriod(true);
  CHECK(ActsOf(server, kAccount, "BillingService/ForfeitBalance").size() == 1);
  server.Load(WithBalance(late));
  owner.GoToEnd();
  CHECK(owner.closure().state() == (closes ? v1::Closure::CLOSED : v1::Closure::ABORTED));
  CHECK(ActsOf(server, kAccount, "BillingService/ForfeitBalance").size() == (closes ? 2 : 1));
}

TEST_CASE("a late bill aborts, whatever was consented to", "[D7][R20][R66][R67]") {
  RunningServer server;
  server.Load(CloudFileOf(kAccount));
  Owner owner(server, kAccount);
  owner.GoToSilentPeriod(true);
  IssueBill(server, kAccount, "0.01 USD");
  owner.GoToEnd();
  CHECK(owner.closure().state() == v1::Closure::ABORTED);
  CHECK(OnlyItem(owner.Items(), v1::UNPAID_BILL).change() == v1::BlockingItem::NEW);
  CHECK_FALSE(server.Show(kAccount).deleted());
}

TEST_CASE("an abort gives nothing back, voids nothing, and says so", "[D2][D3][D15][R64][R67][R68]") {
  RunningServer server;
  server.Load(CloudFileOf(
      kAccount, R"("funds": [{"currencyCode": "USD", "balance": "20.00", "debt": "5.00"}], "bulkResourceCount": 1)"));
  Owner owner(server, kAccount);
  owner.GoToScanResult();
  owner.DiscardAll();
  owner.GoToSilentPeriod();
  IssueBill(server, kAccount, "250.00 USD");
  owner.GoToEnd();
  REQUIRE(owner.closure().state() == v1::Closure::ABORTED);
  for (const v1::Renunciation& renunciation : owner.closure().renunciations()) {
    CHECK(renunciation.status() ==
          (renunciation.kind() == v1::BALANCE ? v1::Renunciation::EXECUTED : v1::Renunciation::DROPPED));
  }
  owner.WaitUntil([](const v1::Closure& closure) { return closure.has_personal_data_erase_time(); });
  const sandbox::v1::ShowAccountResponse shown = server.Show(kAccount);
  CHECK(shown.account().resources().empty());
  REQUIRE(shown.account().funds_size() == 1);
  CHECK(shown.account().funds(0).balance() != "20.00");
  CHECK_THAT(shown.account().funds(0).debt(), Catch::StartsWith("5"));
  CHECK(shown.service_linked_roles().empty());
  CHECK_FALSE(shown.account_frozen());
  CHECK_FALSE(shown.billing_frozen());
  CHECK_FALSE(shown.billing_sealed());
  CHECK_FALSE(shown.resources_frozen());
  CHECK(server.Gate(kAccount).gate_state() == v1::GATE_OPEN);
  for (const char* channel : {"email", "sms"}) {
    CHECK_THAT(NoticeText(server, channel), Catch::Contains("not come back") || Catch::Contains("does not come back"));
    CHECK_THAT(NoticeText(server, channel), Catch::Contains("from the beginning"));
  }
}

}  // namespace
}  // namespace closure
