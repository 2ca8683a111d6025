// SPDX-License-Identifier: Apache-2.0
#include "checkers/billing/billing_checker.h"

#include <functional>
#include <string>
#include <string_view>

#include "absl/strings/match.h"
#include "catch2/catch.hpp"
#include "checkers/answer_fault.h"
#include "protos/money.h"
#include "tests/checkers/fake_cloud.h"

namespace closure {
namespace {

using testing::Ask;
using testing::FakeCloud;
using testing::ItemOf;
using testing::MoneyOf;
using testing::TestNow;
using testing::TestRequest;
namespace up = upstream::v1;

void AddFunds(up::ListFundsResponse* page, std::string_view balance, std::string_view debt, std::string_view currency) {
  up::Funds& funds = *page->add_funds();
  *funds.mutable_balance() = MoneyOf(balance, currency);
  *funds.mutable_debt() = MoneyOf(debt, currency);
}

// What the checker says of an account with one currency.
CheckAnswer AskAboutFunds(std::string_view balance, std::string_view debt, std::string_view currency,
                          const v1::CheckRequest& request = TestRequest()) {
  FakeCloud cloud;
  cloud.billing.funds = [&](const auto&, up::ListFundsResponse* page) {
    AddFunds(page, balance, debt, currency);
    return grpc::Status::OK;
  };
  BillingChecker checker(cloud.upstreams().billing, {});
  absl::StatusOr<CheckAnswer> answer = Ask(checker, request);
  REQUIRE(answer.ok());
  return *std::move(answer);
}

TEST_CASE("an account that owes and owns nothing has no billing item", "[R20][D8]") {
  FakeCloud cloud;
  BillingChecker checker(cloud.upstreams().billing, {});
  const auto answer = Ask(checker);
  REQUIRE(answer.ok());
  CHECK(answer->items.empty());
  CHECK(answer->as_of == TestNow());
  CHECK(AskAboutFunds("0", "0", "USD").items.empty());
  CHECK(AskAboutFunds("0.00", "0.000", "KWD").items.empty());
}

TEST_CASE("every unpaid bill, unbilled charge and credit note must be handled", "[R20][R21][R48][R49][R50]") {
  FakeCloud cloud;
  std::string account_id;
  cloud.billing.bills = [&](const up::ListUnpaidBillsRequest& request, up::ListUnpaidBillsResponse* page) {
    account_id = request.account_id();
    for (const std::string_view id : {"B-1", "B-2"}) {
      up::Bill& bill = *page->add_bills();
      bill.set_bill_id(std::string(id));
      *bill.mutable_amount_due() = MoneyOf("0.01", "USD");
      bill.set_description("October");
    }
    return grpc::Status::OK;
  };
  cloud.billing.charges = [](const auto&, up::ListUnbilledChargesResponse* page) {
    up::UnbilledCharge& charge = *page->add_charges();
    charge.set_charge_id("C-1");
    charge.set_product("ecs");
    *charge.mutable_amount() = MoneyOf("3", "JPY");
    *charge.mutable_expect_bill_time() = testing::At(absl::FromUnixSeconds(1'796'083'200));
    up::UnbilledCharge& undated = *page->add_charges();
    undated.set_charge_id("C-2");
    *undated.mutable_amount() = MoneyOf("3", "JPY");
    up::UnbilledCharge& beyond = *page->add_charges();
    beyond.set_charge_id("C-3");
    *beyond.mutable_amount() = MoneyOf("3", "JPY");
    // A moment beyond the year 9999 is no day.
    beyond.mutable_expect_bill_time()->set_seconds(253'402'300'800);
    return grpc::Status::OK;
  };
  cloud.billing.credit_notes = [](const auto&, up::ListCreditNotesResponse* page) {
    up::CreditNote& note = *page->add_credit_notes();
    note.set_credit_note_id("N-1");
    note.set_order_id("O-1");
    *note.mutable_amount() = MoneyOf("1.5", "KWD");
    return grpc::Status::OK;
  };
  BillingChecker checker(cloud.upstreams().billing, {.console_base_uri = "https://c.example"});
  const auto answer = Ask(checker);
  REQUIRE(answer.ok());
  CHECK(account_id == "1000000001");
  REQUIRE(answer->items.size() == 6);
  for (const v1::ReportedItem& item : answer->items) {
    CHECK(item.disposition() == v1::MUST_HANDLE);
    CHECK(item.resolver() == v1::OWNER);
  }
  const v1::ReportedItem& bill = ItemOf(*answer, "bill/B-1");
  CHECK(bill.kind() == v1::UNPAID_BILL);
  CHECK(bill.type() == "billing/bill");
  CHECK(bill.display_name() == "October");
  CHECK(bill.why() == "Bill B-1 is not fully paid: 0.01 USD is still due.");
  CHECK(bill.process_uri() == "https://c.example/billing/bills/B-1");
  CHECK(FormatMoney(bill.amount()) == "0.01 USD");
  CHECK(ItemOf(*answer, "bill/B-2").kind() == v1::UNPAID_BILL);
  const v1::ReportedItem& charge = ItemOf(*answer, "charge/C-1");
  CHECK(charge.kind() == v1::UNBILLED_CHARGE);
  CHECK(absl::StrContains(charge.why(), "3 JPY"));
  CHECK(absl::StrContains(charge.why(), "2026-12-01 (UTC)"));
  CHECK_FALSE(absl::StrContains(ItemOf(*answer, "charge/C-2").why(), "expected"));
  CHECK_FALSE(absl::StrContains(ItemOf(*answer, "charge/C-3").why(), "expected"));
  const v1::ReportedItem& note = ItemOf(*answer, "credit_note/N-1");
  CHECK(note.kind() == v1::CREDIT_NOTE);
  CHECK(absl::StrContains(note.why(), "1.500 KWD"));
  CHECK(absl::StrContains(note.why(), "O-1"));
}

TEST_CASE("a balance is renounceable up to and including 1,000 of its own currency", "[R22][R23][R25][R26][D8]") {
  struct Row {
    std::string_view balance, currency;
    v1::Disposition disposition;
  };
  const Row row = GENERATE(Row{"0.01", "USD", v1::RENOUNCEABLE}, Row{"1000.00", "USD", v1::RENOUNCEABLE},
                           Row{"1000.01", "USD", v1::MUST_HANDLE}, Row{"1000", "JPY", v1::RENOUNCEABLE},
                           Row{"1001", "JPY", v1::MUST_HANDLE}, Row{"1000.000", "KWD", v1::RENOUNCEABLE},
                           Row{"1000.001", "KWD", v1::MUST_HANDLE}, Row{"9223372036854775807", "USD", v1::MUST_HANDLE});
  CAPTURE(row.balance, row.currency);
  const CheckAnswer answer = AskAboutFunds(row.balance, "0", row.currency);
  REQUIRE(answer.items.size() == 1);
  const v1::ReportedItem& item = answer.items[0];
  CHECK(item.native_id() == "balance/" + std::string(row.currency));
  CHECK(item.kind() == v1::BALANCE);
  CHECK(item.disposition() == row.disposition);
  CHECK(absl::StrContains(item.why(), FormatMoney(MoneyOf(row.balance, row.currency))));
  CHECK(absl::StrContains(item.why(), "cannot be withdrawn after closure"));
}

TEST_CASE("a debt is renounceable up to and including 10 of its own currency", "[R24][R25][R26][D8]") {
  struct Row {
    std::string_view debt, currency;
    v1::Disposition disposition;
  };
  const Row row = GENERATE(Row{"0.01", "USD", v1::RENOUNCEABLE}, Row{"10.00", "USD", v1::RENOUNCEABLE},
                           Row{"10.01", "USD", v1::MUST_HANDLE}, Row{"10", "JPY", v1::RENOUNCEABLE},
                           Row{"11", "JPY", v1::MUST_HANDLE}, Row{"10.000", "KWD", v1::RENOUNCEABLE},
                           Row{"10.001", "KWD", v1::MUST_HANDLE});
  CAPTURE(row.debt, row.currency);
  const CheckAnswer answer = AskAboutFunds("0", row.debt, row.currency);
  REQUIRE(answer.items.size() == 1);
  CHECK(answer.items[0].native_id() == "debt/" + std::string(row.currency));
  CHECK(answer.items[0].kind() == v1::DEBT);
  CHECK(answer.items[0].disposition() == row.disposition);
}

TEST_CASE("every currency has its own balance and debt, judged by itself", "[R26][D8]") {
  FakeCloud cloud;
  cloud.billing.funds = [](const up::ListFundsRequest& request, up::ListFundsResponse* page) {
    if (request.page_token().empty()) {
      AddFunds(page, "700", "10", "CNY");
      page->set_next_page_token("2");
    } else {
      AddFunds(page, "1000.01", "10.01", "USD");
    }
    return grpc::Status::OK;
  };
  BillingChecker checker(cloud.upstreams().billing, {});
  const auto answer = Ask(checker);
  REQUIRE(answer.ok());
  REQUIRE(answer->items.size() == 4);
  CHECK(ItemOf(*answer, "balance/CNY").disposition() == v1::RENOUNCEABLE);
  CHECK(ItemOf(*answer, "debt/CNY").disposition() == v1::RENOUNCEABLE);
  CHECK(ItemOf(*answer, "balance/USD").disposition() == v1::MUST_HANDLE);
  CHECK(ItemOf(*answer, "debt/USD").disposition() == v1::MUST_HANDLE);
}

TEST_CASE("a new balance after a forfeited one counts together with it", "[R23][D7][D8]") {
  v1::CheckRequest request = TestRequest();
  request.set_phase(v1::FINAL);
  v1::Renunciation& renunciation = *request.add_renunciations();
  renunciation.set_kind(v1::BALANCE);
  *renunciation.mutable_amount() = MoneyOf("600", "USD");
  renunciation.set_status(v1::Renunciation::EXECUTED);
  CHECK(AskAboutFunds("400", "0", "USD", request).items[0].disposition() == v1::RENOUNCEABLE);
  CHECK_FALSE(absl::StrContains(AskAboutFunds("400.01", "0", "EUR", request).items[0].why(), "before"));
  const v1::ReportedItem above = AskAboutFunds("400.01", "0", "USD", request).items[0];
  CHECK(above.disposition() == v1::MUST_HANDLE);
  CHECK(absl::StrContains(above.why(), "600.00 USD were forfeited in this closure before"));
}

TEST_CASE("the billing checker takes part in every phase and releases nothing", "[D10]") {
  FakeCloud cloud;
  BillingChecker checker(cloud.upstreams().billing, {});
  CHECK(checker.description().name() == "billing");
  CHECK(checker.description().phases_size() == 4);
  v1::DiscardRequest discard;
  discard.set_native_id("balance/USD");
  CHECK(absl::IsUnimplemented(testing::AskToDiscard(checker, discard).status()));
}

TEST_CASE("what the billing system must not say makes the checker fail, never pass", "[R12][D5]") {
  std::string expected;
  up::Funds funds;
  *funds.mutable_balance() = MoneyOf("1", "USD");
  *funds.mutable_debt() = MoneyOf("0", "USD");
  up::Bill bill;
  bill.set_bill_id("B-1");
  *bill.mutable_amount_due() = MoneyOf("1", "USD");
  up::UnbilledCharge charge;
  charge.set_charge_id("C-1");
  *charge.mutable_amount() = MoneyOf("1", "USD");
  up::CreditNote note;
  note.set_credit_note_id("N-1");
  *note.mutable_amount() = MoneyOf("1", "USD");
  int copies = 1;
  FakeCloud cloud;  // goes first: lists that are still being asked when another one fails read these
  SECTION("a negative balance") { funds.mutable_balance()->set_units(-1), expected = "-1.00 USD"; }
  SECTION("a negative debt") { funds.mutable_debt()->set_nanos(-1), expected = "not zero or above"; }
  SECTION("no balance") { funds.clear_balance(), expected = "has no amount"; }
  SECTION("no debt") { funds.clear_debt(), expected = "has no amount"; }
  SECTION("no currency") { funds.mutable_balance()->set_currency_code(""), expected = "currency"; }
  SECTION("an unknown currency") { funds.mutable_balance()->set_currency_code("XXX"), expected = "currency"; }
  SECTION("two currencies in one entry") { *funds.mutable_debt() = MoneyOf("1", "CNY"), expected = "a debt in CNY"; }
  SECTION("one currency twice") { copies = 2, expected = "two entries are in USD"; }
  SECTION("nanos out of range") { funds.mutable_balance()->set_nanos(1'000'000'000), expected = "nanos"; }
  SECTION("signs that differ") { funds.mutable_balance()->set_nanos(-1), expected = "nanos"; }
  SECTION("a bill without an id") { bill.clear_bill_id(), expected = "has no bill_id"; }
  SECTION("a bill with an endless id") { bill.set_bill_id(std::string(201, 'x')), expected = "more than 200 bytes"; }
  SECTION("a bill with an unprintable id") { bill.set_bill_id("B\n1"), expected = "not printable"; }
  SECTION("a bill without an amount") { bill.clear_amount_due(), expected = "has no amount"; }
  SECTION("a bill of nothing") { *bill.mutable_amount_due() = MoneyOf("0", "USD"), expected = "not above zero"; }
  SECTION("a negative bill") { *bill.mutable_amount_due() = MoneyOf("-5", "USD"), expected = "not above zero"; }
  SECTION("a charge without an id") { charge.clear_charge_id(), expected = "has no charge_id"; }
  SECTION("a charge without an amount") { charge.clear_amount(), expected = "has no amount"; }
  SECTION("a negative charge") { *charge.mutable_amount() = MoneyOf("-1", "USD"), expected = "not above zero"; }
  SECTION("a credit note without an id") { note.clear_credit_note_id(), expected = "has no credit_note_id"; }
  SECTION("a credit note without an amount") { note.clear_amount(), expected = "has no amount"; }
  SECTION("a credit note of nothing") { *note.mutable_amount() = MoneyOf("0", "USD"), expected = "not above zero"; }
  cloud.billing.funds = [&](const auto&, up::ListFundsResponse* page) {
    for (int i = 0; i < copies; ++i) *page->add_funds() = funds;
    return grpc::Status::OK;
  };
  cloud.billing.bills = [&](const auto&, up::ListUnpaidBillsResponse* page) {
    *page->add_bills() = bill;
    return grpc::Status::OK;
  };
  cloud.billing.charges = [&](const auto&, up::ListUnbilledChargesResponse* page) {
    *page->add_charges() = charge;
    return grpc::Status::OK;
  };
  cloud.billing.credit_notes = [&](const auto&, up::ListCreditNotesResponse* page) {
    *page->add_credit_notes() = note;
    return grpc::Status::OK;
  };
  BillingChecker checker(cloud.upstreams().billing, {});
  const auto answer = Ask(checker);
  REQUIRE_FALSE(answer.ok());
  CAPTURE(std::string(answer.status().message()));
  CHECK(FaultOf(answer.status()) == v1::CheckerResult::MALFORMED);
  CHECK(absl::StrContains(answer.status().message(), expected));
  CHECK(absl::StartsWith(answer.status().message(), "billing: List"));
}

TEST_CASE("any of the four lists that fails makes the whole check fail", "[R12][D5]") {
  FakeCloud cloud;
  const auto fail = [](const auto&, auto*) { return grpc::Status(grpc::StatusCode::UNAVAILABLE, "down"); };
  SECTION("funds") { cloud.billing.funds = fail; }
  SECTION("bills") { cloud.billing.bills = fail; }
  SECTION("charges") { cloud.billing.charges = fail; }
  SECTION("credit notes") { cloud.billing.credit_notes = fail; }
  BillingChecker checker(cloud.upstreams().billing, {});
  const auto answer = Ask(checker);
  CHECK(absl::IsUnavailable(answer.status()));
  CHECK(absl::StrContains(answer.status().message(), "down"));
}

TEST_CASE("a request without account or time is refused before anybody is asked") {
  FakeCloud cloud;
  BillingChecker checker(cloud.upstreams().billing, {});
  v1::CheckRequest request = TestRequest();
  SECTION("no account") { request.clear_account_id(); }
  SECTION("no time") { request.clear_check_time(); }
  SECTION("a time that is none") { request.mutable_check_time()->set_nanos(-1); }
  CHECK(absl::IsInvalidArgument(Ask(checker, request).status()));
}

}  // namespace
}  // namespace closure
