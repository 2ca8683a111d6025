// SPDX-License-Identifier: Apache-2.0
// Who may call what, and which of several refusals comes first.
#include <catch2/catch.hpp>

#include "fmt/format.h"
#include "tests/support/api_calls.h"
#include "tests/support/views.h"

namespace closure {
namespace {

using google::protobuf::MethodDescriptor;
using grpc::StatusCode;

constexpr char kAccount[] = "caller-1";
constexpr char kStranger[] = "root:caller-2";

// A closure that waits for its items, with one of each disposition.
struct Blocked {
  RunningServer server;
  Owner owner{server, kAccount};

  Blocked() {
    server.Load(CloudFileOf(kAccount, R"("funds": [{"currencyCode": "USD", "balance": "20.00"}],)"
                                      R"("bills": [{"billId": "b-1", "amount": "3.00", "currencyCode": "USD"}])"));
    owner.GoToScanResult();
  }
};

// The methods that are about one account: all but the reading of the agreement, which is the same for everybody.
std::vector<const MethodDescriptor*> AccountMethods() {
  std::vector<const MethodDescriptor*> methods;
  for (const MethodDescriptor* method : ClosureMethods()) {
    if (method->name() != "GetAgreement") methods.push_back(method);
  }
  return methods;
}

TEST_CASE("RAM users neither drive nor see a closure, nor operate the service", "[R41][R42]") {
  Blocked blocked;
  const std::string before = Sight(blocked.server, blocked.owner.name());
  const std::string actor = fmt::format("ram:ann@{}", kAccount);
  for (const MethodDescriptor* method : AccountMethods()) {
    INFO(method->name());
    const auto request = MakeRequest(method, blocked.owner.closure());
    CheckRefused(Send(blocked.server, actor, *request), StatusCode::PERMISSION_DENIED, v1::ROOT_IDENTITY_REQUIRED,
                 {actor, fmt::format("root:{}", kAccount)});
  }
  for (const MethodDescriptor* method : OperatorMethods()) {
    INFO(method->name());
    const auto request = MakeRequest(method, blocked.owner.closure());
    CheckRefused(Send(blocked.server, actor, *request), StatusCode::PERMISSION_DENIED, v1::OPERATOR_REQUIRED, {actor});
  }
  CHECK(Sight(blocked.server, blocked.owner.name()) == before);
}

TEST_CASE("a RAM user cannot start a closure", "[R41][R42]") {
  RunningServer server;
  server.Load(CloudFileOf(kAccount));
  v1::CreateClosureRequest request;
  request.set_parent(fmt::format("accounts/{}", kAccount));
  request.set_channel(v1::EMAIL);
  request.set_request_id(NewRequestId());
  CheckRefused(Send(server, fmt::format("ram:ann@{}", kAccount), request), StatusCode::PERMISSION_DENIED,
               v1::ROOT_IDENTITY_REQUIRED);
  CheckRefused(Send(server, "operator:ann", request), StatusCode::PERMISSION_DENIED, v1::ROOT_IDENTITY_REQUIRED);
  CHECK(SightOfAll(server).empty());
  CHECK(server.Inbox(kAccount).empty());
  // The same request is good in the hands of the owner.
  CHECK(Send(server, fmt::format("root:{}", kAccount), request).ok());
}

TEST_CASE("another account is refused without a word on what there is", "[R6][R41]") {
  Blocked blocked;
  const std::string before = Sight(blocked.server, blocked.owner.name());
  v1::Closure nothing = blocked.owner.closure();
  nothing.set_name(fmt::format("accounts/{}/closures/{}", kAccount, std::string(32, 'e')));
  for (const MethodDescriptor* method : AccountMethods()) {
    INFO(method->name());
    const Reply of_something = Send(blocked.server, kStranger, *MakeRequest(method, blocked.owner.closure()));
    CheckRefused(of_something, StatusCode::PERMISSION_DENIED, v1::ACCOUNT_MISMATCH, {kStranger, kAccount});
    const Reply of_nothing = Send(blocked.server, kStranger, *MakeRequest(method, nothing));
    CHECK(of_nothing.status.error_message() == of_something.status.error_message());
    CHECK(of_nothing.metadata() == of_something.metadata());
    CHECK(of_nothing.reason() == of_something.reason());
  }
  CHECK(Sight(blocked.server, blocked.owner.name()) == before);
}

TEST_CASE("operators read closures and do not drive them", "[R41]") {
  Blocked blocked;
  const std::string before = Sight(blocked.server, blocked.owner.name());
  for (const MethodDescriptor* method : AccountMethods()) {
    INFO(method->name());
    const auto request = MakeRequest(method, blocked.owner.closure());
    if (IsMutation(method)) {
      CheckRefused(Send(blocked.server, "operator:ann", *request), StatusCode::PERMISSION_DENIED,
                   v1::ROOT_IDENTITY_REQUIRED);
    } else {
      const int messages_max = method->name() == "WatchClosure" ? 1 : 1000;
      const Reply reply = SendBytes(blocked.server, "operator:ann", method, request->SerializeAsString(), messages_max);
      CHECK_FALSE(reply.messages.empty());
    }
  }
  CHECK(Sight(blocked.server, blocked.owner.name()) == before);
}

TEST_CASE("owners do not operate the service", "[R18][R63]") {
  Blocked blocked;
  const std::string before = Sight(blocked.server, blocked.owner.name());
  for (const MethodDescriptor* method : OperatorMethods()) {
    INFO(method->name());
    const auto request = MakeRequest(method, blocked.owner.closure());
    CheckRefused(Send(blocked.server, blocked.owner.actor(), *request), StatusCode::PERMISSION_DENIED,
                 v1::OPERATOR_REQUIRED, {blocked.owner.actor()});
  }
  v1::ListClosuresRequest all;
  all.set_parent("accounts/-");
  CheckRefused(Send(blocked.server, blocked.owner.actor(), all), StatusCode::PERMISSION_DENIED, v1::OPERATOR_REQUIRED);
  CHECK(Sight(blocked.server, blocked.owner.name()) == before);
}

TEST_CASE("a call without an identity, or with one that is none, is refused by every method", "[R41]") {
  Blocked blocked;
  const std::string before = Sight(blocked.server, blocked.owner.name());
  const std::vector<std::string> malformed = {"caller-1",
                                              "root",
                                              "root:",
                                              "root:CALLER-1",
                                              "root:caller-1 ",
                                              "Root:caller-1",
                                              "root:caller/1",
                                              "ram:@caller-1",
                                              "ram:ann",
                                              "ram:ann@",
                                              "operator:",
                                              "operator:a b",
                                              "role:a@caller-1",
                                              "session:abc",
                                              "system",
                                              "root:-",
                                              "ram:ann@@caller-1",
                                              "operator:\"",
                                              "root:caller-1,root:caller-2"};
  for (const auto& methods : {ClosureMethods(), OperatorMethods()}) {
    for (const MethodDescriptor* method : methods) {
      INFO(method->name());
      const auto request = MakeRequest(method, blocked.owner.closure());
      CheckRefused(Send(blocked.server, "", *request), StatusCode::UNAUTHENTICATED, v1::IDENTITY_MISSING,
                   {"closure-actor"});
      CheckRefused(Send(blocked.server, malformed[0], *request), StatusCode::UNAUTHENTICATED, v1::IDENTITY_INVALID,
                   {malformed[0]});
    }
  }
  v1::RecheckRequest request = RequestOn<v1::RecheckRequest>(blocked.owner.name());
  for (const std::string& actor : malformed) {
    INFO(actor);
    CheckRefused(Send(blocked.server, actor, request), StatusCode::UNAUTHENTICATED, v1::IDENTITY_INVALID);
  }
  const auto twice = RunningServer::As(blocked.owner.actor());
  twice->AddMetadata("closure-actor", "operator:ann");
  v1::Closure response;
  const grpc::Status status = blocked.server.closures().Recheck(twice.get(), request, &response);
  CHECK(ReasonIn(status) == v1::IDENTITY_INVALID);
  CHECK(Sight(blocked.server, blocked.owner.name()) == before);
}

// Of everything that is wrong with a call, what comes first is told: each step mends one fault and meets the next.
void CheckOrder(Blocked& blocked, const MethodDescriptor* method, const std::string& used_request_id) {
  RunningServer& server = blocked.server;
  v1::Closure nothing = blocked.owner.closure();
  nothing.set_name(fmt::format("accounts/{}/closures/{}", kAccount, std::string(32, 'e')));
  const auto call = [&](const std::string& actor, google::protobuf::Message& request, const std::string& request_id) {
    SetText(request, "request_id", request_id);
    SetText(request, "etag", "\"stale\"");
    return Send(server, actor, request);
  };
  auto request = MakeRequest(method, nothing);
  CheckRefused(call("", *request, "?"), StatusCode::UNAUTHENTICATED, v1::IDENTITY_MISSING);
  CheckRefused(call("?", *request, "?"), StatusCode::UNAUTHENTICATED, v1::IDENTITY_INVALID);
  CheckRefused(call(kStranger, *request, "?"), StatusCode::PERMISSION_DENIED, v1::ACCOUNT_MISMATCH);
  const std::string ram = fmt::format("ram:ann@{}", kAccount);
  CheckRefused(call(ram, *request, "?"), StatusCode::PERMISSION_DENIED, v1::ROOT_IDENTITY_REQUIRED);
  const std::string root = blocked.owner.actor();
  CheckRefused(call(root, *request, "?"), StatusCode::INVALID_ARGUMENT, v1::FIELD_INVALID, {"request_id"});
  CheckRefused(call(root, *request, used_request_id), StatusCode::NOT_FOUND, v1::CLOSURE_NOT_FOUND, {nothing.name()});
  request = MakeRequest(method, blocked.owner.closure());
  CheckRefused(call(root, *request, used_request_id), StatusCode::INVALID_ARGUMENT, v1::REQUEST_ID_REUSED,
               {used_request_id});
  CheckRefused(call(root, *request, NewRequestId()), StatusCode::ABORTED, v1::ETAG_MISMATCH,
               {blocked.owner.name(), blocked.owner.closure().etag(), "\"stale\""});
  SetText(*request, "etag", blocked.owner.closure().etag());
  CheckRefused(Send(server, root, *request), StatusCode::FAILED_PRECONDITION, v1::STATE_NOT_ALLOWED);
}

TEST_CASE("of several faults the first in the documented order is told", "[R6][R41][R42]") {
  Blocked blocked;
  v1::CancelClosureRequest cancel = RequestOn<v1::CancelClosureRequest>(blocked.owner.name());
  REQUIRE(Send(blocked.server, blocked.owner.actor(), cancel).ok());
  blocked.owner.WaitUntil([](const v1::Closure& closure) { return closure.has_personal_data_erase_time(); });
  WaitUntilQuiet(blocked.server, blocked.owner.name());
  const std::string before = Sight(blocked.server, blocked.owner.name());
  for (const MethodDescriptor* method : ClosureMethods()) {
    if (!IsMutation(method) || method->name() == "CreateClosure") continue;
    INFO(method->name());
    CheckOrder(blocked, method, cancel.request_id());
  }
  CHECK(Sight(blocked.server, blocked.owner.name()) == before);
}

}  // namespace
}  // namespace closure
