// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_PROTO_TIME_H_
#define CLOSURE_CHECKERS_PROTO_TIME_H_

#include <optional>

#include "absl/time/time.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"

// Between absl times and their protobuf messages. Every function is pure and can be called from any thread.
namespace closure {

// Times are written as whole microseconds, as the store keeps them; what is finer is cut off, towards the past.
google::protobuf::Timestamp ToProto(absl::Time time);
google::protobuf::Duration ToProto(absl::Duration duration);

// Reads a time or span of our own, or one that was validated.
absl::Time FromProto(const google::protobuf::Timestamp& proto);
absl::Duration FromProto(const google::protobuf::Duration& proto);

// Reads a time that another system sent; nothing when it breaks the contract of Timestamp: outside of the years 1 to
// 9999, or nanos outside of 0 to 999,999,999.
std::optional<absl::Time> TimeFromProto(const google::protobuf::Timestamp& proto);

}  // namespace closure

#endif  // CLOSURE_CHECKERS_PROTO_TIME_H_
