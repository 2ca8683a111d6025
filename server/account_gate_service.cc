// SPDX-License-Identifier: Apache-2.0
#include "server/account_gate_service.h"

#include <memory>

#include "checkers/proto_time.h"
#include "server/closure_watch.h"
#include "server/errors.h"
#include "server/field_checks.h"
#include "server/identity.h"
#include "server/resource_names.h"
#include "server/rpc.h"
#include "storage/status_macros.h"

namespace closure {

bool IsAllowed(v1::GateState state, v1::CheckAccessRequest::Action action) {
  switch (state) {
    case v1::GATE_OPEN:
      return true;
    case v1::GATE_CLOSING:
      return action == v1::CheckAccessRequest::SIGN_IN || action == v1::CheckAccessRequest::VIEW_CLOSURE;
    default:
      return false;
  }
}

AccountGateService::AccountGateService(ClosureStore* store, ReadCache* cache, const Clock* clock, WatchHub* watches,
                                       Log* log, const absl::Notification* stopping)
    : store_(store), cache_(cache), clock_(clock), watches_(watches), log_(log), stopping_(stopping) {}

absl::StatusOr<v1::CheckAccessResponse> AccountGateService::Check(const grpc::CallbackServerContext& context,
                                                                  const v1::CheckAccessRequest& request) const {
  CLOSURE_RETURN_IF_ERROR(RequireLocalPeer(context));
  CLOSURE_RETURN_IF_ERROR(RefuseWhenStopping(*stopping_));
  CLOSURE_ASSIGN_OR_RETURN(const std::string account_id, ParseAccountName("account", request.account()));
  CLOSURE_RETURN_IF_ERROR(CheckEnum("action", request.action()));
  if (request.action() == v1::CheckAccessRequest::ACTION_UNSPECIFIED) {
    return FieldError(v1::FIELD_MISSING, "action", "is required: SIGN_IN, VIEW_CLOSURE or OTHER");
  }
  CLOSURE_ASSIGN_OR_RETURN(const auto found, cache_->LoadGate(account_id));
  const GateRow& gate = *found;
  v1::CheckAccessResponse response;
  response.set_allowed(IsAllowed(gate.state, request.action()));
  response.set_gate_state(gate.state);
  if (gate.state == v1::GATE_OPEN) return response;
  response.set_closure(FormatClosureName({.account_id = account_id, .closure_id = gate.closure_id}));
  const bool lasts = gate.state == v1::GATE_CLOSING && gate.silent_period_end > clock_->Now();
  if (lasts) *response.mutable_silent_period_end_time() = ToProto(gate.silent_period_end);
  return response;
}

grpc::ServerUnaryReactor* AccountGateService::CheckAccess(grpc::CallbackServerContext* context,
                                                          const v1::CheckAccessRequest* request,
                                                          v1::CheckAccessResponse* response) {
  return Answer(context, "CheckAccess", Check(*context, *request), response, *log_);
}

grpc::ServerWriteReactor<v1::WatchGatesResponse>* AccountGateService::WatchGates(grpc::CallbackServerContext* context,
                                                                                 const v1::WatchGatesRequest* request) {
  const auto watch = std::make_shared<GateWatch>(store_, watches_, request->after_revision());
  absl::Status status = RequireLocalPeer(*context);
  if (status.ok()) status = CheckRevision("after_revision", request->after_revision());
  if (status.ok()) status = watches_->WatchGates(watch);
  if (status.ok()) return GateWatch::Open(watch);
  return ServerStream<v1::WatchGatesResponse>::Refuse(EndCall("WatchGates", status, *log_));
}

}  // namespace closure
