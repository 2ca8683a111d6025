// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_BENCH_LIVES_WHOLE_SERVICE_H_
#define CLOSURE_BENCH_LIVES_WHOLE_SERVICE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/lives/mailbox.h"
#include "closure/v1/closure_service.grpc.pb.h"
#include "grpcpp/server.h"
#include "sandbox/sandbox.h"
#include "server/clock.h"
#include "server/closured_server.h"
#include "server/log.h"

namespace closure::bench {

// The service over a database on a disk, reached over gRPC on loopback, with the sandbox's systems in memory beside it
// and a clock that can be moved.
class WholeService {
 public:
  // Makes the database. Errors: those of the store and of the server.
  static absl::StatusOr<std::unique_ptr<WholeService>> Start(const std::string& database_path);
  WholeService(const WholeService&) = delete;
  WholeService& operator=(const WholeService&) = delete;
  ~WholeService();

  // Puts accounts into the cloud, each with an instance to release, a balance to forfeit and a debt to void; their ids.
  std::vector<std::string> AddAccounts(int count);
  // Lets every silent period that has begun end.
  void PassSilentPeriod();

  v1::ClosureService::Stub& closures() { return *closures_; }
  Mailbox& mailbox() { return mailbox_; }

 private:
  WholeService() : clock_(absl::ZeroDuration()), log_(&clock_, [](const std::string&) {}) {}
  absl::Status Assemble(const std::string& database_path);
  absl::StatusOr<ParticipantSlot> AskParticipant();

  DevClock clock_;
  Log log_;
  Mailbox mailbox_;
  std::unique_ptr<grpc::Server> mailbox_server_;
  std::unique_ptr<Sandbox> cloud_;
  std::unique_ptr<ClosuredServer> server_;
  std::unique_ptr<v1::ClosureService::Stub> closures_;
  int accounts_ = 0;
};

}  // namespace closure::bench

#endif  // CLOSURE_BENCH_LIVES_WHOLE_SERVICE_H_
