// SPDX-License-Identifier: Apache-2.0
#include "server/dev_cloud.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

#include "absl/strings/numbers.h"
#include "checkers/proto_time.h"
#include "grpcpp/client_context.h"
#include "protos/file_reading.h"
#include "sandbox/cloud_file.h"
#include "server/config.h"
#include "server/errors.h"
#include "server/participants/remote_participant.h"
#include "server/resource_names.h"
#include "server/strings.h"
#include "storage/sqlite/database_file.h"
#include "storage/status_macros.h"

namespace closure {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kOffsetKey = "dev_clock_offset_us";
constexpr int kCallMillis = 10'000;
// Cloud files come over the same listener, so a request may be as large as one.
constexpr int kRequestBytesMax = static_cast<int>(kCloudFileBytesMax);

absl::StatusOr<std::string> MakeTemporaryFolder() {
  std::error_code error;
  const fs::path parent = fs::temp_directory_path(error);
  std::string pattern = ((error ? fs::path("/tmp") : parent) / "closured-dev-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) {
    return absl::FailedPreconditionError(
        Concat("temporary folder ", pattern, ": cannot be made: ", std::strerror(errno)));
  }
  return pattern;
}

absl::Status MakeFolder(const std::string& folder) {
  std::error_code error;
  fs::create_directories(fs::path(folder).parent_path(), error);
  if (mkdir(folder.c_str(), 0700) == 0 || (errno == EEXIST && fs::is_directory(folder, error))) return absl::OkStatus();
  return absl::FailedPreconditionError(Concat("--data-dir ", folder, ": cannot be made: ", std::strerror(errno)));
}

// What an earlier run had moved the clock by.
absl::StatusOr<absl::Duration> ReadOffset(SqliteClosureStore& store) {
  const absl::StatusOr<std::string> text = store.ReadMeta(kOffsetKey);
  if (absl::IsNotFound(text.status())) return absl::ZeroDuration();
  if (!text.ok()) return text.status();
  int64_t micros = 0;
  if (!absl::SimpleAtoi(*text, &micros) || micros < 0)
    return absl::InternalError(Concat("the kept clock offset is ", *text));
  return absl::Microseconds(micros);
}

absl::Status CheckNothingOfProduction(const config::v1::ServerConfig& config) {
  const bool names_something = !config.database_path().empty() || !config.secret_key_file().empty() ||
                               !config.agreements_path().empty() || config.has_upstreams();
  if (!names_something) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "closured dev brings database_path, secret_key_file, agreements_path and upstreams along; leave them out of the "
      "configuration");
}

// Names no path: there may be no folder yet.
absl::StatusOr<config::v1::ServerConfig> CompleteConfig(const config::v1::ServerConfig& config) {
  CLOSURE_RETURN_IF_ERROR(CheckNothingOfProduction(config));
  config::v1::ServerConfig complete = WithDefaults(config);
  complete.mutable_limits()->set_request_bytes_max(kRequestBytesMax);
  CLOSURE_RETURN_IF_ERROR(ValidateConfig(complete, ServerMode::kDev));
  return complete;
}

// Refuses a database that is not of `closured dev` before a key is made beside it; whether an existing key is its own
// is found out when it is opened with that.
absl::Status LookBeforeMaking(const config::v1::ServerConfig& config) {
  std::error_code error;
  if (fs::exists(config.secret_key_file(), error)) return absl::OkStatus();
  CLOSURE_ASSIGN_OR_RETURN(const bool exists, sqlite::CheckDatabaseFile(config.database_path()));
  if (!exists) return absl::OkStatus();
  return SqliteClosureStore::Open({.path = config.database_path(), .deployment = Deployment::kDev}).status();
}

// The participant that the sandbox plays, so that the path of remote participants is walked too.
absl::StatusOr<ParticipantSlot> AskSandboxParticipant(const std::shared_ptr<grpc::Channel>& channel) {
  std::shared_ptr<v1::ParticipantService::StubInterface> stub = v1::ParticipantService::NewStub(channel);
  grpc::ClientContext context;
  context.set_deadline(gpr_time_from_millis(kCallMillis, GPR_TIMESPAN));
  v1::ParticipantDescription description;
  const grpc::Status status = stub->DescribeParticipant(&context, {}, &description);
  if (!status.ok()) return absl::UnavailableError(Concat("sandbox participant: ", status.error_message()));
  return ParticipantSlot{.participant = std::make_shared<RemoteParticipant>(std::move(description), std::move(stub))};
}

// An error of the sandbox as every other error of this API.
absl::Status StatusOf(const SandboxError& error) {
  std::map<std::string, std::string> metadata;
  if (!error.account_id.empty()) metadata["account"] = FormatAccountName(error.account_id);
  if (!error.field.empty()) metadata["field"] = error.field;
  const absl::Status status = Error(error.reason, error.message, metadata);
  return error.field.empty() ? status : WithField(status, error.field, error.message);
}

}  // namespace

DevCloud::DevCloud(std::string data_dir, bool temporary, absl::Duration offset)
    : data_dir_(std::move(data_dir)), temporary_(temporary), clock_(offset), log_(&clock_), offset_(offset) {}

DevCloud::~DevCloud() {
  if (server_ != nullptr) server_->Stop(absl::ZeroDuration());
  server_ = nullptr;
  sandbox_ = nullptr;
  std::error_code error;
  if (temporary_) fs::remove_all(data_dir_, error);
}

absl::StatusOr<std::unique_ptr<DevCloud>> DevCloud::Open(Options options) {
  CLOSURE_ASSIGN_OR_RETURN(const config::v1::ServerConfig complete, CompleteConfig(options.config));
  options.config = complete;
  const bool temporary = options.data_dir.empty();
  if (temporary) {
    CLOSURE_ASSIGN_OR_RETURN(options.data_dir, MakeTemporaryFolder());
  } else {
    CLOSURE_RETURN_IF_ERROR(MakeFolder(options.data_dir));
  }
  options.config.set_database_path((fs::path(options.data_dir) / "closures.db").string());
  options.config.set_secret_key_file((fs::path(options.data_dir) / "secret.key").string());
  CLOSURE_RETURN_IF_ERROR(LookBeforeMaking(options.config));
  CLOSURE_ASSIGN_OR_RETURN(SecretKey secret_key, SecretKey::LoadOrCreate(options.config.secret_key_file()));
  CLOSURE_ASSIGN_OR_RETURN(
      std::unique_ptr<SqliteClosureStore> store,
      SqliteClosureStore::Open(
          {.path = options.config.database_path(), .deployment = Deployment::kDev, .key_check = secret_key.Check()}));
  CLOSURE_ASSIGN_OR_RETURN(const absl::Duration offset, ReadOffset(*store));
  std::unique_ptr<DevCloud> cloud(new DevCloud(options.data_dir, temporary, offset));
  cloud->config_ = complete;
  CLOSURE_RETURN_IF_ERROR(cloud->Assemble(std::move(options), std::move(store), std::move(secret_key)));
  return cloud;
}

absl::Status DevCloud::Assemble(Options options, std::unique_ptr<SqliteClosureStore> store, SecretKey secret_key) {
  store_ = store.get();
  CLOSURE_ASSIGN_OR_RETURN(
      sandbox_,
      Sandbox::Open({.database_path = (fs::path(data_dir_) / "cloud.db").string(),
                     .now = [this] { return clock_.Now(); },
                     .advance = [this](absl::Duration by) { return Advance(by); },
                     .error_status = [](const SandboxError& error) { return ToGrpcStatus(StatusOf(error)); }}));
  CLOSURE_RETURN_IF_ERROR(LoadCloudFiles(options.cloud_files));
  CLOSURE_ASSIGN_OR_RETURN(Agreements agreements, Agreements::FromTexts(EmbeddedAgreementTexts()));
  CLOSURE_ASSIGN_OR_RETURN(ParticipantSlot participant, AskSandboxParticipant(sandbox_->channel()));
  CLOSURE_ASSIGN_OR_RETURN(server_, ClosuredServer::Make({.config = std::move(options.config),
                                                          .clock = &clock_,
                                                          .log = &log_,
                                                          .store = std::move(store),
                                                          .secret_key = std::move(secret_key),
                                                          .agreements = std::move(agreements),
                                                          .upstreams = Upstreams::OnChannel(sandbox_->channel()),
                                                          .extra_participants = {std::move(participant)},
                                                          .extra_services = {sandbox_->control_service()}}));
  return absl::OkStatus();
}

absl::Status DevCloud::LoadCloudFiles(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    const absl::StatusOr<std::string> json = ReadFile(path, kCloudFileBytesMax);
    if (!json.ok())
      return absl::InvalidArgumentError(
          Concat("--load ", path, ": ", json.status().message(), "; name a cloud file that you can read"));
    const absl::StatusOr<sandbox::v1::CloudFile> file = ParseCloudFile(*json);
    if (!file.ok()) return absl::InvalidArgumentError(Concat("--load ", path, ": ", file.status().message()));
    const absl::StatusOr<std::vector<std::string>> ids = sandbox_->Load(*file);
    if (!ids.ok()) return absl::Status(ids.status().code(), Concat("--load ", path, ": ", ids.status().message()));
    if (account_id_.empty() && !ids->empty()) account_id_ = ids->front();
  }
  if (account_id_.empty()) account_id_ = sandbox_->FirstAccountId();
  return absl::OkStatus();
}

absl::Duration DevCloud::shutdown_grace() const { return FromProto(config_.shutdown_grace()); }

absl::StatusOr<config::v1::ServerConfig> DevCloud::TakePlugins(const config::v1::ServerConfig& config) {
  CLOSURE_ASSIGN_OR_RETURN(config::v1::ServerConfig complete, CompleteConfig(config));
  CLOSURE_RETURN_IF_ERROR(server_->ReplacePlugins(complete));
  return complete;
}

absl::StatusOr<absl::Time> DevCloud::Advance(absl::Duration by) {
  if (by <= absl::ZeroDuration())
    return absl::InvalidArgumentError(Concat("the clock cannot be moved by ", absl::FormatDuration(by)));
  absl::MutexLock lock(&advance_mutex_);
  // Kept first, so that no run starts earlier than the one before ended.
  CLOSURE_RETURN_IF_ERROR(store_->WriteMeta(kOffsetKey, Concat(absl::ToInt64Microseconds(offset_ + by))));
  offset_ = clock_.Advance(by);
  return clock_.Now();
}

}  // namespace closure
