// SPDX-License-Identifier: Apache-2.0
#include "checkers/upstream_call.h"

#include <algorithm>
#include <string>

#include "checkers/text.h"
#include "fmt/format.h"
#include "grpc/support/time.h"
#include "protos/failpoint.h"

namespace closure {
namespace {

constexpr size_t kUpstreamMessageMax = 300;

absl::StatusCode CodeOf(const grpc::Status& status) {
  switch (status.error_code()) {
    case grpc::StatusCode::CANCELLED:
    case grpc::StatusCode::UNKNOWN:
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::DEADLINE_EXCEEDED:
    case grpc::StatusCode::NOT_FOUND:
    case grpc::StatusCode::ALREADY_EXISTS:
    case grpc::StatusCode::PERMISSION_DENIED:
    case grpc::StatusCode::UNAUTHENTICATED:
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
    case grpc::StatusCode::FAILED_PRECONDITION:
    case grpc::StatusCode::ABORTED:
    case grpc::StatusCode::OUT_OF_RANGE:
    case grpc::StatusCode::INTERNAL:
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::DATA_LOSS:
      return static_cast<absl::StatusCode>(status.error_code());
    case grpc::StatusCode::UNIMPLEMENTED:
      return absl::StatusCode::kInternal;
    default:  // an OK that is not one, and numbers that no gRPC peer should send
      return absl::StatusCode::kUnknown;
  }
}

}  // namespace

void ApplyCallOptions(const CallOptions& options, grpc::ClientContext& context) {
  if (options.timeout < absl::InfiniteDuration()) {
    const int64_t ms = std::max<int64_t>(0, absl::ToInt64Milliseconds(options.timeout));
    context.set_deadline(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(ms, GPR_TIMESPAN)));
  }
  if (!options.traceparent.empty()) context.AddMetadata("traceparent", options.traceparent);
}

CallsUnderWay& CallsToUpstreams() {
  static CallsUnderWay& calls = *new CallsUnderWay;
  return calls;
}

void BeginCall(const std::shared_ptr<UpstreamCallFrame>& call, std::string_view who, const CallOptions& options) {
  call->who = std::string(who);
  call->cancel = options.cancel;
  ApplyCallOptions(options, call->context);
  // The weak pointer lets a signal that outlives the call find nothing to cancel.
  if (call->cancel != nullptr) {
    call->cancel_number = call->cancel->OnCancel([weak = std::weak_ptr<UpstreamCallFrame>(call)] {
      if (const auto alive = weak.lock()) alive->context.TryCancel();
    });
  }
  Failpoint("upstream.asking", call->who);
  CallsToUpstreams().Begin();
}

void LeaveCall(UpstreamCallFrame& call) {
  Failpoint("upstream.answered", call.who);
  if (call.cancel != nullptr) call.cancel->Forget(call.cancel_number);
}

absl::Status FromUpstream(std::string_view who, const grpc::Status& status) {
  std::string what = PrintableText(status.error_message(), kUpstreamMessageMax);
  if (what.empty()) what = "no message";
  return absl::Status(CodeOf(status), fmt::format("{}: {}", who, what));
}

}  // namespace closure
