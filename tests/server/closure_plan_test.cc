// SPDX-License-Identifier: Apache-2.0
#include "server/closure_plan.h"

#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "catch2/catch.hpp"
#include "checkers/proto_time.h"
#include "fmt/format.h"
#include "server/item_identity.h"

namespace closure {
namespace {

// Friday, 2026-11-20 at noon in Shanghai.
absl::Time Friday() { return absl::FromCivil(absl::CivilSecond(2026, 11, 20, 4, 0, 0), absl::UTCTimeZone()); }

BusinessCalendar Shanghai() { return *BusinessCalendar::Make({}); }

v1::BlockingItem Item(v1::ItemKind kind, v1::Disposition disposition = v1::MUST_HANDLE, int number = 1,
                      const std::string& resolver_id = "") {
  v1::ReportedItem item;
  item.set_native_id(fmt::format("{}/{}", static_cast<int>(kind), number));
  item.set_kind(kind);
  item.set_disposition(disposition);
  item.set_resolver(resolver_id.empty() ? v1::OWNER : v1::MANAGEMENT_ACCOUNT);
  item.set_resolver_id(resolver_id);
  return MakeBlockingItem("accounts/1/closures/preview", "checker", item);
}

v1::ClosurePlan PlanFor(std::vector<v1::BlockingItem> items, bool required_unanswered = false) {
  ScanFindings findings{.items = std::move(items), .required_unanswered = required_unanswered};
  v1::CheckerResult result;
  result.set_checker("checker");
  result.set_required(true);
  result.set_status(required_unanswered ? v1::CheckerResult::UNANSWERED : v1::CheckerResult::ANSWERED);
  findings.checkers.push_back(result);
  return MakePlan("accounts/1", findings, Shanghai(), Friday(), absl::Hours(24 * 7));
}

TEST_CASE("an account is eligible exactly when nothing blocks and every required checker answered", "[R12][R47][D5]") {
  CHECK(PlanFor({}).eligible());
  CHECK_FALSE(PlanFor({Item(v1::BALANCE, v1::RENOUNCEABLE)}).eligible());
  CHECK_FALSE(PlanFor({}, /*required_unanswered=*/true).eligible());
  CHECK(PlanFor({}).account() == "accounts/1");
  CHECK(PlanFor({}).checkers_size() == 1);
}

TEST_CASE("without workloads only the silent period is between an account and its end", "[R13]") {
  const v1::ClosurePlan plan = PlanFor({Item(v1::BALANCE), Item(v1::UNPAID_BILL), Item(v1::RESELLER_CUSTOMER)});
  CHECK(plan.estimate().preparation_business_days_min() == 0);
  CHECK(plan.estimate().preparation_business_days_max() == 0);
  CHECK(FromProto(plan.estimate().earliest_close_time()) == Friday() + absl::Hours(24 * 7));
  CHECK(FromProto(plan.estimate().latest_close_time()) == Friday() + absl::Hours(24 * 7));
  CHECK(absl::StrContains(plan.estimate().explanation(), "silent period of 7 days"));
}

TEST_CASE("any workload takes 2 to 5 business days, then the silent period in calendar time", "[R14][D16]") {
  for (const v1::ItemKind kind : {v1::PAY_AS_YOU_GO_RESOURCE, v1::SUBSCRIPTION_RESOURCE, v1::OTHER_ITEM}) {
    const v1::ClosurePlan plan = PlanFor({Item(kind)});
    CHECK(plan.estimate().preparation_business_days_min() == 2);
    CHECK(plan.estimate().preparation_business_days_max() == 5);
    // From Friday to Tuesday, and to the Friday after; then seven days.
    CHECK(FromProto(plan.estimate().earliest_close_time()) == Friday() + absl::Hours(24 * (4 + 7)));
    CHECK(FromProto(plan.estimate().latest_close_time()) == Friday() + absl::Hours(24 * (7 + 7)));
  }
}

TEST_CASE("that workloads can be discarded in minutes is said only where all of them can", "[R14]") {
  v1::BlockingItem renounceable = Item(v1::SUBSCRIPTION_RESOURCE);
  renounceable.set_disposition(v1::RENOUNCEABLE);
  const auto says = [](const std::vector<v1::BlockingItem>& items) {
    return absl::StrContains(PlanFor(items).estimate().explanation(), "discarding it takes minutes");
  };
  CHECK(says({renounceable}));
  CHECK(says({renounceable, Item(v1::UNPAID_BILL)}));
  CHECK_FALSE(says({renounceable, Item(v1::PAY_AS_YOU_GO_RESOURCE)}));
}

TEST_CASE("domain names and ICP filings add 7 to 15 business days, with or without workloads", "[R15][D16]") {
  for (const v1::ItemKind kind : {v1::DOMAIN_NAME, v1::ICP_FILING}) {
    CHECK(PlanFor({Item(kind)}).estimate().preparation_business_days_min() == 7);
    CHECK(PlanFor({Item(kind)}).estimate().preparation_business_days_max() == 15);
    const v1::ClosurePlan plan = PlanFor({Item(v1::SUBSCRIPTION_RESOURCE), Item(kind)});
    CHECK(plan.estimate().preparation_business_days_min() == 9);
    CHECK(plan.estimate().preparation_business_days_max() == 20);
    CHECK(FromProto(plan.estimate().latest_close_time()) == Friday() + absl::Hours(24 * (28 + 7)));
  }
}

TEST_CASE("while a required checker is silent nobody knows how long it takes, and the plan does not guess",
          "[D5][R13]") {
  for (const auto& items : {std::vector<v1::BlockingItem>{}, {Item(v1::DOMAIN_NAME)}}) {
    const v1::ClosingEstimate estimate = PlanFor(items, true).estimate();
    CHECK_FALSE(estimate.has_earliest_close_time());
    CHECK_FALSE(estimate.has_latest_close_time());
    CHECK(absl::StrContains(estimate.explanation(), "not every checker answered (checker)"));
    CHECK_FALSE(absl::StrContains(estimate.explanation(), "minutes"));
  }
  CHECK_FALSE(absl::StrContains(PlanFor({}).estimate().explanation(), "answered"));
}

TEST_CASE("an estimate without an advisory checker's answer says so and claims nothing about what it would know",
          "[D5]") {
  ScanFindings findings;
  v1::CheckerResult& result = findings.checkers.emplace_back();
  result.set_checker("resources");
  result.set_status(v1::CheckerResult::UNANSWERED);
  const v1::ClosurePlan plan = MakePlan("accounts/1", findings, Shanghai(), Friday(), absl::Hours(24 * 7));
  CHECK(plan.estimate().has_earliest_close_time());
  CHECK(absl::StrContains(plan.estimate().explanation(), "no workloads were found"));
  CHECK(absl::StrContains(plan.estimate().explanation(), "Not every checker answered"));
}

TEST_CASE("relations come first, then domains, instances, bills, and the funds last", "[R8][R35][R36][R37][R39]") {
  const v1::ClosurePlan plan = PlanFor(
      {Item(v1::BALANCE), Item(v1::DEBT), Item(v1::UNPAID_BILL), Item(v1::UNBILLED_CHARGE), Item(v1::CREDIT_NOTE),
       Item(v1::PAY_AS_YOU_GO_RESOURCE), Item(v1::SUBSCRIPTION_RESOURCE), Item(v1::OTHER_ITEM), Item(v1::DOMAIN_NAME),
       Item(v1::ICP_FILING), Item(v1::DIRECTORY_MANAGEMENT_ACCOUNT), Item(v1::TRUSTEESHIP_ADMINISTRATOR),
       Item(v1::RESELLER_CUSTOMER)});
  REQUIRE(plan.steps_size() == 13);
  std::vector<std::set<int>> kinds(6);
  for (const v1::PlanStep& step : plan.steps()) {
    REQUIRE(step.order() >= 1);
    REQUIRE(step.order() <= 5);
    kinds[static_cast<size_t>(step.order())].insert(step.kind());
    CHECK_FALSE(step.instructions().empty());
  }
  CHECK(kinds[1] ==
        std::set<int>{v1::DIRECTORY_MANAGEMENT_ACCOUNT, v1::TRUSTEESHIP_ADMINISTRATOR, v1::RESELLER_CUSTOMER});
  CHECK(kinds[2] == std::set<int>{v1::DOMAIN_NAME, v1::ICP_FILING});
  CHECK(kinds[3] == std::set<int>{v1::PAY_AS_YOU_GO_RESOURCE, v1::SUBSCRIPTION_RESOURCE, v1::OTHER_ITEM});
  CHECK(kinds[4] == std::set<int>{v1::UNPAID_BILL, v1::UNBILLED_CHARGE, v1::CREDIT_NOTE});
  CHECK(kinds[5] == std::set<int>{v1::BALANCE, v1::DEBT});
  int last = 0;
  for (const v1::PlanStep& step : plan.steps()) {
    CHECK(step.order() >= last);
    last = step.order();
  }
}

TEST_CASE("orders have no gaps and a step is what one party clears in one way", "[R48][R49][R51]") {
  const v1::ClosurePlan plan = PlanFor(
      {Item(v1::BALANCE, v1::RENOUNCEABLE), Item(v1::PAY_AS_YOU_GO_RESOURCE, v1::MUST_HANDLE, 1),
       Item(v1::PAY_AS_YOU_GO_RESOURCE, v1::RENOUNCEABLE, 2), Item(v1::PAY_AS_YOU_GO_RESOURCE, v1::RENOUNCEABLE, 3),
       Item(v1::DIRECTORY_CLOUD_ACCOUNT, v1::MUST_HANDLE, 1, "9")});
  REQUIRE(plan.steps_size() == 4);
  CHECK(plan.steps(0).order() == 1);
  CHECK(plan.steps(0).resolver() == v1::MANAGEMENT_ACCOUNT);
  CHECK(plan.steps(0).resolver_id() == "9");
  CHECK(plan.steps(1).order() == 2);
  CHECK(plan.steps(1).disposition() == v1::MUST_HANDLE);
  CHECK(plan.steps(1).items_size() == 1);
  CHECK(plan.steps(2).order() == 2);
  CHECK(plan.steps(2).disposition() == v1::RENOUNCEABLE);
  CHECK(plan.steps(2).items_size() == 2);
  CHECK(plan.steps(3).order() == 3);
  CHECK(plan.steps(3).items(0) == Item(v1::BALANCE, v1::RENOUNCEABLE).name());
}

TEST_CASE("the checklist covers what the scan checks, what it cannot check, and what is often asked",
          "[R20][R21][R22][R27][R28][R29][R43][R54][R69][R70]") {
  std::set<std::string> checked;
  std::set<std::string> unchecked;
  const v1::ClosurePlan plan = PlanFor({});
  for (const v1::ChecklistEntry& entry : plan.checklist()) {
    (entry.checked_by_scan() ? checked : unchecked).insert(entry.topic());
    CHECK_FALSE(entry.text().empty());
  }
  CHECK(checked == std::set<std::string>{"pay_bills", "handle_credit_notes", "clear_balance", "clear_debt",
                                         "release_pay_as_you_go_resources", "unsubscribe_subscriptions",
                                         "transfer_domain_names", "cancel_icp_filings", "leave_resource_directory",
                                         "remove_trusteeship_members", "end_reseller_relationship"});
  CHECK(unchecked == std::set<std::string>{"export_bills", "back_up_business_data", "export_configuration_and_logs",
                                           "balance_is_lost", "why_wait", "can_i_revoke", "entry"});
  REQUIRE(plan.checklist(0).topic() == "entry");
  CHECK(absl::StrContains(plan.checklist(0).text(), "Account Center > Security Settings > Close Account"));
}

TEST_CASE("items are split by their number and by their size, in order, and none is lost", "[R48]") {
  CHECK(SplitItems({}).empty());
  std::vector<v1::BlockingItem> items(1201, Item(v1::BALANCE));
  for (std::size_t i = 0; i < items.size(); ++i) items[i].set_native_id(fmt::format("{}", i));
  const std::vector<v1::PreviewItems> by_number = SplitItems(items);
  REQUIRE(by_number.size() == 3);
  CHECK(by_number[0].items_size() == 500);
  CHECK(by_number[2].items_size() == 201);
  CHECK(by_number[2].items(200).native_id() == "1200");
  for (v1::BlockingItem& item : items) item.set_why(std::string(30'000, 'x'));
  int count = 0;
  for (const v1::PreviewItems& message : SplitItems(items)) {
    CHECK(message.ByteSizeLong() < 1 << 20);
    for (const v1::BlockingItem& item : message.items()) CHECK(item.native_id() == fmt::format("{}", count++));
  }
  CHECK(count == 1201);
}

TEST_CASE("a plan of any number of items is small, names the first of a step and counts them all", "[R48]") {
  constexpr int kItems = 60'000;
  std::vector<v1::BlockingItem> items;
  for (int i = 0; i < kItems; ++i) items.push_back(Item(v1::PAY_AS_YOU_GO_RESOURCE, v1::RENOUNCEABLE, i));
  items.push_back(Item(v1::BALANCE));
  const v1::ClosurePlan plan = PlanFor(items);
  CHECK(plan.ByteSizeLong() < std::size_t{64} << 10);
  REQUIRE(plan.steps_size() == 2);
  CHECK(plan.steps(0).item_count() == kItems);
  REQUIRE(plan.steps(0).items_size() == 100);
  CHECK(plan.steps(0).items(99) == items[99].name());
  CHECK(plan.steps(1).item_count() == 1);
  CHECK(plan.steps(1).items_size() == 1);
}

TEST_CASE("a plan of as many parties as items counts every item and is still received", "[R48]") {
  std::vector<v1::BlockingItem> items;
  for (int i = 0; i < 400; ++i) {
    for (int j = 0; j < 20; ++j)
      items.push_back(Item(v1::DIRECTORY_CLOUD_ACCOUNT, v1::MUST_HANDLE, i * 20 + j, fmt::format("{:0255}", i)));
  }
  const auto check = [](const v1::ClosurePlan& plan, int steps, int count) {
    CHECK(plan.ByteSizeLong() < std::size_t{4} << 20);
    CHECK(plan.steps_size() == steps);
    int counted = 0;
    int named = 0;
    for (const v1::PlanStep& step : plan.steps()) {
      counted += step.item_count();
      named += step.items_size();
    }
    CHECK(counted == count);
    CHECK(named <= 5000);
  };
  check(PlanFor(items), 400, 8000);
  // Beyond 500 steps the parties of a kind are one.
  for (int i = 400; i < 600; ++i)
    items.push_back(Item(v1::DIRECTORY_CLOUD_ACCOUNT, v1::MUST_HANDLE, 20 * i, fmt::format("{:0255}", i)));
  check(PlanFor(items), 1, 8200);
}

}  // namespace
}  // namespace closure
