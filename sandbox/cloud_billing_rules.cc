// SPDX-License-Identifier: Apache-2.0
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "closure/v1/money.pb.h"
#include "fmt/format.h"
#include "protos/money.h"
#include "sandbox/cloud_account_rules.h"
#include "sandbox/cloud_values.h"

namespace closure {
namespace {

using sandbox::v1::CloudAccount;
using sandbox::v1::CloudBill;

// The ids of bills that IssueBill makes.
constexpr char kIssuedPrefix[] = "issued-";

enum class Sign { kNotNegative, kPositive };

void CheckAmount(const std::string& decimal, const std::string& currency_code, const std::string& field, Sign sign,
                 FieldProblems& problems) {
  if (decimal.empty() && sign == Sign::kNotNegative) return;
  const absl::StatusOr<v1::Money> money = ParseMoney(decimal, currency_code);
  if (!money.ok()) {
    problems.Add(field, std::string(money.status().message()));
    return;
  }
  if (sign == Sign::kPositive) {
    problems.Require(IsPositive(*money), field, fmt::format("\"{}\" is not above zero", decimal));
  } else {
    problems.Require(money->units() >= 0 && money->nanos() >= 0, field, fmt::format("\"{}\" is negative", decimal));
  }
  problems.Require(CompareMoney(*money, WholeUnits(kAmountUnitsMax, currency_code)) <= 0, field,
                   fmt::format("\"{}\" is above {}", decimal, kAmountUnitsMax));
}

void CheckBill(const CloudBill& bill, const std::string& field, std::set<std::string>& ids, FieldProblems& problems) {
  problems.Require(!bill.bill_id().empty(), field + ".bill_id", "is missing");
  problems.Require(!bill.bill_id().starts_with(kIssuedPrefix), field + ".bill_id",
                   fmt::format("begins with \"{}\", which is kept for bills that are issued later", kIssuedPrefix));
  problems.Require(ids.insert(bill.bill_id()).second, field + ".bill_id",
                   fmt::format("\"{}\" is there twice", bill.bill_id()));
  CheckAmount(bill.amount(), bill.currency_code(), field + ".amount", Sign::kPositive, problems);
}

void CheckFunds(const CloudAccount& account, FieldProblems& problems) {
  std::set<std::string> currencies;
  for (int i = 0; i < account.funds_size(); ++i) {
    const auto& funds = account.funds(i);
    const std::string field = fmt::format("funds[{}]", i);
    const absl::StatusOr<v1::Money> zero = ParseMoney("0", funds.currency_code());
    if (!zero.ok()) {
      problems.Add(field + ".currency_code", std::string(zero.status().message()));
      continue;
    }
    problems.Require(currencies.insert(funds.currency_code()).second, field + ".currency_code",
                     fmt::format("{} is there twice", funds.currency_code()));
    CheckAmount(funds.balance(), funds.currency_code(), field + ".balance", Sign::kNotNegative, problems);
    CheckAmount(funds.debt(), funds.currency_code(), field + ".debt", Sign::kNotNegative, problems);
  }
}

void CheckBills(const CloudAccount& account, FieldProblems& problems) {
  std::set<std::string> ids;  // of both kinds: a late bill becomes a bill
  for (int i = 0; i < account.bills_size(); ++i)
    CheckBill(account.bills(i), fmt::format("bills[{}]", i), ids, problems);
  for (int i = 0; i < account.late_bills_size(); ++i) {
    const auto& late = account.late_bills(i);
    const std::string field = fmt::format("late_bills[{}]", i);
    CheckBill(late.bill(), field + ".bill", ids, problems);
    problems.Require(IsSpan(late.after_freeze()), field + ".after_freeze",
                     "is negative or above 36,500 days; write it as \"3600s\"");
  }
}

}  // namespace

void CheckCloudBilling(const CloudAccount& account, FieldProblems& problems) {
  CheckFunds(account, problems);
  CheckBills(account, problems);
  std::set<std::string> charge_ids;
  for (int i = 0; i < account.unbilled_charges_size(); ++i) {
    const auto& charge = account.unbilled_charges(i);
    const std::string field = fmt::format("unbilled_charges[{}]", i);
    problems.Require(!charge.charge_id().empty(), field + ".charge_id", "is missing");
    problems.Require(charge_ids.insert(charge.charge_id()).second, field + ".charge_id", "is there twice");
    problems.Require(!charge.has_expect_bill_time() || IsTime(charge.expect_bill_time()), field + ".expect_bill_time",
                     "is outside of the years 1 to 9999");
    CheckAmount(charge.amount(), charge.currency_code(), field + ".amount", Sign::kPositive, problems);
  }
  std::set<std::string> note_ids;
  for (int i = 0; i < account.credit_notes_size(); ++i) {
    const auto& note = account.credit_notes(i);
    const std::string field = fmt::format("credit_notes[{}]", i);
    problems.Require(!note.credit_note_id().empty(), field + ".credit_note_id", "is missing");
    problems.Require(note_ids.insert(note.credit_note_id()).second, field + ".credit_note_id", "is there twice");
    CheckAmount(note.amount(), note.currency_code(), field + ".amount", Sign::kPositive, problems);
  }
}

}  // namespace closure
