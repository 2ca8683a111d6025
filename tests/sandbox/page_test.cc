// SPDX-License-Identifier: Apache-2.0
#include "sandbox/page.h"

#include <string>

#include "catch2/catch.hpp"
#include "tests/sandbox/cloud_fixture.h"

namespace closure::test {
namespace {

using upstream::v1::ListDomainsRequest;
using upstream::v1::ListUnpaidBillsRequest;

constexpr char kThreeBills[] = R"("bills": [{"billId": "b1", "amount": "1", "currencyCode": "USD"},
  {"billId": "b2", "amount": "1", "currencyCode": "USD"}, {"billId": "b3", "amount": "1", "currencyCode": "USD"}])";

TEST_CASE("a page size of zero is 100, one above 1000 is 1000, a negative one is refused", "[R20]") {
  CHECK(ReadPage("L", "a", 0, "")->size == 100);
  CHECK(ReadPage("L", "a", 1, "")->size == 1);
  CHECK(ReadPage("L", "a", 1000, "")->size == 1000);
  CHECK(ReadPage("L", "a", 1001, "")->size == 1000);
  CHECK(ReadPage("L", "a", -1, "").status().code() == absl::StatusCode::kInvalidArgument);
}

TEST_CASE("a page token gives its key back for its own list and account only", "[R6]") {
  const std::string token = NextPageToken("L", "a", "key\nwith a line");
  CHECK(ReadPage("L", "a", 0, token)->after == "key\nwith a line");
  CHECK_FALSE(ReadPage("M", "a", 0, token).ok());
  CHECK_FALSE(ReadPage("L", "b", 0, token).ok());
}

TEST_CASE("a page token that was typed, cut or changed is refused", "[R20]") {
  const std::string token = NextPageToken("L", "a", "key");
  for (const std::string& bad :
       {std::string("x"), std::string("2"), token.substr(1), token.substr(0, token.size() - 4), token + "AAAA",
        token.substr(0, 5) + (token[5] == 'A' ? "B" : "A") + token.substr(6), std::string("not base64 !")}) {
    CHECK(ReadPage("L", "a", 0, bad).status().code() == absl::StatusCode::kInvalidArgument);
  }
}

TEST_CASE("pages go on after the last row, and the last page has no token", "[R20]") {
  Cloud cloud;
  cloud.LoadAccount("a", kThreeBills);
  auto request = ForAccount<ListUnpaidBillsRequest>("a");
  request.set_page_size(2);
  const auto first = Must(*cloud.billing, &BillingStub::ListUnpaidBills, request);
  REQUIRE(first.bills_size() == 2);
  CHECK(first.bills(1).bill_id() == "b2");
  request.set_page_token(first.next_page_token());
  const auto second = Must(*cloud.billing, &BillingStub::ListUnpaidBills, request);
  REQUIRE(second.bills_size() == 1);
  CHECK(second.bills(0).bill_id() == "b3");
  CHECK(second.next_page_token().empty());
  request.clear_page_token();
  request.set_page_size(3);
  CHECK(Must(*cloud.billing, &BillingStub::ListUnpaidBills, request).next_page_token().empty());
}

TEST_CASE("a token of another list is refused over the wire", "[R20]") {
  Cloud cloud;
  cloud.LoadAccount("a", kThreeBills);
  auto request = ForAccount<ListUnpaidBillsRequest>("a");
  request.set_page_size(1);
  auto domains = ForAccount<ListDomainsRequest>("a");
  domains.set_page_token(Must(*cloud.billing, &BillingStub::ListUnpaidBills, request).next_page_token());
  const auto answer = Ask(*cloud.domain, &DomainStub::ListDomains, domains);
  CHECK(answer.code() == grpc::INVALID_ARGUMENT);
  CHECK(answer.status.error_message().find("page_token") != std::string::npos);
}

}  // namespace
}  // namespace closure::test
