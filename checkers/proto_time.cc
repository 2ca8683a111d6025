// SPDX-License-Identifier: Apache-2.0
#include "checkers/proto_time.h"

#include <cstdint>

namespace closure {
namespace {

constexpr int64_t kSecondsMin = -62135596800;  // 0001-01-01T00:00:00Z
constexpr int64_t kSecondsMax = 253402300799;  // 9999-12-31T23:59:59Z
constexpr int32_t kNanosMax = 999999999;

}  // namespace

std::optional<absl::Time> TimeFromProto(const google::protobuf::Timestamp& timestamp) {
  if (timestamp.seconds() < kSecondsMin || timestamp.seconds() > kSecondsMax || timestamp.nanos() < 0 ||
      timestamp.nanos() > kNanosMax) {
    return std::nullopt;
  }
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

}  // namespace closure
