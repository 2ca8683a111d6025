// SPDX-License-Identifier: Apache-2.0
#include "checkers/billing/billing_items.h"

#include <optional>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "checkers/answer_fault.h"
#include "checkers/item_facts.h"
#include "checkers/proto_time.h"
#include "fmt/format.h"
#include "protos/money.h"

namespace closure {
namespace {

// What every billing item has in common: the owner handles it, and its facts are kind, disposition, amount and state.
v1::ReportedItem MoneyItem(v1::ItemKind kind, std::string_view type, std::string_view native_id,
                           const v1::Money& amount, std::string_view state) {
  v1::ReportedItem item;
  item.set_native_id(std::string(native_id));
  item.set_kind(kind);
  item.set_disposition(v1::MUST_HANDLE);
  item.set_type(std::string(type));
  *item.mutable_amount() = amount;
  item.set_resolver(v1::OWNER);
  item.set_native_state(std::string(state));
  return item;
}

// " The bill is expected on 2026-12-01." where the day is known.
std::string ExpectedBill(const upstream::v1::UnbilledCharge& charge) {
  const std::optional<absl::Time> expected = TimeFromProto(charge.expect_bill_time());
  if (!charge.has_expect_bill_time() || !expected) return "";
  return absl::FormatTime(" The bill is expected on %Y-%m-%d (UTC).", *expected, absl::UTCTimeZone());
}

// "; 600.00 USD were forfeited in this closure before and count towards it" where something was.
std::string Before(const FundLimits::Verdict& verdict, std::string_view done) {
  if (IsZero(verdict.executed)) return "";
  return fmt::format("; {} were {} in this closure before and count towards it", FormatMoney(verdict.executed), done);
}

v1::ReportedItem BalanceItem(const v1::Money& balance, const FundLimits& limits, const std::string& console_base_uri) {
  const std::string& currency = balance.currency_code();
  v1::ReportedItem item =
      MoneyItem(v1::BALANCE, "billing/balance", fmt::format("balance/{}", currency), balance, "available");
  item.set_display_name(fmt::format("Balance in {}", currency));
  item.set_process_uri(ConsoleLink(console_base_uri, "/billing/balance", currency));
  const FundLimits::Verdict verdict = limits.Judge(v1::BALANCE, balance);
  const std::string what = fmt::format(
      "The account has a balance of {}. A remaining balance cannot be withdrawn after closure. At most {} can be "
      "forfeited{}",
      FormatMoney(balance), FormatMoney(verdict.limit), Before(verdict, "forfeited"));
  if (verdict.within) {
    item.set_disposition(v1::RENOUNCEABLE);
    item.set_why(fmt::format("{}: this balance is within the limit.", what));
    item.set_instructions(
        "Withdraw or spend the balance, or discard this item to forfeit it: it is then lost for "
        "good. Then recheck.");
  } else {
    item.set_why(fmt::format("{}: this balance is above the limit.", what));
    item.set_instructions("Withdraw or spend the balance in the console, then recheck.");
  }
  return item;
}

v1::ReportedItem DebtItem(const v1::Money& debt, const FundLimits& limits, const std::string& console_base_uri) {
  const std::string& currency = debt.currency_code();
  v1::ReportedItem item = MoneyItem(v1::DEBT, "billing/debt", fmt::format("debt/{}", currency), debt, "outstanding");
  item.set_display_name(fmt::format("Debt in {}", currency));
  item.set_process_uri(ConsoleLink(console_base_uri, "/billing/debt", currency));
  const FundLimits::Verdict verdict = limits.Judge(v1::DEBT, debt);
  const std::string what = fmt::format("The account owes {}. At most {} can be voided{}", FormatMoney(debt),
                                       FormatMoney(verdict.limit), Before(verdict, "voided"));
  if (verdict.within) {
    item.set_disposition(v1::RENOUNCEABLE);
    item.set_why(fmt::format("{}: this debt is within the limit.", what));
    item.set_instructions(
        "Pay the debt in the console, or discard this item to have it voided when the account is "
        "deleted. Then recheck.");
  } else {
    item.set_why(fmt::format("{}: this debt is above the limit.", what));
    item.set_instructions("Pay the debt in the console, then recheck.");
  }
  return item;
}

}  // namespace

absl::StatusOr<v1::ReportedItem> BillItem(const upstream::v1::Bill& bill, const std::string& console_base_uri) {
  constexpr std::string_view kWho = "billing: ListUnpaidBills";
  const std::string& id = bill.bill_id();
  if (auto valid = ValidateId(kWho, "bill_id", id); !valid.ok()) return valid;
  if (auto valid = ValidateAmount(kWho, id, bill.has_amount_due(), bill.amount_due(), false); !valid.ok()) {
    return valid;
  }
  v1::ReportedItem item =
      MoneyItem(v1::UNPAID_BILL, "billing/bill", fmt::format("bill/{}", id), bill.amount_due(), "unpaid");
  item.set_display_name(DisplayName(bill.description(), fmt::format("Bill {}", id)));
  item.set_why(
      fmt::format("Bill {} is not fully paid: {} is still due.", InSentence(id), FormatMoney(bill.amount_due())));
  item.set_instructions("Pay the bill in the console, then recheck.");
  item.set_process_uri(ConsoleLink(console_base_uri, "/billing/bills", id));
  return item;
}

absl::StatusOr<v1::ReportedItem> UnbilledChargeItem(const upstream::v1::UnbilledCharge& charge,
                                                    const std::string& console_base_uri) {
  constexpr std::string_view kWho = "billing: ListUnbilledCharges";
  const std::string& id = charge.charge_id();
  if (auto valid = ValidateId(kWho, "charge_id", id); !valid.ok()) return valid;
  if (auto valid = ValidateAmount(kWho, id, charge.has_amount(), charge.amount(), false); !valid.ok()) {
    return valid;
  }
  v1::ReportedItem item = MoneyItem(v1::UNBILLED_CHARGE, "billing/unbilled_charge", fmt::format("charge/{}", id),
                                    charge.amount(), "unbilled");
  item.set_display_name(DisplayName(charge.product(), fmt::format("Charge {}", id)));
  item.set_why(fmt::format("Past usage has cost {} so far that is not on a bill yet (charge {}).{}",
                           FormatMoney(charge.amount()), InSentence(id), ExpectedBill(charge)));
  item.set_instructions("Stop the usage if it goes on, wait for the bill, pay it in the console, then recheck.");
  item.set_process_uri(ConsoleLink(console_base_uri, "/billing/charges", id));
  return item;
}

absl::StatusOr<v1::ReportedItem> CreditNoteItem(const upstream::v1::CreditNote& credit_note,
                                                const std::string& console_base_uri) {
  constexpr std::string_view kWho = "billing: ListCreditNotes";
  const std::string& id = credit_note.credit_note_id();
  if (auto valid = ValidateId(kWho, "credit_note_id", id); !valid.ok()) return valid;
  if (auto valid = ValidateAmount(kWho, id, credit_note.has_amount(), credit_note.amount(), false); !valid.ok()) {
    return valid;
  }
  v1::ReportedItem item = MoneyItem(v1::CREDIT_NOTE, "billing/credit_note", fmt::format("credit_note/{}", id),
                                    credit_note.amount(), "unhandled");
  item.set_display_name(DisplayName("", fmt::format("Credit note {}", id)));
  const std::string order = InSentence(credit_note.order_id());
  item.set_why(fmt::format("A refund{}{} left a credit note of {} that is not handled.",
                           order.empty() ? "" : " of order ", order, FormatMoney(credit_note.amount())));
  item.set_instructions("Apply or cash the credit note in the console, then recheck.");
  item.set_process_uri(ConsoleLink(console_base_uri, "/billing/credit-notes", id));
  return item;
}

absl::StatusOr<std::vector<v1::ReportedItem>> FundsItems(const upstream::v1::Funds& funds, const FundLimits& limits,
                                                         const std::string& console_base_uri) {
  constexpr std::string_view kWho = "billing: ListFunds";
  if (auto valid = ValidateAmount(kWho, "balance", funds.has_balance(), funds.balance(), true); !valid.ok()) {
    return valid;
  }
  if (auto valid = ValidateAmount(kWho, "debt", funds.has_debt(), funds.debt(), true); !valid.ok()) {
    return valid;
  }
  if (funds.balance().currency_code() != funds.debt().currency_code()) {
    return MalformedAnswer(fmt::format("{}: one entry has a balance in {} and a debt in {}", kWho,
                                       funds.balance().currency_code(), funds.debt().currency_code()));
  }
  std::vector<v1::ReportedItem> items;
  if (IsPositive(funds.balance())) {
    items.push_back(BalanceItem(funds.balance(), limits, console_base_uri));
  }
  if (IsPositive(funds.debt())) items.push_back(DebtItem(funds.debt(), limits, console_base_uri));
  return items;
}

}  // namespace closure
