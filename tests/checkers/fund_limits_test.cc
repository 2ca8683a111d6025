// SPDX-License-Identifier: Apache-2.0
#include "checkers/billing/fund_limits.h"

#include <limits>
#include <string_view>

#include "catch2/catch.hpp"
#include "tests/checkers/fake_cloud.h"

namespace closure {
namespace {

using testing::MoneyOf;
using testing::TestRequest;

void Renounce(v1::CheckRequest& request, v1::ItemKind kind, const v1::Money& amount, v1::Renunciation::Status status) {
  v1::Renunciation& renunciation = *request.add_renunciations();
  renunciation.set_kind(kind);
  *renunciation.mutable_amount() = amount;
  renunciation.set_status(status);
}

bool Within(const v1::CheckRequest& request, v1::ItemKind kind, std::string_view amount, std::string_view currency) {
  const absl::StatusOr<FundLimits> limits = FundLimits::For(request, {});
  REQUIRE(limits.ok());
  return limits->Judge(kind, MoneyOf(amount, currency)).within;
}

TEST_CASE("exactly at a limit is within it, one billionth above is not, in every currency alike",
          "[R23][R24][R25][R26][D8]") {
  for (const std::string_view currency : {"USD", "CNY", "JPY", "KWD"}) {
    CAPTURE(currency);
    CHECK(Within(TestRequest(), v1::BALANCE, "0.000000001", currency));
    CHECK(Within(TestRequest(), v1::BALANCE, "999.999999999", currency));
    CHECK(Within(TestRequest(), v1::BALANCE, "1000", currency));
    CHECK_FALSE(Within(TestRequest(), v1::BALANCE, "1000.000000001", currency));
    CHECK_FALSE(Within(TestRequest(), v1::BALANCE, "1001", currency));
    CHECK(Within(TestRequest(), v1::DEBT, "9.999999999", currency));
    CHECK(Within(TestRequest(), v1::DEBT, "10", currency));
    CHECK_FALSE(Within(TestRequest(), v1::DEBT, "10.000000001", currency));
    CHECK_FALSE(Within(TestRequest(), v1::DEBT, "1000", currency));
  }
}

TEST_CASE("what was executed in this closure counts towards the limit", "[R23][D8]") {
  v1::CheckRequest request = TestRequest();
  Renounce(request, v1::BALANCE, MoneyOf("600", "USD"), v1::Renunciation::EXECUTED);
  CHECK(Within(request, v1::BALANCE, "400", "USD"));
  CHECK_FALSE(Within(request, v1::BALANCE, "400.01", "USD"));
  Renounce(request, v1::BALANCE, MoneyOf("399.99", "USD"), v1::Renunciation::EXECUTED);
  CHECK(Within(request, v1::BALANCE, "0.01", "USD"));
  CHECK_FALSE(Within(request, v1::BALANCE, "0.02", "USD"));
}

TEST_CASE("what is only recorded is still there and is not counted twice; what was dropped never counts", "[D8][D15]") {
  v1::CheckRequest request = TestRequest();
  Renounce(request, v1::BALANCE, MoneyOf("1000", "USD"), v1::Renunciation::RECORDED);
  Renounce(request, v1::BALANCE, MoneyOf("1000", "USD"), v1::Renunciation::DROPPED);
  CHECK(Within(request, v1::BALANCE, "1000", "USD"));
  CHECK_FALSE(Within(request, v1::BALANCE, "1000.01", "USD"));
}

TEST_CASE("currencies and kinds do not add up with each other", "[R26][D8]") {
  v1::CheckRequest request = TestRequest();
  Renounce(request, v1::BALANCE, MoneyOf("1000", "CNY"), v1::Renunciation::EXECUTED);
  Renounce(request, v1::BALANCE, MoneyOf("900", "USD"), v1::Renunciation::EXECUTED);
  CHECK(Within(request, v1::DEBT, "10", "USD"));
  CHECK(Within(request, v1::BALANCE, "100", "USD"));
  CHECK_FALSE(Within(request, v1::BALANCE, "0.01", "CNY"));
  CHECK(Within(request, v1::BALANCE, "1000", "EUR"));
}

TEST_CASE("a sum that does not fit into 64 bits is above every limit", "[D8]") {
  v1::CheckRequest request = TestRequest();
  request.set_forfeit_limit_units(std::numeric_limits<int64_t>::max());
  Renounce(request, v1::BALANCE, MoneyOf("1", "USD"), v1::Renunciation::EXECUTED);
  CHECK(Within(request, v1::BALANCE, "9223372036854775806", "USD"));
  CHECK_FALSE(Within(request, v1::BALANCE, "9223372036854775807", "USD"));
}

TEST_CASE("the numbers of the closure go before the settings, zero included", "[D16]") {
  v1::CheckRequest request = TestRequest();
  request.set_forfeit_limit_units(50);
  request.set_void_limit_units(0);
  CHECK(Within(request, v1::BALANCE, "50", "USD"));
  CHECK_FALSE(Within(request, v1::BALANCE, "50.01", "USD"));
  CHECK_FALSE(Within(request, v1::DEBT, "0.01", "USD"));
}

TEST_CASE("a renunciation that means nothing is refused, never passed over", "[D8]") {
  v1::CheckRequest request = TestRequest();
  SECTION("of another kind") { Renounce(request, v1::UNPAID_BILL, MoneyOf("1", "USD"), v1::Renunciation::EXECUTED); }
  SECTION("of nothing") { Renounce(request, v1::BALANCE, MoneyOf("0", "USD"), v1::Renunciation::EXECUTED); }
  SECTION("of less than nothing") { Renounce(request, v1::DEBT, MoneyOf("-1", "USD"), v1::Renunciation::EXECUTED); }
  SECTION("of no currency") { Renounce(request, v1::BALANCE, v1::Money(), v1::Renunciation::EXECUTED); }
  SECTION("without a status") {
    Renounce(request, v1::BALANCE, MoneyOf("1", "USD"), v1::Renunciation::STATUS_UNSPECIFIED);
  }
  CHECK(absl::IsInvalidArgument(FundLimits::For(request, {}).status()));
}

TEST_CASE("an amount that cannot be, and a sum that does not fit, are told as what they are", "[D8]") {
  v1::CheckRequest request = TestRequest();
  v1::Money odd = MoneyOf("1", "USD");
  odd.set_nanos(-1);
  Renounce(request, v1::BALANCE, odd, v1::Renunciation::EXECUTED);
  const absl::Status refused = FundLimits::For(request, {}).status();
  CHECK_THAT(std::string(refused.message()), Catch::Contains("the amount of a renunciation is invalid"));
  request = TestRequest();
  for (int twice = 0; twice < 2; ++twice)
    Renounce(request, v1::BALANCE, MoneyOf("9223372036854775807", "USD"), v1::Renunciation::EXECUTED);
  CHECK(absl::IsOutOfRange(FundLimits::For(request, {}).status()));
}

}  // namespace
}  // namespace closure
