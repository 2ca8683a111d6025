// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SIMULATION_CLOUD_H_
#define CLOSURE_TESTS_SIMULATION_CLOUD_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "checkers/upstreams.h"
#include "closure/sandbox/v1/sandbox_service.grpc.pb.h"
#include "closure/v1/participant_service.grpc.pb.h"
#include "grpcpp/support/status.h"
#include "sandbox/cloud_database.h"
#include "sandbox/fault_table.h"
#include "sandbox/hanging_calls.h"
#include "sandbox/upstream_calls.h"
#include "tests/simulation/direct_stubs.h"
#include "tests/simulation/schedule.h"
#include "tests/simulation/wire.h"

namespace closure::simulation {

// The sandbox cloud, called without gRPC's threads: its real services over a database in memory, each call an event of
// the schedule. It lives through every crash of the service, and its clock is the true time. One thread.
class Cloud {
 public:
  // All must outlive it.
  Cloud(Schedule& schedule, Wire& wire, absl::Time begin);
  Cloud(const Cloud&) = delete;
  Cloud& operator=(const Cloud&) = delete;

  // Stubs for one life of the service.
  Upstreams StubsFor(Life life);
  std::shared_ptr<v1::ParticipantService::StubInterface> ArchiveFor(Life life);

  // What the world does, at once and without the wire.
  void Load(const sandbox::v1::CloudFile& file);
  sandbox::v1::ShowAccountResponse Show(const std::string& account_id);
  std::vector<sandbox::v1::InboxMessage> Inbox(const std::string& account_id);
  grpc::Status IssueBill(const sandbox::v1::IssueBillRequest& request);
  grpc::Status TopUp(const sandbox::v1::TopUpBalanceRequest& request);
  grpc::Status Order(const sandbox::v1::CreateResourceRequest& request);
  // Pays and hands back whatever an owner can by hand.
  grpc::Status Settle(const std::string& account_id);
  // Deletes the account by another path (D17).
  void DeleteElsewhere(const std::string& account_id);
  // Changes the rows of an account, unless it is gone, by what no call of the sandbox does; tells the trace if it did.
  void Change(const std::string& account_id, std::string_view what,
              absl::FunctionRef<void(SqliteTransaction& tx)> change);

  absl::Time now() const { return begin_ + schedule_.now(); }

 private:
  grpc::Status Told(const std::string& account_id, std::string_view what, grpc::Status status);

  Schedule& schedule_;
  Wire& wire_;
  const absl::Time begin_;
  const std::unique_ptr<CloudDatabase> database_;
  FaultTable faults_;
  HangingCalls hanging_;
  UpstreamCalls calls_;
  const UpstreamServices services_;
  const std::unique_ptr<grpc::Service> archive_;
  const std::unique_ptr<grpc::Service> control_;
};

}  // namespace closure::simulation

#endif  // CLOSURE_TESTS_SIMULATION_CLOUD_H_
