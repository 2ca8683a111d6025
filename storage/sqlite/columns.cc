// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/columns.h"

#include <fmt/format.h>

#include "google/protobuf/util/time_util.h"

namespace closure::sqlite {

int64_t Micros(absl::Time time) { return absl::ToUnixMicros(time); }

int64_t Micros(const google::protobuf::Timestamp& time) { return time.seconds() * 1'000'000 + time.nanos() / 1'000; }

std::optional<int64_t> MicrosIf(bool present, const google::protobuf::Timestamp& time) {
  return present ? std::optional(Micros(time)) : std::nullopt;
}

google::protobuf::Timestamp TimestampOfMicros(int64_t micros) {
  return google::protobuf::util::TimeUtil::MicrosecondsToTimestamp(micros);
}

absl::Status NotUnderstood(std::string_view what) {
  return absl::InternalError(fmt::format("store(sqlite): a stored row is not understood: {}", what));
}

absl::Status ParseStored(std::string_view bytes, std::string_view what, google::protobuf::MessageLite& message) {
  if (message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return absl::OkStatus();
  return NotUnderstood(what);
}

}  // namespace closure::sqlite
