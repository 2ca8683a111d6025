// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_IO_FAULTS_RESTARTABLE_SERVER_H_
#define CLOSURE_TESTS_IO_FAULTS_RESTARTABLE_SERVER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "closure/sandbox/v1/sandbox_service.grpc.pb.h"
#include "closure/v1/closure_service.grpc.pb.h"
#include "sandbox/sandbox.h"
#include "server/closured_server.h"
#include "storage/sqlite/sqlite_closure_store.h"
#include "tests/support/manual_clock.h"

// A whole service in this process, as RunningServer of tests/support has it, but one whose start may be refused.
namespace closure {

// The server over its SQLite store, reached over gRPC on loopback, and a pretended cloud beside it. The cloud lives in
// memory, out of reach of a disk that fails, and goes on while the server does not run. For one thread.
class RestartableServer {
 public:
  // With one account in the cloud: a resource to release, a balance to forfeit and a debt to void, as account() of
  // tests/support/books.py.
  static constexpr char kAccount[] = "faults-1";

  // The database stands in a directory that is there. The server does not run yet.
  explicit RestartableServer(const std::string& directory);
  RestartableServer(const RestartableServer&) = delete;
  RestartableServer& operator=(const RestartableServer&) = delete;
  ~RestartableServer();

  // Opens the store and serves, while no server runs. Errors: as SqliteClosureStore::Open.
  absl::Status Start();
  // Stops in order; does nothing when no server runs.
  void Stop();
  // Writes something that counts for nothing. UNAVAILABLE in the store's words when it writes no more.
  absl::Status TryWrite();

  ManualClock& clock() { return clock_; }
  const std::string& database_path() const { return database_path_; }
  // Of the present server.
  v1::ClosureService::Stub& closures() { return *closures_; }
  sandbox::v1::SandboxService::Stub& sandbox() { return *sandbox_; }
  // The last lines of the log, for people.
  std::string LogEnd();
  // What is left to do and when, for people, while a server runs.
  std::string OpenTasks();

 private:
  absl::StatusOr<std::unique_ptr<ClosuredServer>> Make();
  ParticipantSlot AskArchive();

  const std::string database_path_;
  ManualClock clock_;
  absl::Mutex log_mutex_;
  std::vector<std::string> log_lines_ ABSL_GUARDED_BY(log_mutex_);
  Log log_;
  std::unique_ptr<Sandbox> cloud_;
  std::unique_ptr<sandbox::v1::SandboxService::Stub> sandbox_;
  // The server's.
  SqliteClosureStore* store_ = nullptr;
  std::unique_ptr<ClosuredServer> server_;
  std::unique_ptr<v1::ClosureService::Stub> closures_;
};

}  // namespace closure

#endif  // CLOSURE_TESTS_IO_FAULTS_RESTARTABLE_SERVER_H_
