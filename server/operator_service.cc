// SPDX-License-Identifier: Apache-2.0
#include "server/operator_service.h"

#include <utility>

#include "server/execute_call.h"
#include "server/identity.h"
#include "server/resource_names.h"
#include "server/rpc.h"

namespace closure {
namespace {

template <typename Request>
absl::StatusOr<CallContext> ReadSystemCall(const Actor& actor, const Request& request) {
  return ReadOperatorContext(actor, request, request.reason(), request.request_id());
}

}  // namespace

OperatorService::OperatorService(const Parts& parts)
    : parts_(parts),
      reads_(parts.store, parts.clock, parts.stuck_threshold),
      mutations_{parts.engine, parts.log, parts.stopping} {}

template <typename Request, typename Response>
grpc::ServerUnaryReactor* OperatorService::Read(grpc::CallbackServerContext* context, const Request& request,
                                                Response* response,
                                                absl::StatusOr<Response> (OperatorReads::*read)(const Actor&,
                                                                                                const Request&) const) {
  const absl::StatusOr<Actor> actor = Authenticate(*context);
  absl::StatusOr<Response> result = actor.ok() ? (reads_.*read)(*actor, request) : actor.status();
  return Answer(context, Request::descriptor()->name(), std::move(result), response, *parts_.log);
}

template <typename Request>
grpc::ServerUnaryReactor* OperatorService::Operate(grpc::CallbackServerContext* context, SystemCommand::Kind kind,
                                                   const Request& request, v1::SystemStatus* response) {
  const std::string_view method = Request::descriptor()->name();
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  const absl::StatusOr<CallContext> call = Admit(*context, mutations_, request, ReadSystemCall<Request>);
  if (!call.ok()) {
    Finish<v1::SystemStatus>(reactor, method, call.status(), response, *parts_.log);
    return reactor;
  }
  parts_.engine->Operate(SystemCommand{.kind = kind, .reason = request.reason()}, *call,
                         [this, reactor, method, response](absl::StatusOr<internal::v1::SystemData> system) {
                           absl::StatusOr<v1::SystemStatus> status =
                               system.ok() ? reads_.MakeStatus(*system) : system.status();
                           Finish(reactor, method, std::move(status), response, *parts_.log);
                         });
  return reactor;
}

grpc::ServerUnaryReactor* OperatorService::ListTasks(grpc::CallbackServerContext* context,
                                                     const v1::ListTasksRequest* request,
                                                     v1::ListTasksResponse* response) {
  return Read(context, *request, response, &OperatorReads::ListTasks);
}

grpc::ServerUnaryReactor* OperatorService::GetSystemStatus(grpc::CallbackServerContext* context,
                                                           const v1::GetSystemStatusRequest* request,
                                                           v1::SystemStatus* response) {
  return Read(context, *request, response, &OperatorReads::GetSystemStatus);
}

grpc::ServerUnaryReactor* OperatorService::RetryTask(grpc::CallbackServerContext* context,
                                                     const v1::RetryTaskRequest* request, v1::Task* response) {
  constexpr std::string_view kMethod = "RetryTask";
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  const absl::StatusOr<CallContext> call = Admit(*context, mutations_, *request, ReadSystemCall<v1::RetryTaskRequest>);
  const absl::StatusOr<int64_t> task_id = call.ok() ? ParseTaskName("name", request->name()) : call.status();
  if (!task_id.ok()) {
    Finish<v1::Task>(reactor, kMethod, task_id.status(), response, *parts_.log);
    return reactor;
  }
  parts_.engine->RetryTask(
      *task_id, request->reason(), *call, [this, reactor, response](absl::StatusOr<internal::v1::TaskData> task) {
        using Result = absl::StatusOr<v1::Task>;
        Result result = task.ok() ? Result(PresentTask(*task, reads_.StuckSince())) : Result(task.status());
        Finish(reactor, kMethod, std::move(result), response, *parts_.log);
      });
  return reactor;
}

grpc::ServerUnaryReactor* OperatorService::HoldClosure(grpc::CallbackServerContext* context,
                                                       const v1::HoldClosureRequest* request, v1::Closure* response) {
  return ExecuteCall(context, mutations_, *request, response);
}

grpc::ServerUnaryReactor* OperatorService::ReleaseHold(grpc::CallbackServerContext* context,
                                                       const v1::ReleaseHoldRequest* request, v1::Closure* response) {
  return ExecuteCall(context, mutations_, *request, response);
}

grpc::ServerUnaryReactor* OperatorService::PauseIrreversible(grpc::CallbackServerContext* context,
                                                             const v1::PauseIrreversibleRequest* request,
                                                             v1::SystemStatus* response) {
  return Operate(context, SystemCommand::Kind::kPause, *request, response);
}

grpc::ServerUnaryReactor* OperatorService::ResumeIrreversible(grpc::CallbackServerContext* context,
                                                              const v1::ResumeIrreversibleRequest* request,
                                                              v1::SystemStatus* response) {
  return Operate(context, SystemCommand::Kind::kResume, *request, response);
}

grpc::ServerUnaryReactor* OperatorService::ReleaseBreaker(grpc::CallbackServerContext* context,
                                                          const v1::ReleaseBreakerRequest* request,
                                                          v1::SystemStatus* response) {
  return Operate(context, SystemCommand::Kind::kReleaseBreaker, *request, response);
}

grpc::ServerUnaryReactor* OperatorService::AcknowledgeClockJump(grpc::CallbackServerContext* context,
                                                                const v1::AcknowledgeClockJumpRequest* request,
                                                                v1::SystemStatus* response) {
  return Operate(context, SystemCommand::Kind::kAcknowledgeClockJump, *request, response);
}

}  // namespace closure
