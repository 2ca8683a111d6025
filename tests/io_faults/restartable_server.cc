// SPDX-License-Identifier: Apache-2.0
#include "tests/io_faults/restartable_server.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "closure/v1/participant_service.grpc.pb.h"
#include "fmt/format.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "sandbox/cloud_file.h"
#include "server/config.h"
#include "server/participants/remote_participant.h"
#include "storage/status_macros.h"
#include "tests/io_faults/read_through.h"

namespace closure {
namespace {

constexpr char kCloud[] = R"json({"accounts": [{
  "accountId": "faults-1",
  "email": {"address": "faults-1@example.com"},
  "phone": {"address": "+8613890000021"},
  "sessions": [{"sessionId": "s1", "identity": "root"}],
  "funds": [{"currencyCode": "USD", "balance": "20.00", "debt": "5.00"}],
  "resources": [{
    "resourceId": "i-1", "product": "ecs", "type": "instance", "regionCode": "cn-hangzhou",
    "chargeType": "PAY_AS_YOU_GO", "state": "Running", "releasable": true,
    "consoleUri": "https://ecs.console.example.com/i-1"}]
}]})json";

constexpr std::size_t kLogLinesMax = 40;

SecretKey Key() { return SecretKey::FromBytes(std::string(32, 'k')); }

// What has nothing to do with the disk goes well, or nothing here means anything.
template <typename Value>
Value Must(absl::StatusOr<Value> value) {
  if (value.ok()) return *std::move(value);
  fmt::print(stderr, "{}\n", value.status().ToString());
  std::abort();
}

config::v1::ServerConfig Config() {
  config::v1::ServerConfig config;
  config.set_listen_address("127.0.0.1:0");
  return WithDefaults(config);
}

}  // namespace

RestartableServer::RestartableServer(const std::string& directory)
    : database_path_(directory + "/closures.db"), log_(&clock_, [this](const std::string& line) {
        absl::MutexLock lock(&log_mutex_);
        log_lines_.push_back(line);
      }) {
  cloud_ = Must(Sandbox::Open({.database_path = ":memory:", .now = [this] { return clock_.Now(); }}));
  Must(cloud_->Load(Must(ParseCloudFile(kCloud))));
  sandbox_ = sandbox::v1::SandboxService::NewStub(cloud_->channel());
}

RestartableServer::~RestartableServer() {
  Stop();
  cloud_->Stop();
}

absl::StatusOr<std::unique_ptr<ClosuredServer>> RestartableServer::Make() {
  CLOSURE_ASSIGN_OR_RETURN(
      std::unique_ptr<SqliteClosureStore> store,
      OpenAndReadThrough(
          {.path = database_path_, .deployment = Deployment::kDev, .key_check = Key().Check(), .readers = 1}));
  store_ = store.get();
  return ClosuredServer::Make({.config = Config(),
                               .clock = &clock_,
                               .log = &log_,
                               .store = std::move(store),
                               .secret_key = Key(),
                               .agreements = Must(Agreements::FromTexts({{{"2026-01", "en"}, "What is agreed to."}})),
                               .upstreams = Upstreams::OnChannel(cloud_->channel()),
                               .extra_participants = {AskArchive()}});
}

ParticipantSlot RestartableServer::AskArchive() {
  std::shared_ptr<v1::ParticipantService::StubInterface> stub = v1::ParticipantService::NewStub(cloud_->channel());
  grpc::ClientContext context;
  v1::ParticipantDescription description;
  if (!stub->DescribeParticipant(&context, {}, &description).ok()) std::abort();
  return {.participant = std::make_shared<RemoteParticipant>(std::move(description), std::move(stub))};
}

absl::Status RestartableServer::Start() {
  CLOSURE_ASSIGN_OR_RETURN(server_, Make());
  if (const absl::Status started = server_->Start(); !started.ok()) {
    server_ = nullptr;
    return started;
  }
  const std::string target = fmt::format("127.0.0.1:{}", server_->port());
  closures_ = v1::ClosureService::NewStub(grpc::CreateChannel(target, grpc::InsecureChannelCredentials()));
  return absl::OkStatus();
}

void RestartableServer::Stop() {
  if (server_ == nullptr) return;
  closures_ = nullptr;
  server_->Stop(absl::Seconds(1));
  server_ = nullptr;
  store_ = nullptr;
}

absl::Status RestartableServer::TryWrite() { return store_->WriteMeta("tried", "once more"); }

std::string RestartableServer::LogEnd() {
  absl::MutexLock lock(&log_mutex_);
  std::string text;
  for (std::size_t i = log_lines_.size() - std::min(log_lines_.size(), kLogLinesMax); i < log_lines_.size(); ++i)
    text += log_lines_[i] + "\n";
  return text;
}

std::string RestartableServer::OpenTasks() {
  std::string text = fmt::format("at {}:\n", absl::FormatTime(clock_.Now(), absl::UTCTimeZone()));
  const absl::StatusOr<std::vector<internal::v1::TaskData>> tasks = store_->ListTasks({});
  if (!tasks.ok()) return text + tasks.status().ToString() + "\n";
  for (const internal::v1::TaskData& task : *tasks) text += task.ShortDebugString() + "\n";
  return text;
}

}  // namespace closure
