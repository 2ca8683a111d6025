// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_ACCOUNT_GATE_SERVICE_H_
#define CLOSURE_SERVER_ACCOUNT_GATE_SERVICE_H_

#include "absl/status/statusor.h"
#include "absl/synchronization/notification.h"
#include "closure/v1/account_gate_service.grpc.pb.h"
#include "server/clock.h"
#include "server/log.h"
#include "server/read_cache.h"
#include "server/watch_hub.h"
#include "storage/closure_store.h"

namespace closure {

// Whether a gate in that state lets the action through (R4, R61, R62). Pure.
bool IsAllowed(v1::GateState state, v1::CheckAccessRequest::Action action);

// closure.v1.AccountGateService: what a closing account may still do. Asked by other internal services, which need no
// acting identity, only a peer on this machine. Everything it is given outlives it.
class AccountGateService final : public v1::AccountGateService::CallbackService {
 public:
  // `stopping` is given when the server stops: from then on every call is refused with SHUTTING_DOWN.
  AccountGateService(ClosureStore* store, ReadCache* cache, const Clock* clock, WatchHub* watches, Log* log,
                     const absl::Notification* stopping);

  grpc::ServerUnaryReactor* CheckAccess(grpc::CallbackServerContext* context, const v1::CheckAccessRequest* request,
                                        v1::CheckAccessResponse* response) override;
  grpc::ServerWriteReactor<v1::WatchGatesResponse>* WatchGates(grpc::CallbackServerContext* context,
                                                               const v1::WatchGatesRequest* request) override;

 private:
  absl::StatusOr<v1::CheckAccessResponse> Check(const grpc::CallbackServerContext& context,
                                                const v1::CheckAccessRequest& request) const;

  ClosureStore* const store_;
  ReadCache* const cache_;
  const Clock* const clock_;
  WatchHub* const watches_;
  Log* const log_;
  const absl::Notification* const stopping_;
};

}  // namespace closure

#endif  // CLOSURE_SERVER_ACCOUNT_GATE_SERVICE_H_
