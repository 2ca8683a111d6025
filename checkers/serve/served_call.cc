// SPDX-License-Identifier: Apache-2.0
#include "checkers/serve/served_call.h"

#include <grpc/support/time.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include "checkers/text.h"

namespace closure {
namespace {

constexpr absl::Duration kTimeMax = absl::Minutes(10);
constexpr std::size_t kMessageMax = 500;

absl::Duration Left(gpr_timespec deadline) {
  const gpr_timespec now = gpr_now(GPR_CLOCK_MONOTONIC);
  const gpr_timespec left = gpr_time_sub(gpr_convert_clock_type(deadline, GPR_CLOCK_MONOTONIC), now);
  const absl::Duration duration = absl::Seconds(left.tv_sec) + absl::Nanoseconds(left.tv_nsec);
  return std::clamp(duration, absl::ZeroDuration(), kTimeMax);
}

}  // namespace

CallOptions OptionsOf(const grpc::CallbackServerContext& context) {
  CallOptions options{.timeout = Left(context.raw_deadline()), .cancel = std::make_shared<CancelSignal>()};
  const auto& metadata = context.client_metadata();
  const auto found = metadata.find("traceparent");
  if (found == metadata.end()) return options;
  const std::string_view traceparent(found->second.data(), found->second.size());
  if (IsTraceparent(traceparent)) options.traceparent = traceparent;
  return options;
}

grpc::Status ToGrpc(const absl::Status& status) {
  const std::string_view message(status.message().data(), status.message().size());
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), PrintableText(message, kMessageMax));
}

}  // namespace closure
