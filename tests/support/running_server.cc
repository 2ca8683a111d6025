// SPDX-License-Identifier: Apache-2.0
#include "tests/support/running_server.h"

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>

#include "fmt/format.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "sandbox/cloud_file.h"
#include "server/config.h"
#include "storage/sqlite/sqlite_closure_store.h"

namespace closure {
namespace {

// Longer than anything takes here, short enough for a test that hangs to be seen.
constexpr int64_t kCallSecondsMax = 30;

gpr_timespec Deadline() {
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_seconds(kCallSecondsMax, GPR_TIMESPAN));
}

config::v1::ServerConfig TestConfig(const std::function<void(config::v1::ServerConfig&)>& configure) {
  config::v1::ServerConfig config;
  config.set_listen_address("127.0.0.1:0");
  if (configure) configure(config);
  return WithDefaults(config);
}

}  // namespace

RunningServer::RunningServer() : RunningServer(Options{}) {}

RunningServer::RunningServer(Options options)
    : options_(std::move(options)), database_path_(directory_.File("closures.db")) {
  log_ = std::make_unique<Log>(&clock_, [this](const std::string& line) {
    if (options_.on_log_line) options_.on_log_line(line);
    absl::MutexLock lock(&log_mutex_);
    log_lines_.push_back(line);
  });
  absl::StatusOr<std::unique_ptr<Sandbox>> cloud =
      Sandbox::Open({.database_path = cloud_path(),
                     .now = [this] { return clock_.Now(); },
                     .advance = [this](absl::Duration by) -> absl::StatusOr<absl::Time> {
                       clock_.Advance(by);
                       return clock_.Now();
                     }});
  REQUIRE(cloud.ok());
  cloud_ = *std::move(cloud);
  Start();
}

RunningServer::~RunningServer() {
  Stop();
  cloud_->Stop();
}

void RunningServer::Start() {
  SqliteOptions sqlite;
  sqlite.path = database_path_;
  sqlite.deployment = Deployment::kDev;
  sqlite.key_check = SecretKey::FromBytes(std::string(32, 'k')).Check();
  absl::StatusOr<std::unique_ptr<SqliteClosureStore>> opened = SqliteClosureStore::Open(sqlite);
  INFO(opened.status().ToString());
  REQUIRE(opened.ok());
  std::unique_ptr<ClosureStore> store = *std::move(opened);
  if (options_.wrap_store) store = options_.wrap_store(std::move(store));
  absl::StatusOr<Agreements> agreements =
      Agreements::Load(options_.agreements_path.empty() ? CLOSURE_SOURCE_DIR "/agreements" : options_.agreements_path);
  INFO(agreements.status().ToString());
  REQUIRE(agreements.ok());
  ClosuredServer::Parts parts{.config = TestConfig(options_.configure),
                              .clock = &clock_,
                              .log = log_.get(),
                              .store = std::move(store),
                              .secret_key = SecretKey::FromBytes(std::string(32, 'k')),
                              .agreements = *std::move(agreements),
                              .upstreams = Upstreams::OnChannel(cloud_->channel()),
                              .extra_checkers = options_.extra_checkers,
                              .extra_participants = options_.extra_participants,
                              .extra_services = {cloud_->control_service()}};
  absl::StatusOr<std::unique_ptr<ClosuredServer>> server = ClosuredServer::Make(std::move(parts));
  INFO(server.status().ToString());
  REQUIRE(server.ok());
  server_ = *std::move(server);
  REQUIRE(server_->Start().ok());
  const std::string target = fmt::format("127.0.0.1:{}", server_->port());
  channel_ = grpc::CreateChannel(target, grpc::InsecureChannelCredentials());
  closures_ = v1::ClosureService::NewStub(channel_);
  gates_ = v1::AccountGateService::NewStub(channel_);
  operators_ = v1::OperatorService::NewStub(channel_);
  sandbox_ = sandbox::v1::SandboxService::NewStub(cloud_->channel());
}

void RunningServer::Stop() {
  if (server_ == nullptr) return;
  server_->Stop(absl::Seconds(1));
  server_.reset();
}

void RunningServer::Restart(const std::function<void()>& meanwhile) {
  Stop();
  if (meanwhile) meanwhile();
  Start();
}

absl::Status RunningServer::ReplacePlugins() { return server_->ReplacePlugins(TestConfig(options_.configure)); }

std::vector<std::string> RunningServer::WaitForLogLines(const std::function<bool(const std::string&)>& wanted) {
  std::vector<std::string> found;
  const auto look = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(log_mutex_) {
    found.clear();
    std::copy_if(log_lines_.begin(), log_lines_.end(), std::back_inserter(found), wanted);
    return !found.empty();
  };
  absl::MutexLock lock(&log_mutex_);
  log_mutex_.AwaitWithTimeout(absl::Condition(&look), absl::Seconds(kCallSecondsMax));
  return found;
}

void RunningServer::Load(const std::string& json) {
  absl::StatusOr<sandbox::v1::CloudFile> file = ParseCloudFile(json);
  INFO(file.status().ToString());
  REQUIRE(file.ok());
  const auto loaded = cloud_->Load(*file);
  INFO(loaded.status().ToString());
  REQUIRE(loaded.ok());
}

void RunningServer::LoadExample(const std::string& name) {
  std::ifstream file(fmt::format("{}/sandbox/clouds/{}.json", CLOSURE_SOURCE_DIR, name));
  std::stringstream text;
  text << file.rdbuf();
  Load(text.str());
}

std::unique_ptr<grpc::ClientContext> RunningServer::As(const std::string& actor) {
  auto context = std::make_unique<grpc::ClientContext>();
  context->set_deadline(Deadline());
  if (!actor.empty()) context->AddMetadata("closure-actor", actor);
  return context;
}

sandbox::v1::ShowAccountResponse RunningServer::Show(const std::string& account_id) {
  sandbox::v1::ShowAccountRequest request;
  request.set_account_id(account_id);
  sandbox::v1::ShowAccountResponse response;
  REQUIRE(sandbox_->ShowAccount(As("").get(), request, &response).ok());
  return response;
}

std::vector<sandbox::v1::InboxMessage> RunningServer::Inbox(const std::string& account_id) {
  sandbox::v1::ListInboxRequest request;
  request.set_account_id(account_id);
  request.set_page_size(1000);
  sandbox::v1::ListInboxResponse response;
  REQUIRE(sandbox_->ListInbox(As("").get(), request, &response).ok());
  return {response.messages().begin(), response.messages().end()};
}

void RunningServer::SetFault(const std::string& method, sandbox::v1::SetFaultRequest::Fault fault, int calls,
                             const std::string& account_id) {
  sandbox::v1::SetFaultRequest request;
  request.set_method("closure.upstream.v1." + method);
  request.set_fault(fault);
  request.set_calls(calls);
  request.set_account_id(account_id);
  sandbox::v1::SetFaultResponse response;
  REQUIRE(sandbox_->SetFault(As("").get(), request, &response).ok());
}

v1::CheckAccessResponse RunningServer::Gate(const std::string& account_id, v1::CheckAccessRequest::Action action) {
  v1::CheckAccessRequest request;
  request.set_account("accounts/" + account_id);
  request.set_action(action);
  v1::CheckAccessResponse response;
  REQUIRE(gates_->CheckAccess(As("").get(), request, &response).ok());
  return response;
}

v1::ErrorReason ReasonIn(const grpc::Status& status) {
  google::rpc::Status rich;
  google::rpc::ErrorInfo info;
  if (!rich.ParseFromString(status.error_details())) return v1::ERROR_REASON_UNSPECIFIED;
  for (const auto& detail : rich.details()) {
    v1::ErrorReason reason = v1::ERROR_REASON_UNSPECIFIED;
    if (detail.UnpackTo(&info) && v1::ErrorReason_Parse(info.reason(), &reason)) return reason;
  }
  return v1::ERROR_REASON_UNSPECIFIED;
}

std::string NewRequestId() {
  static std::atomic<unsigned> count{0};
  return fmt::format("00000000-0000-4000-8000-{:012x}", ++count);
}

Owner::Owner(RunningServer& server, std::string account_id) : server_(server), account_id_(std::move(account_id)) {}

v1::ClosurePlan Owner::Preview(std::vector<v1::BlockingItem>* items) {
  v1::PreviewClosureRequest request;
  request.set_account("accounts/" + account_id_);
  const auto context = RunningServer::As(actor());
  const auto reader = server_.closures().PreviewClosure(context.get(), request);
  v1::PreviewClosureResponse response;
  v1::ClosurePlan plan;
  while (reader->Read(&response)) {
    if (response.has_plan()) plan = response.plan();
    const auto& found = response.items().items();
    if (items != nullptr) items->insert(items->end(), found.begin(), found.end());
  }
  const grpc::Status status = reader->Finish();
  INFO(status.error_message());
  REQUIRE(status.ok());
  return plan;
}

namespace {

template <typename Stub, typename Request, typename Response>
void Must(Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
          const std::string& actor, const Request& request, Response& response) {
  const grpc::Status status = (stub.*method)(RunningServer::As(actor).get(), request, &response);
  INFO(request.ShortDebugString() << ": " << status.error_code() << " " << status.error_message());
  REQUIRE(status.ok());
}

}  // namespace

void Owner::Create(v1::Channel channel) {
  v1::CreateClosureRequest request;
  request.set_parent("accounts/" + account_id_);
  request.set_channel(channel);
  request.set_request_id(NewRequestId());
  Must(server_.closures(), &v1::ClosureService::Stub::CreateClosure, actor(), request, closure_);
}

std::string Owner::Code(v1::Channel channel) {
  const std::string wanted = channel == v1::EMAIL ? "email" : "sms";
  const std::regex digits("\\b[0-9]{6}\\b");
  const gpr_timespec deadline = Deadline();
  while (gpr_time_cmp(gpr_now(GPR_CLOCK_MONOTONIC), deadline) < 0) {
    const std::vector<sandbox::v1::InboxMessage> messages = server_.Inbox(account_id_);
    for (auto message = messages.rbegin(); message != messages.rend(); ++message) {
      std::smatch code;
      const bool is_code = message->idempotency_key().find(closure_.name() + "/code/") == 0;
      if (is_code && message->channel() == wanted && std::regex_search(message->body(), code, digits))
        return code.str();
    }
  }
  FAIL("no code arrived");
  return "";
}

void Owner::Verify(v1::Channel channel) {
  v1::VerifyIdentityRequest request;
  request.set_name(name());
  auto& code = *request.add_codes();
  code.set_channel(channel);
  code.set_code(Code(channel));
  request.set_request_id(NewRequestId());
  Must(server_.closures(), &v1::ClosureService::Stub::VerifyIdentity, actor(), request, closure_);
}

void Owner::Agree() {
  v1::Agreement agreement;
  Must(server_.closures(), &v1::ClosureService::Stub::GetAgreement, actor(), v1::GetAgreementRequest(), agreement);
  v1::AcceptAgreementRequest request;
  request.set_name(name());
  request.set_version(agreement.version());
  request.set_request_id(NewRequestId());
  Must(server_.closures(), &v1::ClosureService::Stub::AcceptAgreement, actor(), request, closure_);
}

void Owner::WaitUntil(const std::function<bool(const v1::Closure&)>& condition) {
  v1::WatchClosureRequest request;
  request.set_name(name());
  const auto context = RunningServer::As(actor());
  const auto reader = server_.closures().WatchClosure(context.get(), request);
  v1::WatchClosureResponse response;
  while (reader->Read(&response)) {
    closure_ = response.closure();
    if (!condition(closure_)) continue;
    context->TryCancel();
    while (reader->Read(&response)) {
    }
    reader->Finish();
    return;
  }
  const grpc::Status status = reader->Finish();
  INFO(closure_.DebugString() << status.error_message());
  FAIL("the closure did not come to what was waited for");
}

void Owner::WaitFor(std::vector<v1::Closure::State> states) {
  WaitUntil([&](const v1::Closure& closure) {
    return std::find(states.begin(), states.end(), closure.state()) != states.end();
  });
}

void Owner::Refresh() {
  v1::GetClosureRequest request;
  request.set_name(name());
  Must(server_.closures(), &v1::ClosureService::Stub::GetClosure, actor(), request, closure_);
}

std::vector<v1::BlockingItem> Owner::Items(bool show_resolved) {
  std::vector<v1::BlockingItem> items;
  v1::ListBlockingItemsRequest request;
  request.set_parent(name());
  request.set_page_size(1000);
  request.set_show_resolved(show_resolved);
  v1::ListBlockingItemsResponse response;
  do {
    request.set_page_token(response.next_page_token());
    Must(server_.closures(), &v1::ClosureService::Stub::ListBlockingItems, actor(), request, response);
    items.insert(items.end(), response.items().begin(), response.items().end());
  } while (!response.next_page_token().empty());
  return items;
}

void Owner::DiscardAll() {
  v1::DiscardItemsRequest request;
  request.set_name(name());
  request.set_risk_digest(closure_.risk_prompt().digest());
  request.set_request_id(NewRequestId());
  for (const v1::BlockingItem& item : Items()) {
    if (item.disposition() != v1::RENOUNCEABLE || item.resolution() == v1::BlockingItem::RENOUNCED) continue;
    auto& selection = *request.add_selections();
    selection.set_item(item.name());
    selection.set_fingerprint(item.fingerprint());
  }
  Must(server_.closures(), &v1::ClosureService::Stub::DiscardItems, actor(), request, closure_);
  WaitFor({v1::Closure::BLOCKED, v1::Closure::READY});
}

void Owner::Recheck() {
  v1::RecheckRequest request;
  request.set_name(name());
  request.set_request_id(NewRequestId());
  Must(server_.closures(), &v1::ClosureService::Stub::Recheck, actor(), request, closure_);
  WaitFor({v1::Closure::BLOCKED, v1::Closure::READY});
}

v1::ConfirmClosureRequest Owner::ConfirmRequest() const {
  v1::ConfirmClosureRequest request;
  request.set_name(name());
  request.set_reason(v1::Closure::NO_LONGER_NEEDED);
  request.set_risk_digest(closure_.risk_prompt().digest());
  request.set_request_id(NewRequestId());
  request.set_etag(closure_.etag());
  return request;
}

void Owner::Confirm(bool late_settlement_consent) {
  v1::ConfirmClosureRequest request = ConfirmRequest();
  request.set_late_settlement_consent(late_settlement_consent);
  Must(server_.closures(), &v1::ClosureService::Stub::ConfirmClosure, actor(), request, closure_);
}

void Owner::Cancel() {
  v1::CancelClosureRequest request;
  request.set_name(name());
  request.set_request_id(NewRequestId());
  Must(server_.closures(), &v1::ClosureService::Stub::CancelClosure, actor(), request, closure_);
}

void Owner::GoToScanResult() {
  Create();
  Verify();
  Agree();
  WaitFor({v1::Closure::BLOCKED, v1::Closure::READY});
}

void Owner::GoToSilentPeriod(bool late_settlement_consent) {
  if (closure_.state() != v1::Closure::READY) GoToScanResult();
  if (closure_.state() == v1::Closure::BLOCKED) DiscardAll();
  INFO(closure_.DebugString());
  REQUIRE(closure_.state() == v1::Closure::READY);
  Confirm(late_settlement_consent);
  WaitUntil([](const v1::Closure& closure) {
    const auto& all = closure.participants();
    return closure.state() == v1::Closure::SILENT_PERIOD && std::all_of(all.begin(), all.end(), [](const auto& each) {
             return each.status() == v1::ParticipantProgress::DONE;
           });
  });
}

void Owner::GoToEnd() {
  server_.clock().Advance(absl::Hours(168));
  WaitFor({v1::Closure::CLOSED, v1::Closure::ABORTED});
}

}  // namespace closure
