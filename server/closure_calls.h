// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_CLOSURE_CALLS_H_
#define CLOSURE_SERVER_CLOSURE_CALLS_H_

#include <string>

#include "absl/status/statusor.h"
#include "closure/v1/closure_service.pb.h"
#include "closure/v1/operator_service.pb.h"
#include "server/actor.h"
#include "server/commands.h"
#include "storage/closure_store.h"

// From a mutating request to the command that the engine carries out: who may, then the syntax of every field. Every
// function is pure and looks nothing up. Errors of each: PERMISSION_DENIED with ACCOUNT_MISMATCH or
// ROOT_IDENTITY_REQUIRED (R41, R42), or OPERATOR_REQUIRED for the two holds; then INVALID_ARGUMENT with FIELD_MISSING,
// FIELD_INVALID, TEXT_TOO_LONG, NAME_MALFORMED or REASON_MISSING.
namespace closure {

struct ClosureCall {
  ClosureKey key;
  ClosureCommand command;
  // Empty means any.
  std::string etag;
  CallContext context;
};
struct CreateCall {
  std::string account_id;
  v1::Channel channel = v1::CHANNEL_UNSPECIFIED;
  CallContext context;
};

absl::StatusOr<CreateCall> ReadCall(const Actor& actor, const v1::CreateClosureRequest& request);
absl::StatusOr<ClosureCall> ReadCall(const Actor& actor, const v1::ResendCodeRequest& request);
absl::StatusOr<ClosureCall> ReadCall(const Actor& actor, const v1::VerifyIdentityRequest& request);
absl::StatusOr<ClosureCall> ReadCall(const Actor& actor, const v1::AcceptAgreementRequest& request);
absl::StatusOr<ClosureCall> ReadCall(const Actor& actor, const v1::RecheckRequest& request);
absl::StatusOr<ClosureCall> ReadCall(const Actor& actor, const v1::DiscardItemsRequest& request);
absl::StatusOr<ClosureCall> ReadCall(const Actor& actor, const v1::ConfirmClosureRequest& request);
absl::StatusOr<ClosureCall> ReadCall(const Actor& actor, const v1::CancelClosureRequest& request);
absl::StatusOr<ClosureCall> ReadCall(const Actor& actor, const v1::HoldClosureRequest& request);
absl::StatusOr<ClosureCall> ReadCall(const Actor& actor, const v1::ReleaseHoldRequest& request);

// What the calls about the whole system and about tasks have in common: operator, reason and request id.
absl::StatusOr<CallContext> ReadOperatorContext(const Actor& actor, const google::protobuf::Message& request,
                                                std::string_view reason, std::string_view request_id);

template <typename Request>
absl::StatusOr<CallContext> ReadOperatorCall(const Actor& actor, const Request& request) {
  return ReadOperatorContext(actor, request, request.reason(), request.request_id());
}

}  // namespace closure

#endif  // CLOSURE_SERVER_CLOSURE_CALLS_H_
