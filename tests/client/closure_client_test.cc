// SPDX-License-Identifier: Apache-2.0
#include "client/closure_client.h"

#include <catch2/catch.hpp>
#include <regex>
#include <set>

#include "client/closure_follower.h"
#include "client/request_id.h"
#include "client/rpc_status.h"
#include "google/rpc/error_details.pb.h"
#include "tests/client/fake_server.h"

namespace closure {
namespace {

const grpc::Status kUnavailable(grpc::StatusCode::UNAVAILABLE, "try again");

ClosureFollower::Options FollowOptions(absl::Duration& now, absl::Duration limit) {
  ClosureFollower::Options options;
  options.limit = limit;
  options.unreachable_max = absl::Seconds(30);
  options.pause = [&now](absl::Duration span) { now += span; };
  options.elapsed = [&now] { return now; };
  return options;
}

v1::Closure AtRevision(v1::Closure::State state, int64_t revision) {
  v1::Closure closure = MakeClosure(state);
  closure.set_revision(revision);
  return closure;
}

v1::RecheckRequest RecheckOf(const std::string& name) {
  v1::RecheckRequest request;
  request.set_name(name);
  return request;
}

template <typename Detail>
google::protobuf::Any Pack(const Detail& detail) {
  google::protobuf::Any any;
  any.PackFrom(detail);
  return any;
}

}  // namespace

TEST_CASE("a request id is a UUID of version 4 and never the same twice") {
  const std::regex uuid("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = NewRequestId();
    REQUIRE(std::regex_match(id, uuid));
    REQUIRE(seen.insert(id).second);
  }
}

TEST_CASE("every call names its acting identity in the metadata", "[R41]") {
  FakeServer server;
  ClosureClient client({.server = server.address(), .actor = "root:1000000001"});
  REQUIRE(client.Recheck(RecheckOf(kClosureName)).ok());
  CHECK(server.LastActor() == "root:1000000001");
  client.set_actor("ram:alice@1000000001");
  REQUIRE(client.GetClosure({}).ok());
  CHECK(server.LastActor() == "ram:alice@1000000001");
}

TEST_CASE("a mutation is retried while the server is unavailable, each time with the same request id") {
  FakeServer server;
  server.FailNext("Recheck", kUnavailable);
  server.FailNext("Recheck", kUnavailable);
  ClosureClient client({.server = server.address()});
  REQUIRE(client.Recheck(RecheckOf(kClosureName)).ok());
  const auto requests = server.Requests<v1::RecheckRequest>("Recheck");
  REQUIRE(requests.size() == 3);
  CHECK_FALSE(requests[0].request_id().empty());
  CHECK(requests[0].request_id() == requests[1].request_id());
  CHECK(requests[0].request_id() == requests[2].request_id());
}

TEST_CASE("a call is tried four times at the most") {
  FakeServer server;
  for (int i = 0; i < 10; ++i) server.FailNext("GetClosure", kUnavailable);
  ClosureClient client({.server = server.address()});
  CHECK(client.GetClosure({}).status().code() == absl::StatusCode::kUnavailable);
  CHECK(server.Calls("GetClosure") == 4);
}

TEST_CASE("a call that a stopping server cancels is tried again, and in the end the server is unavailable") {
  const grpc::Status cancelled(grpc::StatusCode::CANCELLED, "");
  FakeServer server;
  server.FailNext("Recheck", cancelled);
  ClosureClient client({.server = server.address()});
  REQUIRE(client.Recheck(RecheckOf(kClosureName)).ok());
  const auto requests = server.Requests<v1::RecheckRequest>("Recheck");
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].request_id() == requests[1].request_id());
  for (int i = 0; i < 4; ++i) server.FailNext("GetAgreement", cancelled);
  const absl::Status error = client.GetAgreement({}).status();
  CHECK(server.Calls("GetAgreement") == 4);
  CHECK(error.code() == absl::StatusCode::kUnavailable);
  CHECK(DecodeErrorDetails(error).reason == "SHUTTING_DOWN");
}

TEST_CASE("what moves the pretended world is never retried") {
  FakeServer server;
  server.FailNext("IssueBill", kUnavailable);
  ClosureClient client({.server = server.address()});
  CHECK(client.IssueBill({}).status().code() == absl::StatusCode::kUnavailable);
  CHECK(server.Calls("IssueBill") == 1);
}

TEST_CASE("a request id that the caller chose is kept") {
  FakeServer server;
  ClosureClient client({.server = server.address()});
  v1::RecheckRequest request = RecheckOf(kClosureName);
  request.set_request_id("2f1d6b1c-8f0e-4c1a-9d57-0e5d1f1a7c33");
  REQUIRE(client.Recheck(request).ok());
  CHECK(server.Requests<v1::RecheckRequest>("Recheck")[0].request_id() == request.request_id());
}

TEST_CASE("all details of an error are decoded") {
  google::rpc::BadRequest bad_request;
  bad_request.add_field_violations()->set_field("codes[0].code");
  google::rpc::PreconditionFailure precondition;
  precondition.add_violations()->set_type("STATE");
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(42);
  FakeServer server;
  server.FailNext("GetClosure",
                  RichError(grpc::StatusCode::RESOURCE_EXHAUSTED, "too soon", "RESEND_TOO_SOON",
                            {Pack(bad_request), Pack(precondition), Pack(retry)}, {{"channel", "EMAIL"}}));
  ClosureClient client({.server = server.address()});
  const absl::Status error = client.GetClosure({}).status();
  CHECK(error.code() == absl::StatusCode::kResourceExhausted);
  CHECK(error.message() == "too soon");
  const ErrorDetails details = DecodeErrorDetails(error);
  CHECK(details.reason == "RESEND_TOO_SOON");
  CHECK(details.domain == "closure.v1");
  CHECK(details.metadata.at("channel") == "EMAIL");
  REQUIRE(details.field_violations.size() == 1);
  CHECK(details.field_violations[0].field == "codes[0].code");
  REQUIRE(details.precondition_violations.size() == 1);
  CHECK(details.precondition_violations[0].type == "STATE");
  CHECK(details.retry_delay == absl::Seconds(42));
}

TEST_CASE("details that cannot be read leave the error as it is") {
  const grpc::Status broken(grpc::StatusCode::ABORTED, "etag", std::string("\xff\xff\xff", 3));
  const absl::Status error = FromGrpcStatus(broken, "server");
  CHECK(error.code() == absl::StatusCode::kAborted);
  CHECK(DecodeErrorDetails(error).reason.empty());
}

TEST_CASE("a status code outside of the sixteen is UNKNOWN and is shown") {
  const absl::Status error = FromGrpcStatus(grpc::Status(static_cast<grpc::StatusCode>(17), "odd"), "server x");
  CHECK(error.code() == absl::StatusCode::kUnknown);
  CHECK(error.message() == "server x: odd (status code 17)");
}

TEST_CASE("a broken watch goes on after the last revision that was seen, and tells each loss once") {
  FakeServer server;
  server.AddWatch({{AtRevision(v1::Closure::CHECKING, 4), AtRevision(v1::Closure::CHECKING, 5)}, kUnavailable});
  server.AddWatch({{}, kUnavailable});
  server.AddWatch({{AtRevision(v1::Closure::READY, 6)}, grpc::Status::OK});
  ClosureClient client({.server = server.address()});
  absl::Duration now;
  int disconnects = 0;
  ClosureFollower::Options options = FollowOptions(now, absl::InfiniteDuration());
  options.on_disconnect = [&disconnects](const absl::Status&, int64_t revision) {
    ++disconnects;
    CHECK(revision == 5);
  };
  std::vector<int64_t> revisions;
  const absl::Status followed = ClosureFollower(client, options).Follow(kClosureName, [&](const v1::Closure& closure) {
    revisions.push_back(closure.revision());
    return true;
  });
  CHECK(followed.ok());
  CHECK(revisions == std::vector<int64_t>{4, 5, 6});
  CHECK(disconnects == 1);
  const auto requests = server.Requests<v1::WatchClosureRequest>("WatchClosure");
  REQUIRE(requests.size() == 3);
  CHECK(requests[0].after_revision() == 0);
  CHECK(requests[1].after_revision() == 5);
  CHECK(requests[2].after_revision() == 5);
}

TEST_CASE("a watch gives up when the server stays unreachable") {
  ClosureClient client({.server = "127.0.0.1:1"});
  absl::Duration now;
  const absl::Status followed = ClosureFollower(client, FollowOptions(now, absl::InfiniteDuration()))
                                    .Follow(kClosureName, [](const v1::Closure&) { return true; });
  CHECK(followed.code() == absl::StatusCode::kUnavailable);
  CHECK(now >= absl::Seconds(30));
}

TEST_CASE("a watch ends at its limit") {
  FakeServer server;
  for (int i = 0; i < 100; ++i) server.AddWatch({{AtRevision(v1::Closure::CHECKING, 1)}, kUnavailable});
  ClosureClient client({.server = server.address()});
  absl::Duration now;
  const absl::Status followed =
      ClosureFollower(client, FollowOptions(now, absl::Seconds(1))).Follow(kClosureName, [](const v1::Closure&) {
        return true;
      });
  CHECK(followed.code() == absl::StatusCode::kDeadlineExceeded);
  CHECK(DecodeErrorDetails(followed).reason == "WAIT_TIMED_OUT");
}

TEST_CASE("an error that is no disconnect ends a watch at once") {
  FakeServer server;
  server.FailNext("WatchClosure", RichError(grpc::StatusCode::NOT_FOUND, "no such closure", "CLOSURE_NOT_FOUND"));
  ClosureClient client({.server = server.address()});
  absl::Duration now;
  const absl::Status followed = ClosureFollower(client, FollowOptions(now, absl::InfiniteDuration()))
                                    .Follow(kClosureName, [](const v1::Closure&) { return true; });
  CHECK(followed.code() == absl::StatusCode::kNotFound);
  CHECK(server.Calls("WatchClosure") == 1);
}

TEST_CASE("health is read without generated health messages") {
  FakeServer server;
  ClosureClient client({.server = server.address()});
  const absl::StatusOr<bool> serving = client.CheckHealth();
  REQUIRE(serving.ok());
  CHECK(*serving);
}

}  // namespace closure
