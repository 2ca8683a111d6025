// SPDX-License-Identifier: Apache-2.0
#include "sandbox/cloud_file.h"

#include <string>
#include <string_view>
#include <vector>

#include "catch2/catch.hpp"
#include "fmt/format.h"

namespace closure::test {
namespace {

// The message for an account "a" with these JSON members, and with a mail address unless they have a contact point; ""
// when the file is good.
std::string ErrorOf(std::string_view members) {
  const bool has_contact =
      members.find("\"email\"") != std::string_view::npos || members.find("\"phone\"") != std::string_view::npos;
  const auto file = ParseCloudFile(fmt::format(R"({{"accounts": [{{"accountId": "a"{}{}{}}}]}})",
                                               has_contact ? "" : R"(, "email": {"address": "a@b"})",
                                               members.empty() ? "" : ", ", members));
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

TEST_CASE("JSON that is not a cloud is refused", "[R3]") {
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

TEST_CASE("an account needs its id and one contact point, or no closure of it could begin", "[R13]") {
  CHECK(ErrorOf("").empty());
  CHECK(ErrorOf(R"("phone": {"address": "+8613800000001"})").empty());
  const auto file = ParseCloudFile(R"({"accounts": [{"accountId": "a"}]})");
  CHECK(std::string(file.status().message()).starts_with("cloud file: account \"a\": email: there is neither"));
  CHECK(std::string(file.status().message()).find("{\"address\": \"owner@example.com\"}") != std::string::npos);
}

TEST_CASE("a file without accounts is refused: nothing would be loaded", "[R3]") {
  for (const std::string_view json : {"{}", R"({"accounts": []})", R"({"description": "mine"})"}) {
    const auto file = ParseCloudFile(json);
    CHECK(std::string(file.status().message()).starts_with("cloud file: accounts: there is none"));
  }
}

TEST_CASE("a fault is told once, and each of several on a line of its own", "[R26]") {
  CHECK(ErrorOf(R"("bills": [{"billId": "b", "amount": "-1", "currencyCode": "USD"}])") ==
        "cloud file: account \"a\": bills[0].amount: \"-1\" is not above zero");
  CHECK(ErrorOf(R"("languageCode": "e", "bulkResourceCount": -1)") ==
        "cloud file: 2 faults\naccount \"a\": languageCode: \"e\" is not a language such as \"en\" or \"zh\"\n"
        "account \"a\": bulkResourceCount: -1 is not within 0 to 100000");
}

TEST_CASE("account ids are those that server and client take, and unique in the file", "[R6]") {
  const auto parse = [](const std::string& id) {
    return ParseCloudFile(fmt::format(R"({{"accounts": [{{"accountId": "{}", "email": {{"address": "a@b"}}}}]}})", id))
        .ok();
  };
  CHECK(parse("limit-balance-1000-00-usd"));
  CHECK(parse(std::string(64, 'a')));
  CHECK_FALSE(parse(std::string(65, 'a')));
  CHECK_FALSE(parse(""));
  CHECK_FALSE(parse("A"));
  CHECK_FALSE(parse("-x"));
  CHECK_FALSE(parse("a/b"));
  const auto twice = ParseCloudFile(R"({"accounts": [{"accountId": "a"}, {"accountId": "a"}]})");
  CHECK(std::string(twice.status().message()).find("twice") != std::string::npos);
}

TEST_CASE("every broken rule of a file is named at once", "[R26]") {
  const auto file = ParseCloudFile(
      R"({"accounts": [{"accountId": "a", "phone": {"address": "1"}, "funds": [{"currencyCode": "USD", "balance": "1e3"}]},
                       {"accountId": "b", "email": {"address": "b@b"}, "bulkResourceCount": -1}]})");
  const std::string error(file.status().message());
  for (const char* part :
       {"account \"a\": phone.address: ", "account \"a\": funds[0].balance: ", "account \"b\": bulkResourceCount: "}) {
    CHECK(error.find(part) != std::string::npos);
  }
}

TEST_CASE("identities and contact points are checked", "[D9][R41]") {
  CheckRefused({
      {R"("organizationId": "Org")", "organizationId"},
      {R"("languageCode": "e")", "languageCode"},
      {R"("languageCode": "klingon")", "languageCode"},
      {R"("languageCode": "zh-")", "languageCode"},
      {R"("state": "DELETED")", "state"},
      {R"("state": 9)", "state"},
      {R"("email": {"address": "ann"})", "email.address"},
      {R"("email": {"address": "a@b", "changeTime": "2020-01-01T00:00:00Z", "changedBeforeLoad": "1s"})",
       "email.changedBeforeLoad"},
      {R"("phone": {"address": "+86 138"})", "phone.address"},
      {R"("phone": {"address": "+8613800000001", "changedBeforeLoad": "-1s"})", "phone.changedBeforeLoad"},
      {R"("ramUsers": ["al ice"])", "ramUsers[0]"},
      {R"("ramUsers": ["alice", "alice"])", "ramUsers[1]"},
      {R"("sessions": [{"sessionId": "", "identity": "root"}])", "sessions[0].sessionId"},
      {R"("sessions": [{"sessionId": "s", "identity": "root"}, {"sessionId": "s", "identity": "root"}])",
       "sessions[1].sessionId"},
      {R"("sessions": [{"sessionId": "s", "identity": "ram:alice"}])", "sessions[0].identity"},
      {R"("sessions": [{"sessionId": "s", "identity": "admin"}])", "sessions[0].identity"},
      {R"("thirdPartyBindings": [{"provider": "", "subject": "x"}])", "thirdPartyBindings[0].provider"},
      {R"("thirdPartyBindings": [{"provider": "x", "subject": ""}])", "thirdPartyBindings[0].subject"},
      {R"("thirdPartyBindings": [{"provider": "x", "subject": "y"}, {"provider": "x", "subject": "y"}])",
       "thirdPartyBindings[1]"},
  });
}

TEST_CASE("amounts are exact decimals of known currencies, with the right sign", "[R26]") {
  CheckRefused({
      {R"("funds": [{"currencyCode": "XYZ"}])", "funds[0].currencyCode"},
      {R"("funds": [{"currencyCode": "USD"}, {"currencyCode": "USD"}])", "funds[1].currencyCode"},
      {R"("funds": [{"currencyCode": "USD", "balance": "1,000"}])", "funds[0].balance"},
      {R"("funds": [{"currencyCode": "USD", "balance": "-0.01"}])", "funds[0].balance"},
      {R"("funds": [{"currencyCode": "USD", "debt": "-1"}])", "funds[0].debt"},
      {R"("funds": [{"currencyCode": "USD", "balance": "1000000000000.01"}])", "funds[0].balance"},
      {R"("bills": [{"billId": "b", "amount": "0", "currencyCode": "USD"}])", "bills[0].amount"},
      {R"("bills": [{"billId": "b", "amount": "", "currencyCode": "USD"}])", "bills[0].amount"},
      {R"("bills": [{"billId": "", "amount": "1", "currencyCode": "USD"}])", "bills[0].billId"},
      {R"("bills": [{"billId": "issued-1", "amount": "1", "currencyCode": "USD"}])", "bills[0].billId"},
      {R"("bills": [{"billId": "b", "amount": "1", "currencyCode": "USD"}, {"billId": "b", "amount": "1", "currencyCode": "USD"}])",
       "bills[1].billId"},
      {R"("bills": [{"billId": "b", "amount": "1", "currencyCode": "USD"}],
          "lateBills": [{"bill": {"billId": "b", "amount": "1", "currencyCode": "USD"}}])",
       "lateBills[0].bill.billId"},
      {R"("lateBills": [{}])", "lateBills[0].bill.amount"},
      {R"("lateBills": [{"bill": {"billId": "b", "amount": "1", "currencyCode": "USD"}, "afterFreeze": "-0.5s"}])",
       "lateBills[0].afterFreeze"},
      {R"("unbilledCharges": [{"chargeId": "", "amount": "1", "currencyCode": "USD"}])", "unbilledCharges[0].chargeId"},
      {R"("unbilledCharges": [{"chargeId": "c", "amount": "1", "currencyCode": "usd"}])", "unbilledCharges[0].amount"},
      {R"("creditNotes": [{"creditNoteId": "", "amount": "1", "currencyCode": "USD"}])", "creditNotes[0].creditNoteId"},
      {R"("creditNotes": [{"creditNoteId": "n", "amount": "-1", "currencyCode": "USD"}])", "creditNotes[0].amount"},
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
      {subscription_without_end, "resources[0].expireTime"},
      {ending, "resources[0].expireTime"},
      {R"("resources": [{}])", "resources[0].resourceId"},
      {R"("resources": [{}])", "resources[0].product"},
      {R"("resources": [{}])", "resources[0].type"},
      {R"("resources": [{}])", "resources[0].state"},
      {R"("resources": [{}])", "resources[0].chargeType"},
      {R"("resources": [{}])", "resources[0].consoleUri"},
      {R"("resources": [{"consoleUri": "http://x.example"}])", "resources[0].consoleUri"},
      {R"("resources": [{"consoleUri": "https:///x"}])", "resources[0].consoleUri"},
      {R"("resources": [{"resourceId": "bulk-1"}])", "resources[0].resourceId"},
      {R"("resources": [{"resourceId": "i"}, {"resourceId": "i"}])", "resources[1].resourceId"},
      {R"("bulkResourceCount": 100001)", "bulkResourceCount"},
      {R"("domains": [{"domainName": ""}])", "domains[0].domainName"},
      {R"("domains": [{"domainName": "x"}, {"domainName": "x"}])", "domains[1].domainName"},
      {R"("icpFilings": [{"filingNumber": ""}])", "icpFilings[0].filingNumber"},
      {R"("icpFilings": [{"filingNumber": "1"}, {"filingNumber": "1"}])", "icpFilings[1].filingNumber"},
  });
}

TEST_CASE("relations are checked", "[R35][R36][R37][R39]") {
  CheckRefused({
      {R"("resourceDirectory": {})", "resourceDirectory.role"},
      {R"("resourceDirectory": {"role": "MEMBER", "directoryId": "d", "managementAccountId": "m"})",
       "resourceDirectory.memberType"},
      {R"("resourceDirectory": {"role": "MANAGEMENT", "directoryId": "d", "memberType": "CLOUD_ACCOUNT"})",
       "resourceDirectory.memberType"},
      {R"("resourceDirectory": {"role": "MANAGEMENT"})", "resourceDirectory.directoryId"},
      {R"("resourceDirectory": {"role": "MEMBER", "memberType": "CLOUD_ACCOUNT", "directoryId": "d"})",
       "resourceDirectory.managementAccountId"},
      {R"("resourceDirectory": {"role": "MEMBER", "memberType": "CLOUD_ACCOUNT", "directoryId": "d", "managementAccountId": "a"})",
       "resourceDirectory.managementAccountId"},
      {R"("resourceDirectory": {"role": "MANAGEMENT", "directoryId": "d", "managementAccountId": "m"})",
       "resourceDirectory.managementAccountId"},
      {R"("trusteeship": {})", "trusteeship.role"},
      {R"("trusteeship": {"role": "MEMBER"})", "trusteeship.administratorAccountId"},
      {R"("trusteeship": {"role": "ADMINISTRATOR", "administratorAccountId": "x"})",
       "trusteeship.administratorAccountId"},
      {R"("trusteeship": {"role": "MEMBER", "administratorAccountId": "x", "memberAccountIds": ["y"]})",
       "trusteeship.memberAccountIds"},
      {R"("trusteeship": {"role": "ADMINISTRATOR", "memberAccountIds": ["a"]})", "trusteeship.memberAccountIds[0]"},
      {R"("trusteeship": {"role": "ADMINISTRATOR", "memberAccountIds": ["x", "x"]})",
       "trusteeship.memberAccountIds[1]"},
      {R"("reseller": {"partnerName": "P"})", "reseller.partnerId"},
  });
}

}  // namespace
}  // namespace closure::test
