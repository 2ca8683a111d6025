// SPDX-License-Identifier: Apache-2.0
#include "tests/simulation/cloud.h"

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <utility>

#include "grpcpp/test/default_reactor_test_peer.h"
#include "sandbox/account_rows.h"
#include "sandbox/control_service.h"
#include "sandbox/upstream_services.h"

namespace closure::simulation {
namespace {

using ControlService = sandbox::v1::SandboxService::CallbackService;

std::unique_ptr<CloudDatabase> OpenInMemory() {
  auto database = CloudDatabase::Open(":memory:");
  if (!database.ok()) std::abort();
  return *std::move(database);
}

UpstreamServices MakeServices(UpstreamCalls& calls) {
  return {.account = MakeAccountService(calls),
          .billing = MakeBillingService(calls),
          .domain = MakeDomainService(calls),
          .messaging = MakeMessagingService(calls),
          .partner = MakePartnerService(calls),
          .resource = MakeResourceService(calls),
          .resource_directory = MakeResourceDirectoryService(calls),
          .trusteeship = MakeTrusteeshipService(calls)};
}

// Makes a call to the service that plays the world.
grpc::Status Control(grpc::Service& service,
                     absl::FunctionRef<void(ControlService& control, grpc::CallbackServerContext* context)> call) {
  grpc::CallbackServerContext context;
  grpc::testing::DefaultReactorTestPeer peer(&context);
  call(dynamic_cast<ControlService&>(service), &context);
  return peer.test_status();
}

}  // namespace

Cloud::Cloud(Schedule& schedule, Wire& wire, absl::Time begin)
    : schedule_(schedule),
      wire_(wire),
      begin_(begin),
      database_(OpenInMemory()),
      calls_(*database_, faults_, hanging_, [this] { return now(); }),
      services_(MakeServices(calls_)),
      archive_(MakeArchiveParticipant(calls_)),
      control_(MakeControlService({.database = database_.get(), .faults = &faults_, .now = [this] { return now(); }})) {
}

Upstreams Cloud::StubsFor(Life life) { return StubsOn(wire_, life, services_); }

std::shared_ptr<v1::ParticipantService::StubInterface> Cloud::ArchiveFor(Life life) {
  return ParticipantStubOn(wire_, life, *archive_);
}

void Cloud::Load(const sandbox::v1::CloudFile& file) {
  const auto loaded = LoadCloud(*database_, file, now());
  if (loaded.ok()) return;
  std::cerr << "the cloud of the simulation is wrong: " << loaded.status() << "\n";
  std::abort();
}

sandbox::v1::ShowAccountResponse Cloud::Show(const std::string& account_id) {
  sandbox::v1::ShowAccountRequest request;
  request.set_account_id(account_id);
  sandbox::v1::ShowAccountResponse response;
  if (!Control(*control_, [&](auto& control, auto* call) { control.ShowAccount(call, &request, &response); }).ok())
    std::abort();
  return response;
}

std::vector<sandbox::v1::InboxMessage> Cloud::Inbox(const std::string& account_id) {
  sandbox::v1::ListInboxRequest request;
  request.set_account_id(account_id);
  std::vector<sandbox::v1::InboxMessage> messages;
  do {
    sandbox::v1::ListInboxResponse response;
    if (!Control(*control_, [&](auto& control, auto* call) { control.ListInbox(call, &request, &response); }).ok())
      std::abort();
    messages.insert(messages.end(), response.messages().begin(), response.messages().end());
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  return messages;
}

grpc::Status Cloud::Told(const std::string& account_id, std::string_view what, grpc::Status status) {
  if (status.ok()) schedule_.Tell("account {}: {}", account_id, what);
  return status;
}

grpc::Status Cloud::IssueBill(const sandbox::v1::IssueBillRequest& request) {
  sandbox::v1::IssueBillResponse response;
  return Told(request.account_id(), "a bill comes",
              Control(*control_, [&](auto& control, auto* call) { control.IssueBill(call, &request, &response); }));
}

grpc::Status Cloud::TopUp(const sandbox::v1::TopUpBalanceRequest& request) {
  sandbox::v1::TopUpBalanceResponse response;
  return Told(request.account_id(), "its balance is topped up",
              Control(*control_, [&](auto& control, auto* call) { control.TopUpBalance(call, &request, &response); }));
}

grpc::Status Cloud::Order(const sandbox::v1::CreateResourceRequest& request) {
  sandbox::v1::CreateResourceResponse response;
  return Told(request.account_id(), "an instance is made", Control(*control_, [&](auto& control, auto* call) {
                control.CreateResource(call, &request, &response);
              }));
}

grpc::Status Cloud::Settle(const std::string& account_id) {
  sandbox::v1::SettleAccountRequest request;
  request.set_account_id(account_id);
  sandbox::v1::SettleAccountResponse response;
  return Told(account_id, "everything is settled by hand",
              Control(*control_, [&](auto& control, auto* call) { control.SettleAccount(call, &request, &response); }));
}

void Cloud::DeleteElsewhere(const std::string& account_id) {
  Change(account_id, "it is deleted elsewhere",
         [&](SqliteTransaction& tx) { DeleteAccountRows(tx, account_id, now()); });
}

void Cloud::Change(const std::string& account_id, std::string_view what,
                   absl::FunctionRef<void(SqliteTransaction& tx)> change) {
  bool changed = false;
  const absl::Status status = database_->Transact([&](SqliteTransaction& tx) {
    if (FindAccount(tx, account_id) != AccountPresence::kLive) return absl::OkStatus();
    const std::int64_t before = tx.Number("SELECT total_changes()", {});
    change(tx);
    changed = tx.Number("SELECT total_changes()", {}) > before;
    return tx.status();
  });
  if (!status.ok()) {
    std::cerr << "the cloud of the simulation is wrong: " << status << "\n";
    std::abort();
  }
  if (changed) schedule_.Tell("account {}: {}", account_id, what);
}

}  // namespace closure::simulation
