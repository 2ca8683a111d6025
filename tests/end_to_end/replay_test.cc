// SPDX-License-Identifier: Apache-2.0
// A call that is made twice with the same request id is done once (AIP-155).
#include <catch2/catch.hpp>
#include <set>
#include <thread>

#include "absl/strings/ascii.h"
#include "fmt/format.h"
#include "tests/support/api_calls.h"
#include "tests/support/views.h"

namespace closure {
namespace {

using google::protobuf::Message;
using grpc::StatusCode;

constexpr char kAccount[] = "replay-1";
constexpr char kOperator[] = "operator:ann";

// Everything that a second call could have done: the record of the closure, what was sent, and what was done outside.
std::string Everything(RunningServer& server, const std::string& closure_name) {
  std::string text = Sight(server, closure_name) + StatusOf(server).DebugString();
  for (const auto& message : server.Inbox(kAccount)) text += message.DebugString();
  return text + server.Show(kAccount).DebugString();
}

// Makes the call, waits until its effects have settled, and makes it again, now and after a restart: the answer is the
// first one and nothing happens. The same id with another body is refused.
Reply CallTwice(RunningServer& server, const std::string& actor, const Message& request,
                const std::string& closure_name, const std::function<void(Message&)>& change) {
  INFO(request.GetDescriptor()->name());
  const Reply first = Send(server, actor, request);
  INFO(first.status.error_message());
  REQUIRE(first.ok());
  WaitUntilQuiet(server, closure_name);
  const std::string before = Everything(server, closure_name);
  const Reply second = Send(server, actor, request);
  INFO(second.status.error_message());
  REQUIRE(second.ok());
  CHECK(second.messages == first.messages);
  const std::unique_ptr<Message> other(request.New());
  other->CopyFrom(request);
  change(*other);
  const Reply reused = Send(server, actor, *other);
  CheckRefused(reused, StatusCode::INVALID_ARGUMENT, v1::REQUEST_ID_REUSED);
  CHECK(reused.metadata().count("requestId") == 1);
  WaitUntilQuiet(server, closure_name);
  CHECK(Everything(server, closure_name) == before);
  return first;
}

TEST_CASE("each of the owner's calls is done once under one request id") {
  RunningServer server;
  server.Load(CloudFileOf(kAccount, R"("funds": [{"currencyCode": "USD", "balance": "20.00"}])"));
  Owner owner(server, kAccount);
  v1::CreateClosureRequest create;
  create.set_parent(fmt::format("accounts/{}", kAccount));
  create.set_channel(v1::EMAIL);
  create.set_request_id(NewRequestId());
  const Reply begun = Send(server, owner.actor(), create);
  const std::string name = begun.As<v1::Closure>().name();
  WaitUntilQuiet(server, name);
  CHECK(Send(server, owner.actor(), create).messages == begun.messages);
  create.set_channel(v1::SMS);
  CheckRefused(Send(server, owner.actor(), create), StatusCode::INVALID_ARGUMENT, v1::REQUEST_ID_REUSED);
  CHECK(server.Inbox(kAccount).size() == 1);
  owner.Adopt(begun.As<v1::Closure>());

  const auto call = [&](const Message& request, const std::function<void(Message&)>& change) {
    owner.Adopt(CallTwice(server, owner.actor(), request, name, change).As<v1::Closure>());
    owner.Refresh();
  };
  server.clock().Advance(absl::Minutes(1));
  call(RequestOn<v1::ResendCodeRequest>(name),
       [](Message& request) { static_cast<v1::ResendCodeRequest&>(request).set_channel(v1::SMS); });
  auto verify = RequestOn<v1::VerifyIdentityRequest>(name);
  verify.add_codes()->set_code(owner.Code());
  call(verify, [](Message& request) {
    SetText(*static_cast<v1::VerifyIdentityRequest&>(request).mutable_codes(0), "code", "999999");
  });
  auto accept = RequestOn<v1::AcceptAgreementRequest>(name);
  accept.set_version("2026-01");
  call(accept, [](Message& request) { SetText(request, "language_code", "zh"); });
  call(RequestOn<v1::RecheckRequest>(name), [](Message& request) { SetText(request, "etag", "\"1\""); });
  call(DiscardRequestFor(owner, owner.Items()),
       [](Message& request) { SetText(request, "risk_digest", std::string(64, 'b')); });
  REQUIRE(owner.closure().state() == v1::Closure::READY);
  call(owner.ConfirmRequest(),
       [](Message& request) { static_cast<v1::ConfirmClosureRequest&>(request).set_reason(v1::Closure::OTHER); });
  CHECK(owner.closure().state() == v1::Closure::SILENT_PERIOD);
}

TEST_CASE("a cancellation is done once under one request id, after the erasure too", "[D12]") {
  RunningServer server;
  server.Load(CloudFileOf(kAccount));
  Owner owner(server, kAccount);
  v1::CreateClosureRequest create;
  create.set_parent(fmt::format("accounts/{}", kAccount));
  create.set_channel(v1::EMAIL);
  create.set_request_id(NewRequestId());
  owner.Adopt(Send(server, owner.actor(), create).As<v1::Closure>());
  const auto cancel = RequestOn<v1::CancelClosureRequest>(owner.name());
  const auto first = Send(server, owner.actor(), cancel).As<v1::Closure>();
  CHECK(first.state() == v1::Closure::CANCELLED);
  owner.WaitUntil([](const v1::Closure& closure) { return closure.has_personal_data_erase_time(); });
  WaitUntilQuiet(server, owner.name());
  const std::string before = Everything(server, owner.name());
  // The first answers had contact points in them and are gone; what is told instead is the closure as it stands.
  CHECK(Send(server, owner.actor(), cancel).As<v1::Closure>().name() == owner.name());
  CHECK(Send(server, owner.actor(), cancel).As<v1::Closure>().state() == v1::Closure::CANCELLED);
  const auto again = Send(server, owner.actor(), create).As<v1::Closure>();
  CHECK(again.name() == owner.name());
  CHECK(again.state() == v1::Closure::CANCELLED);
  CHECK(Everything(server, owner.name()) == before);
}

TEST_CASE("each of the operators' calls is done once under one request id", "[D14]") {
  RunningServer server;
  server.Load(CloudFileOf(kAccount));
  Owner owner(server, kAccount);
  owner.GoToSilentPeriod();
  const auto change_reason = [](Message& request) { SetText(request, "reason", "another reason"); };
  const auto on_closure = [&](auto request) {
    request.set_reason("a test");
    CallTwice(server, kOperator, request, owner.name(), change_reason);
  };
  const auto on_system = [&](const Message& request) {
    INFO(request.GetDescriptor()->name());
    REQUIRE(Send(server, kOperator, request).ok());
    const std::string before = Everything(server, owner.name());
    CHECK(Send(server, kOperator, request).As<v1::SystemStatus>().DebugString() == StatusOf(server).DebugString());
    const std::unique_ptr<Message> other(request.New());
    other->CopyFrom(request);
    change_reason(*other);
    CheckRefused(Send(server, kOperator, *other), StatusCode::INVALID_ARGUMENT, v1::REQUEST_ID_REUSED);
    CHECK(Everything(server, owner.name()) == before);
  };
  on_closure(RequestOn<v1::HoldClosureRequest>(owner.name()));
  on_closure(RequestOn<v1::ReleaseHoldRequest>(owner.name()));
  on_system(OperatorRequest<v1::PauseIrreversibleRequest>());
  on_system(OperatorRequest<v1::ResumeIrreversibleRequest>());
  server.clock().JumpWall(absl::Hours(1));
  WaitForStatus(server, [](const v1::SystemStatus& status) { return status.has_clock_jump(); });
  on_system(OperatorRequest<v1::AcknowledgeClockJumpRequest>());
}

TEST_CASE("a retry is done once under one request id", "[operators]") {
  RunningServer server;
  server.Load(CloudFileOf(kAccount));
  server.SetFault("MessagingService/SendMail", sandbox::v1::SetFaultRequest::UNAVAILABLE_BEFORE);
  Owner owner(server, kAccount);
  owner.Create();
  WaitUntilQuiet(server, owner.name());
  v1::RetryTaskRequest retry;
  for (const v1::Task& task : TasksOf(server, owner.name())) {
    if (task.kind() == v1::Task::SEND_CODE) retry.set_name(task.name());
  }
  retry.set_reason("a test");
  retry.set_request_id(NewRequestId());
  const auto first = Send(server, kOperator, retry).As<v1::Task>();
  WaitUntilQuiet(server, owner.name());
  const std::string before = Everything(server, owner.name());
  CHECK(Send(server, kOperator, retry).As<v1::Task>().DebugString() == first.DebugString());
  WaitUntilQuiet(server, owner.name());
  CHECK(Everything(server, owner.name()) == before);
  v1::RetryTaskRequest other = retry;
  other.set_reason("another reason");
  CheckRefused(Send(server, kOperator, other), StatusCode::INVALID_ARGUMENT, v1::REQUEST_ID_REUSED);
  // The same when the task is stuck by now, which it was not.
  server.clock().Advance(absl::Minutes(16));
  WaitUntilQuiet(server, owner.name());
  CHECK(Send(server, kOperator, retry).As<v1::Task>().DebugString() == first.DebugString());
  // Once the task is done, the first answer stays, and there is nothing that another call could be about.
  server.SetFault("MessagingService/SendMail", sandbox::v1::SetFaultRequest::FAULT_UNSPECIFIED);
  server.clock().Advance(absl::Minutes(6));
  WaitUntilQuiet(server, owner.name());
  CHECK(Send(server, kOperator, retry).As<v1::Task>().DebugString() == first.DebugString());
  retry.set_request_id(NewRequestId());
  CheckRefused(Send(server, kOperator, retry), StatusCode::NOT_FOUND, v1::TASK_NOT_FOUND, {retry.name()});
}

TEST_CASE("an answer is remembered over a restart, and the case of the id does not matter") {
  RunningServer server;
  server.Load(CloudFileOf(kAccount));
  Owner owner(server, kAccount);
  owner.GoToScanResult();
  auto recheck = RequestOn<v1::RecheckRequest>(owner.name());
  recheck.set_request_id("abcdef00-0000-4000-8000-000000000001");
  const Reply first = Send(server, owner.actor(), recheck);
  WaitUntilQuiet(server, owner.name());
  server.Restart();
  CHECK(Send(server, owner.actor(), recheck).messages == first.messages);
  auto upper = recheck;
  upper.set_request_id(absl::AsciiStrToUpper(recheck.request_id()));
  const std::string before = Sight(server, owner.name());
  CHECK(Send(server, owner.actor(), upper).messages == first.messages);
  CHECK(Sight(server, owner.name()) == before);
}

TEST_CASE("a call that was refused leaves its request id unused") {
  RunningServer server;
  server.Load(CloudFileOf(kAccount));
  Owner owner(server, kAccount);
  owner.Create();
  owner.Verify();
  const auto recheck = RequestOn<v1::RecheckRequest>(owner.name());
  CHECK(Send(server, owner.actor(), recheck).reason() == v1::STATE_NOT_ALLOWED);
  owner.Agree();
  owner.WaitFor({v1::Closure::READY});
  CHECK(Send(server, owner.actor(), recheck).As<v1::Closure>().state() == v1::Closure::CHECKING);
}

TEST_CASE("request ids of one account say nothing about another", "[R6]") {
  RunningServer server;
  server.Load(CloudFileOf(kAccount));
  server.Load(CloudFileOf("replay-2"));
  v1::CreateClosureRequest create;
  create.set_channel(v1::EMAIL);
  create.set_request_id(NewRequestId());
  std::set<std::string> names;
  for (const std::string account : {kAccount, "replay-2"}) {
    create.set_parent("accounts/" + account);
    names.insert(Send(server, "root:" + account, create).As<v1::Closure>().name());
  }
  CHECK(names.size() == 2);
}

TEST_CASE("request ids are kept for 30 days past the end and then forgotten", "[D16]") {
  RunningServer server;
  server.Load(CloudFileOf(kAccount));
  Owner owner(server, kAccount);
  owner.Create();
  const auto cancel = RequestOn<v1::CancelClosureRequest>(owner.name());
  REQUIRE(Send(server, owner.actor(), cancel).ok());
  WaitUntilQuiet(server, owner.name());
  server.clock().Advance(absl::Hours(30 * 24) - absl::Seconds(1));
  WaitUntilQuiet(server, owner.name());
  CHECK(Send(server, owner.actor(), cancel).ok());
  server.clock().Advance(absl::Seconds(1));
  WaitUntilQuiet(server, owner.name());
  CheckRefused(Send(server, owner.actor(), cancel), StatusCode::FAILED_PRECONDITION, v1::STATE_NOT_ALLOWED,
               {"CANCELLED"});
}

// Sends every request from a thread of its own, all at the same time.
std::vector<Reply> SendAtOnce(RunningServer& server, const std::string& actor,
                              const std::vector<std::unique_ptr<Message>>& requests) {
  std::vector<Reply> replies(requests.size());
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    threads.emplace_back([&, i] { replies[i] = Send(server, actor, *requests[i]); });
  }
  for (std::thread& thread : threads) thread.join();
  return replies;
}

int CountEvents(RunningServer& server, const Owner& owner, const std::string& event) {
  v1::ListTransitionsRequest request;
  request.set_parent(owner.name());
  const auto response = Send(server, owner.actor(), request).As<v1::ListTransitionsResponse>();
  return static_cast<int>(std::count_if(response.transitions().begin(), response.transitions().end(),
                                        [&](const auto& each) { return each.event() == event; }));
}

constexpr int kCallers = 50;

TEST_CASE("fifty identical confirmations at the same time are one", "[R55]") {
  RunningServer server;
  server.Load(CloudFileOf(kAccount));
  Owner owner(server, kAccount);
  owner.GoToScanResult();
  const v1::ConfirmClosureRequest confirm = owner.ConfirmRequest();
  std::vector<std::unique_ptr<Message>> requests;
  for (int i = 0; i < kCallers; ++i) requests.push_back(std::make_unique<v1::ConfirmClosureRequest>(confirm));
  const std::vector<Reply> replies = SendAtOnce(server, owner.actor(), requests);
  for (const Reply& reply : replies) {
    INFO(reply.status.error_message());
    REQUIRE(reply.ok());
    CHECK(reply.messages == replies.front().messages);
  }
  CHECK(CountEvents(server, owner, "confirm") == 1);
  owner.WaitFor({v1::Closure::SILENT_PERIOD});
}

TEST_CASE("of fifty different confirmations at the same time one counts", "[R55]") {
  RunningServer server;
  server.Load(CloudFileOf(kAccount));
  Owner owner(server, kAccount);
  owner.GoToScanResult();
  std::vector<std::unique_ptr<Message>> requests;
  for (int i = 0; i < kCallers; ++i)
    requests.push_back(std::make_unique<v1::ConfirmClosureRequest>(owner.ConfirmRequest()));
  int accepted = 0;
  for (const Reply& reply : SendAtOnce(server, owner.actor(), requests)) {
    accepted += reply.ok() ? 1 : 0;
    if (!reply.ok()) CHECK(reply.reason() == v1::ETAG_MISMATCH);
  }
  CHECK(accepted == 1);
  CHECK(CountEvents(server, owner, "confirm") == 1);
}

TEST_CASE("an operator's request id about the whole system is known for thirty days, then forgotten", "[D16]") {
  RunningServer server;
  auto pause = OperatorRequest<v1::PauseIrreversibleRequest>();
  REQUIRE(Send(server, kOperator, pause).ok());
  pause.set_reason("another reason");
  server.clock().Advance(absl::Hours(720));
  REQUIRE(Send(server, kOperator, OperatorRequest<v1::ResumeIrreversibleRequest>()).ok());
  CHECK(Send(server, kOperator, pause).reason() == v1::REQUEST_ID_REUSED);
  server.clock().Advance(absl::Seconds(1));
  REQUIRE(Send(server, kOperator, OperatorRequest<v1::PauseIrreversibleRequest>()).ok());
  CHECK(Send(server, kOperator, pause).As<v1::SystemStatus>().pause().reason() == "another reason");
}

TEST_CASE("of fifty closures begun at the same time one is open", "[R1]") {
  RunningServer server;
  server.Load(CloudFileOf(kAccount));
  Owner owner(server, kAccount);
  std::vector<std::unique_ptr<Message>> requests;
  for (int i = 0; i < kCallers; ++i) {
    auto create = std::make_unique<v1::CreateClosureRequest>();
    create->set_parent(fmt::format("accounts/{}", kAccount));
    create->set_channel(v1::EMAIL);
    create->set_request_id(NewRequestId());
    requests.push_back(std::move(create));
  }
  int begun = 0;
  for (const Reply& reply : SendAtOnce(server, owner.actor(), requests)) {
    begun += reply.ok() ? 1 : 0;
    if (!reply.ok()) CHECK(reply.reason() == v1::CLOSURE_ALREADY_OPEN);
  }
  CHECK(begun == 1);
  v1::ListClosuresRequest list;
  list.set_parent(fmt::format("accounts/{}", kAccount));
  CHECK(Send(server, owner.actor(), list).As<v1::ListClosuresResponse>().closures_size() == 1);
}

}  // namespace
}  // namespace closure
