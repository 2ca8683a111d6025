// SPDX-License-Identifier: Apache-2.0
#include "sandbox/billing_rows.h"

#include <limits>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "protos/money.h"
#include "sandbox/cloud_values.h"

namespace closure {
namespace {

using sandbox::v1::CloudAccount;
using sandbox::v1::CloudBill;
using upstream::v1::Bill;
using upstream::v1::CreditNote;
using upstream::v1::Funds;
using upstream::v1::UnbilledCharge;

constexpr int kAll = std::numeric_limits<int>::max();

Funds FundsOf(const SqliteRow& row) {
  Funds funds;
  *funds.mutable_balance() = MoneyOf(row.Text(0), row.Integer(1), row.Integer32(2));
  *funds.mutable_debt() = MoneyOf(row.Text(0), row.Integer(3), row.Integer32(4));
  return funds;
}

void StoreLateBill(SqliteTransaction& tx, const std::string& account_id, const sandbox::v1::CloudLateBill& late) {
  const v1::Money amount = MoneyOfDecimal(late.bill().amount(), late.bill().currency_code());
  tx.Run(
      "INSERT INTO late_bills (account_id, bill_id, currency_code, units, nanos, description, after_freeze_us, as_debt)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      {account_id, late.bill().bill_id(), amount.currency_code(), amount.units(), amount.nanos(),
       late.bill().description(), ToMicros(late.after_freeze()), late.as_debt()});
}

void StoreUnbilledCharge(SqliteTransaction& tx, const std::string& account_id,
                         const sandbox::v1::CloudUnbilledCharge& charge) {
  const v1::Money amount = MoneyOfDecimal(charge.amount(), charge.currency_code());
  tx.Run(
      "INSERT INTO unbilled_charges (account_id, charge_id, product, currency_code, units, nanos, expect_bill_time_us)"
      " VALUES (?, ?, ?, ?, ?, ?, ?)",
      {account_id, charge.charge_id(), charge.product(), amount.currency_code(), amount.units(), amount.nanos(),
       MicrosOrNull(charge.expect_bill_time(), charge.has_expect_bill_time())});
}

void StoreCreditNote(SqliteTransaction& tx, const std::string& account_id, const sandbox::v1::CloudCreditNote& note) {
  const v1::Money amount = MoneyOfDecimal(note.amount(), note.currency_code());
  tx.Run(
      "INSERT INTO credit_notes (account_id, credit_note_id, currency_code, units, nanos, order_id)"
      " VALUES (?, ?, ?, ?, ?, ?)",
      {account_id, note.credit_note_id(), amount.currency_code(), amount.units(), amount.nanos(), note.order_id()});
}

void ReadLateBills(SqliteTransaction& tx, const std::string& account_id, CloudAccount& account) {
  tx.Query(
      "SELECT bill_id, currency_code, units, nanos, description, after_freeze_us, as_debt FROM late_bills"
      " WHERE account_id = ? ORDER BY bill_id",
      {account_id}, [&](const SqliteRow& row) {
        auto* late = account.add_late_bills();
        late->mutable_bill()->set_bill_id(row.Text(0));
        late->mutable_bill()->set_currency_code(row.Text(1));
        late->mutable_bill()->set_amount(DecimalOf(MoneyOf(row.Text(1), row.Integer(2), row.Integer32(3))));
        late->mutable_bill()->set_description(row.Text(4));
        *late->mutable_after_freeze() = DurationOfMicros(row.Integer(5));
        late->set_as_debt(row.Boolean(6));
      });
}

}  // namespace

void StoreBillingRows(SqliteTransaction& tx, const CloudAccount& account, absl::Time now) {
  const std::string& id = account.account_id();
  for (const auto& entry : account.funds()) {
    Funds funds;
    *funds.mutable_balance() = MoneyOfDecimal(entry.balance(), entry.currency_code());
    *funds.mutable_debt() = MoneyOfDecimal(entry.debt(), entry.currency_code());
    SetFunds(tx, id, funds);
  }
  for (const auto& entry : account.bills()) {
    Bill bill;
    bill.set_bill_id(entry.bill_id());
    *bill.mutable_amount_due() = MoneyOfDecimal(entry.amount(), entry.currency_code());
    bill.set_description(entry.description());
    *bill.mutable_issue_time() = TimestampOfMicros(ToMicros(now));
    InsertBill(tx, id, bill);
  }
  for (const auto& late : account.late_bills()) StoreLateBill(tx, id, late);
  for (const auto& charge : account.unbilled_charges()) StoreUnbilledCharge(tx, id, charge);
  for (const auto& note : account.credit_notes()) StoreCreditNote(tx, id, note);
}

void ReadBillingRows(SqliteTransaction& tx, const std::string& account_id, CloudAccount& account) {
  for (const Funds& funds : ReadFunds(tx, account_id, "", kAll)) {
    auto* entry = account.add_funds();
    entry->set_currency_code(funds.balance().currency_code());
    entry->set_balance(DecimalOf(funds.balance()));
    entry->set_debt(DecimalOf(funds.debt()));
  }
  for (const Bill& bill : ReadBills(tx, account_id, "", kAll)) {
    auto* entry = account.add_bills();
    entry->set_bill_id(bill.bill_id());
    entry->set_amount(DecimalOf(bill.amount_due()));
    entry->set_currency_code(bill.amount_due().currency_code());
    entry->set_description(bill.description());
  }
  ReadLateBills(tx, account_id, account);
  for (const UnbilledCharge& charge : ReadUnbilledCharges(tx, account_id, "", kAll)) {
    auto* entry = account.add_unbilled_charges();
    entry->set_charge_id(charge.charge_id());
    entry->set_product(charge.product());
    entry->set_amount(DecimalOf(charge.amount()));
    entry->set_currency_code(charge.amount().currency_code());
    if (charge.has_expect_bill_time()) *entry->mutable_expect_bill_time() = charge.expect_bill_time();
  }
  for (const CreditNote& note : ReadCreditNotes(tx, account_id, "", kAll)) {
    auto* entry = account.add_credit_notes();
    entry->set_credit_note_id(note.credit_note_id());
    entry->set_amount(DecimalOf(note.amount()));
    entry->set_currency_code(note.amount().currency_code());
    entry->set_order_id(note.order_id());
  }
}

std::vector<Funds> ReadFunds(SqliteTransaction& tx, const std::string& account_id, const std::string& after,
                             int limit) {
  std::vector<Funds> all;
  tx.Query(
      "SELECT currency_code, balance_units, balance_nanos, debt_units, debt_nanos FROM funds"
      " WHERE account_id = ? AND currency_code > ? ORDER BY currency_code LIMIT ?",
      {account_id, after, limit}, [&](const SqliteRow& row) { all.push_back(FundsOf(row)); });
  return all;
}

std::vector<Bill> ReadBills(SqliteTransaction& tx, const std::string& account_id, const std::string& after, int limit) {
  std::vector<Bill> bills;
  tx.Query(
      "SELECT bill_id, currency_code, units, nanos, description, issue_time_us FROM bills"
      " WHERE account_id = ? AND bill_id > ? ORDER BY bill_id LIMIT ?",
      {account_id, after, limit}, [&](const SqliteRow& row) {
        Bill& bill = bills.emplace_back();
        bill.set_bill_id(row.Text(0));
        *bill.mutable_amount_due() = MoneyOf(row.Text(1), row.Integer(2), row.Integer32(3));
        bill.set_description(row.Text(4));
        *bill.mutable_issue_time() = TimestampOfMicros(row.Integer(5));
      });
  return bills;
}

std::vector<UnbilledCharge> ReadUnbilledCharges(SqliteTransaction& tx, const std::string& account_id,
                                                const std::string& after, int limit) {
  std::vector<UnbilledCharge> charges;
  tx.Query(
      "SELECT charge_id, product, currency_code, units, nanos, expect_bill_time_us FROM unbilled_charges"
      " WHERE account_id = ? AND charge_id > ? ORDER BY charge_id LIMIT ?",
      {account_id, after, limit}, [&](const SqliteRow& row) {
        UnbilledCharge& charge = charges.emplace_back();
        charge.set_charge_id(row.Text(0));
        charge.set_product(row.Text(1));
        *charge.mutable_amount() = MoneyOf(row.Text(2), row.Integer(3), row.Integer32(4));
        if (!row.IsNull(5)) *charge.mutable_expect_bill_time() = TimestampOfMicros(row.Integer(5));
      });
  return charges;
}

std::vector<CreditNote> ReadCreditNotes(SqliteTransaction& tx, const std::string& account_id, const std::string& after,
                                        int limit) {
  std::vector<CreditNote> notes;
  tx.Query(
      "SELECT credit_note_id, currency_code, units, nanos, order_id FROM credit_notes"
      " WHERE account_id = ? AND credit_note_id > ? ORDER BY credit_note_id LIMIT ?",
      {account_id, after, limit}, [&](const SqliteRow& row) {
        CreditNote& note = notes.emplace_back();
        note.set_credit_note_id(row.Text(0));
        *note.mutable_amount() = MoneyOf(row.Text(1), row.Integer(2), row.Integer32(3));
        note.set_order_id(row.Text(4));
      });
  return notes;
}

Funds FundsIn(SqliteTransaction& tx, const std::string& account_id, const std::string& currency_code) {
  Funds funds;
  *funds.mutable_balance() = WholeUnits(0, currency_code);
  *funds.mutable_debt() = WholeUnits(0, currency_code);
  tx.Query(
      "SELECT currency_code, balance_units, balance_nanos, debt_units, debt_nanos FROM funds"
      " WHERE account_id = ? AND currency_code = ?",
      {account_id, currency_code}, [&](const SqliteRow& row) { funds = FundsOf(row); });
  return funds;
}

void SetFunds(SqliteTransaction& tx, const std::string& account_id, const Funds& funds) {
  tx.Run(
      "INSERT INTO funds (account_id, currency_code, balance_units, balance_nanos, debt_units, debt_nanos)"
      " VALUES (?, ?, ?, ?, ?, ?)"
      " ON CONFLICT (account_id, currency_code) DO UPDATE SET balance_units = excluded.balance_units,"
      " balance_nanos = excluded.balance_nanos, debt_units = excluded.debt_units, debt_nanos = excluded.debt_nanos",
      {account_id, funds.balance().currency_code(), funds.balance().units(), funds.balance().nanos(),
       funds.debt().units(), funds.debt().nanos()});
}

void InsertBill(SqliteTransaction& tx, const std::string& account_id, const Bill& bill) {
  tx.Run(
      "INSERT INTO bills (account_id, bill_id, currency_code, units, nanos, description, issue_time_us)"
      " VALUES (?, ?, ?, ?, ?, ?, ?)",
      {account_id, bill.bill_id(), bill.amount_due().currency_code(), bill.amount_due().units(),
       bill.amount_due().nanos(), bill.description(), ToMicros(bill.issue_time())});
}

}  // namespace closure
