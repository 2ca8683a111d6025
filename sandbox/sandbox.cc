// SPDX-License-Identifier: Apache-2.0
#include "sandbox/sandbox.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "grpc/grpc.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server_builder.h"
#include "grpcpp/support/channel_arguments.h"
#include "sandbox/control_service.h"
#include "sandbox/upstream_services.h"

namespace closure {

absl::StatusOr<std::unique_ptr<Sandbox>> Sandbox::Open(SandboxOptions options) {
  absl::StatusOr<std::unique_ptr<CloudDatabase>> database = CloudDatabase::Open(options.database_path);
  if (!database.ok()) return database.status();
  std::unique_ptr<Sandbox> cloud(new Sandbox(std::move(options), *std::move(database)));
  if (absl::Status status = cloud->Start(); !status.ok()) return status;
  return cloud;
}

Sandbox::Sandbox(SandboxOptions options, std::unique_ptr<CloudDatabase> database)
    : options_(std::move(options)),
      database_(std::move(database)),
      calls_(*database_, faults_, hanging_, options_.now),
      control_service_(NewControlService()) {}

Sandbox::~Sandbox() {
  Stop();
  if (server_ != nullptr) server_->Shutdown();
}

absl::Status Sandbox::Start() {
  hosted_.push_back(MakeAccountService(calls_));
  hosted_.push_back(MakeBillingService(calls_));
  hosted_.push_back(MakeDomainService(calls_));
  hosted_.push_back(MakeMessagingService(calls_));
  hosted_.push_back(MakePartnerService(calls_));
  hosted_.push_back(MakeResourceDirectoryService(calls_));
  hosted_.push_back(MakeResourceService(calls_));
  hosted_.push_back(MakeTrusteeshipService(calls_));
  hosted_.push_back(MakeArchiveParticipant(calls_));
  hosted_.push_back(NewControlService());  // a service belongs to one server: control_service_ is the embedding one's
  grpc::ServerBuilder builder;
  for (const auto& service : hosted_) builder.RegisterService(service.get());
  if (!options_.listen_address.empty()) {
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.AddListeningPort(options_.listen_address, grpc::InsecureServerCredentials(), &port_);
  }
  server_ = builder.BuildAndStart();
  if (server_ == nullptr || (!options_.listen_address.empty() && port_ == 0)) {
    return absl::UnavailableError(fmt::format("sandbox: cannot listen on \"{}\"", options_.listen_address));
  }
  channel_ = server_->InProcessChannel(grpc::ChannelArguments());
  return absl::OkStatus();
}

std::unique_ptr<grpc::Service> Sandbox::NewControlService() {
  return MakeControlService({.database = database_.get(),
                             .faults = &faults_,
                             .now = options_.now,
                             .advance = options_.advance,
                             .error_status = options_.error_status});
}

absl::StatusOr<std::vector<std::string>> Sandbox::Load(const sandbox::v1::CloudFile& file) {
  return LoadCloud(*database_, file, options_.now());
}

std::string Sandbox::FirstAccountId() {
  std::string id;
  const absl::Status read = database_->Transact([&id](SqliteTransaction& tx) {
    tx.Query("SELECT account_id FROM accounts ORDER BY account_id LIMIT 1", {},
             [&id](const SqliteRow& row) { id = row.Text(0); });
    return absl::OkStatus();
  });
  return read.ok() ? id : "";
}

// The server itself goes on until the destructor: in gRPC 1.51 a call on the in-process channel of a server that is
// shut down ends the process.
void Sandbox::Stop() { hanging_.ReleaseAll(); }

}  // namespace closure
