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
#include "protos/failpoint.h"

namespace closure {

// Sets deadline (on the monotonic clock) and trace context of a call.
void ApplyCallOptions(const CallOptions& options, grpc::ClientContext& context);

// The upstream's status with `who` in front of its message, which is capped at 300 characters with control characters
// replaced. A code outside of the gRPC codes, and an OK that is not one, become UNKNOWN; UNIMPLEMENTED becomes
// INTERNAL, because gRPC says it also for an answer that could not be parsed, and it must never read as "nothing to
// check" (assurance.md).
absl::Status FromUpstream(std::string_view who, const grpc::Status& status);

// Makes one unary call without blocking and gives its answer to `done` exactly once, on a gRPC thread.
//
//   CallUpstream<GetAccountResponse>("account", request, options,
//       [stub](auto* context, auto* request, auto* response, auto on_done) {
//         stub->async()->GetAccount(context, request, response, std::move(on_done)); },
//       [](absl::StatusOr<Account> account) { … });
//
// `start` is called before CallUpstream returns, with a context, the request and the response, which live until the
// call is over.
template <typename Response, typename Request, typename Start>
void CallUpstream(std::string_view who, const Request& request, const CallOptions& options, Start start,
                  absl::AnyInvocable<void(absl::StatusOr<Response>) &&> done) {
  struct Call {
    grpc::ClientContext context;
    Request request;
    Response response;
    std::string who;
    std::shared_ptr<CancelSignal> cancel;
    int64_t cancel_number = 0;
    absl::AnyInvocable<void(absl::StatusOr<Response>) &&> done;
  };
  auto call = std::make_shared<Call>();
  call->request = request;
  call->who = std::string(who);
  call->cancel = options.cancel;
  call->done = std::move(done);
  ApplyCallOptions(options, call->context);
  // The weak pointer lets a signal that outlives the call find nothing to cancel.
  if (call->cancel != nullptr) {
    call->cancel_number = call->cancel->OnCancel([weak = std::weak_ptr<Call>(call)] {
      if (auto alive = weak.lock()) alive->context.TryCancel();
    });
  }
  Call* const raw = call.get();
  Failpoint("upstream.asking", call->who);
  start(&raw->context, &raw->request, &raw->response, [call](grpc::Status status) {
    Failpoint("upstream.answered", call->who);
    if (call->cancel != nullptr) call->cancel->Forget(call->cancel_number);
    auto finished = std::move(call->done);
    if (status.ok()) {
      std::move(finished)(std::move(call->response));
    } else {
      std::move(finished)(FromUpstream(call->who, status));
    }
  });
}

}  // namespace closure

#endif  // CLOSURE_CHECKERS_UPSTREAM_CALL_H_
