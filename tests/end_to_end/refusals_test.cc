// SPDX-License-Identifier: Apache-2.0
// Requests that are not as they should be: names, request ids, texts, enums, and bytes that are no request.
#include <catch2/catch.hpp>
#include <set>

#include "absl/strings/str_replace.h"
#include "fmt/format.h"
#include "tests/support/api_calls.h"
#include "tests/support/views.h"

namespace closure {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;
using grpc::StatusCode;

constexpr char kAccount[] = "input-1";

// A closure that is ready to be confirmed.
struct Ready {
  RunningServer server;
  Owner owner{server, kAccount};

  Ready() {
    server.Load(CloudFileOf(kAccount));
    owner.GoToScanResult();
    REQUIRE(owner.closure().state() == v1::Closure::READY);
  }
  Reply Confirm(const v1::ConfirmClosureRequest& request) { return Send(server, owner.actor(), request); }
};

std::vector<const MethodDescriptor*> AllMethods() {
  std::vector<const MethodDescriptor*> methods = ClosureMethods();
  for (const MethodDescriptor* method : OperatorMethods()) methods.push_back(method);
  return methods;
}

std::string ActorFor(const MethodDescriptor* method) {
  return method->service()->name() == "OperatorService" ? "operator:ann" : fmt::format("root:{}", kAccount);
}

// The field in which a request names what it is about; empty when it does not.
std::string NameField(const MethodDescriptor* method) {
  for (const char* field : {"name", "parent", "account"}) {
    if (method->input_type()->FindFieldByName(field) != nullptr) return field;
  }
  return "";
}

TEST_CASE("an unknown account is told so, and nothing is begun", "[R6]") {
  RunningServer server;
  for (const char* method_name : {"CreateClosure", "PreviewClosure"}) {
    v1::Closure closure;
    closure.set_account("accounts/nobody-1");
    const MethodDescriptor* method =
        v1::CreateClosureRequest::descriptor()->file()->service(0)->FindMethodByName(method_name);
    REQUIRE(method != nullptr);
    INFO(method_name);
    const Reply reply = Send(server, "root:nobody-1", *MakeRequest(method, closure));
    CheckRefused(reply, StatusCode::NOT_FOUND, v1::ACCOUNT_NOT_FOUND, {"accounts/nobody-1"});
    CHECK(reply.metadata()["account"] == "accounts/nobody-1");
  }
  CHECK(SightOfAll(server).empty());
}

TEST_CASE("only an account in good standing starts a closure", "[R1]") {
  RunningServer server;
  server.Load(CloudFileOf("input-2", R"("state": "SUSPENDED")"));
  server.Load(CloudFileOf("input-3"));
  DeleteElsewhere(server, "input-3");
  const auto create = [&](const std::string& account) {
    v1::CreateClosureRequest request;
    request.set_parent("accounts/" + account);
    request.set_channel(v1::EMAIL);
    request.set_request_id(NewRequestId());
    return Send(server, "root:" + account, request);
  };
  CheckRefused(create("input-2"), StatusCode::FAILED_PRECONDITION, v1::ACCOUNT_NOT_ACTIVE,
               {"accounts/input-2", "SUSPENDED"});
  CheckRefused(create("input-3"), StatusCode::FAILED_PRECONDITION, v1::ACCOUNT_CLOSED, {"accounts/input-3"});
  server.SetFault("AccountService/GetAccount", sandbox::v1::SetFaultRequest::UNAVAILABLE_BEFORE);
  CheckRefused(create("input-2"), StatusCode::UNAVAILABLE, v1::ACCOUNT_SYSTEM_UNAVAILABLE, {"accounts/input-2"});
  server.SetFault("AccountService/GetAccount", sandbox::v1::SetFaultRequest::MALFORMED);
  CheckRefused(create("input-2"), StatusCode::UNAVAILABLE, v1::ACCOUNT_SYSTEM_UNAVAILABLE, {"accounts/input-2"});
  CHECK(SightOfAll(server).empty());
}

TEST_CASE("a malformed name is refused by every method that takes one", "[names]") {
  Ready ready;
  const std::string before = Sight(ready.server, ready.owner.name());
  const std::string id = ready.owner.name().substr(ready.owner.name().rfind('/') + 1);
  const std::vector<std::string> malformed = {"rubbish",
                                              "/",
                                              "accounts",
                                              "accounts/",
                                              "accounts//closures/" + id,
                                              "accounts/INPUT-1",
                                              "accounts/input 1",
                                              "accounts/-input",
                                              "accounts/" + std::string(65, 'a'),
                                              "Accounts/input-1/closures/" + id,
                                              "accounts/input-1/closures",
                                              "accounts/input-1/closures/",
                                              "accounts/input-1/closures/" + id.substr(1),
                                              ready.owner.name() + "0",
                                              ready.owner.name() + "/",
                                              "/" + ready.owner.name(),
                                              ready.owner.name() + "\n",
                                              "accounts/input-1/closures/" + std::string(32, 'G'),
                                              "accounts/input-1/closures/" + std::string(32, 'A'),
                                              "accounts/input-1//closures/" + id,
                                              "accounts/input-1/closures/" + id + "/closures/" + id,
                                              "tasks/-1"};
  for (const MethodDescriptor* method : AllMethods()) {
    const std::string field = NameField(method);
    if (field.empty()) continue;
    for (const std::string& name : malformed) {
      INFO(method->name() << " of \"" << name << "\"");
      const auto request = MakeRequest(method, ready.owner.closure());
      SetText(*request, field, name);
      const Reply reply = Send(ready.server, ActorFor(method), *request);
      CheckRefused(reply, StatusCode::INVALID_ARGUMENT, v1::NAME_MALFORMED, {field});
      CHECK(reply.fields() == std::vector<std::string>{field});
    }
    INFO(method->name() << " without a name");
    const auto request = MakeRequest(method, ready.owner.closure());
    SetText(*request, field, "");
    CheckRefused(Send(ready.server, ActorFor(method), *request), StatusCode::INVALID_ARGUMENT, v1::FIELD_MISSING,
                 {field});
  }
  CHECK(Sight(ready.server, ready.owner.name()) == before);
}

TEST_CASE("what is not there is told by its name", "[names]") {
  Ready ready;
  v1::Closure nothing = ready.owner.closure();
  nothing.set_name(fmt::format("accounts/{}/closures/{}", kAccount, std::string(32, 'e')));
  for (const MethodDescriptor* method : AllMethods()) {
    const std::string field = NameField(method);
    const std::set<std::string> others = {"CreateClosure", "ListClosures", "RetryTask"};
    if (field.empty() || field == "account" || others.contains(method->name())) continue;
    INFO(method->name());
    CheckRefused(Send(ready.server, ActorFor(method), *MakeRequest(method, nothing)), StatusCode::NOT_FOUND,
                 v1::CLOSURE_NOT_FOUND, {nothing.name()});
  }
  auto retry = RequestOn<v1::RetryTaskRequest>("tasks/987654321");
  retry.set_reason("a test");
  CheckRefused(Send(ready.server, "operator:ann", retry), StatusCode::NOT_FOUND, v1::TASK_NOT_FOUND,
               {"tasks/987654321"});
  v1::GetAgreementRequest agreement;
  agreement.set_version("1999-01");
  CheckRefused(Send(ready.server, ready.owner.actor(), agreement), StatusCode::NOT_FOUND, v1::AGREEMENT_NOT_FOUND,
               {"1999-01"});
}

TEST_CASE("a change without a sound request id is refused", "[request_id]") {
  Ready ready;
  const std::string before = Sight(ready.server, ready.owner.name());
  for (const MethodDescriptor* method : AllMethods()) {
    if (!IsMutation(method)) continue;
    INFO(method->name());
    const auto request = MakeRequest(method, ready.owner.closure());
    SetText(*request, "request_id", "");
    CheckRefused(Send(ready.server, ActorFor(method), *request), StatusCode::INVALID_ARGUMENT, v1::FIELD_MISSING,
                 {"request_id"});
    for (const char* id : {"1", "00000000-0000-0000-0000-000000000000", "2f1b6c1e58d44c0f9c550b6f3f6f8a11",
                           "2f1b6c1e-58d4-4c0f-9c55-0b6f3f6f8a1g", "{2f1b6c1e-58d4-4c0f-9c55-0b6f3f6f8a1}"}) {
      SetText(*request, "request_id", id);
      const Reply reply = Send(ready.server, ActorFor(method), *request);
      CheckRefused(reply, StatusCode::INVALID_ARGUMENT, v1::FIELD_INVALID, {"request_id", id});
      CHECK(reply.fields() == std::vector<std::string>{"request_id"});
    }
  }
  CHECK(Sight(ready.server, ready.owner.name()) == before);
}

TEST_CASE("the owner's words are at most 500 code points of plain text", "[D4]") {
  Ready ready;
  const std::string before = Sight(ready.server, ready.owner.name());
  std::string longest;
  for (int i = 0; i < 500; ++i) longest += "账";
  v1::ConfirmClosureRequest request = ready.owner.ConfirmRequest();
  request.set_reason_text(longest + "户");
  CheckRefused(ready.Confirm(request), StatusCode::INVALID_ARGUMENT, v1::TEXT_TOO_LONG, {"reason_text", "501", "500"});
  for (const std::string& control :
       {std::string("a\nb"), std::string("a\0b", 3), std::string("\x1b[2J"), std::string("\x7f"),
        std::string("\xc2\x85"), std::string("\xe2\x80\xae"), std::string("\xe2\x80\xa8")}) {
    request.set_reason_text(control);
    const Reply reply = ready.Confirm(request);
    CheckRefused(reply, StatusCode::INVALID_ARGUMENT, v1::FIELD_INVALID, {"reason_text", "U+", "position"});
    CHECK(reply.fields() == std::vector<std::string>{"reason_text"});
  }
  CHECK(Sight(ready.server, ready.owner.name()) == before);
  request.set_reason_text(longest);
  CHECK(ready.Confirm(request).As<v1::Closure>().reason_text() == longest);
}

TEST_CASE("operators give a reason of at most 500 code points", "[operators]") {
  Ready ready;
  const std::string before = Sight(ready.server, ready.owner.name());
  for (const MethodDescriptor* method : OperatorMethods()) {
    if (!IsMutation(method)) continue;
    INFO(method->name());
    const auto request = MakeRequest(method, ready.owner.closure());
    SetText(*request, "reason", "");
    CheckRefused(Send(ready.server, "operator:ann", *request), StatusCode::INVALID_ARGUMENT, v1::FIELD_MISSING,
                 {"reason"});
    SetText(*request, "reason", std::string(501, 'x'));
    CheckRefused(Send(ready.server, "operator:ann", *request), StatusCode::INVALID_ARGUMENT, v1::TEXT_TOO_LONG,
                 {"reason", "501"});
    SetText(*request, "reason", "two\nlines");
    CheckRefused(Send(ready.server, "operator:ann", *request), StatusCode::INVALID_ARGUMENT, v1::FIELD_INVALID,
                 {"reason"});
  }
  CHECK(Sight(ready.server, ready.owner.name()) == before);
  CHECK_FALSE(StatusOf(ready.server).has_pause());
}

TEST_CASE("an enum value that there is not is refused", "[enums]") {
  Ready ready;
  const std::string before = Sight(ready.server, ready.owner.name());
  for (const MethodDescriptor* method : AllMethods()) {
    for (int i = 0; i < method->input_type()->field_count(); ++i) {
      const FieldDescriptor* const field = method->input_type()->field(i);
      if (field->cpp_type() != FieldDescriptor::CPPTYPE_ENUM) continue;
      INFO(method->name() << "." << field->name());
      const auto request = MakeRequest(method, ready.owner.closure());
      request->GetReflection()->SetEnumValue(request.get(), field, 99);
      const Reply reply = Send(ready.server, ActorFor(method), *request);
      CheckRefused(reply, StatusCode::INVALID_ARGUMENT, v1::FIELD_INVALID, {field->name(), "99"});
    }
  }
  CHECK(Sight(ready.server, ready.owner.name()) == before);
}

TEST_CASE("bytes that are not UTF-8 or no message at all never reach a handler", "[utf8]") {
  Ready ready;
  const google::protobuf::LogSilencer silence;
  // What gRPC 1.51 makes of a request that it cannot parse.
  constexpr StatusCode kUnparsed = StatusCode::UNIMPLEMENTED;
  const std::string before = SightOfAll(ready.server);
  const std::string marker = "utf8-marker";
  for (const MethodDescriptor* method : AllMethods()) {
    for (int i = 0; i < method->input_type()->field_count(); ++i) {
      const FieldDescriptor* const field = method->input_type()->field(i);
      if (field->cpp_type() != FieldDescriptor::CPPTYPE_STRING) continue;
      INFO(method->name() << "." << field->name());
      const auto request = MakeRequest(method, ready.owner.closure());
      SetText(*request, field->name(), marker);
      const std::string bytes =
          absl::StrReplaceAll(request->SerializeAsString(), {{marker, std::string(marker.size(), '\xff')}});
      const Reply reply = SendBytes(ready.server, ActorFor(method), method, bytes);
      CHECK(reply.status.error_code() == kUnparsed);
      CHECK(reply.reason() == v1::ERROR_REASON_UNSPECIFIED);
      CHECK(reply.messages.empty());
    }
    INFO(method->name());
    CHECK(SendBytes(ready.server, ActorFor(method), method, "\x0a\x7f").status.error_code() == kUnparsed);
  }
  v1::RecheckRequest large = RequestOn<v1::RecheckRequest>(ready.owner.name());
  large.set_etag(std::string(300'000, 'x'));
  CHECK(Send(ready.server, ready.owner.actor(), large).status.error_code() == StatusCode::RESOURCE_EXHAUSTED);
  CHECK(SightOfAll(ready.server) == before);
  // And the server goes on.
  ready.owner.Recheck();
  CHECK(ready.owner.closure().state() == v1::Closure::READY);
}

}  // namespace
}  // namespace closure
