// SPDX-License-Identifier: Apache-2.0
#include "protos/money.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "closure/v1/money.pb.h"
#include "fmt/format.h"

namespace closure {
namespace {

constexpr int32_t kNanosPerUnit = 1'000'000'000;
constexpr int kFractionDigitsMax = 9;

struct Currency {
  std::string_view code;
  int minor_digits;
};

// ISO 4217, list one as of 2025, sorted by code. Left out are the codes that the standard gives no
// minor unit: precious metals, bond market units, the SDR and its like, and the testing codes.
constexpr std::array kCurrencies = {
    Currency{"AED", 2}, Currency{"AFN", 2}, Currency{"ALL", 2}, Currency{"AMD", 2}, Currency{"AOA", 2},
    Currency{"ARS", 2}, Currency{"AUD", 2}, Currency{"AWG", 2}, Currency{"AZN", 2}, Currency{"BAM", 2},
    Currency{"BBD", 2}, Currency{"BDT", 2}, Currency{"BGN", 2}, Currency{"BHD", 3}, Currency{"BIF", 0},
    Currency{"BMD", 2}, Currency{"BND", 2}, Currency{"BOB", 2}, Currency{"BOV", 2}, Currency{"BRL", 2},
    Currency{"BSD", 2}, Currency{"BTN", 2}, Currency{"BWP", 2}, Currency{"BYN", 2}, Currency{"BZD", 2},
    Currency{"CAD", 2}, Currency{"CDF", 2}, Currency{"CHE", 2}, Currency{"CHF", 2}, Currency{"CHW", 2},
    Currency{"CLF", 4}, Currency{"CLP", 0}, Currency{"CNY", 2}, Currency{"COP", 2}, Currency{"COU", 2},
    Currency{"CRC", 2}, Currency{"CUP", 2}, Currency{"CVE", 2}, Currency{"CZK", 2}, Currency{"DJF", 0},
    Currency{"DKK", 2}, Currency{"DOP", 2}, Currency{"DZD", 2}, Currency{"EGP", 2}, Currency{"ERN", 2},
    Currency{"ETB", 2}, Currency{"EUR", 2}, Currency{"FJD", 2}, Currency{"FKP", 2}, Currency{"GBP", 2},
    Currency{"GEL", 2}, Currency{"GHS", 2}, Currency{"GIP", 2}, Currency{"GMD", 2}, Currency{"GNF", 0},
    Currency{"GTQ", 2}, Currency{"GYD", 2}, Currency{"HKD", 2}, Currency{"HNL", 2}, Currency{"HTG", 2},
    Currency{"HUF", 2}, Currency{"IDR", 2}, Currency{"ILS", 2}, Currency{"INR", 2}, Currency{"IQD", 3},
    Currency{"IRR", 2}, Currency{"ISK", 0}, Currency{"JMD", 2}, Currency{"JOD", 3}, Currency{"JPY", 0},
    Currency{"KES", 2}, Currency{"KGS", 2}, Currency{"KHR", 2}, Currency{"KMF", 0}, Currency{"KPW", 2},
    Currency{"KRW", 0}, Currency{"KWD", 3}, Currency{"KYD", 2}, Currency{"KZT", 2}, Currency{"LAK", 2},
    Currency{"LBP", 2}, Currency{"LKR", 2}, Currency{"LRD", 2}, Currency{"LSL", 2}, Currency{"LYD", 3},
    Currency{"MAD", 2}, Currency{"MDL", 2}, Currency{"MGA", 2}, Currency{"MKD", 2}, Currency{"MMK", 2},
    Currency{"MNT", 2}, Currency{"MOP", 2}, Currency{"MRU", 2}, Currency{"MUR", 2}, Currency{"MVR", 2},
    Currency{"MWK", 2}, Currency{"MXN", 2}, Currency{"MXV", 2}, Currency{"MYR", 2}, Currency{"MZN", 2},
    Currency{"NAD", 2}, Currency{"NGN", 2}, Currency{"NIO", 2}, Currency{"NOK", 2}, Currency{"NPR", 2},
    Currency{"NZD", 2}, Currency{"OMR", 3}, Currency{"PAB", 2}, Currency{"PEN", 2}, Currency{"PGK", 2},
    Currency{"PHP", 2}, Currency{"PKR", 2}, Currency{"PLN", 2}, Currency{"PYG", 0}, Currency{"QAR", 2},
    Currency{"RON", 2}, Currency{"RSD", 2}, Currency{"RUB", 2}, Currency{"RWF", 0}, Currency{"SAR", 2},
    Currency{"SBD", 2}, Currency{"SCR", 2}, Currency{"SDG", 2}, Currency{"SEK", 2}, Currency{"SGD", 2},
    Currency{"SHP", 2}, Currency{"SLE", 2}, Currency{"SOS", 2}, Currency{"SRD", 2}, Currency{"SSP", 2},
    Currency{"STN", 2}, Currency{"SVC", 2}, Currency{"SYP", 2}, Currency{"SZL", 2}, Currency{"THB", 2},
    Currency{"TJS", 2}, Currency{"TMT", 2}, Currency{"TND", 3}, Currency{"TOP", 2}, Currency{"TRY", 2},
    Currency{"TTD", 2}, Currency{"TWD", 2}, Currency{"TZS", 2}, Currency{"UAH", 2}, Currency{"UGX", 0},
    Currency{"USD", 2}, Currency{"USN", 2}, Currency{"UYI", 0}, Currency{"UYU", 2}, Currency{"UYW", 4},
    Currency{"UZS", 2}, Currency{"VED", 2}, Currency{"VES", 2}, Currency{"VND", 0}, Currency{"VUV", 0},
    Currency{"WST", 2}, Currency{"XAD", 2}, Currency{"XAF", 0}, Currency{"XCD", 2}, Currency{"XCG", 2},
    Currency{"XOF", 0}, Currency{"XPF", 0}, Currency{"YER", 2}, Currency{"ZAR", 2}, Currency{"ZMW", 2},
    Currency{"ZWG", 2},
};

constexpr bool CodeBefore(const Currency& a, const Currency& b) { return a.code < b.code; }
constexpr bool CodeEqual(const Currency& a, const Currency& b) { return a.code == b.code; }
static_assert(std::is_sorted(kCurrencies.begin(), kCurrencies.end(), CodeBefore));
static_assert(std::adjacent_find(kCurrencies.begin(), kCurrencies.end(), CodeEqual) == kCurrencies.end());

std::optional<int> MinorDigits(std::string_view code) {
  const Currency wanted{code, 0};
  const auto* found = std::lower_bound(kCurrencies.begin(), kCurrencies.end(), wanted, CodeBefore);
  if (found == kCurrencies.end() || found->code != code) return std::nullopt;
  return found->minor_digits;
}

// Quotes what a caller sent, shortened: it may be anything.
std::string Quoted(std::string_view text) {
  constexpr size_t kShown = 40;
  if (text.size() <= kShown) return fmt::format("\"{}\"", text);
  return fmt::format("\"{}\"...", text.substr(0, kShown));
}

absl::Status UnknownCurrency(std::string_view code) {
  return absl::InvalidArgumentError(fmt::format("currency_code {} is not an ISO 4217 currency", Quoted(code)));
}

bool AllDigits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// The digits after the point as billionths; one to nine digits.
int32_t NanosOf(std::string_view fraction) {
  int32_t nanos = 0;
  for (int i = 0; i < kFractionDigitsMax; ++i) {
    const bool present = static_cast<size_t>(i) < fraction.size();
    nanos = nanos * 10 + (present ? fraction[static_cast<size_t>(i)] - '0' : 0);
  }
  return nanos;
}

bool IsNegative(const v1::Money& money) { return money.units() < 0 || money.nanos() < 0; }

// The whole units without their sign; the least int64 has no positive counterpart.
uint64_t UnitsMagnitude(int64_t units) {
  return units < 0 ? uint64_t{0} - static_cast<uint64_t>(units) : static_cast<uint64_t>(units);
}

}  // namespace

absl::Status ValidateMoney(const v1::Money& money) {
  if (!MinorDigits(money.currency_code())) return UnknownCurrency(money.currency_code());
  if (money.nanos() <= -kNanosPerUnit || money.nanos() >= kNanosPerUnit) {
    return absl::InvalidArgumentError(fmt::format("nanos {} is outside of -999999999 to 999999999", money.nanos()));
  }
  if ((money.units() > 0 && money.nanos() < 0) || (money.units() < 0 && money.nanos() > 0)) {
    return absl::InvalidArgumentError(
        fmt::format("nanos {} has not the sign of units {}", money.nanos(), money.units()));
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::Money> ParseMoney(std::string_view decimal, std::string_view currency_code) {
  if (!MinorDigits(currency_code)) return UnknownCurrency(currency_code);
  const bool negative = decimal.starts_with('-');
  const std::string_view digits = negative ? decimal.substr(1) : decimal;
  const size_t point = digits.find('.');
  const std::string_view whole = digits.substr(0, point);
  if (!AllDigits(whole)) {
    return absl::InvalidArgumentError(
        fmt::format("amount {} is not a plain decimal such as \"1000.01\"", Quoted(decimal)));
  }
  v1::Money money;
  money.set_currency_code(std::string(currency_code));
  if (point != std::string_view::npos) {
    const std::string_view fraction = digits.substr(point + 1);
    if (!AllDigits(fraction) || fraction.size() > kFractionDigitsMax) {
      return absl::InvalidArgumentError(
          fmt::format("amount {} has not one to nine digits after the point", Quoted(decimal)));
    }
    money.set_nanos(negative ? -NanosOf(fraction) : NanosOf(fraction));
  }
  const std::string signed_whole = fmt::format("{}{}", negative ? "-" : "", whole);
  int64_t units = 0;
  const auto [end, error] = std::from_chars(signed_whole.data(), signed_whole.data() + signed_whole.size(), units);
  if (error != std::errc() || end != signed_whole.data() + signed_whole.size()) {
    return absl::InvalidArgumentError(fmt::format("amount {} does not fit into 64 bits", Quoted(decimal)));
  }
  money.set_units(units);
  return money;
}

std::string FormatMoney(const v1::Money& money) {
  const int32_t magnitude = money.nanos() < 0 ? -money.nanos() : money.nanos();
  std::string fraction = fmt::format("{:09}", magnitude);
  const size_t digits_min = static_cast<size_t>(MinorDigits(money.currency_code()).value_or(kFractionDigitsMax));
  while (fraction.size() > digits_min && fraction.back() == '0') fraction.pop_back();
  return fmt::format("{}{}{}{} {}", IsNegative(money) ? "-" : "", UnitsMagnitude(money.units()),
                     fraction.empty() ? "" : ".", fraction, money.currency_code());
}

std::strong_ordering CompareMoney(const v1::Money& a, const v1::Money& b) {
  if (a.currency_code() != b.currency_code()) {
    std::fprintf(stderr, "CompareMoney: %s and %s are different currencies\n", a.currency_code().c_str(),
                 b.currency_code().c_str());
    std::abort();
  }
  if (a.units() != b.units()) return a.units() <=> b.units();
  return a.nanos() <=> b.nanos();
}

absl::StatusOr<v1::Money> AddMoney(const v1::Money& a, const v1::Money& b) {
  if (a.currency_code() != b.currency_code()) {
    return absl::InvalidArgumentError(
        fmt::format("cannot add {} and {}: different currencies", FormatMoney(a), FormatMoney(b)));
  }
  const int32_t nanos_sum = a.nanos() + b.nanos();  // below 2,000,000,000: fits into 32 bits
  int32_t nanos = nanos_sum % kNanosPerUnit;
  int64_t units = 0;
  // Where the carry is not zero both amounts have its sign, so it cannot undo an overflow.
  if (__builtin_add_overflow(a.units(), b.units(), &units) ||
      __builtin_add_overflow(units, int64_t{nanos_sum / kNanosPerUnit}, &units)) {
    return absl::OutOfRangeError(
        fmt::format("the sum of {} and {} does not fit into 64 bits", FormatMoney(a), FormatMoney(b)));
  }
  if (units > 0 && nanos < 0) {
    units -= 1;
    nanos += kNanosPerUnit;
  } else if (units < 0 && nanos > 0) {
    units += 1;
    nanos -= kNanosPerUnit;
  }
  v1::Money sum;
  sum.set_currency_code(a.currency_code());
  sum.set_units(units);
  sum.set_nanos(nanos);
  return sum;
}

v1::Money WholeUnits(int64_t units, std::string_view currency_code) {
  v1::Money money;
  money.set_currency_code(std::string(currency_code));
  money.set_units(units);
  return money;
}

bool IsZero(const v1::Money& money) { return money.units() == 0 && money.nanos() == 0; }

bool IsPositive(const v1::Money& money) { return money.units() > 0 || (money.units() == 0 && money.nanos() > 0); }

}  // namespace closure
