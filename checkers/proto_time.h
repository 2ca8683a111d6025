// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_PROTO_TIME_H_
#define CLOSURE_CHECKERS_PROTO_TIME_H_

#include <optional>

#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"

namespace closure {

// Reads a time that another system sent; nothing when it breaks the contract of Timestamp: outside of the years 1 to
// 9999, or nanos outside of 0 to 999,999,999. Pure; can be called from any thread.
std::optional<absl::Time> TimeFromProto(const google::protobuf::Timestamp& timestamp);

}  // namespace closure

#endif  // CLOSURE_CHECKERS_PROTO_TIME_H_
