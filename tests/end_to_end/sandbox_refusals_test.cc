// SPDX-License-Identifier: Apache-2.0
// What SandboxService refuses, as callers of the dev server are told it.
#include <catch2/catch.hpp>
#include <set>

#include "fmt/format.h"
#include "server/dev_cloud.h"
#include "tests/support/api_calls.h"
#include "tests/support/views.h"

namespace closure {
namespace {

using Stub = sandbox::v1::SandboxService::Stub;
using grpc::StatusCode;

constexpr char kAccount[] = "sandbox-1";

// Everything of `closured dev`, on loopback, with one account.
class DevServer {
 public:
  DevServer() {
    config::v1::ServerConfig config;
    config.set_listen_address("127.0.0.1:0");
    auto cloud = DevCloud::Open({.data_dir = directory_.File("data"), .config = config});
    INFO(cloud.status().ToString());
    REQUIRE(cloud.ok());
    cloud_ = *std::move(cloud);
    REQUIRE(cloud_->server().Start().ok());
    stub_ = sandbox::v1::SandboxService::NewStub(
        grpc::CreateChannel(fmt::format("127.0.0.1:{}", cloud_->server().port()), grpc::InsecureChannelCredentials()));
    sandbox::v1::LoadCloudRequest load;
    sandbox::v1::CloudAccount& account = *load.mutable_cloud()->add_accounts();
    account.set_account_id(kAccount);
    account.mutable_email()->set_address("owner@sandbox-1.example");
    const Reply loaded = Call(&Stub::LoadCloud, load);
    INFO(loaded.status.error_message());
    REQUIRE(loaded.ok());
  }

  template <typename Request, typename Response>
  Reply Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*), const Request& request) {
    Reply reply;
    Response response;
    reply.status = (stub_.get()->*method)(RunningServer::As("").get(), request, &response);
    if (reply.ok()) reply.messages.push_back(response.SerializeAsString());
    return reply;
  }

  // The account as the cloud has it.
  std::string Sight() {
    sandbox::v1::ShowAccountRequest request;
    request.set_account_id(kAccount);
    return Call(&Stub::ShowAccount, request).As<sandbox::v1::ShowAccountResponse>().DebugString();
  }

 private:
  ScratchDirectory directory_;
  std::unique_ptr<DevCloud> cloud_;
  std::unique_ptr<Stub> stub_;
};

template <typename Request>
Request On(const std::string& account_id) {
  Request request;
  request.set_account_id(account_id);
  return request;
}

sandbox::v1::CreateResourceRequest OrderOf(const std::string& resource_id) {
  auto request = On<sandbox::v1::CreateResourceRequest>(kAccount);
  upstream::v1::Resource& resource = *request.mutable_resource();
  resource.set_resource_id(resource_id);
  resource.set_product("ecs");
  resource.set_type("instance");
  resource.set_region_code("cn-hangzhou");
  resource.set_charge_type(upstream::v1::Resource::PAY_AS_YOU_GO);
  resource.set_state("Running");
  resource.set_releasable(true);
  resource.set_console_uri("https://ecs.console.example.com/i-1");
  return request;
}

// A refusal of one field: BadRequest and ErrorInfo name it, the message too.
void CheckFieldRefused(const Reply& reply, const std::string& field, v1::ErrorReason reason = v1::FIELD_INVALID) {
  INFO(field);
  CheckRefused(reply, StatusCode::INVALID_ARGUMENT, reason, {field});
  CHECK(reply.fields() == std::vector<std::string>{field});
  CHECK(reply.metadata()["field"] == field);
}

TEST_CASE("a control of an account with a bad field says which, for which account", "[sandbox]") {
  DevServer dev;
  const std::string before = dev.Sight();
  const auto check = [](const Reply& reply, const std::string& field, v1::ErrorReason reason = v1::FIELD_INVALID) {
    CheckFieldRefused(reply, field, reason);
    CHECK(reply.metadata()["account"] == fmt::format("accounts/{}", kAccount));
  };
  check(dev.Call(&Stub::IssueBill, On<sandbox::v1::IssueBillRequest>(kAccount)), "amount");
  auto top_up = On<sandbox::v1::TopUpBalanceRequest>(kAccount);
  *top_up.mutable_amount() = Amount("0 USD");
  check(dev.Call(&Stub::TopUpBalance, top_up), "amount");
  auto contact = On<sandbox::v1::ChangeContactPointRequest>(kAccount);
  contact.set_channel("pigeon");
  check(dev.Call(&Stub::ChangeContactPoint, contact), "channel");
  contact.set_channel("email");
  contact.set_address("nowhere");
  check(dev.Call(&Stub::ChangeContactPoint, contact), "address");
  check(dev.Call(&Stub::CreateResource, OrderOf("")), "resource.resource_id");
  auto inbox = On<sandbox::v1::ListInboxRequest>(kAccount);
  inbox.set_page_size(-1);
  check(dev.Call(&Stub::ListInbox, inbox), "page_size");
  inbox.set_page_size(0);
  inbox.set_page_token("rubbish");
  check(dev.Call(&Stub::ListInbox, inbox), "page_token", v1::PAGE_TOKEN_INVALID);
  CHECK(dev.Sight() == before);
}

TEST_CASE("a control of the whole cloud with a bad field says which", "[sandbox]") {
  DevServer dev;
  sandbox::v1::AdvanceClockRequest advance;
  for (const int64_t seconds : {int64_t{0}, int64_t{-1}, int64_t{3650} * 24 * 3600 + 1}) {
    advance.mutable_duration()->set_seconds(seconds);
    CheckFieldRefused(dev.Call(&Stub::AdvanceClock, advance), "duration");
  }
  sandbox::v1::SetFaultRequest fault;
  fault.set_method("closure.upstream.v1.BillingService/Rubbish");
  CheckFieldRefused(dev.Call(&Stub::SetFault, fault), "method");
  fault.set_method("closure.upstream.v1.BillingService/SealBilling");
  fault.set_fault(static_cast<sandbox::v1::SetFaultRequest::Fault>(99));
  CheckFieldRefused(dev.Call(&Stub::SetFault, fault), "fault");
  fault.set_fault(sandbox::v1::SetFaultRequest::HANG);
  fault.set_calls(-1);
  CheckFieldRefused(dev.Call(&Stub::SetFault, fault), "calls");
}

// Every reason that the sandbox alone gives, each from a call that comes to it.
std::map<v1::ErrorReason, Reply> Refusals(DevServer& dev) {
  std::map<v1::ErrorReason, Reply> replies;
  replies[v1::SANDBOX_ACCOUNT_NOT_FOUND] =
      dev.Call(&Stub::SettleAccount, On<sandbox::v1::SettleAccountRequest>("nobody-1"));
  sandbox::v1::LoadCloudRequest load;
  sandbox::v1::CloudAccount& broken = *load.mutable_cloud()->add_accounts();
  broken.set_account_id(kAccount);
  broken.set_display_name("Replaced");
  broken.mutable_email()->set_address("owner@sandbox-1.example");
  broken.add_bills()->set_bill_id("b-1");
  replies[v1::CLOUD_FILE_INVALID] = dev.Call(&Stub::LoadCloud, load);
  REQUIRE(dev.Call(&Stub::CreateResource, OrderOf("i-1")).ok());
  replies[v1::SANDBOX_REFUSED] = dev.Call(&Stub::CreateResource, OrderOf("i-1"));
  return replies;
}

TEST_CASE("each reason of the sandbox comes with its code, the domain and what it is about", "[sandbox]") {
  DevServer dev;
  std::map<v1::ErrorReason, Reply> replies = Refusals(dev);
  const google::protobuf::EnumDescriptor& reasons = *v1::ErrorReason_descriptor();
  for (int i = 0; i < reasons.value_count(); ++i) {
    const std::string& name = reasons.value(i)->name();
    if (name.rfind("SANDBOX_", 0) != 0 && name.rfind("CLOUD_", 0) != 0) continue;
    INFO(name);
    CHECK(replies.count(static_cast<v1::ErrorReason>(reasons.value(i)->number())) == 1);
  }
  const Reply& unknown = replies[v1::SANDBOX_ACCOUNT_NOT_FOUND];
  CheckRefused(unknown, StatusCode::NOT_FOUND, v1::SANDBOX_ACCOUNT_NOT_FOUND, {"nobody-1"});
  CHECK(unknown.metadata() == std::map<std::string, std::string>{{"account", "accounts/nobody-1"}});
  const Reply& taken = replies[v1::SANDBOX_REFUSED];
  CheckRefused(taken, StatusCode::FAILED_PRECONDITION, v1::SANDBOX_REFUSED, {kAccount, "i-1"});
  CHECK(taken.metadata()["account"] == fmt::format("accounts/{}", kAccount));
  const Reply& file = replies[v1::CLOUD_FILE_INVALID];
  CheckRefused(file, StatusCode::INVALID_ARGUMENT, v1::CLOUD_FILE_INVALID, {kAccount, "bills"});
  REQUIRE(file.fields().size() == 1);
  CHECK_THAT(file.fields().front(), Catch::StartsWith("bills"));
  CHECK(file.metadata()["field"] == file.fields().front());
  // The account is as it was: all of a file is loaded or nothing.
  CHECK_THAT(dev.Sight(), !Catch::Contains("Replaced"));
}

TEST_CASE("every control of an account that there is not says so", "[sandbox][R6]") {
  DevServer dev;
  const auto check = [](const Reply& reply) {
    CheckRefused(reply, StatusCode::NOT_FOUND, v1::SANDBOX_ACCOUNT_NOT_FOUND, {"nobody-1"});
    CHECK(reply.metadata()["account"] == "accounts/nobody-1");
    CHECK(reply.fields().empty());
  };
  check(dev.Call(&Stub::ShowAccount, On<sandbox::v1::ShowAccountRequest>("nobody-1")));
  check(dev.Call(&Stub::IssueBill, On<sandbox::v1::IssueBillRequest>("nobody-1")));
  check(dev.Call(&Stub::TopUpBalance, On<sandbox::v1::TopUpBalanceRequest>("nobody-1")));
  check(dev.Call(&Stub::CreateResource, On<sandbox::v1::CreateResourceRequest>("nobody-1")));
  check(dev.Call(&Stub::ChangeContactPoint, On<sandbox::v1::ChangeContactPointRequest>("nobody-1")));
  check(dev.Call(&Stub::SettleAccount, On<sandbox::v1::SettleAccountRequest>("nobody-1")));
}

}  // namespace
}  // namespace closure
