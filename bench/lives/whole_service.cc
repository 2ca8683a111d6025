// SPDX-License-Identifier: Apache-2.0
#include "bench/lives/whole_service.h"

#include <utility>

#include "checkers/proto_time.h"
#include "closure/v1/participant_service.grpc.pb.h"
#include "fmt/format.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/server_builder.h"
#include "sandbox/cloud_file.h"
#include "server/config.h"
#include "server/participants/remote_participant.h"
#include "storage/sqlite/heap.h"
#include "storage/sqlite/sqlite_closure_store.h"
#include "storage/status_macros.h"

namespace closure::bench {
namespace {

// The least that a configuration may say.
constexpr absl::Duration kSilentPeriod = absl::Hours(24);
// Nobody looks into it here when many accounts are closed at once.
constexpr int kDeletionsPerHour = 1'000'000;

config::v1::ServerConfig Config() {
  config::v1::ServerConfig config;
  config.set_listen_address("127.0.0.1:0");
  *config.mutable_policy()->mutable_silent_period() = ToProto(kSilentPeriod);
  config.mutable_breaker()->set_deletions_per_hour_min(kDeletionsPerHour);
  return WithDefaults(config);
}

std::string AccountJson(int number) {
  return fmt::format(R"json({{
    "accountId": "lives-{0}",
    "email": {{"address": "lives-{0}@example.com"}},
    "sessions": [{{"sessionId": "s1", "identity": "root"}}],
    "funds": [{{"currencyCode": "USD", "balance": "20.00", "debt": "5.00"}}],
    "resources": [{{
      "resourceId": "i-1", "product": "ecs", "type": "instance", "regionCode": "cn-hangzhou",
      "chargeType": "PAY_AS_YOU_GO", "state": "Running", "releasable": true,
      "consoleUri": "https://ecs.console.example.com/i-1"}}]
  }})json",
                     number);
}

}  // namespace

absl::StatusOr<std::unique_ptr<WholeService>> WholeService::Start(const std::string& database_path) {
  std::unique_ptr<WholeService> service(new WholeService());
  CLOSURE_RETURN_IF_ERROR(service->Assemble(database_path));
  return service;
}

WholeService::~WholeService() {
  if (cloud_ != nullptr) cloud_->Stop();
  closures_ = nullptr;
  if (server_ != nullptr) server_->Stop(absl::Seconds(1));
  server_ = nullptr;
  if (mailbox_server_ != nullptr) mailbox_server_->Shutdown();
}

absl::Status WholeService::Assemble(const std::string& database_path) {
  sqlite::UseCountedHeap();  // before the cloud uses SQLite, as closured does
  CLOSURE_ASSIGN_OR_RETURN(cloud_,
                           Sandbox::Open({.database_path = ":memory:", .now = [this] { return clock_.Now(); }}));
  grpc::ServerBuilder builder;
  builder.RegisterService(&mailbox_);
  mailbox_server_ = builder.BuildAndStart();
  Upstreams upstreams = Upstreams::OnChannel(cloud_->channel());
  upstreams.messaging = upstream::v1::MessagingService::NewStub(mailbox_server_->InProcessChannel({}));
  const SecretKey key = SecretKey::FromBytes(std::string(32, 'k'));
  CLOSURE_ASSIGN_OR_RETURN(
      std::unique_ptr<SqliteClosureStore> store,
      SqliteClosureStore::Open({.path = database_path, .deployment = Deployment::kDev, .key_check = key.Check()}));
  CLOSURE_ASSIGN_OR_RETURN(Agreements agreements, Agreements::FromTexts({{{"2026-01", "en"}, "What is agreed to."}}));
  CLOSURE_ASSIGN_OR_RETURN(ParticipantSlot participant, AskParticipant());
  CLOSURE_ASSIGN_OR_RETURN(server_, ClosuredServer::Make({.config = Config(),
                                                          .clock = &clock_,
                                                          .log = &log_,
                                                          .store = std::move(store),
                                                          .secret_key = key,
                                                          .agreements = std::move(agreements),
                                                          .upstreams = std::move(upstreams),
                                                          .extra_participants = {std::move(participant)}}));
  CLOSURE_RETURN_IF_ERROR(server_->Start());
  closures_ = v1::ClosureService::NewStub(grpc::CreateChannel(server_->address(), grpc::InsecureChannelCredentials()));
  return absl::OkStatus();
}

absl::StatusOr<ParticipantSlot> WholeService::AskParticipant() {
  std::shared_ptr<v1::ParticipantService::StubInterface> stub = v1::ParticipantService::NewStub(cloud_->channel());
  grpc::ClientContext context;
  v1::ParticipantDescription description;
  const grpc::Status status = stub->DescribeParticipant(&context, {}, &description);
  if (!status.ok()) return absl::UnavailableError(status.error_message());
  return ParticipantSlot{.participant = std::make_shared<RemoteParticipant>(std::move(description), std::move(stub))};
}

std::vector<std::string> WholeService::AddAccounts(int count) {
  std::string accounts;
  for (int added = 0; added < count; ++added)
    accounts += fmt::format("{}{}", added == 0 ? "" : ",", AccountJson(accounts_++));
  const auto file = ParseCloudFile(fmt::format("{{\"accounts\": [{}]}}", accounts));
  return file.ok() ? cloud_->Load(*file).value_or(std::vector<std::string>()) : std::vector<std::string>();
}

void WholeService::PassSilentPeriod() { clock_.Advance(kSilentPeriod); }

}  // namespace closure::bench
