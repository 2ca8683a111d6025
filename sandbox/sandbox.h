// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SANDBOX_SANDBOX_H_
#define CLOSURE_SANDBOX_SANDBOX_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "closure/sandbox/v1/cloud_file.pb.h"
#include "grpcpp/channel.h"
#include "grpcpp/impl/service_type.h"
#include "grpcpp/server.h"
#include "grpcpp/support/status.h"
#include "sandbox/cloud_database.h"
#include "sandbox/control_service.h"
#include "sandbox/fault_table.h"
#include "sandbox/hanging_calls.h"
#include "sandbox/upstream_calls.h"

namespace closure {

struct SandboxOptions {
  // The SQLite file that the cloud lives in; made when it is not there. ":memory:" for one that is gone with the
  // object.
  std::string database_path;
  // Required. What time it is in the cloud; called on any thread.
  std::function<absl::Time()> now;
  // Moves the clock forward for SandboxService.AdvanceClock, and returns what it shows then; called on any thread.
  // Empty: the clock cannot be moved.
  std::function<absl::StatusOr<absl::Time>(absl::Duration)> advance;
  // Where the upstream services can be reached over TCP too, for example "127.0.0.1:0"; empty: in process only.
  std::string listen_address;
  // Makes the status that a caller of SandboxService sees, so that the embedding server can add details; empty: code
  // and message.
  std::function<grpc::Status(const SandboxError&)> error_status;
};

// A whole pretended cloud in this process: every service of closure.upstream.v1 and the participant "sandbox_archive",
// over one SQLite file, and the SandboxService that plays the world around it.
//
//   auto cloud = Sandbox::Open({.database_path = ":memory:", .now = [&] { return clock.Now(); }});
//   (*cloud)->Load(*ParseCloudFile(json));
//   auto stub = upstream::v1::BillingService::NewStub((*cloud)->channel());
//
// Thread-safe. Calls hold no thread of their own. It must outlive every server that control_service() is registered
// with.
class Sandbox {
 public:
  // Errors: UNAVAILABLE when the file cannot be opened or the address not be listened on, FAILED_PRECONDITION when the
  // file is not a cloud of this version.
  static absl::StatusOr<std::unique_ptr<Sandbox>> Open(SandboxOptions options);

  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;
  // Stops and shuts the server down. Nobody may be calling on channel() any more: gRPC 1.51 ends the process on a call
  // to an in-process server that is shut down. To stop a whole process, call Stop(), then stop the callers, then
  // destroy the sandbox.
  ~Sandbox();

  // Reaches the upstream services, the participant and the SandboxService without a network.
  std::shared_ptr<grpc::Channel> channel() const { return channel_; }
  // The port listened on; 0 without listen_address.
  int port() const { return port_; }
  // The SandboxService, for the embedding server's own listener; owned by the sandbox.
  grpc::Service* control_service() const { return control_service_.get(); }

  // Loads a cloud file, all or nothing; accounts that exist are replaced whole. Returns their ids in order.
  // Errors: INVALID_ARGUMENT naming account and field; INTERNAL with SQLite's words.
  absl::StatusOr<std::vector<std::string>> Load(const sandbox::v1::CloudFile& file);

  // The first of its accounts by id, deleted ones left out; empty when there is none.
  std::string FirstAccountId();

  // Ends the calls that hang and answers every later upstream call with UNAVAILABLE. Can be called again.
  void Stop();

 private:
  Sandbox(SandboxOptions options, std::unique_ptr<CloudDatabase> database);
  absl::Status Start();
  std::unique_ptr<grpc::Service> NewControlService();

  const SandboxOptions options_;
  const std::unique_ptr<CloudDatabase> database_;
  FaultTable faults_;
  HangingCalls hanging_;
  UpstreamCalls calls_;
  const std::unique_ptr<grpc::Service> control_service_;
  std::vector<std::unique_ptr<grpc::Service>> hosted_;
  std::unique_ptr<grpc::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  int port_ = 0;
};

}  // namespace closure

#endif  // CLOSURE_SANDBOX_SANDBOX_H_
