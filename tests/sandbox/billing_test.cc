// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "catch2/catch.hpp"
#include "tests/sandbox/cloud_fixture.h"

namespace closure::test {
namespace {

using upstream::v1::ActResult;
using upstream::v1::ForfeitBalanceRequest;
using upstream::v1::ListFundsRequest;
using upstream::v1::ListUnpaidBillsRequest;
using upstream::v1::SealBillingRequest;
using upstream::v1::ThawBillingRequest;
using upstream::v1::UnsealBillingRequest;
using upstream::v1::VoidDebtRequest;

constexpr char kLateBill[] =
    R"("lateBills": [{"bill": {"billId": "late", "amount": "250.00", "currencyCode": "USD"}, "afterFreeze": "259200s"}])";
constexpr char kLateDebt[] = R"("lateBills": [{"bill": {"billId": "late", "amount": "5.00", "currencyCode": "USD"},
                                 "afterFreeze": "3600s", "asDebt": true}], "funds": [{"currencyCode": "USD", "debt": "1.50"}])";

int BillCount(Cloud& cloud, const std::string& account_id) {
  return Must(*cloud.billing, &BillingStub::ListUnpaidBills, ForAccount<ListUnpaidBillsRequest>(account_id))
      .bills_size();
}

upstream::v1::Funds FundsOf(Cloud& cloud, const std::string& account_id) {
  const auto response = Must(*cloud.billing, &BillingStub::ListFunds, ForAccount<ListFundsRequest>(account_id));
  REQUIRE(response.funds_size() == 1);
  return response.funds(0);
}

ActResult::Outcome Seal(Cloud& cloud, const std::string& key, int64_t fence = 1) {
  return Must(*cloud.billing, &BillingStub::SealBilling, ActOn<SealBillingRequest>("a", key, fence)).outcome();
}

template <typename Request>
Request Expecting(const v1::Money& amount, const std::string& key) {
  auto request = ActOn<Request>("a", key);
  *request.mutable_expected_amount() = amount;
  return request;
}

TEST_CASE("billing shows funds, bills, charges and credit notes as they were loaded", "[R20][R21][R23][R24]") {
  Cloud cloud;
  cloud.LoadAccount("a",
                    R"("funds": [{"currencyCode": "USD", "balance": "1000.00"}, {"currencyCode": "JPY", "debt": "11"}],
    "bills": [{"billId": "b1", "amount": "0.01", "currencyCode": "USD", "description": "May"}],
    "unbilledCharges": [{"chargeId": "c1", "product": "oss", "amount": "1.250", "currencyCode": "KWD",
                         "expectBillTime": "2099-01-01T00:00:00Z"}],
    "creditNotes": [{"creditNoteId": "n1", "amount": "15", "currencyCode": "USD", "orderId": "o1"}])");
  const auto funds = Must(*cloud.billing, &BillingStub::ListFunds, ForAccount<ListFundsRequest>("a"));
  REQUIRE(funds.funds_size() == 2);
  CHECK(FormatMoney(funds.funds(0).balance()) == "0 JPY");
  CHECK(FormatMoney(funds.funds(0).debt()) == "11 JPY");
  CHECK(FormatMoney(funds.funds(1).balance()) == "1000.00 USD");
  const auto bills = Must(*cloud.billing, &BillingStub::ListUnpaidBills, ForAccount<ListUnpaidBillsRequest>("a"));
  REQUIRE(bills.bills_size() == 1);
  CHECK(FormatMoney(bills.bills(0).amount_due()) == "0.01 USD");
  CHECK(bills.bills(0).description() == "May");
  CHECK(bills.bills(0).issue_time().seconds() == absl::ToUnixSeconds(cloud.now));
  const auto charges = Must(*cloud.billing, &BillingStub::ListUnbilledCharges,
                            ForAccount<upstream::v1::ListUnbilledChargesRequest>("a"));
  REQUIRE(charges.charges_size() == 1);
  CHECK(FormatMoney(charges.charges(0).amount()) == "1.250 KWD");
  CHECK(charges.charges(0).expect_bill_time().seconds() == 4070908800);
  const auto notes =
      Must(*cloud.billing, &BillingStub::ListCreditNotes, ForAccount<upstream::v1::ListCreditNotesRequest>("a"));
  REQUIRE(notes.credit_notes_size() == 1);
  CHECK(notes.credit_notes(0).order_id() == "o1");
}

TEST_CASE("a balance is forfeited only when it is exactly the expected amount", "[R23][D11][D15]") {
  Cloud cloud;
  cloud.LoadAccount("a", R"("funds": [{"currencyCode": "USD", "balance": "1000.00", "debt": "3.00"}])");
  for (const char* wrong : {"999.99", "1000.01", "1000.000000001", "3.00"}) {
    const auto answer =
        Must(*cloud.billing, &BillingStub::ForfeitBalance, Expecting<ForfeitBalanceRequest>(Usd(wrong), wrong));
    CHECK(answer.outcome() == ActResult::FACTS_MOVED);
    CHECK(answer.detail().find("1000.00 USD") != std::string::npos);
  }
  CHECK(Must(*cloud.billing, &BillingStub::ForfeitBalance,
             Expecting<ForfeitBalanceRequest>(ParseMoney("1000", "EUR").value(), "eur"))
            .outcome() == ActResult::FACTS_MOVED);
  CHECK(FormatMoney(FundsOf(cloud, "a").balance()) == "1000.00 USD");
  CHECK(Must(*cloud.billing, &BillingStub::ForfeitBalance, Expecting<ForfeitBalanceRequest>(Usd("1000"), "right"))
            .outcome() == ActResult::DONE);
  CHECK(FormatMoney(FundsOf(cloud, "a").balance()) == "0.00 USD");
  CHECK(FormatMoney(FundsOf(cloud, "a").debt()) == "3.00 USD");
}

TEST_CASE("a debt is voided only when it is exactly the expected amount", "[R24][D11][D15]") {
  Cloud cloud;
  cloud.LoadAccount("a", R"("funds": [{"currencyCode": "USD", "balance": "7.00", "debt": "10.00"}])");
  CHECK(Must(*cloud.billing, &BillingStub::VoidDebt, Expecting<VoidDebtRequest>(Usd("10.01"), "k1")).outcome() ==
        ActResult::FACTS_MOVED);
  CHECK(Must(*cloud.billing, &BillingStub::VoidDebt, Expecting<VoidDebtRequest>(Usd("10"), "k2")).outcome() ==
        ActResult::DONE);
  CHECK(FormatMoney(FundsOf(cloud, "a").debt()) == "0.00 USD");
  CHECK(FormatMoney(FundsOf(cloud, "a").balance()) == "7.00 USD");
}

TEST_CASE("an expected amount that is malformed or not above zero is refused", "[R26]") {
  Cloud cloud;
  cloud.LoadAccount("a");
  v1::Money unknown = WholeUnits(1, "XYZ");
  v1::Money negative = Usd("-1");
  for (const v1::Money& amount : {unknown, negative, Usd("0"), v1::Money()}) {
    const auto answer = Ask(*cloud.billing, &BillingStub::VoidDebt, Expecting<VoidDebtRequest>(amount, "k"));
    CHECK(answer.code() == grpc::INVALID_ARGUMENT);
    CHECK(answer.status.error_message().find("expected_amount") != std::string::npos);
  }
}

TEST_CASE("a bill that is late arrives 72 hours after the freeze and not before", "[R66][R10]") {
  Cloud cloud;
  cloud.LoadAccount("a", kLateBill);
  cloud.now += absl::Hours(1000);
  CHECK(BillCount(cloud, "a") == 0);  // nothing is frozen
  cloud.Freeze("a", "freeze");
  cloud.now += absl::Hours(72) - absl::Microseconds(1);
  CHECK(BillCount(cloud, "a") == 0);
  cloud.now += absl::Microseconds(1);
  const auto bills = Must(*cloud.billing, &BillingStub::ListUnpaidBills, ForAccount<ListUnpaidBillsRequest>("a"));
  REQUIRE(bills.bills_size() == 1);
  CHECK(bills.bills(0).bill_id() == "late");
  CHECK(bills.bills(0).issue_time().seconds() == absl::ToUnixSeconds(cloud.now));
  CHECK(cloud.Show("a").account().late_bills_size() == 0);
}

TEST_CASE("no late bill arrives once billing is sealed, and it arrives when the seal is lifted", "[R10][D6]") {
  Cloud cloud;
  cloud.LoadAccount("a", kLateBill);
  cloud.Freeze("a", "freeze");
  cloud.now += absl::Hours(71);
  CHECK(Seal(cloud, "seal") == ActResult::DONE);
  cloud.now += absl::Hours(100);
  CHECK(BillCount(cloud, "a") == 0);
  Must(*cloud.billing, &BillingStub::UnsealBilling, ActOn<UnsealBillingRequest>("a", "unseal"));
  CHECK(BillCount(cloud, "a") == 1);
}

TEST_CASE("a bill that is due when billing is sealed has arrived before", "[R66]") {
  Cloud cloud;
  cloud.LoadAccount("a", kLateBill);
  cloud.Freeze("a", "freeze");
  cloud.now += absl::Hours(72);
  Seal(cloud, "seal");
  CHECK(BillCount(cloud, "a") == 1);
}

TEST_CASE("a bill that is due when billing is thawed has arrived before, and another waits for the next freeze",
          "[R66]") {
  Cloud cloud;
  cloud.LoadAccount("a", kLateBill);
  cloud.Freeze("a", "freeze-1");
  cloud.now += absl::Hours(10);
  Must(*cloud.billing, &BillingStub::ThawBilling, ActOn<ThawBillingRequest>("a", "thaw-1"));
  cloud.now += absl::Hours(100);
  CHECK(BillCount(cloud, "a") == 0);
  cloud.Freeze("a", "freeze-2");
  cloud.now += absl::Hours(72);
  Must(*cloud.billing, &BillingStub::ThawBilling, ActOn<ThawBillingRequest>("a", "thaw-2"));
  CHECK(BillCount(cloud, "a") == 1);
}

TEST_CASE("a second freeze under another key does not put late bills off", "[R66]") {
  Cloud cloud;
  cloud.LoadAccount("a", kLateBill);
  cloud.Freeze("a", "freeze-1");
  cloud.now += absl::Hours(71);
  cloud.Freeze("a", "freeze-2");
  cloud.now += absl::Hours(1);
  CHECK(BillCount(cloud, "a") == 1);
}

TEST_CASE("a late bill that is a debt is added to the debt of its currency", "[D7][R24]") {
  Cloud cloud;
  cloud.LoadAccount("a", kLateDebt);
  cloud.Freeze("a", "freeze");
  cloud.now += absl::Hours(1);
  CHECK(FormatMoney(FundsOf(cloud, "a").debt()) == "6.50 USD");
  CHECK(BillCount(cloud, "a") == 0);
  CHECK(Must(*cloud.billing, &BillingStub::VoidDebt, Expecting<VoidDebtRequest>(Usd("6.50"), "void")).outcome() ==
        ActResult::DONE);
}

TEST_CASE("voiding compares with a debt that has come due in the meantime", "[D7][D11]") {
  Cloud cloud;
  cloud.LoadAccount("a", kLateDebt);
  cloud.Freeze("a", "freeze");
  cloud.now += absl::Hours(1);
  CHECK(Must(*cloud.billing, &BillingStub::VoidDebt, Expecting<VoidDebtRequest>(Usd("1.50"), "void")).outcome() ==
        ActResult::FACTS_MOVED);
}

TEST_CASE("bills arrive while billing is frozen, top-ups do not", "[R10]") {
  Cloud cloud;
  cloud.LoadAccount("a");
  sandbox::v1::TopUpBalanceRequest top_up = ForAccount<sandbox::v1::TopUpBalanceRequest>("a");
  *top_up.mutable_amount() = Usd("20.05");
  CHECK(FormatMoney(Must(*cloud.control, &ControlStub::TopUpBalance, top_up).balance()) == "20.05 USD");
  cloud.Freeze("a", "freeze");
  const auto refused = Ask(*cloud.control, &ControlStub::TopUpBalance, top_up);
  CHECK(refused.code() == grpc::FAILED_PRECONDITION);
  CHECK(refused.status.error_message().find("frozen") != std::string::npos);
  sandbox::v1::IssueBillRequest bill = ForAccount<sandbox::v1::IssueBillRequest>("a");
  *bill.mutable_amount() = Usd("1.00");
  CHECK(Must(*cloud.control, &ControlStub::IssueBill, bill).bill_id() == "issued-000001");
  CHECK(BillCount(cloud, "a") == 1);
  Must(*cloud.billing, &BillingStub::ThawBilling, ActOn<ThawBillingRequest>("a", "thaw"));
  CHECK(FormatMoney(Must(*cloud.control, &ControlStub::TopUpBalance, top_up).balance()) == "40.10 USD");
}

TEST_CASE("no bill can be issued on a sealed account", "[R10][D6]") {
  Cloud cloud;
  cloud.LoadAccount("a");
  Seal(cloud, "seal");
  sandbox::v1::IssueBillRequest bill = ForAccount<sandbox::v1::IssueBillRequest>("a");
  *bill.mutable_amount() = Usd("1.00");
  const auto refused = Ask(*cloud.control, &ControlStub::IssueBill, bill);
  CHECK(refused.code() == grpc::FAILED_PRECONDITION);
  CHECK(refused.status.error_message().find("sealed") != std::string::npos);
  Must(*cloud.billing, &BillingStub::UnsealBilling, ActOn<UnsealBillingRequest>("a", "unseal"));
  CHECK(Ask(*cloud.control, &ControlStub::IssueBill, bill).status.ok());
}

TEST_CASE("every issued bill has an id of its own, also after the earlier ones were paid", "[R20]") {
  Cloud cloud;
  cloud.LoadAccount("a");
  sandbox::v1::IssueBillRequest bill = ForAccount<sandbox::v1::IssueBillRequest>("a");
  *bill.mutable_amount() = Usd("1.00");
  const std::string first = Must(*cloud.control, &ControlStub::IssueBill, bill).bill_id();
  Must(*cloud.control, &ControlStub::SettleAccount, ForAccount<sandbox::v1::SettleAccountRequest>("a"));
  CHECK(Must(*cloud.control, &ControlStub::IssueBill, bill).bill_id() != first);
}

}  // namespace
}  // namespace closure::test
