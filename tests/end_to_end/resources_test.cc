// SPDX-License-Identifier: Apache-2.0
// Resources, domain names and ICP filings that stand in the way.
#include <catch2/catch.hpp>
#include <set>

#include "tests/support/views.h"

namespace closure {
namespace {

struct ResourceRow {
  const char* account;
  const char* native_id;
  v1::ItemKind kind;
  v1::Disposition disposition;
  const char* process_uri;
};

constexpr ResourceRow kResources[] = {
    {"resource-payg-releasable", "resource/i-payg-1", v1::PAY_AS_YOU_GO_RESOURCE, v1::RENOUNCEABLE,
     "https://ecs.console.example.com/instances/i-payg-1"},
    {"resource-payg-console-only", "resource/key-1", v1::PAY_AS_YOU_GO_RESOURCE, v1::MUST_HANDLE,
     "https://kms.console.example.com/key/key-1"},
    {"resource-payg-console-only", "resource/vpn-1", v1::PAY_AS_YOU_GO_RESOURCE, v1::MUST_HANDLE,
     "https://vpn.console.example.com/gateway/vpn-1"},
    {"resource-subscription-current", "resource/rm-sub-1", v1::SUBSCRIPTION_RESOURCE, v1::MUST_HANDLE,
     "https://rds.console.example.com/instance/rm-sub-1"},
    {"resource-subscription-releasable", "resource/i-sub-1", v1::SUBSCRIPTION_RESOURCE, v1::RENOUNCEABLE,
     "https://ecs.console.example.com/instance/i-sub-1"},
};

TEST_CASE("every instance is an item with the link of its own console, renounceable where its product allows it",
          "[R30][R31][R32][R49][R50][R51]") {
  RunningServer server;
  server.LoadExample("matrix");
  for (const ResourceRow& row : kResources) {
    INFO(row.native_id);
    Owner owner(server, row.account);
    std::vector<v1::BlockingItem> found;
    const v1::ClosurePlan plan = owner.Preview(&found);
    const v1::BlockingItem item = ItemOf(found, row.native_id);
    CHECK(item.kind() == row.kind);
    CHECK(item.disposition() == row.disposition);
    CHECK(item.process_uri() == row.process_uri);
    CHECK(item.region_code() == "cn-hangzhou");
    CHECK_FALSE(plan.eligible());
  }
}

TEST_CASE("resources released or unsubscribed in their consoles are gone at the recheck", "[R12][R30][R31][R47][R50]") {
  RunningServer server;
  server.LoadExample("matrix");
  for (const char* account : {"resource-payg-console-only", "resource-subscription-current"}) {
    INFO(account);
    Owner owner(server, account);
    owner.GoToScanResult();
    REQUIRE(owner.closure().state() == v1::Closure::BLOCKED);
    CHECK(SettleAndRecheck(server, owner) == v1::Closure::READY);
  }
}

TEST_CASE("a subscription blocks up to the second in which it ends", "[R31]") {
  RunningServer server;
  server.LoadExample("matrix");
  Owner expired(server, "resource-subscription-expired");
  CHECK(expired.Preview().eligible());
  server.Load(CloudFileOf(
      "ends-soon",
      R"("resources": [{"resourceId": "i-9", "product": "ecs", "type": "instance", "chargeType": "SUBSCRIPTION",
    "state": "Running", "expireTime": "2026-07-01T09:00:01Z", "consoleUri": "https://ecs.console.example.com/i-9"}])"));
  Owner owner(server, "ends-soon");
  owner.GoToScanResult();
  CHECK(OnlyItem(owner.Items(), v1::SUBSCRIPTION_RESOURCE).native_id() == "resource/i-9");
  server.clock().Advance(absl::Seconds(1));
  owner.Recheck();
  CHECK(owner.closure().state() == v1::Closure::READY);
}

TEST_CASE("registered domain names have to be transferred, also while that is under way, and ended ones do not",
          "[R33][R49]") {
  RunningServer server;
  server.LoadExample("matrix");
  CHECK(Owner(server, "domain-expired").Preview().eligible());
  Owner owner(server, "domains-mixed");
  owner.GoToScanResult();
  const std::vector<v1::BlockingItem> items = owner.Items();
  REQUIRE(items.size() == 2);
  for (const char* native_id : {"domain/forever.example", "domain/moving.example"}) {
    const v1::BlockingItem item = ItemOf(items, native_id);
    CHECK(item.kind() == v1::DOMAIN_NAME);
    CHECK(item.disposition() == v1::MUST_HANDLE);
    CHECK_THAT(item.instructions(),
               Catch::Contains("another account or to another provider") && Catch::Contains("7 to 15 business days"));
  }
  CHECK(SettleAndRecheck(server, owner) == v1::Closure::READY);
}

TEST_CASE("ICP filings have to be cancelled or transferred, and one whose cancellation is under way still blocks",
          "[R15][R34][R49]") {
  RunningServer server;
  server.LoadExample("matrix");
  for (const char* account : {"icp-filing", "icp-filing-pending"}) {
    INFO(account);
    Owner owner(server, account);
    owner.GoToScanResult();
    const v1::BlockingItem item = OnlyItem(owner.Items(), v1::ICP_FILING);
    CHECK(item.disposition() == v1::MUST_HANDLE);
    CHECK_THAT(item.instructions(),
               Catch::Contains("Cancel the ICP filing, or transfer the filing entity to another account") &&
                   Catch::Contains("15 business days"));
    CHECK(SettleAndRecheck(server, owner) == v1::Closure::READY);
  }
}

// Every item of a closure, page by page, and how many pages that took.
std::pair<std::set<std::string>, int> NamesByPage(RunningServer& server, const Owner& owner, int page_size) {
  std::set<std::string> names;
  v1::ListBlockingItemsRequest request;
  request.set_page_size(page_size);
  int pages = 0;
  do {
    const v1::ListBlockingItemsResponse page = ListItems(server, owner, request);
    ++pages;
    for (const v1::BlockingItem& item : page.items()) CHECK(names.insert(item.name()).second);
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return {std::move(names), pages};
}

v1::CheckerResult RecheckedResources(Owner& owner) {
  owner.Recheck();
  return ResultOf(owner.closure().scan().checkers(), "resources");
}

TEST_CASE("ten thousand instances are listed page by page, and one more is too much to count as an answer",
          "[R30][R48][D5][D16]") {
  RunningServer server;
  server.LoadExample("matrix");
  Owner owner(server, "resources-bulk-10000");
  owner.GoToScanResult();
  REQUIRE(owner.closure().state() == v1::Closure::BLOCKED);
  CHECK(ResultOf(owner.closure().scan().checkers(), "resources").item_count() == 10000);
  const auto [names, pages] = NamesByPage(server, owner, 1000);
  CHECK(names.size() == 10000);
  CHECK(pages == 10);
  CHECK(ListItems(server, owner).items_size() == 100);
  v1::ListBlockingItemsRequest more;
  more.set_page_size(5000);
  CHECK(ListItems(server, owner, more).items_size() == 1000);

  sandbox::v1::CreateResourceRequest create;
  create.set_account_id("resources-bulk-10000");
  auto& resource = *create.mutable_resource();
  resource.set_resource_id("i-one-more");
  resource.set_product("ecs");
  resource.set_type("instance");
  resource.set_state("Running");
  resource.set_charge_type(upstream::v1::Resource::PAY_AS_YOU_GO);
  resource.set_console_uri("https://ecs.console.example.com/i-one-more");
  sandbox::v1::CreateResourceResponse created;
  REQUIRE(server.sandbox().CreateResource(RunningServer::As("").get(), create, &created).ok());
  const v1::CheckerResult result = RecheckedResources(owner);
  CHECK(result.status() == v1::CheckerResult::UNANSWERED);
  CHECK(result.fault() == v1::CheckerResult::TOO_MUCH);
  CHECK_THAT(result.detail(), Catch::Contains("10000"));
  // What was found before still stands in the way.
  CHECK(owner.closure().state() == v1::Closure::BLOCKED);
  CHECK(owner.closure().item_counts().must_handle() + owner.closure().item_counts().renounceable() == 10000);
}

}  // namespace
}  // namespace closure
