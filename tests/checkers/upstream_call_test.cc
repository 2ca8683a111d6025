// SPDX-License-Identifier: Apache-2.0
#include "checkers/upstream_call.h"

#include <future>
#include <string>

#include "absl/strings/match.h"
#include "catch2/catch.hpp"
#include "checkers/answer_fault.h"
#include "tests/checkers/fake_cloud.h"

namespace closure {
namespace {

using testing::FakeCloud;
namespace up = upstream::v1;

absl::StatusOr<up::Membership> Call(const FakeCloud& cloud, const CallOptions& options) {
  std::promise<absl::StatusOr<up::Membership>> answered;
  CallUpstream<up::Membership>(
      "directory", up::GetMembershipRequest(), options,
      [stub = cloud.upstreams().resource_directory](auto* context, auto* request, auto* response, auto on_done) {
        stub->async()->GetMembership(context, request, response, std::move(on_done));
      },
      [&answered](absl::StatusOr<up::Membership> answer) { answered.set_value(std::move(answer)); });
  return answered.get_future().get();
}

TEST_CASE("an upstream's error keeps its code and says who") {
  const absl::Status status =
      FromUpstream("billing", grpc::Status(grpc::StatusCode::UNAVAILABLE, "line one\nline\x1B two"));
  CHECK(status.code() == absl::StatusCode::kUnavailable);
  CHECK(status.message() == "billing: line one?line? two");
}

TEST_CASE("an upstream that does not know the call, or says OK or nonsense, never reads as nothing to check", "[D5]") {
  CHECK(FromUpstream("x", grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "")).code() == absl::StatusCode::kInternal);
  CHECK(FromUpstream("x", grpc::Status::OK).code() == absl::StatusCode::kUnknown);
  CHECK(FromUpstream("x", grpc::Status(static_cast<grpc::StatusCode>(31), "")).code() == absl::StatusCode::kUnknown);
  CHECK(FromUpstream("x", grpc::Status(static_cast<grpc::StatusCode>(-1), "")).code() == absl::StatusCode::kUnknown);
}

TEST_CASE("an upstream's message is capped") {
  const absl::Status status = FromUpstream("x", grpc::Status(grpc::StatusCode::INTERNAL, std::string(100'000, 'a')));
  CHECK(status.message().size() < 320);
}

TEST_CASE("a call ends with its timeout") {
  FakeCloud cloud;
  cloud.directory.membership = [](const auto&, auto*) { return testing::Hang(); };
  const auto answer = Call(cloud, {.timeout = absl::Milliseconds(20)});
  CHECK(absl::IsDeadlineExceeded(answer.status()));
  CHECK(FaultOf(answer.status()) == v1::CheckerResult::TIMED_OUT);
  CHECK(absl::IsDeadlineExceeded(Call(cloud, {.timeout = -absl::Seconds(1)}).status()));
}

TEST_CASE("a cancelled signal ends the calls under way and those that come later") {
  FakeCloud cloud;
  std::promise<void> arrived;
  bool first = true;
  cloud.directory.membership = [&](const auto&, auto*) {
    if (std::exchange(first, false)) arrived.set_value();
    return testing::Hang();
  };
  auto cancel = std::make_shared<CancelSignal>();
  auto answer = std::async(std::launch::async, [&] { return Call(cloud, {.cancel = cancel}); });
  arrived.get_future().wait();
  cancel->Cancel();
  CHECK(absl::IsCancelled(answer.get().status()));
  CHECK(absl::IsCancelled(Call(cloud, {.cancel = cancel}).status()));
}

TEST_CASE("the end of a call is told when its context is gone, which holds the channel") {
  FakeCloud cloud;
  const auto& channel = cloud.channel();
  Call(cloud, {}).IgnoreError();
  REQUIRE(CallsToUpstreams().WaitForNone(absl::Seconds(30)));
  const auto held = channel.use_count();
  // While it starts a call holds the channel for itself.
  std::promise<void> started;
  std::promise<decltype(channel.use_count())> held_at_end;
  CallUpstream<up::Membership>(
      "directory", up::GetMembershipRequest(), {},
      [&cloud](auto* context, auto* request, auto* response, auto on_done) {
        cloud.upstreams().resource_directory->async()->GetMembership(context, request, response, std::move(on_done));
      },
      [&](const absl::StatusOr<up::Membership>&) {
        started.get_future().wait();
        held_at_end.set_value(channel.use_count());
      });
  started.set_value();
  CHECK(held_at_end.get_future().get() == held);
}

TEST_CASE("a call is over when nothing is left of what its end holds") {
  FakeCloud cloud;
  REQUIRE(CallsToUpstreams().WaitForNone(absl::Seconds(30)));
  std::promise<void> ended;
  std::promise<void> may_go;
  bool gone = false;
  // What goes slowly.
  const auto destroy = [&](void*) {
    may_go.get_future().wait();
    gone = true;
  };
  std::shared_ptr<void> held(&cloud, destroy);
  CallUpstream<up::Membership>(
      "directory", up::GetMembershipRequest(), {},
      [&cloud](auto* context, auto* request, auto* response, auto on_done) {
        cloud.upstreams().resource_directory->async()->GetMembership(context, request, response, std::move(on_done));
      },
      [&ended, held = std::move(held)](const absl::StatusOr<up::Membership>&) { ended.set_value(); });
  ended.get_future().wait();
  CHECK_FALSE(CallsToUpstreams().WaitForNone(absl::ZeroDuration()));
  may_go.set_value();
  CHECK(CallsToUpstreams().WaitForNone(absl::Seconds(30)));
  CHECK(gone);
}

TEST_CASE("the fault of an error cannot be forged by an upstream's code", "[D5]") {
  CHECK(FaultOf(absl::OkStatus()) == v1::CheckerResult::FAULT_UNSPECIFIED);
  CHECK(FaultOf(MalformedAnswer("x")) == v1::CheckerResult::MALFORMED);
  CHECK(FaultOf(TooMuchAnswer("x")) == v1::CheckerResult::TOO_MUCH);
  CHECK(FaultOf(absl::ResourceExhaustedError("quota")) == v1::CheckerResult::FAILED);
  CHECK(FaultOf(absl::InternalError("x")) == v1::CheckerResult::FAILED);
  CHECK(FaultOf(absl::DeadlineExceededError("x")) == v1::CheckerResult::TIMED_OUT);
}

}  // namespace
}  // namespace closure
