// SPDX-License-Identifier: Apache-2.0
#include "protos/money.h"

#include <catch2/catch.hpp>
#include <compare>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "closure/v1/money.pb.h"
#include "tests/support/last_words.h"

namespace closure {
namespace {

constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();

v1::Money Make(int64_t units, int32_t nanos, std::string_view currency = "USD") {
  v1::Money money;
  money.set_currency_code(std::string(currency));
  money.set_units(units);
  money.set_nanos(nanos);
  return money;
}

v1::Money Parse(std::string_view decimal, std::string_view currency = "USD") {
  const absl::StatusOr<v1::Money> money = ParseMoney(decimal, currency);
  INFO(money.status());
  REQUIRE(money.ok());
  REQUIRE(ValidateMoney(*money).ok());
  return *money;
}

bool Same(const v1::Money& a, const v1::Money& b) {
  return a.currency_code() == b.currency_code() && a.units() == b.units() && a.nanos() == b.nanos();
}

TEST_CASE("a decimal is read digit by digit, never through floating point", "[R26]") {
  CHECK(Same(Parse("0"), Make(0, 0)));
  CHECK(Same(Parse("-0"), Make(0, 0)));
  CHECK(Same(Parse("-0.0"), Make(0, 0)));
  CHECK(Same(Parse("1000"), Make(1000, 0)));
  CHECK(Same(Parse("1000.01"), Make(1000, 10'000'000)));
  CHECK(Same(Parse("10.01"), Make(10, 10'000'000)));
  CHECK(Same(Parse("0.1"), Make(0, 100'000'000)));
  CHECK(Same(Parse("-0.5"), Make(0, -500'000'000)));
  CHECK(Same(Parse("-3"), Make(-3, 0)));
  CHECK(Same(Parse("-3.000000001"), Make(-3, -1)));
  CHECK(Same(Parse("0.000000001"), Make(0, 1)));
  CHECK(Same(Parse("0.999999999"), Make(0, 999'999'999)));
  CHECK(Same(Parse("0.3"), Make(0, 300'000'000)));
  CHECK(Same(Parse("007.50"), Make(7, 500'000'000)));
  CHECK(Same(Parse("9007199254740993.01"), Make(9007199254740993, 10'000'000)));
}

TEST_CASE("the ends of 64 bits are read and written, one beyond is refused", "[R26]") {
  CHECK(Same(Parse("9223372036854775807.999999999"), Make(kMost, 999'999'999)));
  CHECK(Same(Parse("-9223372036854775808.999999999"), Make(kLeast, -999'999'999)));
  CHECK(FormatMoney(Make(kMost, 0)) == "9223372036854775807.00 USD");
  CHECK(FormatMoney(Make(kLeast, 0)) == "-9223372036854775808.00 USD");
  for (const std::string_view beyond :
       {"9223372036854775808", "-9223372036854775809", "99999999999999999999999999999999999999999"}) {
    const absl::StatusOr<v1::Money> money = ParseMoney(beyond, "USD");
    CHECK(money.status().code() == absl::StatusCode::kInvalidArgument);
    CHECK(money.status().message().find("64 bits") != std::string::npos);
  }
}

TEST_CASE("what is not a plain decimal is refused with what is wrong", "[R26]") {
  for (const std::string_view bad :
       {"",    "-",     "+1",   "--1",          " 1",    "1 ",  "1,000", "1e3", "0x10", "1.",   ".5",
        "-.5", "1.2.3", "1.-2", "1.0000000001", "1_000", "NaN", "inf",   "１",  "1\n",  "1.5 ", "- 1"}) {
    const absl::StatusOr<v1::Money> money = ParseMoney(bad, "USD");
    INFO("input: " << bad);
    CHECK(money.status().code() == absl::StatusCode::kInvalidArgument);
    CHECK(money.status().message().find("amount \"") != std::string::npos);
  }
  CHECK_FALSE(ParseMoney(std::string_view("1\0", 2), "USD").ok());
}

TEST_CASE("a long wrong amount is shortened in the message", "[R26]") {
  const absl::Status status = ParseMoney(std::string(5000, 'x'), "USD").status();
  CHECK(status.message().size() < 200);
}

TEST_CASE("a currency is one of ISO 4217, in upper case", "[R26]") {
  for (const std::string_view known : {"USD", "CNY", "EUR", "JPY", "KWD", "AED", "ZWG", "XOF", "CLF"}) {
    CHECK(ParseMoney("1", known).ok());
    CHECK(ValidateMoney(Make(1, 0, known)).ok());
  }
  for (const std::string_view unknown : {"", "usd", "US", "USDX", "XXX", "XTS", "XAU", "DEM", "AAA", "ZZZ", "US "}) {
    INFO("currency: " << unknown);
    CHECK(ParseMoney("1", unknown).status().code() == absl::StatusCode::kInvalidArgument);
    CHECK(ValidateMoney(Make(1, 0, unknown)).code() == absl::StatusCode::kInvalidArgument);
    CHECK(ValidateMoney(Make(1, 0, unknown)).message().find("currency_code") != std::string::npos);
  }
}

TEST_CASE("nanos are within a unit and have the sign of the units", "[R26]") {
  for (const v1::Money& good :
       {Make(0, 0), Make(0, 1), Make(0, -1), Make(0, 999'999'999), Make(0, -999'999'999), Make(1, 999'999'999),
        Make(-1, -999'999'999), Make(1, 0), Make(-1, 0), Make(kMost, 999'999'999), Make(kLeast, -999'999'999)}) {
    CHECK(ValidateMoney(good).ok());
  }
  for (const v1::Money& bad :
       {Make(0, 1'000'000'000), Make(0, -1'000'000'000), Make(1, 1'000'000'000),
        Make(0, std::numeric_limits<int32_t>::max()), Make(0, std::numeric_limits<int32_t>::min()), Make(1, -1),
        Make(-1, 1), Make(kMost, -1), Make(kLeast, 1)}) {
    const absl::Status status = ValidateMoney(bad);
    CHECK(status.code() == absl::StatusCode::kInvalidArgument);
    CHECK(status.message().find("nanos") != std::string::npos);
  }
}

TEST_CASE("an amount is written with the digits of its currency, and more only where it needs them", "[R26]") {
  CHECK(FormatMoney(Make(1000, 10'000'000)) == "1000.01 USD");
  CHECK(FormatMoney(Make(1000, 0)) == "1000.00 USD");
  CHECK(FormatMoney(Make(500, 0, "JPY")) == "500 JPY");
  CHECK(FormatMoney(Make(500, 500'000'000, "JPY")) == "500.5 JPY");
  CHECK(FormatMoney(Make(1, 250'000'000, "KWD")) == "1.250 KWD");
  CHECK(FormatMoney(Make(1, 0, "CLF")) == "1.0000 CLF");
  CHECK(FormatMoney(Make(0, 1)) == "0.000000001 USD");
  CHECK(FormatMoney(Make(0, 100'000'000)) == "0.10 USD");
  CHECK(FormatMoney(Make(0, 123'000'000)) == "0.123 USD");
  CHECK(FormatMoney(Make(0, -500'000'000)) == "-0.50 USD");
  CHECK(FormatMoney(Make(-3, -10'000'000)) == "-3.01 USD");
  CHECK(FormatMoney(Make(0, 0)) == "0.00 USD");
}

TEST_CASE("what is written is read back as the same amount", "[R26]") {
  for (const std::string_view currency : {"USD", "JPY", "KWD", "CLF"}) {
    for (const int64_t units : {int64_t{0}, int64_t{1}, int64_t{10}, int64_t{1000}, kMost}) {
      for (const int32_t nanos : {0, 1, 10, 1'000, 1'000'000, 10'000'000, 100'000'000, 999'999'999}) {
        const v1::Money money = Make(units, nanos, currency);
        const std::string text = FormatMoney(money);
        const std::string decimal = text.substr(0, text.find(' '));
        CHECK(Same(Parse(decimal, currency), money));
        CHECK(Same(Parse("-" + decimal, currency), Make(-units, -nanos, currency)));
      }
    }
  }
}

TEST_CASE("amounts are ordered by value across every boundary", "[R23][R24][R26]") {
  const std::vector<v1::Money> ascending = {Make(kLeast, -999'999'999),
                                            Make(kLeast, 0),
                                            Make(-2, 0),
                                            Make(-1, -999'999'999),
                                            Make(-1, -1),
                                            Make(-1, 0),
                                            Make(0, -1),
                                            Make(0, 0),
                                            Make(0, 1),
                                            Make(0, 999'999'999),
                                            Make(1, 0),
                                            Make(1, 1),
                                            Make(9, 999'999'999),
                                            Make(10, 0),
                                            Make(10, 1),
                                            Make(999, 999'999'999),
                                            Make(1000, 0),
                                            Make(1000, 1),
                                            Make(1000, 10'000'000),
                                            Make(kMost, 0),
                                            Make(kMost, 999'999'999)};
  for (size_t i = 0; i < ascending.size(); ++i) {
    for (size_t j = 0; j < ascending.size(); ++j) {
      CHECK(CompareMoney(ascending[i], ascending[j]) == (i <=> j));
    }
  }
}

TEST_CASE("exactly at a limit is within it, the least amount above is not", "[R23][R24][R26][D8]") {
  struct Row {
    std::string_view currency, balance, balance_above, debt, debt_above;
  };
  for (const Row& row : {Row{"USD", "1000.00", "1000.01", "10.00", "10.01"}, Row{"JPY", "1000", "1001", "10", "11"},
                         Row{"KWD", "1000.000", "1000.001", "10.000", "10.001"},
                         Row{"USD", "1000", "1000.000000001", "10", "10.000000001"}}) {
    const v1::Money forfeit_limit = WholeUnits(1000, row.currency);
    const v1::Money void_limit = WholeUnits(10, row.currency);
    CHECK(CompareMoney(Parse(row.balance, row.currency), forfeit_limit) == std::strong_ordering::equal);
    CHECK(CompareMoney(Parse(row.balance_above, row.currency), forfeit_limit) == std::strong_ordering::greater);
    CHECK(CompareMoney(Parse(row.debt, row.currency), void_limit) == std::strong_ordering::equal);
    CHECK(CompareMoney(Parse(row.debt_above, row.currency), void_limit) == std::strong_ordering::greater);
  }
}

TEST_CASE("different currencies cannot be compared: the process ends", "[R26]") {
  CHECK_THAT(LastWordsOf([] { CompareMoney(Make(1, 0, "USD"), Make(1, 0, "EUR")); }),
             Catch::Contains("USD and EUR are different currencies"));
}

TEST_CASE("sums carry and borrow between units and nanos", "[R26]") {
  struct Row {
    v1::Money a, b, sum;
  };
  const std::vector<Row> rows = {
      {Make(1, 500'000'000), Make(2, 500'000'000), Make(4, 0)},
      {Make(0, 999'999'999), Make(0, 1), Make(1, 0)},
      {Make(0, 999'999'999), Make(0, 999'999'999), Make(1, 999'999'998)},
      {Make(0, -999'999'999), Make(0, -999'999'999), Make(-1, -999'999'998)},
      {Make(5, 0), Make(0, -1), Make(4, 999'999'999)},
      {Make(-5, 0), Make(0, 1), Make(-4, -999'999'999)},
      {Make(1, 0), Make(0, -1), Make(0, 999'999'999)},
      {Make(-1, 0), Make(0, 1), Make(0, -999'999'999)},
      {Make(1, 250'000'000), Make(-1, -500'000'000), Make(0, -250'000'000)},
      {Make(3, 100'000'000), Make(-3, -100'000'000), Make(0, 0)},
      {Make(kMost, 0), Make(0, 999'999'999), Make(kMost, 999'999'999)},
      {Make(kMost, 0), Make(0, -1), Make(kMost - 1, 999'999'999)},
      {Make(kLeast, 0), Make(0, 1), Make(kLeast + 1, -999'999'999)},
      {Make(kMost, 999'999'999), Make(kLeast, -999'999'999), Make(-1, 0)},
  };
  for (const Row& row : rows) {
    for (const auto& [a, b] : {std::pair(row.a, row.b), std::pair(row.b, row.a)}) {
      const absl::StatusOr<v1::Money> sum = AddMoney(a, b);
      INFO(FormatMoney(a) << " + " << FormatMoney(b));
      REQUIRE(sum.ok());
      CHECK(ValidateMoney(*sum).ok());
      CHECK(Same(*sum, row.sum));
    }
  }
}

TEST_CASE("a sum that does not fit is refused, and so are two currencies", "[R26]") {
  CHECK(AddMoney(Make(kMost, 0), Make(1, 0)).status().code() == absl::StatusCode::kOutOfRange);
  CHECK(AddMoney(Make(kMost, 999'999'999), Make(0, 1)).status().code() == absl::StatusCode::kOutOfRange);
  CHECK(AddMoney(Make(kLeast, 0), Make(-1, 0)).status().code() == absl::StatusCode::kOutOfRange);
  CHECK(AddMoney(Make(kLeast, -999'999'999), Make(0, -1)).status().code() == absl::StatusCode::kOutOfRange);
  CHECK(AddMoney(Make(1, 0, "USD"), Make(1, 0, "EUR")).status().code() == absl::StatusCode::kInvalidArgument);
}

TEST_CASE("zero and positive are told apart at the least amount", "[D8]") {
  CHECK(IsZero(Make(0, 0)));
  CHECK_FALSE(IsZero(Make(0, 1)));
  CHECK_FALSE(IsZero(Make(0, -1)));
  CHECK_FALSE(IsZero(Make(1, 0)));
  CHECK(IsPositive(Make(0, 1)));
  CHECK(IsPositive(Make(1, 0)));
  CHECK_FALSE(IsPositive(Make(0, 0)));
  CHECK_FALSE(IsPositive(Make(0, -1)));
  CHECK_FALSE(IsPositive(Make(-1, -1)));
}

TEST_CASE("an amount of no known currency is written in full", "[R26]") {
  CHECK(FormatMoney(Make(1, 0, "XXX")) == "1.000000000 XXX");
}

TEST_CASE("what is refused is quoted, cut after forty characters, with the reason that fits", "[R26]") {
  const auto told = [](const std::string& amount) { return std::string(ParseMoney(amount, "USD").status().message()); };
  CHECK(told("abc") == "amount \"abc\" is not a plain decimal such as \"1000.01\"");
  CHECK(told(std::string(40, '9')) == "amount \"" + std::string(40, '9') + "\" does not fit into 64 bits");
  CHECK(told(std::string(41, '9')) == "amount \"" + std::string(40, '9') + "\"... does not fit into 64 bits");
}

}  // namespace
}  // namespace closure
