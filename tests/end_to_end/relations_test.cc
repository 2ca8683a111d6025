// SPDX-License-Identifier: Apache-2.0
// Relations to other accounts that stand in the way, and who has to act on each.
#include <catch2/catch.hpp>

#include "tests/support/views.h"

namespace closure {
namespace {

struct RelationRow {
  const char* account;
  v1::ItemKind kind;
  v1::Resolver resolver;
  const char* resolver_id;
  const char* instructions;
};

constexpr RelationRow kRelations[] = {
    {"directory-management", v1::DIRECTORY_MANAGEMENT_ACCOUNT, v1::OWNER, "", "disable the resource directory"},
    {"directory-resource-account", v1::DIRECTORY_RESOURCE_ACCOUNT, v1::MANAGEMENT_ACCOUNT, "directory-management",
     "to delete this member"},
    {"directory-cloud-account", v1::DIRECTORY_CLOUD_ACCOUNT, v1::MANAGEMENT_ACCOUNT, "directory-management",
     "to remove this member"},
    {"trusteeship-administrator", v1::TRUSTEESHIP_ADMINISTRATOR, v1::OWNER, "", "Remove every member account"},
    {"reseller-customer", v1::RESELLER_CUSTOMER, v1::PARTNER, "partner-1",
     "Ask the partner Example Partner to cancel the relationship"},
};

TEST_CASE("each relation blocks, names who has to act and what they do, and passes once they did",
          "[R12][R35][R36][R37][R39][R49][R50]") {
  RunningServer server;
  for (const RelationRow& row : kRelations) {
    INFO(row.account);
    // Fresh each time, because settling one end of a relation ends it for the other too.
    server.LoadExample("matrix");
    Owner owner(server, row.account);
    owner.GoToScanResult();
    REQUIRE(owner.closure().state() == v1::Closure::BLOCKED);
    const std::vector<v1::BlockingItem> items = owner.Items();
    CHECK(items.size() == 1);
    const v1::BlockingItem item = OnlyItem(items, row.kind);
    CHECK(item.disposition() == v1::MUST_HANDLE);
    CHECK(item.resolver() == row.resolver);
    CHECK(item.resolver_id() == row.resolver_id);
    CHECK_THAT(item.instructions(), Catch::Contains(row.instructions));
    const bool others = row.resolver != v1::OWNER;
    if (others) CHECK_THAT(item.instructions(), Catch::Contains("You cannot do this yourself"));
    CHECK(ReasonIn(TryDiscard(server, owner, DiscardRequestFor(owner, {item}))) == v1::ITEM_NOT_RENOUNCEABLE);
    CHECK(SettleAndRecheck(server, owner) == v1::Closure::READY);
  }
}

TEST_CASE("a directory member is free once the management account acted, not by anything the owner does",
          "[R35][R36]") {
  RunningServer server;
  server.LoadExample("matrix");
  Owner member(server, "directory-cloud-account");
  member.GoToScanResult();
  member.Recheck();
  CHECK(member.closure().state() == v1::Closure::BLOCKED);
  Settle(server, "directory-management");
  member.Recheck();
  CHECK(member.closure().state() == v1::Closure::READY);
}

TEST_CASE("an administrator of a trusteeship is blocked until the last member is removed", "[R37]") {
  RunningServer server;
  server.LoadExample("matrix");
  CHECK(Owner(server, "trusteeship-administrator-alone").Preview().eligible());
  Owner owner(server, "trusteeship-administrator");
  owner.GoToScanResult();
  const v1::BlockingItem two = OnlyItem(owner.Items(), v1::TRUSTEESHIP_ADMINISTRATOR);
  CHECK_THAT(two.why(), Catch::Contains("relations-member-only") && Catch::Contains("trusteeship-member"));
  server.Load(CloudFileOf("trusteeship-administrator",
                          R"("trusteeship": {"role": "ADMINISTRATOR", "memberAccountIds": ["trusteeship-member"]})"));
  owner.Recheck();
  const v1::BlockingItem one = OnlyItem(owner.Items(), v1::TRUSTEESHIP_ADMINISTRATOR);
  CHECK(one.name() == two.name());
  CHECK(one.change() == v1::BlockingItem::CHANGED);
  server.Load(CloudFileOf("trusteeship-administrator", R"("trusteeship": {"role": "ADMINISTRATOR"})"));
  owner.Recheck();
  CHECK(owner.closure().state() == v1::Closure::READY);
}

TEST_CASE("a member of a trusteeship takes the ordinary flow to the end", "[R38]") {
  RunningServer server;
  server.LoadExample("matrix");
  Owner owner(server, "trusteeship-member");
  owner.GoToScanResult();
  CHECK(owner.closure().state() == v1::Closure::READY);
  CHECK(owner.Items(true).empty());
  owner.GoToSilentPeriod();
  owner.GoToEnd();
  CHECK(owner.closure().state() == v1::Closure::CLOSED);
}

TEST_CASE("relations combine: each that blocks is listed with who has to act on it", "[R36][R37][R38][R39][R40][R48]") {
  RunningServer server;
  server.LoadExample("matrix");
  Owner owner(server, "relations-combined");
  owner.GoToScanResult();
  const std::vector<v1::BlockingItem> items = owner.Items();
  REQUIRE(items.size() == 3);
  CHECK(OnlyItem(items, v1::DIRECTORY_CLOUD_ACCOUNT).resolver_id() == "directory-management");
  CHECK(OnlyItem(items, v1::TRUSTEESHIP_ADMINISTRATOR).resolver() == v1::OWNER);
  CHECK(OnlyItem(items, v1::RESELLER_CUSTOMER).resolver_id() == "partner-1");
  CHECK(SettleAndRecheck(server, owner) == v1::Closure::READY);

  Owner mixed(server, "relations-member-only");
  mixed.GoToScanResult();
  REQUIRE(mixed.Items().size() == 1);
  CHECK(mixed.Items()[0].kind() == v1::RESELLER_CUSTOMER);
}

}  // namespace
}  // namespace closure
