// SPDX-License-Identifier: Apache-2.0
#include "sandbox/cloud_values.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "google/protobuf/util/time_util.h"
#include "protos/money.h"

namespace closure {

using google::protobuf::util::TimeUtil;

namespace {

constexpr int32_t kNanosPerSecond = 1'000'000'000;
constexpr int64_t kSpanSecondsMax = int64_t{36'500} * 24 * 3600;

}  // namespace

int64_t ToMicros(const google::protobuf::Timestamp& time) { return TimeUtil::TimestampToMicroseconds(time); }

int64_t ToMicros(const google::protobuf::Duration& span) { return TimeUtil::DurationToMicroseconds(span); }

google::protobuf::Timestamp TimestampOfMicros(int64_t micros) { return TimeUtil::MicrosecondsToTimestamp(micros); }

google::protobuf::Duration DurationOfMicros(int64_t micros) { return TimeUtil::MicrosecondsToDuration(micros); }

bool IsTime(const google::protobuf::Timestamp& time) {
  return time.seconds() >= TimeUtil::kTimestampMinSeconds && time.seconds() <= TimeUtil::kTimestampMaxSeconds &&
         time.nanos() >= 0 && time.nanos() < kNanosPerSecond;
}

bool IsSpan(const google::protobuf::Duration& span) {
  return span.seconds() >= 0 && span.seconds() <= kSpanSecondsMax && span.nanos() >= 0 &&
         span.nanos() < kNanosPerSecond;
}

v1::Money MoneyOf(std::string currency_code, int64_t units, int32_t nanos) {
  v1::Money money;
  money.set_currency_code(std::move(currency_code));
  money.set_units(units);
  money.set_nanos(nanos);
  return money;
}

std::string DecimalOf(const v1::Money& money) {
  const std::string text = FormatMoney(money);
  return text.substr(0, text.find(' '));
}

v1::Money MoneyOfDecimal(std::string_view decimal, std::string_view currency_code) {
  if (decimal.empty()) return WholeUnits(0, currency_code);
  return ParseMoney(decimal, currency_code).value();
}

}  // namespace closure
