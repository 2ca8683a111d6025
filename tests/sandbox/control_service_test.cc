// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "catch2/catch.hpp"
#include "google/protobuf/util/json_util.h"
#include "tests/sandbox/cloud_fixture.h"

namespace closure::test {
namespace {

using sandbox::v1::AdvanceClockRequest;
using sandbox::v1::LoadCloudRequest;
using sandbox::v1::SettleAccountRequest;
using sandbox::v1::ShowAccountRequest;

constexpr char kBusy[] = R"("displayName": "Busy", "funds": [
    {"currencyCode": "EUR", "balance": "1000.00", "debt": "10.00"}, {"currencyCode": "JPY", "balance": "1001", "debt": "11"}],
  "bills": [{"billId": "b1", "amount": "1.00", "currencyCode": "USD"}],
  "unbilledCharges": [{"chargeId": "c1", "amount": "1.00", "currencyCode": "USD"}],
  "creditNotes": [{"creditNoteId": "n1", "amount": "1.00", "currencyCode": "USD"}],
  "resources": [{"resourceId": "i-1", "product": "ecs", "type": "instance", "chargeType": "PAY_AS_YOU_GO", "state": "Running",
                 "releasable": true, "consoleUri": "https://x.example/"},
                {"resourceId": "i-2", "product": "kms", "type": "key", "chargeType": "PAY_AS_YOU_GO", "state": "Enabled",
                 "consoleUri": "https://x.example/"}],
  "domains": [{"domainName": "a.example"}], "icpFilings": [{"filingNumber": "1"}],
  "resourceDirectory": {"role": "MEMBER", "memberType": "CLOUD_ACCOUNT", "directoryId": "rd", "managementAccountId": "m"},
  "trusteeship": {"role": "MEMBER", "administratorAccountId": "t"}, "reseller": {"partnerId": "p"})";

template <typename Message>
std::string Json(const Message& message) {
  std::string json;
  REQUIRE(google::protobuf::util::MessageToJsonString(message, &json).ok());
  return json;
}

TEST_CASE("what was loaded is shown again, and what is shown can be loaded again", "[R3]") {
  Cloud cloud;
  cloud.LoadAccount("a", kBusy);
  const auto first = cloud.Show("a").account();
  CHECK(first.display_name() == "Busy");
  CHECK(first.funds(1).balance() == "1001");
  CHECK(first.resources_size() == 2);
  LoadCloudRequest again;
  *again.mutable_cloud()->add_accounts() = first;
  Must(*cloud.control, &ControlStub::LoadCloud, again);
  CHECK(Json(cloud.Show("a").account()) == Json(first));
}

TEST_CASE("an account that is loaded again is replaced whole, the others stay", "[R6]") {
  Cloud cloud;
  cloud.LoadAccount("a", kBusy);
  cloud.LoadAccount("b", kBusy);
  cloud.Freeze("a", "freeze");
  LoadCloudRequest request;
  sandbox::v1::CloudAccount& bare = *request.mutable_cloud()->add_accounts();
  bare.set_account_id("a");
  bare.mutable_email()->set_address("a@a.example");
  const auto response = Must(*cloud.control, &ControlStub::LoadCloud, request);
  REQUIRE(response.account_ids_size() == 1);
  CHECK(response.account_ids(0) == "a");
  const auto shown = cloud.Show("a");
  CHECK(shown.account().resources_size() == 0);
  CHECK(shown.account().funds_size() == 0);
  CHECK_FALSE(shown.billing_frozen());
  CHECK(shown.acts_size() == 1);
  CHECK(cloud.Show("b").account().resources_size() == 2);
}

TEST_CASE("loading is all or nothing", "[R6]") {
  Cloud cloud;
  LoadCloudRequest request;
  for (const char* id : {"good", "Bad Id"}) {
    sandbox::v1::CloudAccount& account = *request.mutable_cloud()->add_accounts();
    account.set_account_id(id);
    account.mutable_email()->set_address("owner@a.example");
  }
  const auto answer = Ask(*cloud.control, &ControlStub::LoadCloud, request);
  CHECK(answer.code() == grpc::INVALID_ARGUMENT);
  CHECK(answer.status.error_message().find("account \"Bad Id\": accountId") != std::string::npos);
  CHECK(Ask(*cloud.control, &ControlStub::ShowAccount, ForAccount<ShowAccountRequest>("good")).code() ==
        grpc::NOT_FOUND);
}

TEST_CASE("a deleted account comes back as a restored backup would bring it, with its fence and acts", "[D13]") {
  Cloud cloud;
  cloud.LoadAccount("a");
  cloud.Delete("a", "delete", 7);
  cloud.LoadAccount("a");
  const auto shown = cloud.Show("a");
  CHECK_FALSE(shown.deleted());
  CHECK(shown.fence() == 7);
  CHECK(shown.acts_size() == 1);
  cloud.Delete("a", "delete-2", 8);
  CHECK(cloud.Show("a").deleted());
}

TEST_CASE("settling leaves what can be renounced and nothing else", "[R20][R21][R25][R33][R34][R36][R39]") {
  Cloud cloud;
  cloud.LoadAccount("a", kBusy);
  const auto settled = Must(*cloud.control, &ControlStub::SettleAccount, ForAccount<SettleAccountRequest>("a"));
  const auto account = cloud.Show("a").account();
  CHECK(account.funds(0).balance() == "1000.00");
  CHECK(account.funds(0).debt() == "10.00");
  CHECK(account.funds(1).balance() == "0");
  CHECK(account.funds(1).debt() == "0");
  REQUIRE(account.resources_size() == 1);
  CHECK(account.resources(0).resource_id() == "i-1");
  CHECK(account.bills_size() + account.unbilled_charges_size() + account.credit_notes_size() == 0);
  CHECK(account.domains_size() + account.icp_filings_size() == 0);
  CHECK_FALSE((account.has_resource_directory() || account.has_trusteeship() || account.has_reseller()));
  CHECK(settled.actions_size() == 11);
  CHECK(settled.actions(0) == "paid the bill b1 of 1.00 USD");
  CHECK(Must(*cloud.control, &ControlStub::SettleAccount, ForAccount<SettleAccountRequest>("a")).actions_size() == 0);
}

TEST_CASE("no balance is withdrawn while billing is frozen", "[R10]") {
  Cloud cloud;
  cloud.LoadAccount("a", R"("funds": [{"currencyCode": "USD", "balance": "1000.01"}])");
  cloud.Freeze("a", "freeze");
  CHECK(Must(*cloud.control, &ControlStub::SettleAccount, ForAccount<SettleAccountRequest>("a")).actions_size() == 0);
  CHECK(cloud.Show("a").account().funds(0).balance() == "1000.01");
}

TEST_CASE("every control of an unknown account is NOT_FOUND, of a deleted one FAILED_PRECONDITION", "[D17]") {
  Cloud cloud;
  auto bill = ForAccount<sandbox::v1::IssueBillRequest>("a");
  *bill.mutable_amount() = Usd("1");
  auto top_up = ForAccount<sandbox::v1::TopUpBalanceRequest>("a");
  *top_up.mutable_amount() = Usd("1");
  auto change = ForAccount<sandbox::v1::ChangeContactPointRequest>("a");
  change.set_channel("email");
  change.set_address("new@a.example");
  const auto expect = [&](grpc::StatusCode code) {
    CHECK(Ask(*cloud.control, &ControlStub::IssueBill, bill).code() == code);
    CHECK(Ask(*cloud.control, &ControlStub::TopUpBalance, top_up).code() == code);
    CHECK(Ask(*cloud.control, &ControlStub::ChangeContactPoint, change).code() == code);
    CHECK(
        Ask(*cloud.control, &ControlStub::CreateResource, ForAccount<sandbox::v1::CreateResourceRequest>("a")).code() ==
        code);
    CHECK(Ask(*cloud.control, &ControlStub::SettleAccount, ForAccount<SettleAccountRequest>("a")).code() == code);
  };
  CHECK(Ask(*cloud.control, &ControlStub::ShowAccount, ForAccount<ShowAccountRequest>("a")).code() == grpc::NOT_FOUND);
  expect(grpc::NOT_FOUND);
  cloud.LoadAccount("a");
  cloud.Delete("a", "delete");
  expect(grpc::FAILED_PRECONDITION);
}

TEST_CASE("an amount that is malformed or not above zero is refused", "[R26]") {
  Cloud cloud;
  cloud.LoadAccount("a");
  auto bill = ForAccount<sandbox::v1::IssueBillRequest>("a");
  for (const v1::Money& amount : {Usd("0"), Usd("-1"), WholeUnits(1, "usd"), Usd("1000000000000.01"), v1::Money()}) {
    *bill.mutable_amount() = amount;
    const auto answer = Ask(*cloud.control, &ControlStub::IssueBill, bill);
    CHECK(answer.code() == grpc::INVALID_ARGUMENT);
    CHECK(answer.status.error_message().find("amount") != std::string::npos);
  }
}

TEST_CASE("the clock is moved by whoever embeds the sandbox, forward and within ten years", "[D16]") {
  Cloud cloud;
  const absl::Time before = cloud.now;
  AdvanceClockRequest request;
  request.mutable_duration()->set_seconds(7 * 24 * 3600);
  const auto moved = Must(*cloud.control, &ControlStub::AdvanceClock, request);
  CHECK(cloud.now == before + absl::Hours(7 * 24));
  CHECK(moved.time().seconds() == absl::ToUnixSeconds(cloud.now));
  for (const int64_t seconds : {int64_t{0}, int64_t{-1}, int64_t{3650} * 24 * 3600 + 1}) {
    request.mutable_duration()->set_seconds(seconds);
    CHECK(Ask(*cloud.control, &ControlStub::AdvanceClock, request).code() == grpc::INVALID_ARGUMENT);
  }
  CHECK(cloud.now == before + absl::Hours(7 * 24));
}

TEST_CASE("the embedding server makes the errors of the control service", "[R68]") {
  auto sandbox = Sandbox::Open({.database_path = ":memory:",
                                .now = [] { return absl::UnixEpoch(); },
                                .error_status =
                                    [](const SandboxError& error) {
                                      return grpc::Status(grpc::ABORTED, v1::ErrorReason_Name(error.reason) + ": " +
                                                                             error.field + " of " + error.account_id);
                                    }})
                     .value();
  const auto control = sandbox::v1::SandboxService::NewStub(sandbox->channel());
  const auto reason = [](const auto& answer) {
    CHECK(answer.code() == grpc::ABORTED);
    return answer.status.error_message();
  };
  ControlStub& stub = *control;
  CHECK(reason(Ask(stub, &ControlStub::ShowAccount, ForAccount<ShowAccountRequest>("a"))) ==
        "SANDBOX_ACCOUNT_NOT_FOUND:  of a");
  LoadCloudRequest load;
  load.mutable_cloud()->add_accounts();
  CHECK(reason(Ask(stub, &ControlStub::LoadCloud, load)) == "CLOUD_FILE_INVALID: accountId of ");
  auto inbox = ForAccount<sandbox::v1::ListInboxRequest>("a");
  inbox.set_page_token("x");
  CHECK(reason(Ask(stub, &ControlStub::ListInbox, inbox)) == "PAGE_TOKEN_INVALID: page_token of a");
  inbox.set_page_size(-1);
  CHECK(reason(Ask(stub, &ControlStub::ListInbox, inbox)) == "FIELD_INVALID: page_size of a");
  CHECK(reason(Ask(stub, &ControlStub::ListInbox, ForAccount<sandbox::v1::ListInboxRequest>("a"))) ==
        "SANDBOX_ACCOUNT_NOT_FOUND:  of a");
  sandbox::v1::SetFaultRequest fault;
  fault.set_method("BillingService/SealBilling");
  fault.set_account_id("a");
  CHECK(reason(Ask(stub, &ControlStub::SetFault, fault)) == "SANDBOX_ACCOUNT_NOT_FOUND:  of a");
  AdvanceClockRequest advance;
  advance.mutable_duration()->set_seconds(1);
  CHECK(reason(Ask(stub, &ControlStub::AdvanceClock, advance)) == "SANDBOX_REFUSED:  of ");
  advance.mutable_duration()->set_seconds(0);
  CHECK(reason(Ask(stub, &ControlStub::AdvanceClock, advance)) == "FIELD_INVALID: duration of ");
}

}  // namespace
}  // namespace closure::test
