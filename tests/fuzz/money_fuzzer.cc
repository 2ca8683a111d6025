// SPDX-License-Identifier: Apache-2.0
// Amounts, judged beside integers of 128 bits in billionths. An input is two lines: an amount and a currency, another
// amount. Promises: sums and orders are those of the integers, texts are read back as they were written, and what does
// not fit is refused.
#include <catch2/catch.hpp>
#include <limits>

#include "absl/strings/str_split.h"
#include "protos/money.h"
#include "tests/fuzz/fuzz_target.h"

namespace closure::fuzz {
namespace {

__extension__ typedef __int128 Billionths;

Billionths ToBillionths(const v1::Money& money) { return Billionths{money.units()} * 1'000'000'000 + money.nanos(); }

bool Fits(Billionths amount) {
  const Billionths units = amount / 1'000'000'000;
  return units <= std::numeric_limits<int64_t>::max() && units >= std::numeric_limits<int64_t>::min();
}

std::optional<v1::Money> Read(std::string_view amount, std::string_view currency) {
  const absl::StatusOr<v1::Money> money = ParseMoney(amount, currency);
  if (!money.ok()) {
    REQUIRE(money.status().code() == absl::StatusCode::kInvalidArgument);
    return std::nullopt;
  }
  REQUIRE(ValidateMoney(*money).ok());
  const std::string written = FormatMoney(*money);
  const std::size_t space = written.find(' ');
  const absl::StatusOr<v1::Money> again = ParseMoney(std::string_view(written).substr(0, space), currency);
  INFO(written);
  REQUIRE(again.ok());
  REQUIRE(ToBillionths(*again) == ToBillionths(*money));
  REQUIRE(IsZero(*money) == (ToBillionths(*money) == 0));
  REQUIRE(IsPositive(*money) == (ToBillionths(*money) > 0));
  return *money;
}

class MoneyTarget final : public Target {
 public:
  void Try(std::string_view input) override {
    const std::vector<std::string> lines = absl::StrSplit(absl::string_view(input.data(), input.size()), '\n');
    if (lines.size() < 3) return;
    const std::optional<v1::Money> a = Read(lines[0], lines[1]);
    const std::optional<v1::Money> b = Read(lines[2], lines[1]);
    if (!a || !b) return;
    const Billionths wanted = ToBillionths(*a) + ToBillionths(*b);
    REQUIRE((CompareMoney(*a, *b) < 0) == (ToBillionths(*a) < ToBillionths(*b)));
    REQUIRE((CompareMoney(*a, *b) == 0) == (ToBillionths(*a) == ToBillionths(*b)));
    const absl::StatusOr<v1::Money> sum = AddMoney(*a, *b);
    // Where the units overflow before the nanos take one back, refusing is right too: it is never wrong, only narrower.
    if (!sum.ok()) {
      REQUIRE(sum.status().code() == absl::StatusCode::kOutOfRange);
      REQUIRE((!Fits(wanted) || !Fits(wanted + 999'999'999) || !Fits(wanted - 999'999'999)));
      return;
    }
    REQUIRE(Fits(wanted));
    REQUIRE(ToBillionths(*sum) == wanted);
    REQUIRE(ValidateMoney(*sum).ok());
  }
};

}  // namespace

std::unique_ptr<Target> MakeTarget() { return std::make_unique<MoneyTarget>(); }

}  // namespace closure::fuzz
