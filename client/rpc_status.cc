// SPDX-License-Identifier: Apache-2.0
#include "client/rpc_status.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace closure {
namespace {

constexpr absl::string_view kPayloadType = "type.googleapis.com/google.rpc.Status";
constexpr int kHighestCode = 16;

void Decode(const google::protobuf::Any& detail, ErrorDetails& details) {
  google::rpc::ErrorInfo info;
  google::rpc::BadRequest bad_request;
  google::rpc::PreconditionFailure precondition;
  google::rpc::RetryInfo retry;
  if (detail.UnpackTo(&info)) {
    details.reason = info.reason();
    details.domain = info.domain();
    for (const auto& [key, value] : info.metadata()) details.metadata[key] = value;
  } else if (detail.UnpackTo(&bad_request)) {
    for (const auto& violation : bad_request.field_violations()) {
      details.field_violations.push_back({violation.field(), violation.description()});
    }
  } else if (detail.UnpackTo(&precondition)) {
    for (const auto& violation : precondition.violations()) {
      details.precondition_violations.push_back({violation.type(), violation.subject(), violation.description()});
    }
  } else if (detail.UnpackTo(&retry)) {
    details.retry_delay = absl::Seconds(retry.retry_delay().seconds()) + absl::Nanoseconds(retry.retry_delay().nanos());
  }
}

// gRPC itself refuses some calls without a word.
std::string MessageOf(const grpc::Status& status) {
  if (!status.error_message().empty()) return status.error_message();
  if (status.error_code() == grpc::StatusCode::UNIMPLEMENTED) return "it does not serve this call";
  return "it gave no reason";
}

// What a call ends with that the server cancelled.
absl::Status GoneAway(absl::string_view who) {
  return ErrorWithReason(
      absl::StatusCode::kUnavailable,
      absl::StrCat(who,
                   ": it ended the call without an answer, as a server does that is stopping; a change may "
                   "have been made"),
      "SHUTTING_DOWN");
}

}  // namespace

absl::Status FromGrpcStatus(const grpc::Status& status, absl::string_view who) {
  if (status.ok()) return absl::OkStatus();
  const int number = status.error_code();
  const bool known = number > 0 && number <= kHighestCode;
  const auto code = known ? static_cast<absl::StatusCode>(number) : absl::StatusCode::kUnknown;
  if (status.error_details().empty()) {
    if (status.error_code() == grpc::StatusCode::CANCELLED) return GoneAway(who);
    const std::string foreign = known ? "" : absl::StrCat(" (status code ", number, ")");
    return absl::Status(code, absl::StrCat(who, ": ", MessageOf(status), foreign));
  }
  absl::Status result(code, status.error_message());
  result.SetPayload(kPayloadType, absl::Cord(status.error_details()));
  return result;
}

ErrorDetails DecodeErrorDetails(const absl::Status& status) {
  ErrorDetails details;
  const absl::optional<absl::Cord> payload = status.GetPayload(kPayloadType);
  google::rpc::Status message;
  if (!payload || !message.ParseFromString(std::string(*payload))) return details;
  for (const google::protobuf::Any& detail : message.details()) Decode(detail, details);
  return details;
}

absl::Status ErrorWithReason(absl::StatusCode code, absl::string_view message, absl::string_view reason,
                             const std::map<std::string, std::string>& metadata) {
  google::rpc::ErrorInfo info;
  info.set_reason(std::string(reason));
  info.set_domain("closurectl");
  for (const auto& [key, value] : metadata) (*info.mutable_metadata())[key] = value;
  google::rpc::Status payload;
  payload.set_code(static_cast<int>(code));
  payload.add_details()->PackFrom(info);
  absl::Status result(code, message);
  result.SetPayload(kPayloadType, absl::Cord(payload.SerializeAsString()));
  return result;
}

}  // namespace closure
