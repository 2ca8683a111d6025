// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_CLIENT_FAKE_SANDBOX_H_
#define CLOSURE_TESTS_CLIENT_FAKE_SANDBOX_H_

#include <grpcpp/server_context.h>

#include <mutex>
#include <string>

#include "tests/client/fake_server.h"

namespace closure {

// The sandbox service of a FakeServer; only fake_server.cc makes one. Can be called from any thread.
class FakeServer::Sandbox final : public sandbox::v1::SandboxService::Service {
 public:
  explicit Sandbox(FakeServer& fake) : fake_(fake) {}

  grpc::Status LoadCloud(grpc::ServerContext* context, const sandbox::v1::LoadCloudRequest* request,
                         sandbox::v1::LoadCloudResponse* response) override {
    for (const auto& account : request->cloud().accounts()) response->add_account_ids(account.account_id());
    return fake_.Enter(context, "LoadCloud", *request);
  }
  grpc::Status ShowAccount(grpc::ServerContext* context, const sandbox::v1::ShowAccountRequest* request,
                           sandbox::v1::ShowAccountResponse* response) override {
    response->mutable_account()->set_account_id(request->account_id());
    return fake_.Enter(context, "ShowAccount", *request);
  }
  grpc::Status ListInbox(grpc::ServerContext* context, const sandbox::v1::ListInboxRequest* request,
                         sandbox::v1::ListInboxResponse* response) override {
    if (grpc::Status entered = fake_.Enter(context, "ListInbox", *request); !entered.ok()) return entered;
    std::lock_guard lock(fake_.mutex_);
    *response = fake_.inbox_;
    return grpc::Status::OK;
  }
  grpc::Status IssueBill(grpc::ServerContext* context, const sandbox::v1::IssueBillRequest* request,
                         sandbox::v1::IssueBillResponse* response) override {
    response->set_bill_id("bill-1");
    return fake_.Enter(context, "IssueBill", *request);
  }
  grpc::Status SettleAccount(grpc::ServerContext* context, const sandbox::v1::SettleAccountRequest* request,
                             sandbox::v1::SettleAccountResponse* response) override {
    if (request->account_id() == kAccount) response->add_actions("paid bill-1");
    return fake_.Enter(context, "SettleAccount", *request);
  }
  grpc::Status AdvanceClock(grpc::ServerContext* context, const sandbox::v1::AdvanceClockRequest* request,
                            sandbox::v1::AdvanceClockResponse* response) override {
    response->mutable_time()->set_seconds(kCreateSeconds + request->duration().seconds());
    return fake_.Enter(context, "AdvanceClock", *request);
  }
  grpc::Status SetFault(grpc::ServerContext* context, const sandbox::v1::SetFaultRequest* request,
                        sandbox::v1::SetFaultResponse*) override {
    return fake_.Enter(context, "SetFault", *request);
  }

 private:
  FakeServer& fake_;
};

}  // namespace closure

#endif  // CLOSURE_TESTS_CLIENT_FAKE_SANDBOX_H_
