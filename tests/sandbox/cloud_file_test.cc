// SPDX-License-Identifier: Apache-2.0
#include "sandbox/cloud_file.h"

#include <string>
#include <string_view>
#include <vector>

#include "catch2/catch.hpp"
#include "fmt/format.h"

namespace closure::test {
namespace {

// The message for an account "a" with these JSON members; "" when the file is good.
std::string ErrorOf(std::string_view members) {
  const auto file = ParseCloudFile(
      fmt::format(R"({{"accounts": [{{"accountId": "a"{}{}}}]}})", members.empty() ? "" : ", ", members));
  if (file.ok()) return "";
  CHECK(file.status().code() == absl::StatusCode::kInvalidArgument);
  return std::string(file.status().message());
}

struct BadMembers {
  std::string_view members;
  // What the message must name besides the account.
  std::string_view field;
};

void CheckRefused(const std::vector<BadMembers>& rows) {
  for (const BadMembers& row : rows) {
    const std::string error = ErrorOf(row.members);
    INFO(row.members << " -> " << error);
    CHECK(error.find(fmt::format("account \"a\": {}: ", row.field)) != std::string::npos);
  }
}

TEST_CASE("JSON that is not a cloud is refused with JSON's words", "[R3]") {
  for (const std::string_view json :
       {"", "{", "[]", R"({"accounts": 1})", R"({"accountz": []})", R"({"accounts": [{"acountId": "a"}]})",
        R"({"accounts": [{"state": "HAPPY"}]})", R"({"accounts": []} trailing)",
        R"({"accounts": [{"accountId": "a", "email": {"changeTime": "yesterday"}}]})"}) {
    const auto file = ParseCloudFile(json);
    INFO(json);
    CHECK(file.status().code() == absl::StatusCode::kInvalidArgument);
    CHECK(std::string(file.status().message()).starts_with("cloud file: "));
  }
}

TEST_CASE("an account needs nothing but its id", "[R13]") { CHECK(ErrorOf("").empty()); }

TEST_CASE("account ids are 1 to 40 of [a-z0-9-] and unique in the file", "[R6]") {
  const auto parse = [](const std::string& id) {
    return ParseCloudFile(fmt::format(R"({{"accounts": [{{"accountId": "{}"}}]}})", id)).ok();
  };
  CHECK(parse("limit-balance-1000-00-usd"));
  CHECK(parse(std::string(40, 'a')));
  CHECK_FALSE(parse(std::string(41, 'a')));
  CHECK_FALSE(parse(""));
  CHECK_FALSE(parse("A"));
  CHECK_FALSE(parse("a/b"));
  const auto twice = ParseCloudFile(R"({"accounts": [{"accountId": "a"}, {"accountId": "a"}]})");
  CHECK(std::string(twice.status().message()).find("twice") != std::string::npos);
}

TEST_CASE("every broken rule of a file is named at once", "[R26]") {
  const auto file = ParseCloudFile(
      R"({"accounts": [{"accountId": "a", "phone": {"address": "1"}, "funds": [{"currencyCode": "USD", "balance": "1e3"}]},
                       {"accountId": "b", "bulkResourceCount": -1}]})");
  const std::string error(file.status().message());
  for (const char* part : {"account \"a\": phone.address: ", "account \"a\": funds[0].balance: ",
                           "account \"b\": bulk_resource_count: "}) {
    CHECK(error.find(part) != std::string::npos);
  }
}

TEST_CASE("identities and contact points are checked", "[D9][R41]") {
  CheckRefused({
      {R"("organizationId": "Org")", "organization_id"},
      {R"("languageCode": "e")", "language_code"},
      {R"("state": "DELETED")", "state"},
      {R"("state": 9)", "state"},
      {R"("email": {"address": "ann"})", "email.address"},
      {R"("email": {"address": "a@b", "changeTime": "2020-01-01T00:00:00Z", "changedBeforeLoad": "1s"})",
       "email.changed_before_load"},
      {R"("phone": {"address": "+86 138"})", "phone.address"},
      {R"("phone": {"address": "+8613800000001", "changedBeforeLoad": "-1s"})", "phone.changed_before_load"},
      {R"("ramUsers": ["al ice"])", "ram_users[0]"},
      {R"("ramUsers": ["alice", "alice"])", "ram_users[1]"},
      {R"("sessions": [{"sessionId": "", "identity": "root"}])", "sessions[0].session_id"},
      {R"("sessions": [{"sessionId": "s", "identity": "root"}, {"sessionId": "s", "identity": "root"}])",
       "sessions[1].session_id"},
      {R"("sessions": [{"sessionId": "s", "identity": "ram:alice"}])", "sessions[0].identity"},
      {R"("sessions": [{"sessionId": "s", "identity": "admin"}])", "sessions[0].identity"},
      {R"("thirdPartyBindings": [{"provider": "", "subject": "x"}])", "third_party_bindings[0].provider"},
      {R"("thirdPartyBindings": [{"provider": "x", "subject": ""}])", "third_party_bindings[0].subject"},
      {R"("thirdPartyBindings": [{"provider": "x", "subject": "y"}, {"provider": "x", "subject": "y"}])",
       "third_party_bindings[1]"},
  });
}

TEST_CASE("amounts are exact decimals of known currencies, with the right sign", "[R26]") {
  CheckRefused({
      {R"("funds": [{"currencyCode": "XYZ"}])", "funds[0].currency_code"},
      {R"("funds": [{"currencyCode": "USD"}, {"currencyCode": "USD"}])", "funds[1].currency_code"},
      {R"("funds": [{"currencyCode": "USD", "balance": "1,000"}])", "funds[0].balance"},
      {R"("funds": [{"currencyCode": "USD", "balance": "-0.01"}])", "funds[0].balance"},
      {R"("funds": [{"currencyCode": "USD", "debt": "-1"}])", "funds[0].debt"},
      {R"("funds": [{"currencyCode": "USD", "balance": "1000000000000.01"}])", "funds[0].balance"},
      {R"("bills": [{"billId": "b", "amount": "0", "currencyCode": "USD"}])", "bills[0].amount"},
      {R"("bills": [{"billId": "b", "amount": "", "currencyCode": "USD"}])", "bills[0].amount"},
      {R"("bills": [{"billId": "", "amount": "1", "currencyCode": "USD"}])", "bills[0].bill_id"},
      {R"("bills": [{"billId": "issued-1", "amount": "1", "currencyCode": "USD"}])", "bills[0].bill_id"},
      {R"("bills": [{"billId": "b", "amount": "1", "currencyCode": "USD"}, {"billId": "b", "amount": "1", "currencyCode": "USD"}])",
       "bills[1].bill_id"},
      {R"("bills": [{"billId": "b", "amount": "1", "currencyCode": "USD"}],
          "lateBills": [{"bill": {"billId": "b", "amount": "1", "currencyCode": "USD"}}])",
       "late_bills[0].bill.bill_id"},
      {R"("lateBills": [{}])", "late_bills[0].bill.amount"},
      {R"("lateBills": [{"bill": {"billId": "b", "amount": "1", "currencyCode": "USD"}, "afterFreeze": "-0.5s"}])",
       "late_bills[0].after_freeze"},
      {R"("unbilledCharges": [{"chargeId": "", "amount": "1", "currencyCode": "USD"}])",
       "unbilled_charges[0].charge_id"},
      {R"("unbilledCharges": [{"chargeId": "c", "amount": "1", "currencyCode": "usd"}])", "unbilled_charges[0].amount"},
      {R"("creditNotes": [{"creditNoteId": "", "amount": "1", "currencyCode": "USD"}])",
       "credit_notes[0].credit_note_id"},
      {R"("creditNotes": [{"creditNoteId": "n", "amount": "-1", "currencyCode": "USD"}])", "credit_notes[0].amount"},
  });
  CHECK(ErrorOf(R"("funds": [{"currencyCode": "USD", "balance": "1000000000000"}])").empty());
  CHECK(ErrorOf(R"("funds": [{"currencyCode": "KWD", "balance": "0.000000001", "debt": ""}])").empty());
}

// A resource with one member replaced.
std::string ResourceWith(std::string_view member) {
  return fmt::format(R"("resources": [{{"resourceId": "i", "product": "ecs", "type": "instance", "state": "Running",
    "chargeType": "PAY_AS_YOU_GO", "consoleUri": "https://x.example/"{}{}}}])",
                     member.empty() ? "" : ", ", member);
}

TEST_CASE("resources, domains and filings are checked", "[R30][R31][R32][R33][R34]") {
  CHECK(ErrorOf(ResourceWith("")).empty());
  const std::string subscription_without_end =
      R"("resources": [{"resourceId": "i", "product": "p", "type": "t", "state": "s", "chargeType": "SUBSCRIPTION",
                        "consoleUri": "https://x.example/"}])";
  const std::string ending = ResourceWith(R"("expireTime": "2099-01-01T00:00:00Z")");
  CheckRefused({
      {subscription_without_end, "resources[0].expire_time"},
      {ending, "resources[0].expire_time"},
      {R"("resources": [{}])", "resources[0].resource_id"},
      {R"("resources": [{}])", "resources[0].product"},
      {R"("resources": [{}])", "resources[0].type"},
      {R"("resources": [{}])", "resources[0].state"},
      {R"("resources": [{}])", "resources[0].charge_type"},
      {R"("resources": [{}])", "resources[0].console_uri"},
      {R"("resources": [{"consoleUri": "http://x.example"}])", "resources[0].console_uri"},
      {R"("resources": [{"consoleUri": "https:///x"}])", "resources[0].console_uri"},
      {R"("resources": [{"resourceId": "bulk-1"}])", "resources[0].resource_id"},
      {R"("resources": [{"resourceId": "i"}, {"resourceId": "i"}])", "resources[1].resource_id"},
      {R"("bulkResourceCount": 100001)", "bulk_resource_count"},
      {R"("domains": [{"domainName": ""}])", "domains[0].domain_name"},
      {R"("domains": [{"domainName": "x"}, {"domainName": "x"}])", "domains[1].domain_name"},
      {R"("icpFilings": [{"filingNumber": ""}])", "icp_filings[0].filing_number"},
      {R"("icpFilings": [{"filingNumber": "1"}, {"filingNumber": "1"}])", "icp_filings[1].filing_number"},
  });
}

TEST_CASE("relations are checked", "[R35][R36][R37][R39]") {
  CheckRefused({
      {R"("resourceDirectory": {})", "resource_directory.role"},
      {R"("resourceDirectory": {"role": "MEMBER", "directoryId": "d", "managementAccountId": "m"})",
       "resource_directory.member_type"},
      {R"("resourceDirectory": {"role": "MANAGEMENT", "directoryId": "d", "memberType": "CLOUD_ACCOUNT"})",
       "resource_directory.member_type"},
      {R"("resourceDirectory": {"role": "MANAGEMENT"})", "resource_directory.directory_id"},
      {R"("resourceDirectory": {"role": "MEMBER", "memberType": "CLOUD_ACCOUNT", "directoryId": "d"})",
       "resource_directory.management_account_id"},
      {R"("resourceDirectory": {"role": "MEMBER", "memberType": "CLOUD_ACCOUNT", "directoryId": "d", "managementAccountId": "a"})",
       "resource_directory.management_account_id"},
      {R"("resourceDirectory": {"role": "MANAGEMENT", "directoryId": "d", "managementAccountId": "m"})",
       "resource_directory.management_account_id"},
      {R"("trusteeship": {})", "trusteeship.role"},
      {R"("trusteeship": {"role": "MEMBER"})", "trusteeship.administrator_account_id"},
      {R"("trusteeship": {"role": "ADMINISTRATOR", "administratorAccountId": "x"})",
       "trusteeship.administrator_account_id"},
      {R"("trusteeship": {"role": "MEMBER", "administratorAccountId": "x", "memberAccountIds": ["y"]})",
       "trusteeship.member_account_ids"},
      {R"("trusteeship": {"role": "ADMINISTRATOR", "memberAccountIds": ["a"]})", "trusteeship.member_account_ids[0]"},
      {R"("trusteeship": {"role": "ADMINISTRATOR", "memberAccountIds": ["x", "x"]})",
       "trusteeship.member_account_ids[1]"},
      {R"("reseller": {"partnerName": "P"})", "reseller.partner_id"},
  });
}

}  // namespace
}  // namespace closure::test
