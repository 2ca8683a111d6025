// SPDX-License-Identifier: Apache-2.0
// The program closured in production mode, against upstream systems that it reaches over the network.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <functional>
#include <iterator>
#include <regex>

#include "checkers/proto_time.h"
#include "fmt/format.h"
#include "sandbox/cloud_file.h"
#include "server/clock.h"
#include "tests/support/running_server.h"
#include "tests/support/views.h"

namespace closure {
namespace {

constexpr char kAccount[] = "production-1";

gpr_timespec InThirtySeconds() {
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_seconds(30, GPR_TIMESPAN));
}

// The real program on a unix socket, with a cloud that listens on a port. The clocks are real.
class Production {
 public:
  Production() {
    auto cloud = Sandbox::Open({.database_path = directory_.File("cloud.db"),
                                .now = [this] { return clock_.Now(); },
                                .listen_address = "127.0.0.1:0"});
    REQUIRE(cloud.ok());
    cloud_ = *std::move(cloud);
    const auto file =
        ParseCloudFile(CloudFileOf(kAccount, R"("funds": [{"currencyCode": "USD", "balance": "20.00"}])"));
    REQUIRE(file.ok());
    REQUIRE(cloud_->Load(*file).ok());
    std::ofstream(directory_.File("secret.key")) << std::string(32, 'k');
    REQUIRE(chmod(directory_.File("secret.key").c_str(), 0600) == 0);
    WriteConfig();
    sandbox_ = sandbox::v1::SandboxService::NewStub(cloud_->channel());
  }
  ~Production() {
    if (process_ > 0) kill(process_, SIGKILL);
    if (process_ > 0) waitpid(process_, nullptr, 0);
    cloud_->Stop();
  }

  void Start() {
    const std::string config = directory_.File("closured.textproto");
    const std::string log = directory_.File("log");
    process_ = fork();
    REQUIRE(process_ >= 0);
    if (process_ == 0) {
      const int file = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
      dup2(file, STDERR_FILENO);
      execl(CLOSURED_BINARY, "closured", "--config", config.c_str(), nullptr);
      _exit(127);
    }
    channel_ = grpc::CreateChannel("unix:" + directory_.File("closured.sock"), grpc::InsecureChannelCredentials());
    INFO(Log());
    REQUIRE(channel_->WaitForConnected(InThirtySeconds()));
    closures_ = v1::ClosureService::NewStub(channel_);
  }
  // SIGTERM; the exit code.
  int Stop() {
    closures_ = nullptr;
    channel_ = nullptr;
    kill(process_, SIGTERM);
    int status = 0;
    REQUIRE(waitpid(process_, &status, 0) == process_);
    process_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  template <typename Request, typename Response>
  Response Call(grpc::Status (v1::ClosureService::Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                const Request& request) {
    Response response;
    const grpc::Status status = (closures_.get()->*method)(As().get(), request, &response);
    INFO(request.ShortDebugString() << ": " << status.error_message());
    REQUIRE(status.ok());
    return response;
  }
  // Watches until the closure fulfils a condition.
  v1::Closure WaitUntil(const std::string& name, const std::function<bool(const v1::Closure&)>& condition) {
    v1::WatchClosureRequest request;
    request.set_name(name);
    const auto context = As();
    const auto reader = closures_->WatchClosure(context.get(), request);
    v1::WatchClosureResponse response;
    while (reader->Read(&response)) {
      if (!condition(response.closure())) continue;
      context->TryCancel();
      return response.closure();
    }
    INFO(response.DebugString() << Log());
    FAIL("not reached: " << reader->Finish().error_message());
    return {};
  }
  std::string Code(const std::string& name) {
    const std::regex digits("\\b[0-9]{6}\\b");
    sandbox::v1::ListInboxRequest request;
    request.set_account_id(kAccount);
    const gpr_timespec deadline = InThirtySeconds();
    while (gpr_time_cmp(gpr_now(GPR_CLOCK_MONOTONIC), deadline) < 0) {
      sandbox::v1::ListInboxResponse inbox;
      REQUIRE(sandbox_->ListInbox(As().get(), request, &inbox).ok());
      std::smatch code;
      if (inbox.messages_size() > 0 && std::regex_search(inbox.messages(0).body(), code, digits)) return code.str();
    }
    FAIL("no code arrived for " << name);
    return "";
  }
  static std::unique_ptr<grpc::ClientContext> As() { return RunningServer::As(fmt::format("root:{}", kAccount)); }
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  sandbox::v1::ShowAccountResponse Show() {
    sandbox::v1::ShowAccountRequest request;
    request.set_account_id(kAccount);
    sandbox::v1::ShowAccountResponse shown;
    REQUIRE(sandbox_->ShowAccount(As().get(), request, &shown).ok());
    return shown;
  }

 private:
  void WriteConfig() {
    std::string upstreams;
    for (const char* name :
         {"account", "billing", "resource", "domain", "resource_directory", "trusteeship", "partner", "messaging"}) {
      upstreams += fmt::format("  {}: \"127.0.0.1:{}\"\n", name, cloud_->port());
    }
    std::ofstream(directory_.File("closured.textproto")) << fmt::format(
        "listen_address: \"unix:{0}/closured.sock\"\ndatabase_path: \"{0}/closures.db\"\nsecret_key_file: "
        "\"{0}/secret.key\"\n"
        "agreements_path: \"{1}/agreements\"\nupstreams {{\n{2}}}\n",
        directory_.path(), CLOSURE_SOURCE_DIR, upstreams);
  }
  std::string Log() const {
    std::ifstream file(directory_.File("log"));
    return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }

  ScratchDirectory directory_;
  SystemClock clock_;
  std::unique_ptr<Sandbox> cloud_;
  std::unique_ptr<sandbox::v1::SandboxService::Stub> sandbox_;
  pid_t process_ = 0;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::ClosureService::Stub> closures_;
};

// From the start to an agreed closure whose scan has ended.
v1::Closure GoToScanResult(Production& production) {
  using Stub = v1::ClosureService::Stub;
  v1::CreateClosureRequest create;
  create.set_parent(fmt::format("accounts/{}", kAccount));
  create.set_channel(v1::EMAIL);
  create.set_request_id(NewRequestId());
  const std::string name = production.Call(&Stub::CreateClosure, create).name();
  v1::VerifyIdentityRequest verify;
  verify.set_name(name);
  verify.set_request_id(NewRequestId());
  verify.add_codes()->set_code(production.Code(name));
  production.Call(&Stub::VerifyIdentity, verify);
  v1::AcceptAgreementRequest accept;
  accept.set_name(name);
  accept.set_version(production.Call(&Stub::GetAgreement, v1::GetAgreementRequest()).version());
  accept.set_request_id(NewRequestId());
  production.Call(&Stub::AcceptAgreement, accept);
  return production.WaitUntil(name, [](const v1::Closure& closure) {
    return closure.state() == v1::Closure::BLOCKED || closure.state() == v1::Closure::READY;
  });
}

// On to the silent period with its entry acts done.
v1::Closure GoToSilentPeriod(Production& production) {
  using Stub = v1::ClosureService::Stub;
  v1::Closure closure = GoToScanResult(production);
  REQUIRE(closure.state() == v1::Closure::BLOCKED);
  v1::ListBlockingItemsRequest list;
  list.set_parent(closure.name());
  v1::DiscardItemsRequest discard;
  discard.set_name(closure.name());
  discard.set_risk_digest(closure.risk_prompt().digest());
  discard.set_request_id(NewRequestId());
  const v1::ListBlockingItemsResponse listed = production.Call(&Stub::ListBlockingItems, list);
  for (const v1::BlockingItem& item : listed.items()) {
    discard.add_selections()->set_item(item.name());
    discard.mutable_selections(discard.selections_size() - 1)->set_fingerprint(item.fingerprint());
  }
  production.Call(&Stub::DiscardItems, discard);
  closure =
      production.WaitUntil(closure.name(), [](const v1::Closure& each) { return each.state() == v1::Closure::READY; });
  v1::ConfirmClosureRequest confirm;
  confirm.set_name(closure.name());
  confirm.set_reason(v1::Closure::NO_LONGER_NEEDED);
  confirm.set_risk_digest(closure.risk_prompt().digest());
  confirm.set_etag(closure.etag());
  confirm.set_request_id(NewRequestId());
  production.Call(&Stub::ConfirmClosure, confirm);
  return production.WaitUntil(closure.name(), [](const v1::Closure& each) {
    const auto& all = each.participants();
    return each.state() == v1::Closure::SILENT_PERIOD && std::all_of(all.begin(), all.end(), [](const auto& one) {
             return one.status() == v1::ParticipantProgress::DONE;
           });
  });
}

TEST_CASE("production drives a closure over the network and keeps its silent period over restarts",
          "[R18][R44][R46][R55][R57][R59]") {
  Production production;
  production.Start();
  const v1::Closure closure = GoToSilentPeriod(production);
  CHECK(FromProto(closure.silent_period_end_time()) - FromProto(closure.silent_period_start_time()) ==
        absl::Hours(168));
  CHECK(production.Show().service_linked_roles_size() == 1);
  CHECK(production.Show().billing_frozen());
  CHECK(production.Stop() == 0);
  production.Start();
  v1::GetClosureRequest get;
  get.set_name(closure.name());
  const v1::Closure after = production.Call(&v1::ClosureService::Stub::GetClosure, get);
  CHECK(after.state() == v1::Closure::SILENT_PERIOD);
  CHECK(FromProto(after.silent_period_end_time()) == FromProto(closure.silent_period_end_time()));
  CHECK(production.Stop() == 0);
}

TEST_CASE("nothing in production moves the clock or plays the cloud", "[R18]") {
  Production production;
  production.Start();
  const auto stub = sandbox::v1::SandboxService::NewStub(production.channel());
  sandbox::v1::AdvanceClockRequest advance;
  advance.mutable_duration()->set_seconds(1);
  sandbox::v1::AdvanceClockResponse advanced;
  CHECK(stub->AdvanceClock(Production::As().get(), advance, &advanced).error_code() == grpc::StatusCode::UNIMPLEMENTED);
  sandbox::v1::ShowAccountResponse shown;
  CHECK(stub->ShowAccount(Production::As().get(), sandbox::v1::ShowAccountRequest(), &shown).error_code() ==
        grpc::StatusCode::UNIMPLEMENTED);
  CHECK(production.Stop() == 0);
}

}  // namespace
}  // namespace closure
