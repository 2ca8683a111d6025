// SPDX-License-Identifier: Apache-2.0
#include "sandbox/owner_acts.h"

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "fmt/format.h"
#include "protos/money.h"
#include "sandbox/account_rows.h"
#include "sandbox/billing_rows.h"
#include "sandbox/cloud_account_rules.h"
#include "sandbox/cloud_values.h"
#include "sandbox/contact_addresses.h"
#include "sandbox/field_problems.h"
#include "sandbox/holding_rows.h"
#include "sandbox/late_bills.h"

namespace closure {
namespace {

absl::Status CheckAmount(const v1::Money& amount) {
  if (absl::Status status = ValidateMoney(amount); !status.ok()) {
    return BadField("amount", fmt::format("sandbox: amount: {}", std::string(status.message())));
  }
  if (!IsPositive(amount) || CompareMoney(amount, WholeUnits(kAmountUnitsMax, amount.currency_code())) > 0) {
    return BadField("amount", fmt::format("sandbox: amount {} is not above zero, or is above {} {}",
                                          FormatMoney(amount), kAmountUnitsMax, amount.currency_code()));
  }
  return absl::OkStatus();
}

absl::Status Refused(const std::string& account_id, std::string_view why) {
  return absl::FailedPreconditionError(fmt::format("sandbox: account \"{}\": {}", account_id, why));
}

bool IsSealed(SqliteTransaction& tx, const std::string& account_id) {
  return tx.Number("SELECT billing_sealed FROM accounts WHERE account_id = ?", {account_id}) != 0;
}

}  // namespace

absl::StatusOr<std::string> IssueBill(SqliteTransaction& tx, const sandbox::v1::IssueBillRequest& request,
                                      absl::Time now) {
  const std::string& account_id = request.account_id();
  if (absl::Status status = RequireLive(tx, account_id); !status.ok()) return status;
  if (absl::Status status = CheckAmount(request.amount()); !status.ok()) return status;
  LetLateBillsArrive(tx, account_id, now);
  if (IsSealed(tx, account_id)) return Refused(account_id, "billing is sealed, no bill can arrive");
  tx.Run("INSERT INTO issued_bills (account_id) VALUES (?)", {account_id});
  upstream::v1::Bill bill;
  bill.set_bill_id(fmt::format("issued-{:06}", tx.Number("SELECT last_insert_rowid()", {})));
  *bill.mutable_amount_due() = request.amount();
  bill.set_description(request.description());
  *bill.mutable_issue_time() = TimestampOfMicros(ToMicros(now));
  InsertBill(tx, account_id, bill);
  return bill.bill_id();
}

absl::StatusOr<v1::Money> TopUpBalance(SqliteTransaction& tx, const sandbox::v1::TopUpBalanceRequest& request,
                                       absl::Time now) {
  const std::string& account_id = request.account_id();
  if (absl::Status status = RequireLive(tx, account_id); !status.ok()) return status;
  if (absl::Status status = CheckAmount(request.amount()); !status.ok()) return status;
  LetLateBillsArrive(tx, account_id, now);
  if (tx.Number("SELECT billing_freeze_time_us IS NOT NULL FROM accounts WHERE account_id = ?", {account_id}) != 0) {
    return Refused(account_id, "billing is frozen, no top-up is accepted");
  }
  upstream::v1::Funds funds = FundsIn(tx, account_id, request.amount().currency_code());
  const absl::StatusOr<v1::Money> sum = AddMoney(funds.balance(), request.amount());
  if (!sum.ok()) return BadField("amount", fmt::format("sandbox: amount: {}", std::string(sum.status().message())));
  *funds.mutable_balance() = *sum;
  SetFunds(tx, account_id, funds);
  return *sum;
}

absl::Status CreateResource(SqliteTransaction& tx, const sandbox::v1::CreateResourceRequest& request) {
  const std::string& account_id = request.account_id();
  if (absl::Status status = RequireLive(tx, account_id); !status.ok()) return status;
  FieldProblems problems;
  CheckResource(request.resource(), "resource", problems);
  if (absl::Status status = problems.ToStatus("sandbox"); !status.ok()) return status;
  if (tx.Number("SELECT resources_frozen FROM accounts WHERE account_id = ?", {account_id}) != 0) {
    return Refused(account_id, "resources are frozen, no instance can be made");
  }
  const std::string& id = request.resource().resource_id();
  if (tx.Number("SELECT COUNT(*) FROM resources WHERE account_id = ? AND resource_id = ?", {account_id, id}) != 0) {
    return Refused(account_id, fmt::format("there is a resource \"{}\" already", id));
  }
  InsertResource(tx, account_id, request.resource(), false);
  return absl::OkStatus();
}

absl::Status ChangeContactPoint(SqliteTransaction& tx, const sandbox::v1::ChangeContactPointRequest& request,
                                absl::Time now) {
  const std::string& account_id = request.account_id();
  if (absl::Status status = RequireLive(tx, account_id); !status.ok()) return status;
  const bool is_mail = request.channel() == "email";
  if (!is_mail && request.channel() != "sms") {
    return BadField("channel",
                    fmt::format("sandbox: channel \"{}\" is neither \"email\" nor \"sms\"", request.channel()));
  }
  if (is_mail ? !IsMailAddress(request.address()) : !IsPhoneNumber(request.address())) {
    return BadField("address", fmt::format("sandbox: address is not one for the channel {}", request.channel()));
  }
  if (tx.Number("SELECT account_frozen FROM accounts WHERE account_id = ?", {account_id}) != 0) {
    return Refused(account_id, "the account is frozen, no contact point can be changed");
  }
  tx.Run(
      "INSERT INTO contact_points (account_id, channel, address, change_time_us) VALUES (?, ?, ?, ?)"
      " ON CONFLICT (account_id, channel) DO UPDATE SET address = excluded.address, change_time_us = "
      "excluded.change_time_us",
      {account_id, request.channel(), request.address(), ToMicros(now)});
  return absl::OkStatus();
}

}  // namespace closure
