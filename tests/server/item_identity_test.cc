// SPDX-License-Identifier: Apache-2.0
#include "server/item_identity.h"

#include <set>
#include <string>

#include "catch2/catch.hpp"
#include "tests/checkers/fake_cloud.h"

namespace closure {
namespace {

v1::ReportedItem MakeItem() {
  v1::ReportedItem item;
  item.set_native_id("balance/USD");
  item.set_kind(v1::BALANCE);
  item.set_disposition(v1::RENOUNCEABLE);
  item.set_type("billing/balance");
  item.set_display_name("Balance in USD");
  *item.mutable_amount() = testing::MoneyOf("999.99", "USD");
  item.set_why("It is there.");
  item.set_resolver(v1::OWNER);
  item.set_instructions("Spend it.");
  item.set_process_uri("https://console.example.com/billing");
  item.set_native_state("available");
  return item;
}

TEST_CASE("an item's id is its checker and the hash of its native id, for ever", "[R48]") {
  // SHA-256 of "balance/USD" begins like this; the id of a stored item must never change.
  CHECK(ItemId("billing", "balance/USD") == "billing-" + ItemId("", "balance/USD").substr(1));
  CHECK(ItemId("billing", "abc") == "billing-ba7816bf8f01cfea414140de5dae2223");
  CHECK(ItemId("billing", "a") != ItemId("billing", "b"));
  CHECK(ItemId("billing", "a") != ItemId("domains", "a"));
  CHECK(ItemName("accounts/1/closures/2", "x-3") == "accounts/1/closures/2/blockingItems/x-3");
}

TEST_CASE("a fingerprint changes with every fact and with nothing else", "[D11]") {
  const std::string fingerprint = Fingerprint(MakeItem());
  CHECK(fingerprint.size() == 64);
  v1::ReportedItem item = MakeItem();
  item.set_why("Said otherwise.");
  item.set_instructions("Do otherwise.");
  item.set_display_name("Named otherwise");
  item.set_process_uri("https://elsewhere.example.com/");
  item.set_type("other/type");
  item.set_region_code("eu-west-1");
  item.set_resolver_id("1");
  CHECK(Fingerprint(item) == fingerprint);

  std::set<std::string> fingerprints = {fingerprint};
  const auto add = [&](auto change) {
    v1::ReportedItem changed = MakeItem();
    change(changed);
    fingerprints.insert(Fingerprint(changed));
  };
  add([](auto& i) { i.set_native_id("balance/CNY"); });
  add([](auto& i) { i.set_kind(v1::DEBT); });
  add([](auto& i) { i.set_disposition(v1::MUST_HANDLE); });
  add([](auto& i) { i.mutable_amount()->set_units(998); });
  add([](auto& i) { i.mutable_amount()->set_nanos(990'000'001); });
  add([](auto& i) { i.mutable_amount()->set_currency_code("CNY"); });
  add([](auto& i) { i.clear_amount(); });
  add([](auto& i) { i.set_native_state("blocked"); });
  CHECK(fingerprints.size() == 9);
}

TEST_CASE("no text of an item can pass for another fact", "[D11]") {
  v1::ReportedItem one = MakeItem();
  one.clear_amount();
  one.set_native_id("a\nkind 4");
  one.set_native_state("");
  v1::ReportedItem other = one;
  other.set_native_id("a");
  other.set_native_state("\nkind 4");
  CHECK(Fingerprint(one) != Fingerprint(other));
}

TEST_CASE("a stored item remembers the facts of the one that was reported", "[D11]") {
  const v1::BlockingItem stored = MakeBlockingItem("accounts/1/closures/2", "billing", MakeItem());
  CHECK(stored.name() == "accounts/1/closures/2/blockingItems/" + ItemId("billing", "balance/USD"));
  CHECK(stored.checker() == "billing");
  CHECK(stored.resolution() == v1::BlockingItem::OPEN);
  CHECK(stored.fingerprint() == Fingerprint(MakeItem()));
  CHECK(Fingerprint(ExpectedFacts(stored)) == stored.fingerprint());
  CHECK(stored.change() == v1::BlockingItem::CHANGE_UNSPECIFIED);
  CHECK_FALSE(stored.has_first_seen_time());
  v1::ReportedItem without_amount = MakeItem();
  without_amount.clear_amount();
  const v1::BlockingItem other = MakeBlockingItem("accounts/1/closures/2", "billing", without_amount);
  CHECK_FALSE(other.has_amount());
  CHECK(Fingerprint(ExpectedFacts(other)) == other.fingerprint());
}

}  // namespace
}  // namespace closure
