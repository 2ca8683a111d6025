// SPDX-License-Identifier: Apache-2.0
// The owner's identity: codes by mail or text message.
#include <algorithm>
#include <catch2/catch.hpp>
#include <regex>

#include "checkers/proto_time.h"
#include "fmt/format.h"
#include "tests/support/api_calls.h"
#include "tests/support/views.h"

namespace closure {
namespace {

using grpc::StatusCode;

constexpr char kAccount[] = "identity-1";

// A closure that waits for its code.
struct Pending {
  RunningServer server;
  Owner owner{server, kAccount};

  explicit Pending(const std::function<void(config::v1::Policy&)>& policy = {})
      : server({.configure = [policy](config::v1::ServerConfig& config) {
          if (policy) policy(*config.mutable_policy());
        }}) {
    server.Load(CloudFileOf(kAccount));
    owner.Create();
    WaitUntilQuiet(server, owner.name());
    owner.Refresh();
  }

  Reply Verify(const std::string& code, v1::Channel channel = v1::CHANNEL_UNSPECIFIED) {
    auto request = RequestOn<v1::VerifyIdentityRequest>(owner.name());
    request.add_codes()->set_code(code);
    request.mutable_codes(0)->set_channel(channel);
    return Send(server, owner.actor(), request);
  }
  Reply Resend(v1::Channel channel = v1::CHANNEL_UNSPECIFIED) {
    auto request = RequestOn<v1::ResendCodeRequest>(owner.name());
    request.set_channel(channel);
    return Send(server, owner.actor(), request);
  }
  std::string WrongCode() { return owner.Code() == "000000" ? "000001" : "000000"; }
};

// The messages with codes, by channel.
std::map<std::string, int> CodesSent(RunningServer& server, const Owner& owner) {
  std::map<std::string, int> sent;
  for (const auto& message : server.Inbox(owner.account_id())) {
    if (message.idempotency_key().find("/code/") != std::string::npos) ++sent[message.channel()];
  }
  return sent;
}

TEST_CASE("the code comes by mail or by text message, as the owner chose", "[R44]") {
  RunningServer server;
  server.Load(CloudFileOf(kAccount));
  const auto [channel, name] =
      GENERATE(std::pair(v1::EMAIL, std::string("email")), std::pair(v1::SMS, std::string("sms")));
  Owner owner(server, kAccount);
  owner.Create(channel);
  WaitUntilQuiet(server, owner.name());
  CHECK(CodesSent(server, owner) == std::map<std::string, int>{{name, 1}});
  REQUIRE(owner.closure().identity_verification().challenges_size() == 1);
  CHECK(owner.closure().identity_verification().challenges(0).channel() == channel);
  owner.Verify(channel);
  CHECK(owner.closure().state() == v1::Closure::AGREEMENT_PENDING);
  CHECK(owner.closure().identity_verification().has_verify_time());
}

TEST_CASE("a wrong code is told with the attempts that are left, and changes nothing else", "[R44]") {
  Pending pending;
  const std::string etag = pending.owner.closure().etag();
  const Reply reply = pending.Verify(pending.WrongCode());
  CheckRefused(reply, StatusCode::FAILED_PRECONDITION, v1::CODE_WRONG, {pending.owner.name(), "4"});
  CHECK(reply.metadata()["attemptsLeft"] == "4");
  CHECK(reply.metadata()["channel"] == "EMAIL");
  pending.owner.Refresh();
  CHECK(pending.owner.closure().state() == v1::Closure::IDENTITY_PENDING);
  CHECK(pending.owner.closure().etag() == etag);
  CHECK(pending.owner.closure().identity_verification().challenges(0).attempts_left() == 4);
  pending.owner.Verify();
}

TEST_CASE("the same request with a wrong code is another attempt", "[R44]") {
  Pending pending;
  auto request = RequestOn<v1::VerifyIdentityRequest>(pending.owner.name());
  request.add_codes()->set_code(pending.WrongCode());
  for (const char* left : {"4", "3"}) {
    const Reply reply = Send(pending.server, pending.owner.actor(), request);
    CheckRefused(reply, StatusCode::FAILED_PRECONDITION, v1::CODE_WRONG);
    CHECK(reply.metadata()["attemptsLeft"] == left);
  }
}

TEST_CASE("after five wrong codes the right one is refused too, until a new one is sent", "[R44][D16]") {
  Pending pending;
  const std::string wrong = pending.WrongCode();
  const std::string right = pending.owner.Code();
  for (int i = 0; i < 4; ++i) CHECK(pending.Verify(wrong).reason() == v1::CODE_WRONG);
  CheckRefused(pending.Verify(wrong), StatusCode::RESOURCE_EXHAUSTED, v1::CODE_ATTEMPTS_EXHAUSTED,
               {pending.owner.name()});
  const std::string before = Sight(pending.server, pending.owner.name());
  for (const std::string& code : {wrong, right}) {
    CheckRefused(pending.Verify(code), StatusCode::RESOURCE_EXHAUSTED, v1::CODE_ATTEMPTS_EXHAUSTED);
  }
  CHECK(Sight(pending.server, pending.owner.name()) == before);
  pending.owner.Refresh();
  CHECK(pending.owner.closure().state() == v1::Closure::IDENTITY_PENDING);
  CHECK(pending.owner.closure().identity_verification().challenges(0).attempts_left() == 0);
  pending.server.clock().Advance(absl::Seconds(60));
  REQUIRE(pending.Resend().ok());
  WaitUntilQuiet(pending.server, pending.owner.name());
  pending.owner.Verify();
}

TEST_CASE("a code lives for ten minutes", "[R44][D16]") {
  Pending pending;
  pending.owner.Code();
  const bool expired = GENERATE(false, true);
  pending.server.clock().Advance(expired ? absl::Minutes(10) : absl::Minutes(10) - absl::Seconds(1));
  const std::string code = pending.owner.Code();
  WaitUntilQuiet(pending.server, pending.owner.name());
  const std::string before = Sight(pending.server, pending.owner.name());
  const Reply reply = pending.Verify(code);
  if (!expired) {
    CHECK(reply.ok());
    return;
  }
  CheckRefused(reply, StatusCode::FAILED_PRECONDITION, v1::CODE_EXPIRED, {pending.owner.name(), "by EMAIL"});
  pending.owner.Refresh();
  const auto& actions = pending.owner.closure().allowed_actions();
  CHECK(std::count(actions.begin(), actions.end(), v1::Closure::VERIFY_IDENTITY) == 0);
  CHECK(std::count(actions.begin(), actions.end(), v1::Closure::RESEND_CODE) == 1);
  CHECK(Sight(pending.server, pending.owner.name()) == before);
  pending.owner.Refresh();
  CHECK(pending.owner.closure().state() == v1::Closure::IDENTITY_PENDING);
  CHECK(pending.owner.closure().identity_verification().challenges(0).attempts_left() == 5);
}

TEST_CASE("a code is sent again after sixty seconds and not before", "[R44][D16]") {
  Pending pending;
  const std::string first = pending.owner.Code();
  pending.server.clock().Advance(absl::Seconds(59));
  const std::string before = Sight(pending.server, pending.owner.name());
  const Reply early = pending.Resend();
  CheckRefused(early, StatusCode::RESOURCE_EXHAUSTED, v1::RESEND_TOO_SOON, {pending.owner.name()});
  CHECK(early.retry_delay() == absl::Seconds(1));
  CHECK(early.metadata()["spacing"] == "60s");
  CHECK(Sight(pending.server, pending.owner.name()) == before);
  CHECK(CodesSent(pending.server, pending.owner)["email"] == 1);
  pending.server.clock().Advance(absl::Seconds(1));
  REQUIRE(pending.Resend().ok());
  WaitUntilQuiet(pending.server, pending.owner.name());
  CHECK(CodesSent(pending.server, pending.owner)["email"] == 2);
  // The first one is not accepted any more.
  const std::string second = pending.owner.Code();
  REQUIRE(second != first);
  CHECK(pending.Verify(first).reason() == v1::CODE_WRONG);
  CHECK(pending.Verify(second).ok());
}

TEST_CASE("a new code may come by the other channel", "[R44]") {
  Pending pending;
  pending.server.clock().Advance(absl::Seconds(60));
  const auto closure = pending.Resend(v1::SMS).As<v1::Closure>();
  REQUIRE(closure.identity_verification().challenges_size() == 1);
  CHECK(closure.identity_verification().challenges(0).channel() == v1::SMS);
  WaitUntilQuiet(pending.server, pending.owner.name());
  CHECK(CodesSent(pending.server, pending.owner) == std::map<std::string, int>{{"email", 1}, {"sms", 1}});
  pending.owner.Verify(v1::SMS);
}

TEST_CASE("an account gets so many codes a day and no more", "[D16]") {
  Pending pending([](config::v1::Policy& policy) { policy.set_codes_per_account_per_day(3); });
  for (int i = 0; i < 2; ++i) {
    pending.server.clock().Advance(absl::Seconds(60));
    REQUIRE(pending.Resend().ok());
  }
  pending.server.clock().Advance(absl::Seconds(60));
  WaitUntilQuiet(pending.server, pending.owner.name());
  const std::string before = Sight(pending.server, pending.owner.name());
  CheckRefused(pending.Resend(), StatusCode::RESOURCE_EXHAUSTED, v1::CODE_ATTEMPTS_EXHAUSTED, {kAccount, "3"});
  CHECK(Sight(pending.server, pending.owner.name()) == before);
  // Nor does a new closure help.
  pending.owner.Cancel();
  v1::CreateClosureRequest create;
  create.set_parent("accounts/identity-1");
  create.set_channel(v1::SMS);
  create.set_request_id(NewRequestId());
  CheckRefused(Send(pending.server, pending.owner.actor(), create), StatusCode::RESOURCE_EXHAUSTED,
               v1::CODE_ATTEMPTS_EXHAUSTED);
  pending.server.clock().Advance(absl::Hours(24));
  CHECK(Send(pending.server, pending.owner.actor(), create).ok());
}

TEST_CASE("codes that cannot be codes are refused without being repeated", "[R44]") {
  Pending pending;
  const std::string before = Sight(pending.server, pending.owner.name());
  for (const char* code : {"", "12345", "1234567", "12345a", "１２３４５６", " 12345", "-12345"}) {
    INFO(code);
    const Reply reply = pending.Verify(code);
    CheckRefused(reply, StatusCode::INVALID_ARGUMENT, *code == '\0' ? v1::FIELD_MISSING : v1::FIELD_INVALID,
                 {"codes[0].code"});
    if (*code != '\0') CHECK_THAT(reply.status.error_message(), !Catch::Contains(code));
  }
  auto request = RequestOn<v1::VerifyIdentityRequest>(pending.owner.name());
  CheckRefused(Send(pending.server, pending.owner.actor(), request), StatusCode::INVALID_ARGUMENT, v1::FIELD_MISSING,
               {"codes"});
  for (int i = 0; i < 3; ++i) request.add_codes()->set_code("000000");
  CheckRefused(Send(pending.server, pending.owner.actor(), request), StatusCode::INVALID_ARGUMENT, v1::FIELD_INVALID,
               {"codes"});
  CheckRefused(pending.Verify("000000", v1::SMS), StatusCode::INVALID_ARGUMENT, v1::FIELD_INVALID, {"SMS"});
  CHECK(Sight(pending.server, pending.owner.name()) == before);
}

// An account whose mail address changed a while before.
std::string ChangedBefore(absl::Duration ago) {
  return fmt::format(
      R"({{"accounts": [{{"accountId": "{}", "email": {{"address": "new@identity.example", "changedBeforeLoad": "{}s"}},)"
      R"("phone": {{"address": "+8613900000001"}}}}]}})",
      kAccount, absl::ToInt64Seconds(ago));
}

TEST_CASE("a contact point that changed within 72 hours brings codes on both channels", "[D9][D16]") {
  RunningServer server;
  const auto [ago, codes] = GENERATE(std::pair(absl::Hours(72), 1), std::pair(absl::Hours(72) - absl::Seconds(1), 2),
                                     std::pair(absl::ZeroDuration(), 2));
  server.Load(ChangedBefore(ago));
  Owner owner(server, kAccount);
  owner.Create(v1::SMS);
  CHECK(owner.closure().identity_verification().challenges_size() == codes);
  WaitUntilQuiet(server, owner.name());
  std::map<std::string, int> expected = {{"sms", 1}};
  if (codes == 2) expected["email"] = 1;
  CHECK(CodesSent(server, owner) == expected);
}

TEST_CASE("where both codes are demanded each can be given in a call of its own", "[D9]") {
  RunningServer server;
  server.Load(ChangedBefore(absl::Hours(1)));
  Owner owner(server, kAccount);
  owner.Create();
  const v1::Channel first = GENERATE(v1::EMAIL, v1::SMS);
  owner.Verify(first);
  CHECK(owner.closure().state() == v1::Closure::IDENTITY_PENDING);
  CHECK_FALSE(owner.closure().identity_verification().has_verify_time());
  owner.Verify(first == v1::EMAIL ? v1::SMS : v1::EMAIL);
  CHECK(owner.closure().state() == v1::Closure::AGREEMENT_PENDING);
}

TEST_CASE("where both codes are demanded one is not enough, and each counts on its own channel", "[D9]") {
  RunningServer server;
  server.Load(ChangedBefore(absl::Hours(1)));
  Owner owner(server, kAccount);
  owner.Create();
  const std::string by_mail = owner.Code(v1::EMAIL);
  const std::string by_text = owner.Code(v1::SMS);
  REQUIRE(by_mail != by_text);
  const auto verify = [&](std::vector<std::pair<v1::Channel, std::string>> codes) {
    auto request = RequestOn<v1::VerifyIdentityRequest>(owner.name());
    for (const auto& [channel, code] : codes) {
      auto& added = *request.add_codes();
      added.set_channel(channel);
      added.set_code(code);
    }
    return Send(server, owner.actor(), request);
  };
  CheckRefused(verify({{v1::CHANNEL_UNSPECIFIED, by_mail}}), StatusCode::INVALID_ARGUMENT, v1::FIELD_INVALID,
               {"channel"});
  CheckRefused(verify({{v1::EMAIL, by_mail}, {v1::EMAIL, by_mail}}), StatusCode::INVALID_ARGUMENT, v1::FIELD_INVALID,
               {"twice"});
  CheckRefused(verify({{v1::EMAIL, by_text}, {v1::SMS, by_mail}}), StatusCode::FAILED_PRECONDITION, v1::CODE_WRONG);
  owner.Refresh();
  CHECK(owner.closure().state() == v1::Closure::IDENTITY_PENDING);
  if (GENERATE(false, true)) {
    // The last one that is demanded needs no channel.
    CHECK(verify({{v1::EMAIL, by_mail}}).ok());
    CHECK(verify({{v1::CHANNEL_UNSPECIFIED, by_text}}).As<v1::Closure>().state() == v1::Closure::AGREEMENT_PENDING);
    return;
  }
  CHECK(verify({{v1::EMAIL, by_mail}, {v1::SMS, by_text}}).As<v1::Closure>().state() == v1::Closure::AGREEMENT_PENDING);
}

TEST_CASE("a code by a channel that is not demanded is told those that are", "[R44][D9]") {
  Pending pending;
  auto request = RequestOn<v1::VerifyIdentityRequest>(pending.owner.name());
  auto& code = *request.add_codes();
  code.set_channel(v1::SMS);
  code.set_code("123456");
  const Reply reply = Send(pending.server, pending.owner.actor(), request);
  CheckRefused(reply, StatusCode::INVALID_ARGUMENT, v1::FIELD_INVALID, {"no code by SMS", "by EMAIL"});
  CHECK(reply.metadata()["demanded"] == "EMAIL");
  CHECK(reply.metadata()["field"] == "codes.channel");
}

TEST_CASE("a code beside one that is not demanded is not judged, whether it is right or wrong", "[R44]") {
  Pending pending;
  const std::string right = pending.owner.Code();
  const std::string wrong = right == "111111" ? "222222" : "111111";
  const std::string before = Sight(pending.server, pending.owner.name());
  const auto told = [&](const std::string& guess) {
    auto request = RequestOn<v1::VerifyIdentityRequest>(pending.owner.name());
    for (const auto& [channel, text] : {std::pair(v1::EMAIL, guess), std::pair(v1::SMS, std::string("000000"))}) {
      auto& code = *request.add_codes();
      code.set_channel(channel);
      code.set_code(text);
    }
    const Reply reply = Send(pending.server, pending.owner.actor(), request);
    CheckRefused(reply, StatusCode::INVALID_ARGUMENT, v1::FIELD_INVALID, {"no code by SMS is demanded, but by EMAIL"});
    return std::pair(reply.status.error_message(), reply.metadata());
  };
  CHECK(told(right) == told(wrong));
  CHECK(Sight(pending.server, pending.owner.name()) == before);
}

TEST_CASE("a channel without a contact point is refused", "[R44][D9]") {
  RunningServer server;
  const bool changed = GENERATE(false, true);
  server.Load(fmt::format(R"({{"accounts": [{{"accountId": "{}", "email": {{"address": "a@identity.example"{}}}}}]}})",
                          kAccount, changed ? R"(, "changedBeforeLoad": "60s")" : ""));
  v1::CreateClosureRequest request;
  request.set_parent(fmt::format("accounts/{}", kAccount));
  request.set_channel(changed ? v1::EMAIL : v1::SMS);
  request.set_request_id(NewRequestId());
  const Reply reply = Send(server, fmt::format("root:{}", kAccount), request);
  CheckRefused(reply, StatusCode::FAILED_PRECONDITION, v1::CONTACT_POINT_MISSING, {kAccount, "telephone"});
  CHECK(reply.metadata()["channel"] == "SMS");
  request.clear_channel();
  CheckRefused(Send(server, fmt::format("root:{}", kAccount), request), StatusCode::INVALID_ARGUMENT, v1::FIELD_MISSING,
               {"channel"});
  CHECK(SightOfAll(server).empty());
}

TEST_CASE("a code that could not be sent is sent when messaging works again", "[R44]") {
  RunningServer server;
  server.Load(CloudFileOf(kAccount));
  server.SetFault("MessagingService/SendMail", sandbox::v1::SetFaultRequest::UNAVAILABLE_BEFORE, 2);
  Owner owner(server, kAccount);
  owner.Create();
  for (int i = 0; i < 2; ++i) {
    WaitUntilQuiet(server, owner.name());
    CHECK(server.Inbox(kAccount).empty());
    server.clock().Advance(absl::Seconds(3));
  }
  owner.Verify();
}

TEST_CASE("the result is told at the contact points that were there at the start", "[D9]") {
  Pending pending;
  sandbox::v1::ChangeContactPointRequest change;
  change.set_account_id(kAccount);
  change.set_channel("email");
  change.set_address("thief@identity.example");
  sandbox::v1::ChangeContactPointResponse changed;
  REQUIRE(pending.server.sandbox().ChangeContactPoint(RunningServer::As("").get(), change, &changed).ok());
  pending.owner.Cancel();
  pending.owner.WaitUntil([](const v1::Closure& closure) { return closure.has_personal_data_erase_time(); });
  for (const auto& message : pending.server.Inbox(kAccount)) {
    if (message.channel() == "email") CHECK(message.address() == "owner@identity-1.example");
  }
}

}  // namespace
}  // namespace closure
