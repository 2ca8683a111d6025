// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_ERRORS_H_
#define CLOSURE_SERVER_ERRORS_H_

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "closure/v1/error_reason.pb.h"
#include "grpcpp/support/status.h"

// The errors that callers see: an absl::Status that carries google.rpc details as payloads, and the one place that
// turns it into a grpc::Status (AIP-193). All functions are pure and thread-safe.
namespace closure {

inline constexpr std::string_view kErrorDomain = "closure.v1";

// The status code that a reason always comes with.
absl::StatusCode CodeOf(v1::ErrorReason reason);

// An error of that reason. `message` says who, what and where; whatever of it a program could use is in
// `metadata` too, lowerCamelCase keys. One that is UNAVAILABLE has RetryInfo, five seconds unless WithRetryAfter says
// another.
absl::Status Error(v1::ErrorReason reason, std::string_view message,
                   const std::map<std::string, std::string>& metadata = {});

// An INVALID_ARGUMENT about one request field, with BadRequest. `field` is its path in the request, for example
// "selections[2].item".
absl::Status FieldError(v1::ErrorReason reason, std::string_view field, std::string_view description);

// The same error with BadRequest about one field.
absl::Status WithField(absl::Status status, std::string_view field, std::string_view description);

// The same error with RetryInfo.
absl::Status WithRetryAfter(absl::Status status, absl::Duration delay);

// One violated condition of a PreconditionFailure: what a call was refused for, where several things may speak against
// it.
struct Violation {
  // The name of its reason.
  std::string type;
  // The name of the resource that it is about.
  std::string subject;
  std::string description;
};
// The most violations that one error names.
inline constexpr std::size_t kViolationsMax = 100;
// The same error with PreconditionFailure: the first of the violations, as many as fit into trailing metadata and no
// more than kViolationsMax.
absl::Status WithViolations(absl::Status status, const std::vector<Violation>& violations);

// The reason in an error; ERROR_REASON_UNSPECIFIED when there is none.
v1::ErrorReason ReasonOf(const absl::Status& status);

// What is sent. A status without a reason is a fault of this server: INTERNAL with INTERNAL_FAULT, except UNAVAILABLE
// (STORE_UNAVAILABLE).
grpc::Status ToGrpcStatus(const absl::Status& status);

}  // namespace closure

#endif  // CLOSURE_SERVER_ERRORS_H_
