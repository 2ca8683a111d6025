// SPDX-License-Identifier: Apache-2.0
#include "sandbox/settlement.h"

#include <limits>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "protos/money.h"
#include "sandbox/billing_rows.h"
#include "sandbox/holding_rows.h"
#include "sandbox/late_bills.h"
#include "sandbox/relation_rows.h"

namespace closure {
namespace {

using upstream::v1::Funds;
using upstream::v1::Membership;
using upstream::v1::Trusteeship;
using Actions = std::vector<std::string>;

constexpr int kAll = std::numeric_limits<int>::max();
constexpr int64_t kForfeitLimitUnits = 1000;  // R23
constexpr int64_t kVoidLimitUnits = 10;       // R24

bool IsBillingFrozen(SqliteTransaction& tx, const std::string& account_id) {
  return tx.Number("SELECT billing_freeze_time_us IS NOT NULL FROM accounts WHERE account_id = ?", {account_id}) != 0;
}

void SettleBills(SqliteTransaction& tx, const std::string& account_id, Actions& actions) {
  for (const auto& bill : ReadBills(tx, account_id, "", kAll)) {
    actions.push_back(fmt::format("paid the bill {} of {}", bill.bill_id(), FormatMoney(bill.amount_due())));
  }
  for (const auto& charge : ReadUnbilledCharges(tx, account_id, "", kAll)) {
    actions.push_back(fmt::format("paid the charge {} of {}", charge.charge_id(), FormatMoney(charge.amount())));
  }
  for (const auto& note : ReadCreditNotes(tx, account_id, "", kAll)) {
    actions.push_back(
        fmt::format("handled the credit note {} of {}", note.credit_note_id(), FormatMoney(note.amount())));
  }
  tx.Run("DELETE FROM bills WHERE account_id = ?", {account_id});
  tx.Run("DELETE FROM unbilled_charges WHERE account_id = ?", {account_id});
  tx.Run("DELETE FROM credit_notes WHERE account_id = ?", {account_id});
}

void SettleFunds(SqliteTransaction& tx, const std::string& account_id, Actions& actions) {
  const bool frozen = IsBillingFrozen(tx, account_id);
  for (Funds funds : ReadFunds(tx, account_id, "", kAll)) {
    const std::string currency = funds.balance().currency_code();
    const v1::Money zero = WholeUnits(0, currency);
    if (!frozen && CompareMoney(funds.balance(), WholeUnits(kForfeitLimitUnits, currency)) > 0) {
      actions.push_back(fmt::format("withdrew the balance of {}", FormatMoney(funds.balance())));
      *funds.mutable_balance() = zero;
    }
    if (CompareMoney(funds.debt(), WholeUnits(kVoidLimitUnits, currency)) > 0) {
      actions.push_back(fmt::format("paid the debt of {}", FormatMoney(funds.debt())));
      *funds.mutable_debt() = zero;
    }
    SetFunds(tx, account_id, funds);
  }
}

void SettleHoldings(SqliteTransaction& tx, const std::string& account_id, Actions& actions) {
  for (const auto& resource : ReadResources(tx, account_id, "", kAll)) {
    if (resource.releasable()) continue;
    actions.push_back(fmt::format("released {} {} in its console", resource.product(), resource.resource_id()));
  }
  for (const auto& domain : ReadDomains(tx, account_id, "", kAll)) {
    actions.push_back(fmt::format("transferred the domain {}", domain.domain_name()));
  }
  for (const auto& filing : ReadIcpFilings(tx, account_id, "", kAll)) {
    actions.push_back(fmt::format("cancelled the ICP filing {}", filing.filing_number()));
  }
  tx.Run("DELETE FROM resources WHERE account_id = ? AND releasable = 0", {account_id});
  tx.Run("DELETE FROM domains WHERE account_id = ?", {account_id});
  tx.Run("DELETE FROM icp_filings WHERE account_id = ?", {account_id});
}

void SettleDirectory(SqliteTransaction& tx, const std::string& account_id, Actions& actions) {
  const Membership membership = ReadMembership(tx, account_id);
  if (membership.role() == Membership::MANAGEMENT) {
    actions.push_back(fmt::format("disabled the resource directory {}", membership.directory_id()));
    tx.Run("DELETE FROM directory_memberships WHERE management_account_id = ?", {account_id});
  } else if (membership.role() == Membership::MEMBER) {
    actions.push_back(fmt::format("{} removed the member from the resource directory {}",
                                  membership.management_account_id(), membership.directory_id()));
    tx.Run("DELETE FROM directory_memberships WHERE account_id = ?", {account_id});
  }
}

void SettleTrusteeship(SqliteTransaction& tx, const std::string& account_id, Actions& actions) {
  const Trusteeship trusteeship = ReadTrusteeship(tx, account_id);
  if (trusteeship.role() == Trusteeship::ADMINISTRATOR) {
    for (const std::string& member : ReadTrusteeshipMembers(tx, account_id, "", kAll)) {
      actions.push_back(fmt::format("removed the trusteeship member {}", member));
    }
    tx.Run("DELETE FROM trusteeships WHERE administrator_account_id = ?", {account_id});
  } else if (trusteeship.role() == Trusteeship::MEMBER) {
    actions.push_back(fmt::format("left the trusteeship of {}", trusteeship.administrator_account_id()));
    tx.Run("DELETE FROM trusteeship_members WHERE account_id = ? AND member_account_id = ?",
           {trusteeship.administrator_account_id(), account_id});
  }
  tx.Run("DELETE FROM trusteeship_members WHERE account_id = ?", {account_id});
  tx.Run("DELETE FROM trusteeships WHERE account_id = ?", {account_id});
}

void SettleReseller(SqliteTransaction& tx, const std::string& account_id, Actions& actions) {
  const auto reseller = ReadReseller(tx, account_id);
  if (reseller.partner_id().empty()) return;
  actions.push_back(fmt::format("the partner {} cancelled the relationship", reseller.partner_id()));
  tx.Run("DELETE FROM resellers WHERE account_id = ?", {account_id});
}

}  // namespace

std::vector<std::string> Settle(SqliteTransaction& tx, const std::string& account_id, absl::Time now) {
  Actions actions;
  LetLateBillsArrive(tx, account_id, now);
  SettleBills(tx, account_id, actions);
  SettleFunds(tx, account_id, actions);
  SettleHoldings(tx, account_id, actions);
  SettleDirectory(tx, account_id, actions);
  SettleTrusteeship(tx, account_id, actions);
  SettleReseller(tx, account_id, actions);
  return actions;
}

}  // namespace closure
