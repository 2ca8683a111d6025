// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_RPC_STATUS_H_
#define CLOSURE_CLIENT_RPC_STATUS_H_

#include <grpcpp/support/status.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

// What a failed call says besides its code: servers send google.rpc details (AIP-193), which absl::Status carries here
// as a payload. Every function is pure and can be called from any thread.
namespace closure {

// Why a field of the request was refused (google.rpc.BadRequest).
struct FieldViolation {
  std::string field;
  std::string description;
};

// What has to be different before the call can succeed (google.rpc.PreconditionFailure).
struct PreconditionViolation {
  std::string type;
  std::string subject;
  std::string description;
};

// The decoded google.rpc details of an error; what was not sent is empty.
struct ErrorDetails {
  std::string reason;  // a stable word, see closure.v1.ErrorReason
  std::string domain;
  std::map<std::string, std::string> metadata;
  std::vector<FieldViolation> field_violations;
  std::vector<PreconditionViolation> precondition_violations;
  std::optional<absl::Duration> retry_delay;
};

// Turns the status of a call that the client did not cancel into absl::Status with the same code, a number outside of
// the sixteen codes into UNKNOWN. CANCELLED without details is how a server ends a call when it goes away, so it
// becomes UNAVAILABLE with the reason SHUTTING_DOWN of the domain "closurectl". Details are kept for
// DecodeErrorDetails. An error without details did not come from a handler, so its message is prefixed with `who`.
absl::Status FromGrpcStatus(const grpc::Status& status, absl::string_view who);

// Reads the details that FromGrpcStatus or ErrorWithReason attached. Details of an unknown type are skipped, broken
// ones too.
ErrorDetails DecodeErrorDetails(const absl::Status& status);

// Makes an error with an ErrorInfo of the domain "closurectl", for refusals that never reached a server.
absl::Status ErrorWithReason(absl::StatusCode code, absl::string_view message, absl::string_view reason,
                             const std::map<std::string, std::string>& metadata = {});

}  // namespace closure

#endif  // CLOSURE_CLIENT_RPC_STATUS_H_
