// SPDX-License-Identifier: Apache-2.0
#include "protos/json_reading.h"

#include <catch2/catch.hpp>
#include <string>
#include <string_view>

#include "closure/sandbox/v1/cloud_file.pb.h"

namespace closure {
namespace {

std::string FaultOf(std::string_view json) {
  sandbox::v1::CloudFile file;
  const absl::Status status = ReadJson(json, file);
  if (status.ok()) return "";
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  const std::string message(status.message());
  CHECK(message.find_first_of("\n\t") == std::string::npos);
  return message;
}

TEST_CASE("keys are read in both spellings, and faults name them as JSON does", "[json]") {
  CHECK(FaultOf(R"({"accounts": [{"account_id": "a", "bulkResourceCount": 2}]})").empty());
  CHECK(FaultOf(R"({"accounts": [{"bulk_resource_count": "many"}]})") ==
        "accounts[0].bulkResourceCount: \"many\" is not a whole number that fits");
  CHECK(JsonPath("late_bills[0].after_freeze") == "lateBills[0].afterFreeze");
}

TEST_CASE("an unknown key gets a suggestion, else the keys that there are", "[json]") {
  CHECK(FaultOf(R"({"accountz": []})") == "accountz: there is no such key; did you mean \"accounts\"?");
  CHECK(FaultOf(R"({"accounts": [{"acount_id": "a"}]})") ==
        "accounts[0].acount_id: there is no such key; did you mean \"accountId\"?");
  CHECK(FaultOf(R"({"accounts": [{"reseller": {"xyzzy": 1}}]})") ==
        "accounts[0].reseller.xyzzy: there is no such key; there are partnerId, partnerName");
}

TEST_CASE("a value that does not fit is told with what would", "[json]") {
  CHECK(FaultOf(R"({"accounts": [{"state": "HAPPY"}]})") ==
        "accounts[0].state: \"HAPPY\" is none of ACTIVE, SUSPENDED, DELETED");
  for (const std::string_view span : {"\"1h\"", "3600", "\"3600\""}) {
    const std::string fault =
        FaultOf("{\"accounts\": [{\"lateBills\": [{\"afterFreeze\": " + std::string(span) + "}]}]}");
    INFO(fault);
    CHECK(fault.starts_with("accounts[0].lateBills[0].afterFreeze: is not a duration"));
    CHECK(fault.find("\"3600s\"") != std::string::npos);
  }
  CHECK(FaultOf(R"({"accounts": [{"email": {"changeTime": "yesterday"}}]})") ==
        "accounts[0].email.changeTime: is not a time such as \"2020-01-31T00:00:00Z\"");
  CHECK(FaultOf(R"({"accounts": [{"funds": [{"balance": 12}]}]})") ==
        "accounts[0].funds[0].balance: 12 is not a text; write it in double quotes: \"12\"");
  CHECK(FaultOf(R"({"accounts": 1})").starts_with("accounts: 1 is not a list"));
  CHECK(FaultOf(R"({"accounts": [{"reseller": 3}]})").starts_with("accounts[0].reseller: 3 is not an object"));
}

TEST_CASE("text that is no JSON is told with line and column, without control characters", "[json]") {
  CHECK(FaultOf("{\n  \"description\": \"账\" \"accounts\": []\n}") ==
        "line 2, column 22: is not JSON: Expected , or } after key:value pair, at: \"accounts\": []");
  CHECK(FaultOf("{\"accounts\": []} trailing").starts_with("line 1, column 18: is not JSON: "));
  CHECK(FaultOf("{").find("is not JSON") != std::string::npos);
  CHECK(FaultOf("[]").starts_with("is not an object"));
  CHECK(FaultOf(" \n").starts_with("is empty"));
}

}  // namespace
}  // namespace closure
