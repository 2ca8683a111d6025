// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "absl/time/time.h"
#include "catch2/catch.hpp"
#include "fmt/format.h"
#include "tests/sandbox/cloud_fixture.h"

namespace closure::test {
namespace {

using sandbox::v1::ListInboxRequest;
using upstream::v1::ActResult;
using upstream::v1::SendMailRequest;
using upstream::v1::SendTextRequest;

SendMailRequest Mail(const std::string& key, int64_t fence = 1) {
  auto mail = ActOn<SendMailRequest>("a", key, fence);
  mail.set_address("ann@a.example");
  mail.set_subject("Your code");
  mail.set_body("123456");
  mail.set_language_code("en");
  return mail;
}

SendTextRequest Text(const std::string& key) {
  auto text = ActOn<SendTextRequest>("a", key);
  text.set_phone_number("+8613800000001");
  text.set_body("账户已注销");
  text.set_language_code("zh");
  return text;
}

TEST_CASE("mails and texts are kept in the inbox, the oldest first, and once per key", "[R44][R64]") {
  Cloud cloud;
  cloud.LoadAccount("a");
  CHECK(Must(*cloud.messaging, &MessagingStub::SendMail, Mail("m1")).outcome() == ActResult::DONE);
  const absl::Time sent = cloud.now;
  cloud.now += absl::Minutes(1);
  CHECK(Must(*cloud.messaging, &MessagingStub::SendMail, Mail("m1")).outcome() == ActResult::DONE);
  CHECK(Must(*cloud.messaging, &MessagingStub::SendText, Text("t1")).outcome() == ActResult::DONE);
  const auto inbox = Must(*cloud.control, &ControlStub::ListInbox, ForAccount<ListInboxRequest>("a"));
  REQUIRE(inbox.messages_size() == 2);
  CHECK(inbox.messages(0).channel() == "email");
  CHECK(inbox.messages(0).address() == "ann@a.example");
  CHECK(inbox.messages(0).subject() == "Your code");
  CHECK(inbox.messages(0).body() == "123456");
  CHECK(inbox.messages(0).idempotency_key() == "m1");
  CHECK(inbox.messages(0).create_time().seconds() == absl::ToUnixSeconds(sent));
  CHECK(inbox.messages(1).channel() == "sms");
  CHECK(inbox.messages(1).body() == "账户已注销");
  CHECK(inbox.messages(1).language_code() == "zh");
  CHECK(cloud.Show("a").acts(0).calls() == 2);
}

TEST_CASE("a message needs no account and is sent after deletion, its fence is only recorded", "[R64]") {
  Cloud cloud;
  cloud.LoadAccount("a");
  cloud.Freeze("a", "freeze", 9);
  CHECK(Must(*cloud.messaging, &MessagingStub::SendMail, Mail("m1", 3)).outcome() == ActResult::DONE);
  cloud.Delete("a", "delete", 9);
  CHECK(Must(*cloud.messaging, &MessagingStub::SendMail, Mail("m2", 99)).outcome() == ActResult::DONE);
  CHECK(cloud.Show("a").fence() == 9);
  CHECK(Must(*cloud.control, &ControlStub::ListInbox, ForAccount<ListInboxRequest>("a")).messages_size() == 2);
  auto stranger = Mail("m3", 0);
  stranger.mutable_act()->set_account_id("x");
  stranger.mutable_act()->set_closure("accounts/x/closures/1");
  CHECK(Must(*cloud.messaging, &MessagingStub::SendMail, stranger).outcome() == ActResult::DONE);
}

TEST_CASE("a malformed message is refused, and the address is not in the error", "[D12]") {
  Cloud cloud;
  cloud.LoadAccount("a");
  for (const char* address : {"", "ann", "@a.example", "ann@", "a b@a.example", "ann@a@b"}) {
    auto mail = Mail("m");
    mail.set_address(address);
    const auto answer = Ask(*cloud.messaging, &MessagingStub::SendMail, mail);
    CHECK(answer.code() == grpc::INVALID_ARGUMENT);
    CHECK((std::string(address).size() < 2 || answer.status.error_message().find(address) == std::string::npos));
  }
  for (const char* number : {"", "13800000001", "+", "+0138", "+86 138", "+1234567890123456"}) {
    auto text = Text("t");
    text.set_phone_number(number);
    CHECK(Ask(*cloud.messaging, &MessagingStub::SendText, text).code() == grpc::INVALID_ARGUMENT);
  }
  auto two_lines = Mail("m");
  two_lines.set_subject("one\ntwo");
  CHECK(Ask(*cloud.messaging, &MessagingStub::SendMail, two_lines).code() == grpc::INVALID_ARGUMENT);
}

TEST_CASE("lengths of messages count characters, and the longest is accepted", "[R64]") {
  Cloud cloud;
  std::string thousand;
  for (int i = 0; i < 1000; ++i) thousand += "户";
  auto text = Text("t1");
  text.set_body(thousand);
  CHECK(Ask(*cloud.messaging, &MessagingStub::SendText, text).status.ok());
  text = Text("t2");
  text.set_body(thousand + "户");
  CHECK(Ask(*cloud.messaging, &MessagingStub::SendText, text).code() == grpc::INVALID_ARGUMENT);
}

TEST_CASE("the inbox is read page by page", "[R64]") {
  Cloud cloud;
  for (int i = 0; i < 12; ++i) Must(*cloud.messaging, &MessagingStub::SendMail, Mail(fmt::format("m{}", i)));
  auto request = ForAccount<ListInboxRequest>("a");
  request.set_page_size(5);
  std::string keys;
  do {
    const auto page = Must(*cloud.control, &ControlStub::ListInbox, request);
    for (const auto& message : page.messages()) keys += message.idempotency_key();
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  CHECK(keys == "m0m1m2m3m4m5m6m7m8m9m10m11");
}

}  // namespace
}  // namespace closure::test
