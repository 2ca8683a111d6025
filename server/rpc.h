// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_RPC_H_
#define CLOSURE_SERVER_RPC_H_

#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/notification.h"
#include "google/protobuf/message.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/server_callback.h"
#include "server/identity.h"
#include "server/log.h"
#include "server/resource_names.h"

// What every RPC does the same way: who calls, whether they may, and how it ends.
namespace closure {

// Tells the log of a call that failed for no fault of its caller's: as an error when this server or its store is at
// fault, as a warning when the account system did not answer. Nothing else is told.
void LogFailure(std::string_view method, const absl::Status& status, Log& log);

// The name of a unary or streaming RPC, from that of its request: GetClosure for GetClosureRequest.
template <typename Request>
std::string_view MethodOf() {
  std::string_view name = Request::descriptor()->name();
  name.remove_suffix(std::string_view("Request").size());
  return name;
}

// The status to send; LogFailure is told of it.
grpc::Status EndCall(std::string_view method, const absl::Status& status, Log& log);

// Ends a unary call with its result, now.
template <typename Response>
void Finish(grpc::ServerUnaryReactor* reactor, std::string_view method, absl::StatusOr<Response> result,
            Response* response, Log& log) {
  if (result.ok()) *response = *std::move(result);
  reactor->Finish(EndCall(method, result.status(), log));
}

// Answers a unary call whose result is there at once.
template <typename Response>
grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* context, std::string_view method,
                                 absl::StatusOr<Response> result, Response* response, Log& log) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  Finish(reactor, method, std::move(result), response, log);
  return reactor;
}

// For a method that is served in bytes: reads its request. The status to refuse the call with where it is none, as gRPC
// 1.51 does for the other methods: UNIMPLEMENTED.
grpc::Status ParseRequest(const grpc::ByteBuffer& bytes, google::protobuf::Message& request);

// Ends a unary call with a refusal, now.
inline grpc::ServerUnaryReactor* Refuse(grpc::CallbackServerContext* context, const grpc::Status& status) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  reactor->Finish(status);
  return reactor;
}

// Whether the actor may act on the account that the name is about, with RequireRootOf or RequireReaderOf. OK when no
// account can be read from the name: that is a syntax error, which the parser of the name finds next, and a refusal
// comes before it (docs/errors.md).
template <typename Require>
absl::Status Authorize(const Actor& actor, std::string_view name, Require require) {
  const std::optional<std::string_view> account_id = AccountIdIn(name);
  return account_id ? require(actor, *account_id) : absl::OkStatus();
}

// Errors: UNAVAILABLE with SHUTTING_DOWN once the server is stopping.
absl::Status RefuseWhenStopping(const absl::Notification& stopping);

}  // namespace closure

#endif  // CLOSURE_SERVER_RPC_H_
