// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_EXECUTE_CALL_H_
#define CLOSURE_SERVER_EXECUTE_CALL_H_

#include <functional>
#include <utility>

#include "absl/synchronization/notification.h"
#include "grpcpp/support/server_callback.h"
#include "server/closure_calls.h"
#include "server/closure_engine.h"
#include "server/identity.h"
#include "server/log.h"
#include "server/rpc.h"
#include "storage/status_macros.h"

// How every mutating call goes from the wire to the engine and back: who calls, whether the server still starts new
// work, what is asked, then the engine, whose reply ends the call. No thread waits.
namespace closure {

// What the mutating calls of a service need. Everything outlives the calls.
struct MutationParts {
  ClosureEngine* engine = nullptr;
  Log* log = nullptr;
  // Given when the server stops: from then on nothing new is started.
  const absl::Notification* stopping = nullptr;
};

// Authenticates the caller, refuses where the server is stopping, and reads the request with `read(actor, request)`.
template <typename Request, typename Read>
auto Admit(const grpc::CallbackServerContext& context, const MutationParts& parts, const Request& request, Read read)
    -> decltype(read(std::declval<const Actor&>(), request)) {
  CLOSURE_ASSIGN_OR_RETURN(const Actor actor, Authenticate(context));
  CLOSURE_RETURN_IF_ERROR(RefuseWhenStopping(*parts.stopping));
  return read(actor, request);
}

// Carries out the command that a request of ClosureService or OperatorService asks of one closure. `on_success`, where
// there is one, is called with the call's context and the closure before the answer goes out.
using OnSuccess = std::function<void(const CallContext&, const v1::Closure&)>;
template <typename Request>
grpc::ServerUnaryReactor* ExecuteCall(grpc::CallbackServerContext* context, const MutationParts& parts,
                                      const Request& request, v1::Closure* response, OnSuccess on_success = {}) {
  const std::string_view method = MethodOf<Request>();
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  absl::StatusOr<ClosureCall> call =
      Admit(*context, parts, request, [](const Actor& actor, const Request& asked) { return ReadCall(actor, asked); });
  if (!call.ok()) {
    Finish<v1::Closure>(reactor, method, call.status(), response, *parts.log);
    return reactor;
  }
  parts.engine->Execute(call->key, std::move(call->command), call->etag, call->context,
                        [reactor, method, response, log = parts.log, asked = call->context,
                         on_success = std::move(on_success)](absl::StatusOr<v1::Closure> closure) {
                          if (closure.ok() && on_success) on_success(asked, *closure);
                          Finish(reactor, method, std::move(closure), response, *log);
                        });
  return reactor;
}

}  // namespace closure

#endif  // CLOSURE_SERVER_EXECUTE_CALL_H_
