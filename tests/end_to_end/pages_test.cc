// SPDX-License-Identifier: Apache-2.0
// Lists and the tokens of their pages.
#include <catch2/catch.hpp>
#include <set>

#include "fmt/format.h"
#include "tests/support/api_calls.h"
#include "tests/support/views.h"

namespace closure {
namespace {

using google::protobuf::Message;
using google::protobuf::MethodDescriptor;
using google::protobuf::Reflection;
using grpc::StatusCode;

constexpr char kAccount[] = "pages-1";

// An account with two ended closures and an open one that has many items, so that every list has more than one page.
struct Listed {
  RunningServer server;
  Owner owner{server, kAccount};

  Listed() {
    server.Load(
        CloudFileOf(kAccount, R"("bulkResourceCount": 5, "funds": [{"currencyCode": "USD", "balance": "2.00"}])"));
    for (int i = 0; i < 2; ++i) {
      owner.Create();
      owner.Cancel();
    }
    owner.GoToScanResult();
  }
};

std::vector<const MethodDescriptor*> Lists() {
  std::vector<const MethodDescriptor*> lists;
  for (const auto& methods : {ClosureMethods(), OperatorMethods()}) {
    for (const MethodDescriptor* method : methods) {
      if (method->input_type()->FindFieldByName("page_size") != nullptr) lists.push_back(method);
    }
  }
  return lists;
}

void SetPageSize(Message& request, int size) {
  request.GetReflection()->SetInt32(&request, request.GetDescriptor()->FindFieldByName("page_size"), size);
}

struct Page {
  int entries = 0;
  std::string next;
  std::set<std::string> names;
};

Page ReadPage(RunningServer& server, const MethodDescriptor* method, const Message& request) {
  const Reply reply = Send(server, "operator:ann", request);
  INFO(reply.status.error_message());
  REQUIRE(reply.ok());
  const std::unique_ptr<Message> response(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(method->output_type())->New());
  REQUIRE(response->ParseFromString(reply.messages.back()));
  const Reflection& reflection = *response->GetReflection();
  const auto* const entries = method->output_type()->field(0);
  Page page;
  page.entries = reflection.FieldSize(*response, entries);
  page.next = reflection.GetString(*response, method->output_type()->FindFieldByName("next_page_token"));
  for (int i = 0; i < page.entries; ++i) {
    const Message& entry = reflection.GetRepeatedMessage(*response, entries, i);
    page.names.insert(entry.GetReflection()->GetString(entry, entry.GetDescriptor()->FindFieldByName("name")));
  }
  return page;
}

TEST_CASE("every list is read page by page without a gap or a repetition", "[pages]") {
  Listed listed;
  REQUIRE(Lists().size() == 4);
  for (const MethodDescriptor* method : Lists()) {
    INFO(method->name());
    const auto request = MakeRequest(method, listed.owner.closure());
    SetPageSize(*request, 100'000);
    const Page whole = ReadPage(listed.server, method, *request);
    REQUIRE(whole.entries >= 2);
    CHECK(whole.next.empty());
    SetPageSize(*request, 1);
    std::set<std::string> names;
    std::string token;
    do {
      SetText(*request, "page_token", token);
      const Page page = ReadPage(listed.server, method, *request);
      REQUIRE(page.entries == 1);
      CHECK(names.insert(*page.names.begin()).second);
      token = page.next;
    } while (!token.empty());
    CHECK(names == whole.names);
  }
}

TEST_CASE("a negative page size is refused", "[pages]") {
  Listed listed;
  for (const MethodDescriptor* method : Lists()) {
    INFO(method->name());
    const auto request = MakeRequest(method, listed.owner.closure());
    for (const int size : {-1, -2'147'483'647 - 1}) {
      SetPageSize(*request, size);
      const Reply reply = Send(listed.server, "operator:ann", *request);
      CheckRefused(reply, StatusCode::INVALID_ARGUMENT, v1::FIELD_INVALID, {"page_size", fmt::format("{}", size)});
      CHECK(reply.fields() == std::vector<std::string>{"page_size"});
    }
  }
}

TEST_CASE("a page token that was tampered with is refused", "[pages]") {
  Listed listed;
  for (const MethodDescriptor* method : Lists()) {
    INFO(method->name());
    const auto request = MakeRequest(method, listed.owner.closure());
    SetPageSize(*request, 1);
    const std::string token = ReadPage(listed.server, method, *request).next;
    std::vector<std::string> tampered = {"x",
                                         "!",
                                         token + "A",
                                         token + "=",
                                         token.substr(1),
                                         " " + token,
                                         token.substr(0, token.size() - 2),
                                         std::string(5000, 'A')};
    for (std::size_t i = 0; i < token.size(); ++i) {
      std::string changed = token;
      changed[i] = changed[i] == 'A' ? 'B' : 'A';
      tampered.push_back(changed);
    }
    for (const std::string& bad : tampered) {
      INFO(bad);
      SetText(*request, "page_token", bad);
      const Reply reply = Send(listed.server, "operator:ann", *request);
      CheckRefused(reply, StatusCode::INVALID_ARGUMENT, v1::PAGE_TOKEN_INVALID, {"page_token"});
    }
  }
}

TEST_CASE("a page token is good for its own list and filter only", "[pages]") {
  Listed listed;
  std::map<std::string, std::string> tokens;
  for (const MethodDescriptor* method : Lists()) {
    const auto request = MakeRequest(method, listed.owner.closure());
    SetPageSize(*request, 1);
    tokens[method->name()] = ReadPage(listed.server, method, *request).next;
    REQUIRE_FALSE(tokens[method->name()].empty());
  }
  for (const MethodDescriptor* method : Lists()) {
    for (const auto& [made_by, token] : tokens) {
      if (made_by == method->name()) continue;
      INFO(method->name() << " with a token of " << made_by);
      const auto request = MakeRequest(method, listed.owner.closure());
      SetText(*request, "page_token", token);
      CheckRefused(Send(listed.server, "operator:ann", *request), StatusCode::INVALID_ARGUMENT, v1::PAGE_TOKEN_INVALID);
    }
  }
  v1::ListBlockingItemsRequest items;
  items.set_parent(listed.owner.name());
  items.set_page_token(tokens["ListBlockingItems"]);
  items.set_checker("billing");
  CheckRefused(Send(listed.server, "operator:ann", items), StatusCode::INVALID_ARGUMENT, v1::PAGE_TOKEN_INVALID);
  items.clear_checker();
  items.set_show_resolved(true);
  CheckRefused(Send(listed.server, "operator:ann", items), StatusCode::INVALID_ARGUMENT, v1::PAGE_TOKEN_INVALID);
  v1::ListClosuresRequest closures;
  closures.set_parent("accounts/-");
  closures.set_page_token(tokens["ListClosures"]);
  CheckRefused(Send(listed.server, "operator:ann", closures), StatusCode::INVALID_ARGUMENT, v1::PAGE_TOKEN_INVALID);
  v1::ListTasksRequest tasks;
  tasks.set_page_token(tokens["ListTasks"]);
  tasks.set_stuck_only(true);
  CheckRefused(Send(listed.server, "operator:ann", tasks), StatusCode::INVALID_ARGUMENT, v1::PAGE_TOKEN_INVALID);
}

TEST_CASE("a page token is no permission", "[pages][R6]") {
  Listed listed;
  v1::ListTransitionsRequest request;
  request.set_parent(listed.owner.name());
  request.set_page_size(1);
  request.set_page_token(
      Send(listed.server, listed.owner.actor(), request).As<v1::ListTransitionsResponse>().next_page_token());
  CheckRefused(Send(listed.server, "root:pages-2", request), StatusCode::PERMISSION_DENIED, v1::ACCOUNT_MISMATCH);
}

}  // namespace
}  // namespace closure
