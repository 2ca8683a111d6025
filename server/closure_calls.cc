// SPDX-License-Identifier: Apache-2.0
#include "server/closure_calls.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "checkers/text.h"
#include "server/errors.h"
#include "server/field_checks.h"
#include "server/request_hash.h"
#include "server/resource_names.h"
#include "server/rpc.h"
#include "server/strings.h"
#include "storage/status_macros.h"

namespace closure {
namespace {

constexpr std::size_t kReasonTextMax = 500;
constexpr std::size_t kVersionMax = 40;
constexpr std::size_t kCodeDigits = 6;
constexpr int kCodesMax = 2;
constexpr int kSelectionsMax = 1000;
constexpr std::size_t kDigestDigits = 64;

// The hash of a request whose id is written in whichever case, as if it were written as it is kept.
std::string HashAs(const std::string& request_id, const Actor& actor, const google::protobuf::Message& request) {
  const std::unique_ptr<google::protobuf::Message> same(request.New());
  same->CopyFrom(request);
  same->GetReflection()->SetString(same.get(), request.GetDescriptor()->FindFieldByName("request_id"), request_id);
  return RequestHash(request.GetDescriptor()->full_name(), actor, *same);
}

absl::StatusOr<CallContext> ReadContext(const Actor& actor, const google::protobuf::Message& request,
                                        std::string_view request_id) {
  CallContext context{.actor = actor};
  CLOSURE_ASSIGN_OR_RETURN(context.request_id, ParseRequestId(request_id));
  context.body_hash = HashAs(context.request_id, actor, request);
  return context;
}

// Name, request id and etag of a call; the command is left to the caller.
template <typename Request>
absl::StatusOr<ClosureCall> ReadTarget(const Actor& actor, const Request& request) {
  ClosureCall call;
  CLOSURE_ASSIGN_OR_RETURN(call.key, ParseClosureName("name", request.name()));
  CLOSURE_ASSIGN_OR_RETURN(call.context, ReadContext(actor, request, request.request_id()));
  if constexpr (requires { request.etag(); }) {
    CLOSURE_RETURN_IF_ERROR(CheckEtag(request.etag()));
    call.etag = request.etag();
  }
  return call;
}

template <typename Request>
absl::StatusOr<ClosureCall> ReadOwnersTarget(const Actor& actor, const Request& request) {
  CLOSURE_RETURN_IF_ERROR(Authorize(actor, request.name(), RequireRootOf));
  return ReadTarget(actor, request);
}

template <typename Request>
absl::StatusOr<ClosureCall> ReadOperatorsTarget(const Actor& actor, const Request& request) {
  CLOSURE_RETURN_IF_ERROR(RequireOperator(actor));
  CLOSURE_RETURN_IF_ERROR(CheckText("reason", request.reason(), {.min = 1, .max = kReasonTextMax}));
  return ReadTarget(actor, request);
}

absl::Status CheckDigest(std::string_view field, std::string_view digest) {
  if (digest.size() <= kDigestDigits &&
      absl::c_all_of(digest, [](char c) { return absl::ascii_isxdigit(static_cast<unsigned char>(c)); })) {
    return absl::OkStatus();
  }
  return FieldError(v1::FIELD_INVALID, field, Concat(Quoted(digest), " is not 64 hexadecimal digits"));
}

absl::StatusOr<VerifyIdentity> ReadCodes(const v1::VerifyIdentityRequest& request) {
  if (request.codes().empty())
    return FieldError(v1::FIELD_MISSING, "codes", "is required: one code, or one for each channel");
  if (request.codes_size() > kCodesMax) return FieldError(v1::FIELD_INVALID, "codes", "has more than two codes");
  VerifyIdentity command;
  std::set<v1::Channel> channels;
  for (int i = 0; i < request.codes_size(); ++i) {
    const v1::VerifyIdentityRequest::Code& code = request.codes(i);
    const std::string field = Concat("codes[", i, "]");
    CLOSURE_RETURN_IF_ERROR(CheckEnum(field + ".channel", code.channel()));
    if (code.code().empty())
      return FieldError(v1::FIELD_MISSING, field + ".code", "is required: the six digits that were sent");
    const bool digits =
        absl::c_all_of(code.code(), [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); });
    if (request.codes_size() > 1 && code.channel() == v1::CHANNEL_UNSPECIFIED) {
      return FieldError(v1::FIELD_MISSING, field + ".channel", "is required where two codes are given");
    }
    // What was typed is not repeated: it may be the right code of another challenge.
    if (!digits || code.code().size() != kCodeDigits)
      return FieldError(v1::FIELD_INVALID, field + ".code", "is not six digits");
    if (!channels.insert(code.channel()).second)
      return FieldError(v1::FIELD_INVALID, field + ".channel", "comes twice");
    command.codes.push_back({.channel = code.channel(), .code = code.code()});
  }
  return command;
}

absl::StatusOr<DiscardItems> ReadSelections(const v1::DiscardItemsRequest& request, const ClosureKey& key) {
  if (request.selections().empty())
    return FieldError(v1::FIELD_MISSING, "selections", "is required: at least one item");
  if (request.selections_size() > kSelectionsMax) {
    return FieldError(v1::FIELD_INVALID, "selections",
                      Concat("has ", request.selections_size(), " items, 1000 at most are allowed"));
  }
  CLOSURE_RETURN_IF_ERROR(CheckDigest("risk_digest", request.risk_digest()));
  DiscardItems command{.risk_digest = request.risk_digest()};
  std::set<std::string> seen;
  for (int i = 0; i < request.selections_size(); ++i) {
    const v1::DiscardItemsRequest::Selection& selection = request.selections(i);
    const std::string field = Concat("selections[", i, "]");
    CLOSURE_ASSIGN_OR_RETURN(std::string item_id, ParseItemName(field + ".item", selection.item(), key));
    if (selection.fingerprint().empty()) {
      return FieldError(v1::FIELD_MISSING, field + ".fingerprint", "is required: the fingerprint that was shown");
    }
    CLOSURE_RETURN_IF_ERROR(CheckDigest(field + ".fingerprint", selection.fingerprint()));
    if (!seen.insert(item_id).second)
      return FieldError(v1::FIELD_INVALID, field + ".item", Concat(Quoted(selection.item()), " comes twice"));
    command.selections.push_back({.item_id = std::move(item_id), .fingerprint = selection.fingerprint()});
  }
  return command;
}

absl::StatusOr<ConfirmClosure> ReadConfirmation(const v1::ConfirmClosureRequest& request) {
  CLOSURE_RETURN_IF_ERROR(CheckEnum("reason", request.reason()));
  if (request.reason() == v1::Closure::REASON_UNSPECIFIED) {
    return FieldError(v1::REASON_MISSING, "reason", "is required: say why you leave, for example NO_LONGER_NEEDED");
  }
  CLOSURE_RETURN_IF_ERROR(CheckText("reason_text", request.reason_text(), {.max = kReasonTextMax}));
  CLOSURE_RETURN_IF_ERROR(CheckDigest("risk_digest", request.risk_digest()));
  if (request.etag().empty())
    return FieldError(v1::FIELD_MISSING, "etag", "is required: the etag of the closure that was shown");
  return ConfirmClosure{.reason = request.reason(),
                        .reason_text = request.reason_text(),
                        .risk_digest = request.risk_digest(),
                        .late_settlement_consent = request.late_settlement_consent()};
}

}  // namespace

absl::StatusOr<CreateCall> ReadCall(const Actor& actor, const v1::CreateClosureRequest& request) {
  CLOSURE_RETURN_IF_ERROR(Authorize(actor, request.parent(), RequireRootOf));
  CreateCall call;
  CLOSURE_ASSIGN_OR_RETURN(call.account_id, ParseAccountName("parent", request.parent()));
  CLOSURE_ASSIGN_OR_RETURN(call.context, ReadContext(actor, request, request.request_id()));
  CLOSURE_RETURN_IF_ERROR(CheckEnum("channel", request.channel()));
  if (request.channel() == v1::CHANNEL_UNSPECIFIED)
    return FieldError(v1::FIELD_MISSING, "channel", "is required: EMAIL or SMS");
  call.channel = request.channel();
  return call;
}

absl::StatusOr<ClosureCall> ReadCall(const Actor& actor, const v1::ResendCodeRequest& request) {
  CLOSURE_ASSIGN_OR_RETURN(ClosureCall call, ReadOwnersTarget(actor, request));
  CLOSURE_RETURN_IF_ERROR(CheckEnum("channel", request.channel()));
  call.command = ResendCode{.channel = request.channel()};
  return call;
}

absl::StatusOr<ClosureCall> ReadCall(const Actor& actor, const v1::VerifyIdentityRequest& request) {
  CLOSURE_ASSIGN_OR_RETURN(ClosureCall call, ReadOwnersTarget(actor, request));
  CLOSURE_ASSIGN_OR_RETURN(call.command, ReadCodes(request));
  return call;
}

absl::StatusOr<ClosureCall> ReadCall(const Actor& actor, const v1::AcceptAgreementRequest& request) {
  CLOSURE_ASSIGN_OR_RETURN(ClosureCall call, ReadOwnersTarget(actor, request));
  CLOSURE_RETURN_IF_ERROR(CheckText("version", request.version(), {.min = 1, .max = kVersionMax}));
  CLOSURE_RETURN_IF_ERROR(CheckLanguageCode(request.language_code()));
  call.command = AcceptAgreement{.version = request.version(), .language_code = request.language_code()};
  return call;
}

absl::StatusOr<ClosureCall> ReadCall(const Actor& actor, const v1::RecheckRequest& request) {
  CLOSURE_ASSIGN_OR_RETURN(ClosureCall call, ReadOwnersTarget(actor, request));
  call.command = Recheck{};
  return call;
}

absl::StatusOr<ClosureCall> ReadCall(const Actor& actor, const v1::DiscardItemsRequest& request) {
  CLOSURE_ASSIGN_OR_RETURN(ClosureCall call, ReadOwnersTarget(actor, request));
  CLOSURE_ASSIGN_OR_RETURN(call.command, ReadSelections(request, call.key));
  return call;
}

absl::StatusOr<ClosureCall> ReadCall(const Actor& actor, const v1::ConfirmClosureRequest& request) {
  CLOSURE_ASSIGN_OR_RETURN(ClosureCall call, ReadOwnersTarget(actor, request));
  CLOSURE_ASSIGN_OR_RETURN(call.command, ReadConfirmation(request));
  return call;
}

absl::StatusOr<ClosureCall> ReadCall(const Actor& actor, const v1::CancelClosureRequest& request) {
  CLOSURE_ASSIGN_OR_RETURN(ClosureCall call, ReadOwnersTarget(actor, request));
  call.command = CancelClosure{};
  return call;
}

absl::StatusOr<ClosureCall> ReadCall(const Actor& actor, const v1::HoldClosureRequest& request) {
  CLOSURE_ASSIGN_OR_RETURN(ClosureCall call, ReadOperatorsTarget(actor, request));
  call.command = PlaceHold{.reason = request.reason()};
  return call;
}

absl::StatusOr<ClosureCall> ReadCall(const Actor& actor, const v1::ReleaseHoldRequest& request) {
  CLOSURE_ASSIGN_OR_RETURN(ClosureCall call, ReadOperatorsTarget(actor, request));
  call.command = ReleaseHold{.reason = request.reason()};
  return call;
}

absl::StatusOr<CallContext> ReadOperatorContext(const Actor& actor, const google::protobuf::Message& request,
                                                std::string_view reason, std::string_view request_id) {
  CLOSURE_RETURN_IF_ERROR(RequireOperator(actor));
  CLOSURE_RETURN_IF_ERROR(CheckText("reason", reason, {.min = 1, .max = kReasonTextMax}));
  return ReadContext(actor, request, request_id);
}

}  // namespace closure
