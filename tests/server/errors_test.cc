// SPDX-License-Identifier: Apache-2.0
#include "server/errors.h"

#include <catch2/catch.hpp>
#include <map>
#include <regex>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "server/actor.h"
#include "tests/support/source_file.h"

namespace closure {
namespace {

// "REASON CODE" each, in order of appearance.
using Reasons = std::vector<std::string>;

Reasons FindReasons(const std::string& text, const std::regex& row, std::size_t reason, std::size_t code) {
  Reasons reasons;
  for (std::sregex_iterator match(text.begin(), text.end(), row), end; match != end; ++match) {
    reasons.push_back((*match)[reason].str() + " " + (*match)[code].str());
  }
  return reasons;
}

Reasons ReasonsOfDocs() {
  return FindReasons(ReadSource("docs/errors.md"),
                     std::regex(R"(\n\| `([A-Z_]+)` \| `([A-Z_]+)` \| [^|]+ \| [^|]+ \|)"), 1, 2);
}

Reasons ReasonsOfProto() {
  const std::regex row(R"(// ([A-Z_]+): [^\n]+\n(?:  //[^\n]*\n)*  ([A-Z_]+) = \d+;)");
  return FindReasons(ReadSource("protos/closure/v1/error_reason.proto"), row, 2, 1);
}

Reasons ReasonsOfEnum() {
  const std::map<absl::StatusCode, std::string> names = {
      {absl::StatusCode::kUnauthenticated, "UNAUTHENTICATED"},
      {absl::StatusCode::kPermissionDenied, "PERMISSION_DENIED"},
      {absl::StatusCode::kInvalidArgument, "INVALID_ARGUMENT"},
      {absl::StatusCode::kNotFound, "NOT_FOUND"},
      {absl::StatusCode::kAlreadyExists, "ALREADY_EXISTS"},
      {absl::StatusCode::kFailedPrecondition, "FAILED_PRECONDITION"},
      {absl::StatusCode::kAborted, "ABORTED"},
      {absl::StatusCode::kResourceExhausted, "RESOURCE_EXHAUSTED"},
      {absl::StatusCode::kUnavailable, "UNAVAILABLE"},
      {absl::StatusCode::kInternal, "INTERNAL"},
  };
  Reasons reasons;
  for (int i = 0; i < v1::ErrorReason_descriptor()->value_count(); ++i) {
    const auto reason = static_cast<v1::ErrorReason>(v1::ErrorReason_descriptor()->value(i)->number());
    if (reason != v1::ERROR_REASON_UNSPECIFIED)
      reasons.push_back(v1::ErrorReason_Name(reason) + " " + names.at(CodeOf(reason)));
  }
  return reasons;
}

google::rpc::Status WireStatus(const grpc::Status& status) {
  google::rpc::Status wire;
  REQUIRE(wire.ParseFromString(status.error_details()));
  return wire;
}

template <typename Detail>
Detail DetailIn(const grpc::Status& status) {
  Detail detail;
  int found = 0;
  const google::rpc::Status wire = WireStatus(status);
  for (const auto& any : wire.details()) found += any.UnpackTo(&detail) ? 1 : 0;
  REQUIRE(found == 1);
  return detail;
}

TEST_CASE("the enum, its proto comments, docs/errors.md and the code name the same reasons with the same status codes",
          "[errors]") {
  const Reasons reasons = ReasonsOfEnum();
  CHECK(reasons.size() > 40);
  CHECK(ReasonsOfProto() == reasons);
  CHECK(ReasonsOfDocs() == reasons);
}

TEST_CASE("an error carries its reason, domain and metadata on the wire", "[errors]") {
  const grpc::Status status = ToGrpcStatus(Error(v1::CODE_WRONG, "the code is wrong", {{"attemptsLeft", "4"}}));
  CHECK(status.error_code() == grpc::StatusCode::FAILED_PRECONDITION);
  CHECK(status.error_message() == "the code is wrong");
  CHECK(WireStatus(status).code() == static_cast<int>(grpc::StatusCode::FAILED_PRECONDITION));
  const auto info = DetailIn<google::rpc::ErrorInfo>(status);
  CHECK(info.reason() == "CODE_WRONG");
  CHECK(info.domain() == "closure.v1");
  CHECK(info.metadata().at("attemptsLeft") == "4");
}

TEST_CASE("what is not UTF-8 is told in an error that can be read", "[errors]") {
  const absl::Status error = Error(v1::IDENTITY_INVALID, "no", {{"identity", "root:\xff"}, {"name", "维"}});
  google::rpc::ErrorInfo info;
  REQUIRE(info.ParseFromString(std::string(*error.GetPayload("type.googleapis.com/google.rpc.ErrorInfo"))));
  CHECK(info.metadata().at("identity") == "root:?");
  CHECK(info.metadata().at("name") == "维");
}

TEST_CASE("a field error names the field in BadRequest and in the message", "[errors]") {
  const absl::Status error = FieldError(v1::FIELD_MISSING, "selections[2].item", "is required");
  CHECK(ReasonOf(error) == v1::FIELD_MISSING);
  const grpc::Status status = ToGrpcStatus(error);
  CHECK(status.error_code() == grpc::StatusCode::INVALID_ARGUMENT);
  CHECK(status.error_message() == "selections[2].item: is required");
  const auto bad_request = DetailIn<google::rpc::BadRequest>(status);
  REQUIRE(bad_request.field_violations_size() == 1);
  CHECK(bad_request.field_violations(0).field() == "selections[2].item");
  CHECK(DetailIn<google::rpc::ErrorInfo>(status).metadata().at("field") == "selections[2].item");
}

TEST_CASE("what is unavailable says when to come back, and what is refused for good does not", "[errors]") {
  for (const v1::ErrorReason reason : {v1::ACCOUNT_SYSTEM_UNAVAILABLE, v1::STORE_UNAVAILABLE, v1::SHUTTING_DOWN}) {
    INFO(v1::ErrorReason_Name(reason));
    CHECK(DetailIn<google::rpc::RetryInfo>(ToGrpcStatus(Error(reason, "later"))).retry_delay().seconds() == 5);
  }
  const grpc::Status later = ToGrpcStatus(WithRetryAfter(Error(v1::STORE_UNAVAILABLE, "later"), absl::Seconds(9)));
  CHECK(DetailIn<google::rpc::RetryInfo>(later).retry_delay().seconds() == 9);
  CHECK(DetailIn<google::rpc::RetryInfo>(ToGrpcStatus(absl::UnavailableError("disk"))).retry_delay().seconds() == 5);
  CHECK(WireStatus(ToGrpcStatus(Error(v1::ACCOUNT_CLOSED, "never"))).details_size() == 1);
}

TEST_CASE("refusals name the account as a resource, and quote an identity in the metadata too", "[errors][R41][R42]") {
  const auto metadata = [](const absl::Status& error) {
    return DetailIn<google::rpc::ErrorInfo>(ToGrpcStatus(error)).metadata();
  };
  const Actor root{.kind = Actor::Kind::kRoot, .account_id = "2"};
  CHECK(metadata(RequireRootOf(root, "1")).at("account") == "accounts/1");
  const Actor person{.kind = Actor::Kind::kOperator, .name = "ann"};
  CHECK(metadata(RequireRootOf(person, "1")).at("account") == "accounts/1");
  CHECK(metadata(Actor::Parse("rubbish").status()).at("identity") == "rubbish");
}

TEST_CASE("retry times and violations are added to an error and keep its reason", "[errors]") {
  absl::Status error = WithRetryAfter(Error(v1::RESEND_TOO_SOON, "too soon"), absl::Milliseconds(2500));
  error = WithViolations(error, {{.type = "BLOCKED", .subject = "an item", .description = "stands in the way"}});
  const grpc::Status status = ToGrpcStatus(error);
  CHECK(DetailIn<google::rpc::ErrorInfo>(status).reason() == "RESEND_TOO_SOON");
  const auto retry = DetailIn<google::rpc::RetryInfo>(status);
  CHECK(retry.retry_delay().seconds() == 2);
  CHECK(retry.retry_delay().nanos() == 500'000'000);
  CHECK(DetailIn<google::rpc::PreconditionFailure>(status).violations(0).subject() == "an item");
  CHECK(DetailIn<google::rpc::RetryInfo>(ToGrpcStatus(WithRetryAfter(error, -absl::Seconds(1))))
            .retry_delay()
            .seconds() == 0);
}

TEST_CASE("a status without a reason is told as a fault of the server, without its text", "[errors]") {
  const grpc::Status fault = ToGrpcStatus(absl::NotFoundError("row 17 of table secrets"));
  CHECK(fault.error_code() == grpc::StatusCode::INTERNAL);
  CHECK(fault.error_message().find("secrets") == std::string::npos);
  CHECK(DetailIn<google::rpc::ErrorInfo>(fault).reason() == "INTERNAL_FAULT");
  const grpc::Status store = ToGrpcStatus(absl::UnavailableError("disk full"));
  CHECK(store.error_code() == grpc::StatusCode::UNAVAILABLE);
  CHECK(DetailIn<google::rpc::ErrorInfo>(store).reason() == "STORE_UNAVAILABLE");
  CHECK(ToGrpcStatus(absl::OkStatus()).ok());
}

TEST_CASE("an error stays below what clients accept as trailing metadata, whatever is quoted in it", "[errors]") {
  std::vector<Violation> violations(
      1000, {.type = "T", .subject = std::string(5000, 's'), .description = std::string(5000, 'd')});
  const absl::Status error = Error(v1::ITEM_NOT_FOUND, std::string(50'000, 'x'), {{"item", std::string(50'000, 'y')}});
  CHECK(ToGrpcStatus(WithViolations(error, violations)).error_details().size() < 8000);
  const absl::Status wide = Error(v1::ITEM_NOT_FOUND, "é" + std::string(998, 'x') + "éé");
  CHECK(std::string(wide.message()) == "é" + std::string(998, 'x'));
}

}  // namespace
}  // namespace closure
