// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_OPERATOR_SERVICE_H_
#define CLOSURE_SERVER_OPERATOR_SERVICE_H_

#include "absl/synchronization/notification.h"
#include "closure/v1/operator_service.grpc.pb.h"
#include "server/closure_engine.h"
#include "server/execute_call.h"
#include "server/log.h"
#include "server/operator_reads.h"

namespace closure {

// closure.v1.OperatorService: the transport of what the people who run the service ask. As ClosureService it decides
// nothing. Nothing here can shorten or revoke a silent period (R18).
class OperatorService final : public v1::OperatorService::CallbackService {
 public:
  // Everything outlives the service.
  struct Parts {
    ClosureStore* store = nullptr;
    ClosureEngine* engine = nullptr;
    const Clock* clock = nullptr;
    absl::Duration stuck_threshold;
    Log* log = nullptr;
    const absl::Notification* stopping = nullptr;
  };
  explicit OperatorService(const Parts& parts);

  grpc::ServerUnaryReactor* ListTasks(grpc::CallbackServerContext* context, const v1::ListTasksRequest* request,
                                      v1::ListTasksResponse* response) override;
  grpc::ServerUnaryReactor* GetSystemStatus(grpc::CallbackServerContext* context,
                                            const v1::GetSystemStatusRequest* request,
                                            v1::SystemStatus* response) override;
  grpc::ServerUnaryReactor* RetryTask(grpc::CallbackServerContext* context, const v1::RetryTaskRequest* request,
                                      v1::Task* response) override;
  grpc::ServerUnaryReactor* HoldClosure(grpc::CallbackServerContext* context, const v1::HoldClosureRequest* request,
                                        v1::Closure* response) override;
  grpc::ServerUnaryReactor* ReleaseHold(grpc::CallbackServerContext* context, const v1::ReleaseHoldRequest* request,
                                        v1::Closure* response) override;
  grpc::ServerUnaryReactor* PauseIrreversible(grpc::CallbackServerContext* context,
                                              const v1::PauseIrreversibleRequest* request,
                                              v1::SystemStatus* response) override;
  grpc::ServerUnaryReactor* ResumeIrreversible(grpc::CallbackServerContext* context,
                                               const v1::ResumeIrreversibleRequest* request,
                                               v1::SystemStatus* response) override;
  grpc::ServerUnaryReactor* ReleaseBreaker(grpc::CallbackServerContext* context,
                                           const v1::ReleaseBreakerRequest* request,
                                           v1::SystemStatus* response) override;
  grpc::ServerUnaryReactor* AcknowledgeClockJump(grpc::CallbackServerContext* context,
                                                 const v1::AcknowledgeClockJumpRequest* request,
                                                 v1::SystemStatus* response) override;

 private:
  template <typename Request, typename Response>
  grpc::ServerUnaryReactor* Read(grpc::CallbackServerContext* context, const Request& request, Response* response,
                                 absl::StatusOr<Response> (OperatorReads::*read)(const Actor&, const Request&) const);
  template <typename Request>
  grpc::ServerUnaryReactor* Operate(grpc::CallbackServerContext* context, SystemCommand command, const Request& request,
                                    v1::SystemStatus* response);

  const Parts parts_;
  const OperatorReads reads_;
  const MutationParts mutations_;
};

}  // namespace closure

#endif  // CLOSURE_SERVER_OPERATOR_SERVICE_H_
