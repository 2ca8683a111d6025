// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_UPSTREAM_CALL_H_
#define CLOSURE_CHECKERS_UPSTREAM_CALL_H_

#include <memory>
#include <string_view>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "checkers/call_options.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/status.h"
#include "protos/calls_under_way.h"

namespace closure {

// Sets deadline (on the monotonic clock) and trace context of a call.
void ApplyCallOptions(const CallOptions& options, grpc::ClientContext& context);

// The upstream's status with `who` in front of its message, which is capped at 300 characters with control characters
// replaced. A code outside of the gRPC codes, and an OK that is not one, become UNKNOWN; UNIMPLEMENTED becomes
// INTERNAL, because gRPC says it also for an answer that could not be parsed, and it must never read as "nothing to
// check" (assurance.md).
absl::Status FromUpstream(std::string_view who, const grpc::Status& status);

// What every call to another system has, from its start to its end.
struct UpstreamCallFrame {
  grpc::ClientContext context;
  // Who is asked, for errors and failpoints.
  std::string who;
  std::shared_ptr<CancelSignal> cancel;
  int64_t cancel_number = 0;
};

// Bounds a call that is about to be made, lets the signal end it, and counts it in CallsToUpstreams.
void BeginCall(const std::shared_ptr<UpstreamCallFrame>& call, std::string_view who, const CallOptions& options);
// To be called when the call has ended. Whoever does lets go of it, then tells its outcome, and at last calls
// CallsToUpstreams().End().
void LeaveCall(UpstreamCallFrame& call);

// What CallUpstream makes.
template <typename Request, typename Response>
struct UpstreamCall : UpstreamCallFrame {
  Request request;
  Response response;
  absl::AnyInvocable<void(absl::StatusOr<Response>) &&> done;
};

// Lets go of a call that has ended and tells how it did. Nothing is left of it afterwards.
template <typename Request, typename Response>
void TellEnd(std::shared_ptr<UpstreamCall<Request, Response>> call, const grpc::Status& status) {
  auto done = std::move(call->done);
  absl::StatusOr<Response> answer =
      status.ok() ? absl::StatusOr<Response>(std::move(call->response)) : FromUpstream(call->who, status);
  call.reset();
  std::move(done)(std::move(answer));
}

// The calls of this process that CallUpstream and the remote checkers made. One is over when nothing of it is left:
// neither its context, which holds its channel, nor its `done` with what that holds. Whoever destroys the last channel,
// or a server, of a process waits for it first: the last of them ends gRPC's threads for callbacks, and in gRPC 1.51
// such a thread that destroys it itself waits for itself, in vain, and goes on over what is freed.
CallsUnderWay& CallsToUpstreams();

// Makes one unary call without blocking and gives its answer to `done` exactly once, on a gRPC thread, when its context
// is gone.
//
//   CallUpstream<GetAccountResponse>("account", request, options,
//       [stub](auto* context, auto* request, auto* response, auto on_done) {
//         stub->async()->GetAccount(context, request, response, std::move(on_done)); },
//       [](absl::StatusOr<Account> account) { … });
//
// `start` is called before CallUpstream returns, with a context, the request and the response, which live until the
// call has ended.
template <typename Response, typename Request, typename Start>
void CallUpstream(std::string_view who, const Request& request, const CallOptions& options, Start start,
                  absl::AnyInvocable<void(absl::StatusOr<Response>) &&> done) {
  using Call = UpstreamCall<Request, Response>;
  auto call = std::make_shared<Call>();
  call->request = request;
  call->done = std::move(done);
  BeginCall(call, who, options);
  Call* const raw = call.get();
  start(&raw->context, &raw->request, &raw->response, [call](const grpc::Status& status) mutable {
    LeaveCall(*call);
    TellEnd(std::move(call), status);
    CallsToUpstreams().End();
  });
}

}  // namespace closure

#endif  // CLOSURE_CHECKERS_UPSTREAM_CALL_H_
