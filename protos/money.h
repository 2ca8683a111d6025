// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_PROTOS_MONEY_H_
#define CLOSURE_PROTOS_MONEY_H_

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "closure/v1/money.pb.h"

// What the message closure.v1.Money means: exact decimal amounts of one currency (R26). Every function is pure and can
// be called from any thread. Nothing here uses floating point or an exchange rate.
namespace closure {

// Checks that the currency is a current ISO 4217 code, that nanos are within ±999,999,999 and that the signs agree.
// Errors: INVALID_ARGUMENT naming the field and the value.
absl::Status ValidateMoney(const v1::Money& money);

// Reads a plain decimal such as "1000.01" or "-3": an optional minus, digits, an optional point with one to nine
// digits. No grouping, exponent, plus sign or white space. Errors: INVALID_ARGUMENT naming what is wrong; also for an
// amount outside of 64 bits and for an unknown currency.
absl::StatusOr<v1::Money> ParseMoney(std::string_view decimal, std::string_view currency_code);

// Writes the amount with as many digits after the point as the currency has, and more only where the amount needs them,
// then a space and the currency: "1000.01 USD", "500 JPY", "1.250 KWD". Takes valid money.
std::string FormatMoney(const v1::Money& money);

// Compares two valid amounts of the same currency by value. Different currencies end the process: callers group by
// currency first.
std::strong_ordering CompareMoney(const v1::Money& a, const v1::Money& b);

// Adds two valid amounts.
// Errors: INVALID_ARGUMENT for different currencies, OUT_OF_RANGE when the sum does not fit.
absl::StatusOr<v1::Money> AddMoney(const v1::Money& a, const v1::Money& b);

// Whole units of a currency, for limits.
v1::Money WholeUnits(int64_t units, std::string_view currency_code);

bool IsZero(const v1::Money& money);
bool IsPositive(const v1::Money& money);

}  // namespace closure

#endif  // CLOSURE_PROTOS_MONEY_H_
