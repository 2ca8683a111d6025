// SPDX-License-Identifier: Apache-2.0
#include "tests/simulation/simulated_accounts.h"

#include <iterator>

#include "checkers/proto_time.h"
#include "fmt/format.h"

namespace closure::simulation {
namespace {

using sandbox::v1::CloudAccount;
using sandbox::v1::CloudBill;

constexpr int kFirstAccount = 5001;

void FillBill(Dice& dice, const std::string& id, CloudBill& bill) {
  bill.set_bill_id(id);
  bill.set_amount(fmt::format("{}.50", dice.Below(15)));
  bill.set_currency_code("USD");
  bill.set_description("usage");
}

// Often none, sometimes anything, sometimes just around the limit of what may be renounced.
std::string DrawAmount(Dice& dice, std::uint64_t limit) {
  if (dice.Chance(0.65)) return "0";
  if (dice.Chance(0.7)) return fmt::format("{}.25", dice.Below(limit + limit / 10 + 1));
  constexpr const char* kAround[] = {"", ".000000001", ".01"};
  return fmt::format("{}{}", limit, kAround[dice.Below(std::size(kAround))]);
}

void AddFunds(Dice& dice, const std::string& currency, CloudAccount& account) {
  auto& funds = *account.add_funds();
  funds.set_currency_code(currency);
  funds.set_balance(DrawAmount(dice, 1000));
  funds.set_debt(DrawAmount(dice, 10));
}

void AddLateBill(Dice& dice, CloudAccount& account) {
  auto& late = *account.add_late_bills();
  FillBill(dice, fmt::format("late-{}", account.late_bills_size()), *late.mutable_bill());
  *late.mutable_after_freeze() = ToProto(dice.Between(absl::Minutes(1), absl::Hours(40)));
  late.set_as_debt(dice.Chance(0.7));
}

void AddServer(Dice& dice, CloudAccount& account) {
  auto& server = *account.add_resources();
  server.set_resource_id(fmt::format("i-{}", account.resources_size()));
  server.set_product("ecs");
  server.set_type("instance");
  server.set_region_code("eu-central-1");
  server.set_display_name("a server");
  server.set_charge_type(upstream::v1::Resource::PAY_AS_YOU_GO);
  server.set_state("running");
  server.set_console_uri("https://console.example.com/ecs");
  server.set_releasable(dice.Chance(0.8));
}

// Each with the same small probability, so that some accounts have several.
constexpr double kSeldom = 0.1;

void AddHoldings(Dice& dice, absl::Time now, CloudAccount& account) {
  if (dice.Chance(kSeldom)) {
    auto& charge = *account.add_unbilled_charges();
    charge.set_charge_id("charge-1");
    charge.set_product("ecs");
    charge.set_amount("3.20");
    charge.set_currency_code("USD");
  }
  if (dice.Chance(kSeldom)) {
    auto& note = *account.add_credit_notes();
    note.set_credit_note_id("note-1");
    note.set_amount("8.75");
    note.set_currency_code("USD");
    note.set_order_id("order-1");
  }
  if (dice.Chance(kSeldom)) {
    auto& domain = *account.add_domains();
    domain.set_domain_name(fmt::format("of-{}.example.com", account.account_id()));
    // Some registrations end while their owner waits.
    if (dice.Chance(0.5)) *domain.mutable_expire_time() = ToProto(now + dice.Between(absl::Hours(1), absl::Hours(200)));
  }
  if (dice.Chance(kSeldom)) {
    auto& filing = *account.add_icp_filings();
    filing.set_filing_number(fmt::format("icp-{}", account.account_id()));
    filing.set_entity_name("An entity");
  }
}

void AddRelations(Dice& dice, CloudAccount& account) {
  using upstream::v1::Membership;
  using upstream::v1::Trusteeship;
  if (dice.Chance(kSeldom)) {
    auto& place = *account.mutable_resource_directory();
    const bool manages = dice.Chance(0.4);
    place.set_role(manages ? Membership::MANAGEMENT : Membership::MEMBER);
    place.set_directory_id("rd-1");
    if (!manages) {
      place.set_member_type(dice.Chance(0.5) ? Membership::RESOURCE_ACCOUNT : Membership::CLOUD_ACCOUNT);
      place.set_management_account_id("4001");
    }
  }
  if (dice.Chance(kSeldom)) {
    auto& trusteeship = *account.mutable_trusteeship();
    const bool administers = dice.Chance(0.7);
    trusteeship.set_role(administers ? Trusteeship::ADMINISTRATOR : Trusteeship::MEMBER);
    if (!administers) trusteeship.set_administrator_account_id("4002");
    // An administrator who has nobody left does not block, and neither does a member.
    for (std::uint64_t i = dice.Below(3); administers && i > 0; --i)
      trusteeship.add_member_account_ids(fmt::format("410{}", i));
  }
  if (dice.Chance(kSeldom)) {
    account.mutable_reseller()->set_partner_id("partner-1");
    account.mutable_reseller()->set_partner_name("A partner");
  }
}

}  // namespace

std::vector<std::string> AccountIds(int accounts) {
  std::vector<std::string> ids;
  for (int i = 0; i < accounts; ++i) ids.push_back(std::to_string(kFirstAccount + i));
  return ids;
}

sandbox::v1::CloudFile DrawAccounts(Dice& dice, int accounts, absl::Time now) {
  sandbox::v1::CloudFile file;
  for (const std::string& id : AccountIds(accounts)) {
    CloudAccount& account = *file.add_accounts();
    account.set_account_id(id);
    account.set_language_code(dice.Chance(0.5) ? "en" : "zh");
    if (dice.Chance(0.5)) account.set_organization_id("5001");
    account.mutable_email()->set_address(id + "@example.com");
    if (dice.Chance(0.7)) account.mutable_phone()->set_address("+49170000" + id);
    // A code is demanded on both channels then (D9).
    if (account.has_phone() && dice.Chance(0.3))
      *account.mutable_phone()->mutable_changed_before_load() =
          ToProto(dice.Between(absl::ZeroDuration(), absl::Hours(24)));
    account.add_sessions()->set_session_id("session-" + id);
    account.mutable_sessions(0)->set_identity("root");
    if (dice.Chance(0.6)) AddFunds(dice, "USD", account);
    if (dice.Chance(0.2)) AddFunds(dice, "CNY", account);
    if (dice.Chance(0.2)) FillBill(dice, "bill-1", *account.add_bills());
    while (dice.Chance(0.2)) AddLateBill(dice, account);
    while (dice.Chance(0.4)) AddServer(dice, account);
    AddHoldings(dice, now, account);
    AddRelations(dice, account);
  }
  return file;
}

}  // namespace closure::simulation
