// SPDX-License-Identifier: Apache-2.0
#include "server/operator_service.h"

#include <utility>

#include "checkers/proto_time.h"
#include "server/closure_calls.h"
#include "server/execute_call.h"
#include "server/identity.h"
#include "server/resource_names.h"
#include "server/rpc.h"

namespace closure {
namespace {

// Tells the log what an operator did. A repetition of the call is told again, with the same request id.
void TellAct(Log& log, LogLevel level, std::string_view what, std::string_view about, std::string_view subject,
             const CallContext& call, std::string_view reason) {
  const std::string actor = call.actor.ToString();
  const LogFields fields = {{about, subject}, {"actor", actor}, {"reason", reason}, {"requestId", call.request_id}};
  level == LogLevel::kInfo ? log.Info(what, fields) : log.Warning(what, fields);
}

// What stops irreversible work, or lets it go on, in the words of the log.
std::string_view ActText(SystemCommand::Kind kind, const internal::v1::SystemData& system) {
  switch (kind) {
    case SystemCommand::Kind::kPause:
      return "irreversible work was paused";
    case SystemCommand::Kind::kResume:
      return "irreversible work was resumed";
    case SystemCommand::Kind::kReleaseBreaker:
      return system.has_breaker() ? "the release of the velocity breaker was approved, one more has to"
                                  : "the velocity breaker was released";
    case SystemCommand::Kind::kAcknowledgeClockJump:
      break;
  }
  return "the clock jump was acknowledged";
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
  absl::StatusOr<Response> result =
      Admit(*context, mutations_, request,
            [this, read](const Actor& actor, const Request& asked) { return (reads_.*read)(actor, asked); });
  return Answer(context, MethodOf<Request>(), std::move(result), response, *parts_.log);
}

template <typename Request>
grpc::ServerUnaryReactor* OperatorService::Operate(grpc::CallbackServerContext* context, SystemCommand command,
                                                   const Request& request, v1::SystemStatus* response) {
  const std::string_view method = MethodOf<Request>();
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  const absl::StatusOr<CallContext> call = Admit(*context, mutations_, request, ReadOperatorCall<Request>);
  if (!call.ok()) {
    Finish<v1::SystemStatus>(reactor, method, call.status(), response, *parts_.log);
    return reactor;
  }
  command.reason = request.reason();
  parts_.engine->Operate(
      command, *call,
      [this, reactor, method, response, command, call = *call](absl::StatusOr<internal::v1::SystemData> system) {
        if (system.ok()) {
          const bool stops = command.kind == SystemCommand::Kind::kPause;
          TellAct(*parts_.log, stops ? LogLevel::kWarning : LogLevel::kInfo, ActText(command.kind, *system), "method",
                  method, call, command.reason);
        }
        absl::StatusOr<v1::SystemStatus> status = system.ok() ? reads_.MakeStatus(*system) : system.status();
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
  static constexpr std::string_view kMethod = "RetryTask";
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  const absl::StatusOr<CallContext> call =
      Admit(*context, mutations_, *request, ReadOperatorCall<v1::RetryTaskRequest>);
  const absl::StatusOr<int64_t> task_id = call.ok() ? ParseTaskName("name", request->name()) : call.status();
  if (!task_id.ok()) {
    Finish<v1::Task>(reactor, kMethod, task_id.status(), response, *parts_.log);
    return reactor;
  }
  parts_.engine->RetryTask(
      *task_id, request->reason(), *call,
      [this, reactor, response, call = *call, reason = request->reason()](absl::StatusOr<internal::v1::TaskData> task) {
        if (!task.ok()) return Finish<v1::Task>(reactor, kMethod, task.status(), response, *parts_.log);
        // As it stood at its due time, which is that of the retry, so that a repetition shows the same.
        v1::Task made = PresentTask(*task, FromProto(task->due_time()) - parts_.stuck_threshold);
        TellAct(*parts_.log, LogLevel::kInfo, "a task was made due", "task", made.name(), call, reason);
        Finish<v1::Task>(reactor, kMethod, std::move(made), response, *parts_.log);
      });
  return reactor;
}

grpc::ServerUnaryReactor* OperatorService::HoldClosure(grpc::CallbackServerContext* context,
                                                       const v1::HoldClosureRequest* request, v1::Closure* response) {
  return ExecuteCall(
      context, mutations_, *request, response,
      [log = parts_.log, reason = request->reason()](const CallContext& call, const v1::Closure& closure) {
        TellAct(*log, LogLevel::kWarning, "a closure was held", "closure", closure.name(), call, reason);
      });
}

grpc::ServerUnaryReactor* OperatorService::ReleaseHold(grpc::CallbackServerContext* context,
                                                       const v1::ReleaseHoldRequest* request, v1::Closure* response) {
  return ExecuteCall(
      context, mutations_, *request, response,
      [log = parts_.log, reason = request->reason()](const CallContext& call, const v1::Closure& closure) {
        TellAct(*log, LogLevel::kInfo, "the hold of a closure was released", "closure", closure.name(), call, reason);
      });
}

grpc::ServerUnaryReactor* OperatorService::PauseIrreversible(grpc::CallbackServerContext* context,
                                                             const v1::PauseIrreversibleRequest* request,
                                                             v1::SystemStatus* response) {
  return Operate(context, {.kind = SystemCommand::Kind::kPause}, *request, response);
}

grpc::ServerUnaryReactor* OperatorService::ResumeIrreversible(grpc::CallbackServerContext* context,
                                                              const v1::ResumeIrreversibleRequest* request,
                                                              v1::SystemStatus* response) {
  return Operate(context, {.kind = SystemCommand::Kind::kResume}, *request, response);
}

grpc::ServerUnaryReactor* OperatorService::ReleaseBreaker(grpc::CallbackServerContext* context,
                                                          const v1::ReleaseBreakerRequest* request,
                                                          v1::SystemStatus* response) {
  return Operate(context, {.kind = SystemCommand::Kind::kReleaseBreaker}, *request, response);
}

grpc::ServerUnaryReactor* OperatorService::AcknowledgeClockJump(grpc::CallbackServerContext* context,
                                                                const v1::AcknowledgeClockJumpRequest* request,
                                                                v1::SystemStatus* response) {
  SystemCommand command = {.kind = SystemCommand::Kind::kAcknowledgeClockJump};
  if (request->has_jump_create_time()) command.jump_create_time = request->jump_create_time();
  return Operate(context, std::move(command), *request, response);
}

}  // namespace closure
