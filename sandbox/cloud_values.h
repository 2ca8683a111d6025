// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SANDBOX_CLOUD_VALUES_H_
#define CLOSURE_SANDBOX_CLOUD_VALUES_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "closure/v1/money.pb.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "sandbox/sqlite_database.h"

// How times, spans and amounts stand in rows and in cloud files. All functions are pure and thread-safe.
namespace closure {

inline int64_t ToMicros(absl::Time time) { return absl::ToUnixMicros(time); }
int64_t ToMicros(const google::protobuf::Timestamp& time);
int64_t ToMicros(const google::protobuf::Duration& span);
google::protobuf::Timestamp TimestampOfMicros(int64_t micros);
google::protobuf::Duration DurationOfMicros(int64_t micros);

// Whether a cloud file may hold it: a time of the years 1 to 9999; a span of 0 to 36,500 days.
bool IsTime(const google::protobuf::Timestamp& time);
bool IsSpan(const google::protobuf::Duration& span);

// NULL for a time that is not set.
template <typename Message>
SqliteValue MicrosOrNull(const Message& message, bool is_set) {
  if (!is_set) return nullptr;
  return ToMicros(message);
}

// The amount in three columns, as they were stored.
v1::Money MoneyOf(std::string currency_code, int64_t units, int32_t nanos);
// The amount without its currency, as a cloud file writes it: "1000.01".
std::string DecimalOf(const v1::Money& money);
// The amount of a validated cloud file; empty is zero.
v1::Money MoneyOfDecimal(std::string_view decimal, std::string_view currency_code);

}  // namespace closure

#endif  // CLOSURE_SANDBOX_CLOUD_VALUES_H_
