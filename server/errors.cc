// SPDX-License-Identifier: Apache-2.0
#include "server/errors.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/cord.h"
#include "checkers/proto_time.h"
#include "checkers/text.h"
#include "checkers/utf8.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "server/strings.h"

namespace closure {
namespace {

using absl::StatusCode;

constexpr std::string_view kTypePrefix = "type.googleapis.com/";
// Details travel in trailing metadata, of which clients accept 8 KiB by default.
constexpr std::size_t kMessageBytesMax = 1000;
constexpr std::size_t kMetadataBytesMax = 300;
constexpr std::size_t kViolationBytesMax = 6000;
// What a caller of something that does not answer is told, where nothing better is known.
constexpr absl::Duration kUnavailableDelay = absl::Seconds(5);

template <typename Detail>
std::string TypeUrl() {
  return Concat(kTypePrefix, Detail::descriptor()->full_name());
}

template <typename Detail>
std::optional<Detail> FindDetail(const absl::Status& status) {
  const absl::optional<absl::Cord> payload = status.GetPayload(TypeUrl<Detail>());
  Detail detail;
  if (!payload || !detail.ParseFromString(std::string(*payload))) return std::nullopt;
  return detail;
}

template <typename Detail>
void SetDetail(absl::Status& status, const Detail& detail) {
  status.SetPayload(TypeUrl<Detail>(), absl::Cord(detail.SerializeAsString()));
}

// What a caller is told of a status that says no reason; its text is for the log only.
absl::Status AsFault(const absl::Status& status) {
  if (status.code() == StatusCode::kUnavailable) {
    return Error(v1::STORE_UNAVAILABLE,
                 "closured: the store did not answer; nothing is known to have changed, and the same request id "
                 "makes it safe to repeat a change");
  }
  return Error(v1::INTERNAL_FAULT, "closured: a fault of this server; its log says more");
}

}  // namespace

StatusCode CodeOf(v1::ErrorReason reason) {
  switch (reason) {
    case v1::IDENTITY_MISSING:
    case v1::IDENTITY_INVALID:
      return StatusCode::kUnauthenticated;
    case v1::ACCOUNT_MISMATCH:
    case v1::ROOT_IDENTITY_REQUIRED:
    case v1::OPERATOR_REQUIRED:
      return StatusCode::kPermissionDenied;
    case v1::FIELD_MISSING:
    case v1::FIELD_INVALID:
    case v1::TEXT_TOO_LONG:
    case v1::NAME_MALFORMED:
    case v1::PAGE_TOKEN_INVALID:
    case v1::REQUEST_ID_REUSED:
    case v1::REASON_MISSING:
    case v1::CLOUD_FILE_INVALID:
      return StatusCode::kInvalidArgument;
    case v1::ACCOUNT_NOT_FOUND:
    case v1::CLOSURE_NOT_FOUND:
    case v1::ITEM_NOT_FOUND:
    case v1::AGREEMENT_NOT_FOUND:
    case v1::TASK_NOT_FOUND:
    case v1::SANDBOX_ACCOUNT_NOT_FOUND:
      return StatusCode::kNotFound;
    case v1::CLOSURE_ALREADY_OPEN:
      return StatusCode::kAlreadyExists;
    case v1::ACCOUNT_CLOSED:
    case v1::ACCOUNT_NOT_ACTIVE:
    case v1::CONTACT_POINT_MISSING:
    case v1::STATE_NOT_ALLOWED:
    case v1::CODE_WRONG:
    case v1::CODE_EXPIRED:
    case v1::AGREEMENT_VERSION_STALE:
    case v1::ITEM_NOT_RENOUNCEABLE:
    case v1::ITEM_NOT_OPEN:
    case v1::FINGERPRINT_MISMATCH:
    case v1::RISK_NOT_ACKNOWLEDGED:
    case v1::SCAN_NOT_FRESH:
    case v1::CLOSURE_ON_HOLD:
    case v1::IRREVERSIBLE_PAUSED:
    case v1::SANDBOX_REFUSED:
    case v1::NOTHING_TO_RELEASE:
    case v1::SECOND_OPERATOR_REQUIRED:
      return StatusCode::kFailedPrecondition;
    case v1::ETAG_MISMATCH:
    case v1::CONCURRENT_CHANGE:
    case v1::CLOCK_JUMP_CHANGED:
      return StatusCode::kAborted;
    case v1::CODE_ATTEMPTS_EXHAUSTED:
    case v1::RESEND_TOO_SOON:
    case v1::PREVIEW_IN_PROGRESS:
    case v1::OVERLOADED:
      return StatusCode::kResourceExhausted;
    case v1::ACCOUNT_SYSTEM_UNAVAILABLE:
    case v1::STORE_UNAVAILABLE:
    case v1::SHUTTING_DOWN:
      return StatusCode::kUnavailable;
    default:
      return StatusCode::kInternal;
  }
}

absl::Status Error(v1::ErrorReason reason, std::string_view message,
                   const std::map<std::string, std::string>& metadata) {
  absl::Status status(CodeOf(reason), ToAbsl(CutAtCodePoint(message, kMessageBytesMax)));
  google::rpc::ErrorInfo info;
  info.set_reason(v1::ErrorReason_Name(reason));
  info.set_domain(std::string(kErrorDomain));
  for (const auto& [key, value] : metadata) {
    // What a caller sent in a header need not be UTF-8, and a message with such text in it cannot be read.
    const std::string text = IsUtf8(value) ? value : PrintableText(value, kMetadataBytesMax);
    (*info.mutable_metadata())[key] = std::string(CutAtCodePoint(text, kMetadataBytesMax));
  }
  SetDetail(status, info);
  return status.code() == StatusCode::kUnavailable ? WithRetryAfter(std::move(status), kUnavailableDelay) : status;
}

absl::Status FieldError(v1::ErrorReason reason, std::string_view field, std::string_view description) {
  return WithField(Error(reason, Concat(field, ": ", description), {{"field", std::string(field)}}), field,
                   description);
}

absl::Status WithField(absl::Status status, std::string_view field, std::string_view description) {
  google::rpc::BadRequest bad_request;
  auto* violation = bad_request.add_field_violations();
  violation->set_field(std::string(field));
  violation->set_description(std::string(CutAtCodePoint(description, kMessageBytesMax)));
  SetDetail(status, bad_request);
  return status;
}

absl::Status WithRetryAfter(absl::Status status, absl::Duration delay) {
  google::rpc::RetryInfo info;
  const absl::Duration wait = std::max(delay, absl::ZeroDuration());
  *info.mutable_retry_delay() = ToProto(wait);
  SetDetail(status, info);
  return status;
}

absl::Status WithViolations(absl::Status status, const std::vector<Violation>& violations) {
  google::rpc::PreconditionFailure failure;
  for (std::size_t i = 0; i < std::min(violations.size(), kViolationsMax); ++i) {
    auto* added = failure.add_violations();
    added->set_type(violations[i].type);
    added->set_subject(std::string(CutAtCodePoint(violations[i].subject, kMetadataBytesMax)));
    added->set_description(std::string(CutAtCodePoint(violations[i].description, kMetadataBytesMax)));
    if (failure.ByteSizeLong() <= kViolationBytesMax) continue;
    failure.mutable_violations()->RemoveLast();
    break;
  }
  SetDetail(status, failure);
  return status;
}

v1::ErrorReason ReasonOf(const absl::Status& status) {
  const auto info = FindDetail<google::rpc::ErrorInfo>(status);
  v1::ErrorReason reason = v1::ERROR_REASON_UNSPECIFIED;
  if (!info || info->domain() != kErrorDomain || !v1::ErrorReason_Parse(info->reason(), &reason)) {
    return v1::ERROR_REASON_UNSPECIFIED;
  }
  return reason;
}

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  if (ReasonOf(status) == v1::ERROR_REASON_UNSPECIFIED) return ToGrpcStatus(AsFault(status));
  std::vector<std::pair<std::string, std::string>> payloads;
  status.ForEachPayload([&payloads](absl::string_view type_url, const absl::Cord& payload) {
    if (ToStd(type_url).starts_with(kTypePrefix)) payloads.emplace_back(type_url, payload);
  });
  // The order of payloads is not fixed; that of the answer is, with ErrorInfo among the first by name.
  std::sort(payloads.begin(), payloads.end());
  google::rpc::Status wire;
  wire.set_code(static_cast<int>(status.code()));
  wire.set_message(std::string(status.message()));
  for (const auto& [type_url, payload] : payloads) {
    auto* detail = wire.add_details();
    detail->set_type_url(type_url);
    detail->set_value(payload);
  }
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), wire.message(), wire.SerializeAsString());
}

}  // namespace closure
