// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CLOSURECTL_DURATION_TEXT_H_
#define CLOSURE_CLIENT_CLOSURECTL_DURATION_TEXT_H_

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace closure {

// Reads "90s", "10m", "72h", "7d", "1d12h", "250ms": whole numbers with the units d, h, m, s, ms, the larger unit
// first, each at most once. A day is 24 hours. Zero, signs, fractions and white space are refused. Errors:
// INVALID_ARGUMENT naming the text, and the limit above 3,650 days.
absl::StatusOr<absl::Duration> ParseDuration(absl::string_view text);

// Writes a span for people with its two largest units: "6d 23h", "4m 3s", "250ms"; zero and less is "0s".
std::string DurationText(absl::Duration span);
std::string DurationText(const google::protobuf::Duration& span);

// Writes a time as RFC 3339 in UTC with whole seconds: "2026-01-31T09:05:00Z"; one that was never set is "<none>".
std::string TimeText(const google::protobuf::Timestamp& time);

google::protobuf::Duration ToProtoDuration(absl::Duration span);
absl::Duration FromProtoDuration(const google::protobuf::Duration& span);

}  // namespace closure

#endif  // CLOSURE_CLIENT_CLOSURECTL_DURATION_TEXT_H_
