// SPDX-License-Identifier: Apache-2.0
// When a caller who was refused for now is told to come back.
#include <catch2/catch.hpp>

#include "fmt/format.h"
#include "tests/support/api_calls.h"
#include "tests/support/views.h"

namespace closure {
namespace {

using grpc::StatusCode;

constexpr char kAccount[] = "retry-1";
constexpr int kCodesPerDay = 3;

// An account whose codes of the day are used up, by a closure that waits for its code.
struct UsedUp {
  RunningServer server{{.configure = [](config::v1::ServerConfig& config) {
    config.mutable_policy()->set_codes_per_account_per_day(kCodesPerDay);
    // So that the closure is still there when the day is over.
    config.mutable_policy()->mutable_idle_expiry_before_agreement()->set_seconds(absl::ToInt64Seconds(absl::Hours(72)));
  }}};
  Owner owner{server, kAccount};

  UsedUp() {
    server.Load(CloudFileOf(kAccount));
    owner.Create();
    for (int i = 1; i < kCodesPerDay; ++i) {
      server.clock().Advance(absl::Minutes(1));
      REQUIRE(Send(server, owner.actor(), Resend()).ok());
    }
    server.clock().Advance(absl::Minutes(1));
    WaitUntilQuiet(server, owner.name());
  }
  v1::ResendCodeRequest Resend() const { return RequestOn<v1::ResendCodeRequest>(owner.name()); }
};

v1::CreateClosureRequest CreateRequest() {
  v1::CreateClosureRequest request;
  request.set_parent(fmt::format("accounts/{}", kAccount));
  request.set_channel(v1::EMAIL);
  request.set_request_id(NewRequestId());
  return request;
}

void CheckTold(const Reply& reply) {
  CheckRefused(reply, StatusCode::RESOURCE_EXHAUSTED, v1::CODE_ATTEMPTS_EXHAUSTED,
               {kAccount, fmt::format("{}", kCodesPerDay)});
  CHECK(reply.metadata()["account"] == fmt::format("accounts/{}", kAccount));
  CHECK(reply.metadata()["limit"] == fmt::format("{}", kCodesPerDay));
  REQUIRE(reply.retry_delay().has_value());
  CHECK(*reply.retry_delay() > absl::ZeroDuration());
  CHECK(*reply.retry_delay() <= absl::Hours(24));
}

TEST_CASE("who asks for more codes than a day has is told when to ask again, and is served then", "[R44][D16]") {
  UsedUp used;
  const Reply reply = Send(used.server, used.owner.actor(), used.Resend());
  CheckTold(reply);
  used.server.clock().Advance(*reply.retry_delay());
  CHECK(Send(used.server, used.owner.actor(), used.Resend()).ok());
}

TEST_CASE("who begins another closure with no code of the day left is told when to begin it", "[R44][D16]") {
  UsedUp used;
  used.owner.Cancel();
  const v1::CreateClosureRequest create = CreateRequest();
  const Reply reply = Send(used.server, used.owner.actor(), create);
  CheckTold(reply);
  // A second earlier than the first code is a day old there is no room yet.
  used.server.clock().Advance(absl::Hours(24) - absl::Minutes(kCodesPerDay) - absl::Seconds(1));
  CheckTold(Send(used.server, used.owner.actor(), create));
  used.server.clock().Advance(*reply.retry_delay());
  CHECK(Send(used.server, used.owner.actor(), create).ok());
}

TEST_CASE("who meets an account system that does not answer is told when to come back", "[R44]") {
  RunningServer server;
  server.Load(CloudFileOf(kAccount));
  server.SetFault("AccountService/GetAccount", sandbox::v1::SetFaultRequest::UNAVAILABLE_BEFORE, 1);
  const v1::CreateClosureRequest create = CreateRequest();
  const Reply reply = Send(server, fmt::format("root:{}", kAccount), create);
  CheckRefused(reply, StatusCode::UNAVAILABLE, v1::ACCOUNT_SYSTEM_UNAVAILABLE, {kAccount});
  CHECK(reply.retry_delay() == absl::Seconds(5));
  // The request id was not used up.
  CHECK(Send(server, fmt::format("root:{}", kAccount), create).ok());
}

}  // namespace
}  // namespace closure
