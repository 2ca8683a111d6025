// SPDX-License-Identifier: Apache-2.0
#include "server/closure_calls.h"

#include <catch2/catch.hpp>
#include <functional>

#include "server/errors.h"

namespace closure {
namespace {

const std::string kId = "0123456789abcdef0123456789abcdef";
const std::string kName = "accounts/1/closures/" + kId;
const std::string kItem = kName + "/blockingItems/billing-" + kId;
const std::string kRequestId = "2f1b6c1e-58d4-4c0f-9c55-0b6f3f6f8a11";
const std::string kDigest(64, 'a');

const Actor kRoot{.kind = Actor::Kind::kRoot, .account_id = "1"};
const Actor kStranger{.kind = Actor::Kind::kRoot, .account_id = "2"};
const Actor kRam{.kind = Actor::Kind::kRam, .name = "ann", .account_id = "1"};
const Actor kOperator{.kind = Actor::Kind::kOperator, .name = "ann"};

template <typename Request>
Request Named() {
  Request request;
  request.set_name(kName);
  request.set_request_id(kRequestId);
  return request;
}

v1::CreateClosureRequest Create() {
  v1::CreateClosureRequest request;
  request.set_parent("accounts/1");
  request.set_channel(v1::EMAIL);
  request.set_request_id(kRequestId);
  return request;
}

v1::VerifyIdentityRequest Verify() {
  auto request = Named<v1::VerifyIdentityRequest>();
  request.add_codes()->set_code("012345");
  return request;
}

v1::AcceptAgreementRequest Accept() {
  auto request = Named<v1::AcceptAgreementRequest>();
  request.set_version("2026-01");
  return request;
}

v1::DiscardItemsRequest Discard() {
  auto request = Named<v1::DiscardItemsRequest>();
  request.set_risk_digest(kDigest);
  request.add_selections()->set_item(kItem);
  request.mutable_selections(0)->set_fingerprint(kDigest);
  return request;
}

v1::ConfirmClosureRequest Confirm() {
  auto request = Named<v1::ConfirmClosureRequest>();
  request.set_reason(v1::Closure::TOO_EXPENSIVE);
  request.set_risk_digest(kDigest);
  request.set_etag("\"3\"");
  return request;
}

v1::HoldClosureRequest Hold() {
  auto request = Named<v1::HoldClosureRequest>();
  request.set_reason("court order");
  return request;
}

v1::ReleaseHoldRequest Release() {
  auto request = Named<v1::ReleaseHoldRequest>();
  request.set_reason("order lifted");
  return request;
}

// The reason why a request is refused after it was changed; unspecified when it is not.
template <typename Request>
v1::ErrorReason Refusal(const Actor& actor, Request request, const std::function<void(Request&)>& change = nullptr) {
  if (change) change(request);
  return ReasonOf(ReadCall(actor, request).status());
}

template <typename Request>
void CheckOwnersOnly(const Request& request) {
  INFO(Request::descriptor()->name());
  CHECK(ReadCall(kRoot, request).ok());
  CHECK(Refusal(kStranger, request) == v1::ACCOUNT_MISMATCH);
  CHECK(Refusal(kRam, request) == v1::ROOT_IDENTITY_REQUIRED);
  CHECK(Refusal(kOperator, request) == v1::ROOT_IDENTITY_REQUIRED);
}

TEST_CASE("every step of a closure is the root identity's alone", "[R41][R42]") {
  CheckOwnersOnly(Create());
  CheckOwnersOnly(Named<v1::ResendCodeRequest>());
  CheckOwnersOnly(Verify());
  CheckOwnersOnly(Accept());
  CheckOwnersOnly(Named<v1::RecheckRequest>());
  CheckOwnersOnly(Discard());
  CheckOwnersOnly(Confirm());
  CheckOwnersOnly(Named<v1::CancelClosureRequest>());
}

TEST_CASE("holds are for operators alone", "[D1]") {
  CHECK(ReadCall(kOperator, Hold()).ok());
  CHECK(ReadCall(kOperator, Release()).ok());
  for (const Actor& actor : {kRoot, kStranger, kRam}) {
    CHECK(Refusal(actor, Hold()) == v1::OPERATOR_REQUIRED);
    CHECK(Refusal(actor, Release()) == v1::OPERATOR_REQUIRED);
  }
  CHECK(Refusal<v1::HoldClosureRequest>(kOperator, Hold(), [](auto& request) { request.clear_reason(); }) ==
        v1::FIELD_MISSING);
  CHECK(Refusal<v1::HoldClosureRequest>(
            kOperator, Hold(), [](auto& request) { request.set_reason(std::string(501, 'x')); }) == v1::TEXT_TOO_LONG);
}

TEST_CASE("who may is decided before anything is said about the syntax, as far as the account can be read",
          "[R6][R42]") {
  const auto spoil = [](v1::RecheckRequest& request) {
    request.set_name("accounts/1/closures/rubbish");
    request.clear_request_id();
  };
  CHECK(Refusal<v1::RecheckRequest>(kStranger, Named<v1::RecheckRequest>(), spoil) == v1::ACCOUNT_MISMATCH);
  CHECK(Refusal<v1::RecheckRequest>(kRoot, Named<v1::RecheckRequest>(), spoil) == v1::NAME_MALFORMED);
  CHECK(Refusal<v1::RecheckRequest>(kStranger, Named<v1::RecheckRequest>(),
                                    [](auto& request) { request.set_name("rubbish"); }) == v1::NAME_MALFORMED);
}

TEST_CASE("a call carries key, etag, actor and request id", "[calls]") {
  const absl::StatusOr<ClosureCall> call = ReadCall(kRoot, Confirm());
  REQUIRE(call.ok());
  CHECK(call->key == ClosureKey{.account_id = "1", .closure_id = kId});
  CHECK(call->etag == "\"3\"");
  CHECK(call->context.request_id == kRequestId);
  CHECK(call->context.actor.ToString() == "root:1");
  CHECK(call->context.body_hash.size() == 64);
  const auto* command = std::get_if<ConfirmClosure>(&call->command);
  REQUIRE(command != nullptr);
  CHECK(command->reason == v1::Closure::TOO_EXPENSIVE);
  CHECK_FALSE(command->late_settlement_consent);
}

TEST_CASE("two requests whose ids differ in the case of letters alone are one", "[calls]") {
  v1::ConfirmClosureRequest request = Confirm();
  request.set_request_id("2f1b6c1e-58d4-4c0f-9c55-0b6f3f6f8a11");
  const absl::StatusOr<ClosureCall> lower = ReadCall(kRoot, request);
  request.set_request_id("2F1B6C1E-58D4-4C0F-9C55-0B6F3F6F8A11");
  const absl::StatusOr<ClosureCall> upper = ReadCall(kRoot, request);
  request.set_reason_text("another");
  const absl::StatusOr<ClosureCall> other = ReadCall(kRoot, request);
  REQUIRE((lower.ok() && upper.ok() && other.ok()));
  CHECK(upper->context.request_id == lower->context.request_id);
  CHECK(upper->context.body_hash == lower->context.body_hash);
  CHECK(other->context.body_hash != lower->context.body_hash);
}

TEST_CASE("a missing or malformed request id, etag or channel is refused", "[calls]") {
  CHECK(Refusal<v1::RecheckRequest>(kRoot, Named<v1::RecheckRequest>(),
                                    [](auto& request) { request.clear_request_id(); }) == v1::FIELD_MISSING);
  CHECK(Refusal<v1::RecheckRequest>(kRoot, Named<v1::RecheckRequest>(),
                                    [](auto& request) { request.set_request_id("7"); }) == v1::FIELD_INVALID);
  CHECK(Refusal<v1::RecheckRequest>(kRoot, Named<v1::RecheckRequest>(), [](auto& request) {
          request.set_etag(std::string(200, '1'));
        }) == v1::FIELD_INVALID);
  CHECK(Refusal<v1::CreateClosureRequest>(kRoot, Create(), [](auto& request) { request.clear_channel(); }) ==
        v1::FIELD_MISSING);
  CHECK(Refusal<v1::CreateClosureRequest>(kRoot, Create(), [](auto& request) {
          request.set_channel(static_cast<v1::Channel>(9));
        }) == v1::FIELD_INVALID);
}

TEST_CASE("identity codes are one or two times six digits, one for each channel", "[R44][D9]") {
  using Request = v1::VerifyIdentityRequest;
  CHECK(Refusal<Request>(kRoot, Verify(), [](auto& request) { request.clear_codes(); }) == v1::FIELD_MISSING);
  CHECK(Refusal<Request>(kRoot, Verify(), [](auto& request) { request.mutable_codes(0)->clear_code(); }) ==
        v1::FIELD_MISSING);
  for (const std::string code : {"12345", "1234567", "12345a", " 12345", "１２３４５６"}) {
    CHECK(Refusal<Request>(kRoot, Verify(), [&](auto& request) { request.mutable_codes(0)->set_code(code); }) ==
          v1::FIELD_INVALID);
  }
  // Two guesses at one code in one call.
  CHECK(Refusal<Request>(kRoot, Verify(), [](auto& request) { *request.add_codes() = request.codes(0); }) ==
        v1::FIELD_MISSING);
  CHECK(Refusal<Request>(kRoot, Verify(), [](auto& request) {
          request.mutable_codes(0)->set_channel(v1::SMS);
          *request.add_codes() = request.codes(0);
        }) == v1::FIELD_INVALID);
  CHECK(Refusal<Request>(kRoot, Verify(), [](auto& request) {
          for (int i = 0; i < 2; ++i) request.add_codes()->set_code("000000");
        }) == v1::FIELD_INVALID);
  const absl::Status refused = ReadCall(kRoot,
                                        [] {
                                          Request request = Verify();
                                          request.mutable_codes(0)->set_code("98765");
                                          return request;
                                        }())
                                   .status();
  CHECK(refused.ToString().find("98765") == std::string::npos);
}

TEST_CASE("selections are items of the closure, each once, with what was shown", "[R52][D11]") {
  using Request = v1::DiscardItemsRequest;
  CHECK(Refusal<Request>(kRoot, Discard(), [](auto& request) { request.clear_selections(); }) == v1::FIELD_MISSING);
  CHECK(Refusal<Request>(kRoot, Discard(), [](auto& request) { request.mutable_selections(0)->clear_fingerprint(); }) ==
        v1::FIELD_MISSING);
  CHECK(Refusal<Request>(kRoot, Discard(), [](auto& request) {
          request.mutable_selections(0)->set_fingerprint("zz");
        }) == v1::FIELD_INVALID);
  CHECK(Refusal<Request>(kRoot, Discard(), [](auto& request) {
          request.mutable_selections(0)->set_item("billing-1");
        }) == v1::NAME_MALFORMED);
  CHECK(Refusal<Request>(kRoot, Discard(), [](auto& request) { *request.add_selections() = request.selections(0); }) ==
        v1::FIELD_INVALID);
  CHECK(Refusal<Request>(kRoot, Discard(), [](auto& request) {
          for (int i = 0; i < 1000; ++i) request.add_selections();
        }) == v1::FIELD_INVALID);
  // No acknowledgement is for the engine to refuse, with RISK_NOT_ACKNOWLEDGED.
  CHECK(Refusal<Request>(kRoot, Discard(), [](auto& request) { request.clear_risk_digest(); }) ==
        v1::ERROR_REASON_UNSPECIFIED);
}

TEST_CASE("a confirmation has a reason, an etag and a text of at most 500 characters", "[R55][D4]") {
  using Request = v1::ConfirmClosureRequest;
  CHECK(Refusal<Request>(kRoot, Confirm(), [](auto& request) { request.clear_reason(); }) == v1::REASON_MISSING);
  CHECK(Refusal<Request>(kRoot, Confirm(), [](auto& request) {
          request.set_reason(static_cast<v1::Closure::Reason>(77));
        }) == v1::FIELD_INVALID);
  CHECK(Refusal<Request>(kRoot, Confirm(), [](auto& request) { request.clear_etag(); }) == v1::FIELD_MISSING);
  CHECK(Refusal<Request>(kRoot, Confirm(), [](auto& request) { request.set_reason_text(std::string(501, 'x')); }) ==
        v1::TEXT_TOO_LONG);
  CHECK(Refusal<Request>(kRoot, Confirm(), [](auto& request) { request.set_reason_text(std::string(500, 'x')); }) ==
        v1::ERROR_REASON_UNSPECIFIED);
}

TEST_CASE("an agreement is agreed to by its version", "[R45]") {
  CHECK(Refusal<v1::AcceptAgreementRequest>(kRoot, Accept(), [](auto& request) { request.clear_version(); }) ==
        v1::FIELD_MISSING);
  CHECK(Refusal<v1::AcceptAgreementRequest>(kRoot, Accept(), [](auto& request) { request.set_language_code("e n"); }) ==
        v1::FIELD_INVALID);
}

}  // namespace
}  // namespace closure
