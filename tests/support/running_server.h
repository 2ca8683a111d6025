// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SUPPORT_RUNNING_SERVER_H_
#define CLOSURE_TESTS_SUPPORT_RUNNING_SERVER_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "closure/config/v1/server_config.pb.h"
#include "closure/sandbox/v1/sandbox_service.grpc.pb.h"
#include "closure/v1/account_gate_service.grpc.pb.h"
#include "closure/v1/closure_service.grpc.pb.h"
#include "closure/v1/error_reason.pb.h"
#include "closure/v1/operator_service.grpc.pb.h"
#include "grpcpp/client_context.h"
#include "sandbox/sandbox.h"
#include "server/closured_server.h"
#include "tests/support/manual_clock.h"
#include "tests/support/scratch_directory.h"

namespace closure {

// A whole service as users meet it: closured with its SQLite store and the sandbox cloud, reached over gRPC on
// loopback, on a clock that moves only when told. Calls fail the test when they take more than 30 seconds.
class RunningServer {
 public:
  struct Options {
    // Changes the configuration before the start.
    std::function<void(config::v1::ServerConfig&)> configure;
    std::vector<std::shared_ptr<Checker>> extra_checkers;
    std::vector<ParticipantSlot> extra_participants;
    // The folder of agreements; that of the repository when empty.
    std::string agreements_path;
    // Puts another store over that of the server, at every start.
    std::function<std::unique_ptr<ClosureStore>(std::unique_ptr<ClosureStore>)> wrap_store;
    // Called with each line of the log as it is written.
    std::function<void(const std::string&)> on_log_line;
  };

  RunningServer();
  explicit RunningServer(Options options);
  ~RunningServer();

  // Stops the server and starts another on the same files, as after a crash or upgrade. Cloud and clock go on;
  // `meanwhile` happens while no server runs. The configuration is made anew, so `configure` may have changed its mind.
  void Restart(const std::function<void()>& meanwhile = {});

  // Has the server take the checkers and participants of the configuration as `configure` makes it by now.
  absl::Status ReplacePlugins();

  // What the server told its log so far, a line of JSON each.
  std::vector<std::string> LogLines() {
    absl::MutexLock lock(&log_mutex_);
    return log_lines_;
  }
  // Those that fulfil a condition, after waiting for one as long as calls take at most.
  std::vector<std::string> WaitForLogLines(const std::function<bool(const std::string&)>& wanted);

  ManualClock& clock() { return clock_; }
  Sandbox& cloud() { return *cloud_; }
  ClosuredServer& server() { return *server_; }
  const std::string& database_path() const { return database_path_; }
  // The file that the cloud lives in.
  std::string cloud_path() const { return directory_.File("cloud.db"); }
  // The file that the pretended cloud lives in.
  std::string cloud_database_path() const { return directory_.File("cloud.db"); }
  // For calls that no stub makes. Of the present server; a restart makes another.
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

  v1::ClosureService::Stub& closures() { return *closures_; }
  v1::AccountGateService::Stub& gates() { return *gates_; }
  v1::OperatorService::Stub& operators() { return *operators_; }
  sandbox::v1::SandboxService::Stub& sandbox() { return *sandbox_; }

  // Loads accounts from the text of a cloud file.
  void Load(const std::string& json);
  // Loads one of the example files of sandbox/clouds, for example "matrix".
  void LoadExample(const std::string& name);

  // A context with a deadline and an acting identity, for example "root:1000000001"; none when empty.
  static std::unique_ptr<grpc::ClientContext> As(const std::string& actor);

  // What the cloud has of an account, and what was done to it.
  sandbox::v1::ShowAccountResponse Show(const std::string& account_id);
  std::vector<sandbox::v1::InboxMessage> Inbox(const std::string& account_id);
  // For one account only, when one is named.
  void SetFault(const std::string& method, sandbox::v1::SetFaultRequest::Fault fault, int calls = 0,
                const std::string& account_id = "");
  v1::CheckAccessResponse Gate(const std::string& account_id,
                               v1::CheckAccessRequest::Action action = v1::CheckAccessRequest::OTHER);

 private:
  void Start();
  void Stop();

  const Options options_;
  ScratchDirectory directory_;
  const std::string database_path_;
  ManualClock clock_;
  absl::Mutex log_mutex_;
  std::vector<std::string> log_lines_ ABSL_GUARDED_BY(log_mutex_);
  std::unique_ptr<Log> log_;
  std::unique_ptr<Sandbox> cloud_;
  std::unique_ptr<ClosuredServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::ClosureService::Stub> closures_;
  std::unique_ptr<v1::AccountGateService::Stub> gates_;
  std::unique_ptr<v1::OperatorService::Stub> operators_;
  std::unique_ptr<sandbox::v1::SandboxService::Stub> sandbox_;
};

// The reason in an error's google.rpc.ErrorInfo; unspecified when there is none.
v1::ErrorReason ReasonIn(const grpc::Status& status);

// A request id that no call has used.
std::string NewRequestId();

// An owner who closes an account step by step through the API. Each step fails the test unless it succeeds, and leaves
// the closure as it then stands in `closure()`. Calls that are meant to be refused are made on the stubs directly.
class Owner {
 public:
  Owner(RunningServer& server, std::string account_id);

  const v1::Closure& closure() const { return closure_; }
  const std::string& name() const { return closure_.name(); }
  const std::string& account_id() const { return account_id_; }
  std::string actor() const { return "root:" + account_id_; }

  // Goes on with a closure that was begun by a call on the stubs.
  void Adopt(v1::Closure closure) { closure_ = std::move(closure); }

  // The plan of a preview, and the items that came before it.
  v1::ClosurePlan Preview(std::vector<v1::BlockingItem>* items = nullptr);
  void Create(v1::Channel channel = v1::EMAIL);
  // The code of the latest message by a channel; waits for it to arrive.
  std::string Code(v1::Channel channel = v1::EMAIL);
  void Verify(v1::Channel channel = v1::EMAIL);
  void Agree();
  // Waits until the closure is in one of the states, and refreshes it.
  void WaitFor(std::vector<v1::Closure::State> states);
  // Waits until it fulfils a condition.
  void WaitUntil(const std::function<bool(const v1::Closure&)>& condition);
  void Refresh();
  std::vector<v1::BlockingItem> Items(bool show_resolved = false);
  // Discards every renounceable item.
  void DiscardAll();
  void Recheck();
  v1::ConfirmClosureRequest ConfirmRequest() const;
  void Confirm(bool late_settlement_consent = false);
  void Cancel();

  // From the start to the first scan's result.
  void GoToScanResult();
  // On to the silent period with its entry acts done; the account must be clean.
  void GoToSilentPeriod(bool late_settlement_consent = false);
  // On to the end: moves the clock past the silent period and waits for CLOSED or ABORTED.
  void GoToEnd();

 private:
  RunningServer& server_;
  const std::string account_id_;
  v1::Closure closure_;
};

}  // namespace closure

#endif  // CLOSURE_TESTS_SUPPORT_RUNNING_SERVER_H_
