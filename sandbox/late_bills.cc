// SPDX-License-Identifier: Apache-2.0
#include "sandbox/late_bills.h"

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "closure/upstream/v1/billing_service.pb.h"
#include "protos/money.h"
#include "sandbox/billing_rows.h"
#include "sandbox/cloud_values.h"

namespace closure {
namespace {

struct DueBill {
  upstream::v1::Bill bill;
  bool as_debt;
};

std::vector<DueBill> ReadDueBills(SqliteTransaction& tx, const std::string& account_id, absl::Time now) {
  std::vector<DueBill> due;
  tx.Query(
      "SELECT bill_id, currency_code, units, nanos, late_bills.description, billing_freeze_time_us + after_freeze_us, "
      "as_debt"
      " FROM late_bills JOIN accounts USING (account_id)"
      " WHERE account_id = ? AND billing_sealed = 0 AND billing_freeze_time_us IS NOT NULL"
      " AND billing_freeze_time_us + after_freeze_us <= ? ORDER BY bill_id",
      {account_id, ToMicros(now)}, [&](const SqliteRow& row) {
        DueBill& late = due.emplace_back();
        late.bill.set_bill_id(row.Text(0));
        *late.bill.mutable_amount_due() = MoneyOf(row.Text(1), row.Integer(2), row.Integer32(3));
        late.bill.set_description(row.Text(4));
        *late.bill.mutable_issue_time() = TimestampOfMicros(row.Integer(5));
        late.as_debt = row.Boolean(6);
      });
  return due;
}

}  // namespace

void LetLateBillsArrive(SqliteTransaction& tx, const std::string& account_id, absl::Time now) {
  for (const DueBill& late : ReadDueBills(tx, account_id, now)) {
    tx.Run("DELETE FROM late_bills WHERE account_id = ? AND bill_id = ?", {account_id, late.bill.bill_id()});
    if (!late.as_debt) {
      InsertBill(tx, account_id, late.bill);
      continue;
    }
    upstream::v1::Funds funds = FundsIn(tx, account_id, late.bill.amount_due().currency_code());
    // Never out of range: cloud_file.h and IssueBill bound every amount.
    *funds.mutable_debt() = AddMoney(funds.debt(), late.bill.amount_due()).value();
    SetFunds(tx, account_id, funds);
  }
}

}  // namespace closure
