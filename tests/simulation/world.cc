// SPDX-License-Identifier: Apache-2.0
#include "tests/simulation/world.h"

#include <cstdint>
#include <iterator>
#include <string_view>

#include "fmt/format.h"
#include "sandbox/cloud_values.h"

namespace closure::simulation {
namespace {

// A change of the rows of an account: ?1 is its id, ?2 a fresh name in what comes.
struct Change {
  std::string_view what;
  std::string_view sql;
  // What has to be there first, if anything.
  std::string_view before = {};
};

// Orders are stopped by frozen billing, bills, charges and credit notes by sealed billing, and what only a signed-in
// owner can do by a frozen account.
constexpr Change kArrivals[] = {
    {"a charge comes",
     "INSERT INTO unbilled_charges (account_id, charge_id, product, currency_code, units, nanos)"
     " SELECT account_id, ?2, 'ecs', 'USD', 2, 500000000 FROM accounts WHERE account_id = ?1 AND billing_sealed = 0"},
    {"a credit note comes",
     "INSERT INTO credit_notes (account_id, credit_note_id, currency_code, units, nanos, order_id)"
     " SELECT account_id, ?2, 'USD', 7, 0, 'order-2' FROM accounts WHERE account_id = ?1 AND billing_sealed = 0"},
    {"it buys a domain",
     "INSERT INTO domains (account_id, domain_name, state) SELECT account_id, ?2, 'ok' FROM accounts"
     " WHERE account_id = ?1 AND billing_freeze_time_us IS NULL"},
    {"a domain is transferred to it",
     "INSERT INTO domains (account_id, domain_name, state) VALUES (?1, ?2, 'pendingTransfer')"},
    {"an ICP filing is granted",
     "INSERT INTO icp_filings (account_id, filing_number, entity_name, domain_name, state)"
     " VALUES (?1, ?2, 'An entity', '', 'InForce')"},
    {"it enables a directory",
     "INSERT OR IGNORE INTO directory_memberships (account_id, role, member_type, directory_id, management_account_id)"
     " SELECT account_id, 2, 0, ?2, account_id FROM accounts WHERE account_id = ?1 AND account_frozen = 0"},
    {"a directory takes it in",
     "INSERT OR IGNORE INTO directory_memberships (account_id, role, member_type, directory_id, management_account_id)"
     " VALUES (?1, 3, 2, ?2, '4001')"},
    {"somebody joins its trusteeship",
     "INSERT INTO trusteeship_members (account_id, member_account_id)"
     " SELECT account_id, ?2 FROM trusteeships WHERE account_id = ?1 AND role = 2",
     "INSERT OR IGNORE INTO trusteeships (account_id, role, administrator_account_id) VALUES (?1, 2, '')"},
    {"a partner ties it",
     "INSERT OR IGNORE INTO resellers (account_id, partner_id, partner_name) VALUES (?1, ?2, 'Another partner')"},
};

constexpr Change kDepartures[] = {
    {"a credit note is used up",
     "DELETE FROM credit_notes WHERE account_id = ?1 AND credit_note_id ="
     " (SELECT MIN(credit_note_id) FROM credit_notes WHERE account_id = ?1)"},
    {"a charge is paid",
     "DELETE FROM unbilled_charges WHERE account_id = ?1 AND charge_id ="
     " (SELECT MAX(charge_id) FROM unbilled_charges WHERE account_id = ?1)"},
    {"a domain is transferred away",
     "DELETE FROM domains WHERE account_id = ?1 AND domain_name ="
     " (SELECT MIN(domain_name) FROM domains WHERE account_id = ?1)"},
    {"an ICP filing is cancelled",
     "DELETE FROM icp_filings WHERE account_id = ?1 AND filing_number ="
     " (SELECT MIN(filing_number) FROM icp_filings WHERE account_id = ?1)"},
    {"it is in no directory any more", "DELETE FROM directory_memberships WHERE account_id = ?1"},
    {"a member leaves its trusteeship",
     "DELETE FROM trusteeship_members WHERE account_id = ?1 AND member_account_id ="
     " (SELECT MIN(member_account_id) FROM trusteeship_members WHERE account_id = ?1)"},
    {"its partner ends the tie", "DELETE FROM resellers WHERE account_id = ?1"},
};

// What was used and not billed comes on a bill, if bills can come.
void BillCharges(SqliteTransaction& tx, const std::string& account_id, absl::Time now) {
  tx.Run(
      "INSERT INTO bills (account_id, bill_id, currency_code, units, nanos, description, issue_time_us)"
      " SELECT account_id, 'of-' || charge_id, currency_code, units, nanos, product, ?2"
      " FROM unbilled_charges JOIN accounts USING (account_id) WHERE account_id = ?1 AND billing_sealed = 0",
      {account_id, ToMicros(now)});
  tx.Run(
      "DELETE FROM unbilled_charges WHERE account_id = ?1"
      " AND (SELECT billing_sealed FROM accounts WHERE account_id = ?1) = 0",
      {account_id});
}

void Go(Dice& dice, Cloud& cloud, const std::string& account_id) {
  const std::size_t which = dice.Below(std::size(kDepartures) + 1);
  if (which == std::size(kDepartures)) {
    return cloud.Change(account_id, "its charges come on bills",
                        [&](SqliteTransaction& tx) { BillCharges(tx, account_id, cloud.now()); });
  }
  const Change& change = kDepartures[which];
  cloud.Change(account_id, change.what, [&](SqliteTransaction& tx) { tx.Run(change.sql, {account_id}); });
}

// From one unit to this many.
void DrawAmount(Dice& dice, const std::string& currency, std::uint64_t most, v1::Money& amount) {
  amount.set_currency_code(currency);
  amount.set_units(1 + static_cast<std::int64_t>(dice.Below(most)));
}

void OrderServer(Dice& dice, Cloud& cloud, const std::string& account_id) {
  sandbox::v1::CreateResourceRequest order;
  order.set_account_id(account_id);
  auto& resource = *order.mutable_resource();
  resource.set_resource_id(fmt::format("i-{}", dice.Below(1'000'000'000)));
  resource.set_product("ecs");
  resource.set_type("instance");
  resource.set_region_code("eu-central-1");
  resource.set_display_name("another server");
  resource.set_charge_type(upstream::v1::Resource::PAY_AS_YOU_GO);
  resource.set_state("running");
  resource.set_console_uri("https://console.example.com/ecs");
  resource.set_releasable(true);
  cloud.Order(order);
}

}  // namespace

void SomethingComes(Dice& dice, Cloud& cloud, const std::string& account_id) {
  const Change& change = kArrivals[dice.Below(std::size(kArrivals))];
  const std::string name = fmt::format("n{}", dice.Below(1'000'000'000));
  // Most registrations end while their owner waits.
  const bool ends = dice.Chance(0.8);
  const absl::Time end = cloud.now() + dice.Between(absl::Hours(1), absl::Hours(200));
  cloud.Change(account_id, change.what, [&](SqliteTransaction& tx) {
    if (!change.before.empty()) tx.Run(change.before, {account_id});
    tx.Run(change.sql, {account_id, name});
    if (!ends) return;
    tx.Run("UPDATE domains SET expire_time_us = ?3 WHERE account_id = ?1 AND domain_name = ?2",
           {account_id, name, ToMicros(end)});
  });
}

void ChangeTheWorld(Dice& dice, Cloud& cloud, const std::string& account_id) {
  const std::string currency = dice.Chance(0.8) ? "USD" : "CNY";
  switch (dice.Below(20)) {
    case 0:
    case 1: {
      sandbox::v1::IssueBillRequest bill;
      bill.set_account_id(account_id);
      DrawAmount(dice, currency, 20, *bill.mutable_amount());
      cloud.IssueBill(bill);
      return;
    }
    case 2:
    case 3: {
      sandbox::v1::TopUpBalanceRequest top_up;
      top_up.set_account_id(account_id);
      DrawAmount(dice, currency, 500, *top_up.mutable_amount());
      cloud.TopUp(top_up);
      return;
    }
    case 4:
    case 5:
      return OrderServer(dice, cloud, account_id);
    case 6:
      if (dice.Chance(0.1)) cloud.DeleteElsewhere(account_id);
      return;
    case 7:
    case 8:
    case 9:
      return SomethingComes(dice, cloud, account_id);
    case 10:
    case 11:
      return Go(dice, cloud, account_id);
    default:
      cloud.Settle(account_id);
  }
}

}  // namespace closure::simulation
