// SPDX-License-Identifier: Apache-2.0
// Money that stands in the way: bills, charges, credit notes, and the limits of what can be forfeited and voided.
#include <catch2/catch.hpp>
#include <set>

#include "tests/support/views.h"

namespace closure {
namespace {

struct LimitRow {
  const char* account;
  v1::ItemKind kind;
  const char* amount;
  v1::Disposition disposition;
};

// Both sides of both limits, in currencies with two, no and three decimals.
constexpr LimitRow kLimits[] = {
    {"limit-balance-1000-00-usd", v1::BALANCE, "1000.00 USD", v1::RENOUNCEABLE},
    {"limit-balance-1000-01-usd", v1::BALANCE, "1000.01 USD", v1::MUST_HANDLE},
    {"limit-balance-1000-jpy", v1::BALANCE, "1000 JPY", v1::RENOUNCEABLE},
    {"limit-balance-1001-jpy", v1::BALANCE, "1001 JPY", v1::MUST_HANDLE},
    {"limit-balance-1000-000-kwd", v1::BALANCE, "1000.000 KWD", v1::RENOUNCEABLE},
    {"limit-balance-1000-001-kwd", v1::BALANCE, "1000.001 KWD", v1::MUST_HANDLE},
    {"limit-debt-10-00-usd", v1::DEBT, "10.00 USD", v1::RENOUNCEABLE},
    {"limit-debt-10-01-usd", v1::DEBT, "10.01 USD", v1::MUST_HANDLE},
    {"limit-debt-10-jpy", v1::DEBT, "10 JPY", v1::RENOUNCEABLE},
    {"limit-debt-11-jpy", v1::DEBT, "11 JPY", v1::MUST_HANDLE},
    {"limit-debt-10-000-kwd", v1::DEBT, "10.000 KWD", v1::RENOUNCEABLE},
    {"limit-debt-10-001-kwd", v1::DEBT, "10.001 KWD", v1::MUST_HANDLE},
};

TEST_CASE("a balance or debt of exactly the limit can be renounced, and the smallest amount above it cannot",
          "[R22][R23][R24][R25][R26][D8]") {
  RunningServer server;
  server.LoadExample("matrix");
  for (const LimitRow& row : kLimits) {
    INFO(row.account);
    Owner owner(server, row.account);
    std::vector<v1::BlockingItem> found;
    owner.Preview(&found);
    CHECK(OnlyItem(found, row.kind).disposition() == row.disposition);
    owner.GoToScanResult();
    REQUIRE(owner.closure().state() == v1::Closure::BLOCKED);
    const std::vector<v1::BlockingItem> items = owner.Items();
    REQUIRE(items.size() == 1);
    const v1::BlockingItem item = OnlyItem(items, row.kind);
    CHECK(item.disposition() == row.disposition);
    CHECK(FormatMoney(item.amount()) == row.amount);
    CHECK_THAT(item.why(), Catch::Contains(row.amount));
    if (row.kind == v1::BALANCE) CHECK_THAT(item.why(), Catch::Contains("cannot be withdrawn after closure"));
    const grpc::Status discarded = TryDiscard(server, owner, DiscardRequestFor(owner, items));
    if (row.disposition == v1::RENOUNCEABLE) {
      CHECK(discarded.ok());
      owner.WaitFor({v1::Closure::READY});
      CHECK(owner.closure().renunciations_size() == 1);
    } else {
      CHECK(ReasonIn(discarded) == v1::ITEM_NOT_RENOUNCEABLE);
      CHECK(SettleAndRecheck(server, owner) == v1::Closure::READY);
    }
  }
}

TEST_CASE("amounts are exact to the last of nine decimals", "[R26][D8]") {
  RunningServer server;
  server.Load(
      CloudFileOf("exact", R"("funds": [{"currencyCode": "USD", "balance": "1000.000000001", "debt": "10.000000001"},
    {"currencyCode": "EUR", "balance": "0.000000001", "debt": "9.999999999"}])"));
  Owner owner(server, "exact");
  owner.GoToScanResult();
  const std::vector<v1::BlockingItem> items = owner.Items();
  CHECK(ItemOf(items, "balance/USD").disposition() == v1::MUST_HANDLE);
  CHECK(ItemOf(items, "debt/USD").disposition() == v1::MUST_HANDLE);
  CHECK(ItemOf(items, "balance/EUR").disposition() == v1::RENOUNCEABLE);
  CHECK(ItemOf(items, "debt/EUR").disposition() == v1::RENOUNCEABLE);
  CHECK(ItemOf(items, "balance/EUR").amount().nanos() == 1);
}

TEST_CASE("a balance and a debt of zero are no items", "[R47][D8]") {
  RunningServer server;
  server.LoadExample("matrix");
  Owner owner(server, "funds-zero");
  owner.GoToScanResult();
  CHECK(owner.closure().state() == v1::Closure::READY);
  CHECK(owner.Items(true).empty());
}

TEST_CASE("each currency is an item of its own with the whole limit for itself", "[R23][R26][D8][D15]") {
  RunningServer server;
  server.LoadExample("matrix");
  Owner owner(server, "funds-two-currencies");
  owner.GoToScanResult();
  const std::vector<v1::BlockingItem> items = owner.Items();
  REQUIRE(items.size() == 2);
  CHECK(ItemOf(items, "balance/EUR").disposition() == v1::RENOUNCEABLE);
  CHECK(ItemOf(items, "balance/USD").disposition() == v1::RENOUNCEABLE);
  owner.DiscardAll();
  owner.GoToSilentPeriod();
  const auto forfeits = ActsOf(server, "funds-two-currencies", "BillingService/ForfeitBalance");
  std::set<std::string> forfeited;
  for (const auto& forfeit : forfeits) forfeited.insert(FormatMoney(forfeit.amount()));
  CHECK(forfeits.size() == 2);
  CHECK(forfeited == std::set<std::string>{"1000.00 EUR", "1000.00 USD"});
}

TEST_CASE("a currency above its limit blocks and does not change what can be done about another", "[R25][R26][D8]") {
  RunningServer server;
  server.LoadExample("matrix");
  Owner owner(server, "funds-two-currencies-one-above");
  owner.GoToScanResult();
  CHECK(ItemOf(owner.Items(), "balance/CNY").disposition() == v1::MUST_HANDLE);
  CHECK(ItemOf(owner.Items(), "balance/USD").disposition() == v1::RENOUNCEABLE);
  owner.DiscardAll();
  CHECK(owner.closure().state() == v1::Closure::BLOCKED);
  CHECK(owner.closure().item_counts().must_handle() == 1);
  CHECK(owner.closure().item_counts().renounced() == 1);
  CHECK(SettleAndRecheck(server, owner) == v1::Closure::READY);
}

TEST_CASE("a balance and a debt in one currency are two items that do not cancel each other out", "[R23][R24][D8]") {
  RunningServer server;
  server.LoadExample("matrix");
  Owner owner(server, "funds-balance-and-debt");
  owner.GoToScanResult();
  const std::vector<v1::BlockingItem> items = owner.Items();
  REQUIRE(items.size() == 2);
  CHECK(FormatMoney(ItemOf(items, "balance/USD").amount()) == "120.00 USD");
  CHECK(FormatMoney(ItemOf(items, "debt/USD").amount()) == "9.99 USD");
  owner.DiscardAll();
  owner.GoToSilentPeriod();
  CHECK(ActsOf(server, "funds-balance-and-debt", "BillingService/ForfeitBalance").size() == 1);
  CHECK(ActsOf(server, "funds-balance-and-debt", "BillingService/VoidDebt").empty());
  owner.GoToEnd();
  CHECK(owner.closure().state() == v1::Closure::CLOSED);
  const auto voided = ActsOf(server, "funds-balance-and-debt", "BillingService/VoidDebt");
  REQUIRE(voided.size() == 1);
  CHECK(FormatMoney(voided[0].amount()) == "9.99 USD");
}

struct MustHandleRow {
  const char* account;
  v1::ItemKind kind;
  const char* amount;
};

constexpr MustHandleRow kMustHandle[] = {
    {"bill-unpaid", v1::UNPAID_BILL, "36.20 USD"},
    {"unbilled-charge", v1::UNBILLED_CHARGE, "12.34 USD"},
    {"credit-note", v1::CREDIT_NOTE, "15.00 USD"},
};

TEST_CASE("bills, charges for past usage and credit notes have to be handled by hand, then a recheck passes",
          "[R12][R20][R21][R47][R49][R50]") {
  RunningServer server;
  server.LoadExample("matrix");
  for (const MustHandleRow& row : kMustHandle) {
    INFO(row.account);
    Owner owner(server, row.account);
    owner.GoToScanResult();
    REQUIRE(owner.closure().state() == v1::Closure::BLOCKED);
    const v1::BlockingItem item = OnlyItem(owner.Items(), row.kind);
    CHECK(item.disposition() == v1::MUST_HANDLE);
    CHECK(item.resolver() == v1::OWNER);
    CHECK(FormatMoney(item.amount()) == row.amount);
    CHECK(ReasonIn(TryDiscard(server, owner, DiscardRequestFor(owner, {item}))) == v1::ITEM_NOT_RENOUNCEABLE);
    owner.Recheck();
    CHECK(owner.closure().state() == v1::Closure::BLOCKED);
    CHECK(SettleAndRecheck(server, owner) == v1::Closure::READY);
    CHECK(OnlyItem(owner.Items(true), row.kind).resolution() == v1::BlockingItem::RESOLVED);
  }
}

TEST_CASE("every unpaid bill is an item, even one of a cent", "[R20][R25][R48]") {
  RunningServer server;
  server.LoadExample("matrix");
  Owner owner(server, "bills-two-currencies");
  owner.GoToScanResult();
  const std::vector<v1::BlockingItem> items = owner.Items();
  REQUIRE(items.size() == 2);
  const v1::BlockingItem cent = ItemOf(items, "bill/bill-2020-01");
  CHECK(FormatMoney(cent.amount()) == "0.01 USD");
  CHECK(cent.disposition() == v1::MUST_HANDLE);
  CHECK(FormatMoney(ItemOf(items, "bill/bill-2020-02").amount()) == "480 JPY");
  CHECK(cent.process_uri() != ItemOf(items, "bill/bill-2020-02").process_uri());
}

// Forfeits 600.00 USD on entering the silent period; then this much comes back, say as a refund, and the final check
// looks.
v1::Closure EndWithLateBalance(RunningServer& server, const std::string& late) {
  server.Load(CloudFileOf("refunded", R"("funds": [{"currencyCode": "USD", "balance": "600.00"}])"));
  Owner owner(server, "refunded");
  owner.GoToSilentPeriod(true);
  CHECK(owner.closure().renunciations(0).status() == v1::Renunciation::EXECUTED);
  server.Load(CloudFileOf("refunded", fmt::format(R"("funds": [{{"currencyCode": "USD", "balance": "{}"}}])", late)));
  owner.GoToEnd();
  return owner.closure();
}

TEST_CASE("what was forfeited before counts towards the limit within one closure", "[R23][R25][D7][D8]") {
  RunningServer server;
  SECTION("up to the limit in all") {
    const v1::Closure closure = EndWithLateBalance(server, "400.00");
    CHECK(closure.state() == v1::Closure::CLOSED);
    REQUIRE(closure.renunciations_size() == 2);
    CHECK(closure.renunciations(1).by_consent());
    CHECK(closure.renunciations(1).status() == v1::Renunciation::EXECUTED);
  }
  SECTION("the same amount as before is not taken for the same act") {
    server.Load(CloudFileOf("refunded", R"("funds": [{"currencyCode": "USD", "balance": "500.00"}])"));
    Owner owner(server, "refunded");
    owner.GoToSilentPeriod(true);
    server.Load(CloudFileOf("refunded", R"("funds": [{"currencyCode": "USD", "balance": "500.00"}])"));
    owner.GoToEnd();
    CHECK(owner.closure().state() == v1::Closure::CLOSED);
    CHECK(ActsOf(server, "refunded", "BillingService/ForfeitBalance").size() == 2);
  }
  SECTION("a cent above it in all") {
    const v1::Closure closure = EndWithLateBalance(server, "400.01");
    CHECK(closure.state() == v1::Closure::ABORTED);
    CHECK(FormatMoney(Amount(server.Show("refunded").account().funds(0).balance() + " USD")) == "400.01 USD");
  }
  SECTION("another closure starts from nothing again") {
    CHECK(EndWithLateBalance(server, "400.01").state() == v1::Closure::ABORTED);
    Owner again(server, "refunded");
    again.GoToScanResult();
    CHECK(ItemOf(again.Items(), "balance/USD").disposition() == v1::RENOUNCEABLE);
  }
}

// Renounces a debt of 6.00 USD; during the silent period this much is added to it.
v1::Closure EndWithLateDebt(RunningServer& server, const std::string& late) {
  server.Load(CloudFileOf("late-debt", fmt::format(R"("funds": [{{"currencyCode": "USD", "debt": "6.00"}}],
    "lateBills": [{{"bill": {{"billId": "late-1", "amount": "{}", "currencyCode": "USD"}}, "afterFreeze": "3600s", "asDebt": true}}])",
                                                   late)));
  Owner owner(server, "late-debt");
  owner.GoToSilentPeriod(true);
  owner.GoToEnd();
  return owner.closure();
}

TEST_CASE("a renounced debt and what comes to it late may reach the void limit together and not exceed it",
          "[R24][R25][R66][D7][D8]") {
  RunningServer server;
  SECTION("exactly the limit") {
    CHECK(EndWithLateDebt(server, "4.00").state() == v1::Closure::CLOSED);
    const auto voided = ActsOf(server, "late-debt", "BillingService/VoidDebt");
    REQUIRE(voided.size() == 1);
    CHECK(FormatMoney(voided[0].amount()) == "10.00 USD");
  }
  SECTION("a cent above it") {
    CHECK(EndWithLateDebt(server, "4.01").state() == v1::Closure::ABORTED);
    CHECK(ActsOf(server, "late-debt", "BillingService/VoidDebt").empty());
    CHECK(server.Show("late-debt").account().funds(0).debt() == "10.01");
  }
}

TEST_CASE("a changed limit affects later closures only", "[R23][R24][D16]") {
  int64_t forfeit_limit = 1000;
  RunningServer server({.configure = [&](config::v1::ServerConfig& config) {
    config.mutable_policy()->set_forfeit_limit_units(forfeit_limit);
  }});
  server.LoadExample("matrix");
  Owner before(server, "limit-balance-1000-00-usd");
  before.GoToScanResult();
  forfeit_limit = 999;
  server.Restart();
  before.Recheck();
  CHECK(OnlyItem(before.Items(), v1::BALANCE).disposition() == v1::RENOUNCEABLE);
  Owner after(server, "limit-balance-1000-jpy");
  after.GoToScanResult();
  CHECK(OnlyItem(after.Items(), v1::BALANCE).disposition() == v1::MUST_HANDLE);
}

}  // namespace
}  // namespace closure
