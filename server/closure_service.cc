// SPDX-License-Identifier: Apache-2.0
#include "server/closure_service.h"

#include <memory>
#include <utility>

#include "server/closure_watch.h"
#include "server/execute_call.h"
#include "server/field_checks.h"
#include "server/find_closure.h"
#include "server/identity.h"
#include "server/rpc.h"
#include "storage/status_macros.h"

namespace closure {
ClosureService::ClosureService(const Parts& parts)
    : parts_(parts),
      reads_(parts.store, parts.cache, parts.clock, parts.agreements),
      mutations_{parts.engine, parts.log, parts.stopping} {}

template <typename Request, typename Response>
grpc::ServerUnaryReactor* ClosureService::Read(grpc::CallbackServerContext* context, const Request& request,
                                               Response* response,
                                               absl::StatusOr<Response> (ClosureReads::*read)(const Actor&,
                                                                                              const Request&) const) {
  absl::StatusOr<Response> result =
      Admit(*context, mutations_, request,
            [this, read](const Actor& actor, const Request& asked) { return (reads_.*read)(actor, asked); });
  return Answer(context, MethodOf<Request>(), std::move(result), response, *parts_.log);
}

template <typename Request>
grpc::ServerUnaryReactor* ClosureService::ReadBytes(
    grpc::CallbackServerContext* context, const grpc::ByteBuffer& request, grpc::ByteBuffer* response,
    absl::StatusOr<grpc::ByteBuffer> (ClosureReads::*read)(const Actor&, const Request&) const) {
  Request asked;
  if (const grpc::Status parsed = ParseRequest(request, asked); !parsed.ok()) return Refuse(context, parsed);
  return Read(context, asked, response, read);
}

grpc::ServerUnaryReactor* ClosureService::CreateClosure(grpc::CallbackServerContext* context,
                                                        const v1::CreateClosureRequest* request,
                                                        v1::Closure* response) {
  static constexpr std::string_view kMethod = "CreateClosure";
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  const absl::StatusOr<CreateCall> call =
      Admit(*context, mutations_, *request,
            [](const Actor& actor, const v1::CreateClosureRequest& asked) { return ReadCall(actor, asked); });
  if (!call.ok()) {
    Finish<v1::Closure>(reactor, kMethod, call.status(), response, *parts_.log);
    return reactor;
  }
  parts_.engine->Create(call->account_id, call->channel, call->context,
                        [reactor, response, log = parts_.log](absl::StatusOr<v1::Closure> closure) {
                          Finish(reactor, kMethod, std::move(closure), response, *log);
                        });
  return reactor;
}

grpc::ServerUnaryReactor* ClosureService::ResendCode(grpc::CallbackServerContext* context,
                                                     const v1::ResendCodeRequest* request, v1::Closure* response) {
  return ExecuteCall(context, mutations_, *request, response);
}

grpc::ServerUnaryReactor* ClosureService::VerifyIdentity(grpc::CallbackServerContext* context,
                                                         const v1::VerifyIdentityRequest* request,
                                                         v1::Closure* response) {
  return ExecuteCall(context, mutations_, *request, response);
}

grpc::ServerUnaryReactor* ClosureService::AcceptAgreement(grpc::CallbackServerContext* context,
                                                          const v1::AcceptAgreementRequest* request,
                                                          v1::Closure* response) {
  return ExecuteCall(context, mutations_, *request, response);
}

grpc::ServerUnaryReactor* ClosureService::Recheck(grpc::CallbackServerContext* context,
                                                  const v1::RecheckRequest* request, v1::Closure* response) {
  return ExecuteCall(context, mutations_, *request, response);
}

grpc::ServerUnaryReactor* ClosureService::DiscardItems(grpc::CallbackServerContext* context,
                                                       const v1::DiscardItemsRequest* request, v1::Closure* response) {
  return ExecuteCall(context, mutations_, *request, response);
}

grpc::ServerUnaryReactor* ClosureService::ConfirmClosure(grpc::CallbackServerContext* context,
                                                         const v1::ConfirmClosureRequest* request,
                                                         v1::Closure* response) {
  return ExecuteCall(context, mutations_, *request, response);
}

grpc::ServerUnaryReactor* ClosureService::CancelClosure(grpc::CallbackServerContext* context,
                                                        const v1::CancelClosureRequest* request,
                                                        v1::Closure* response) {
  return ExecuteCall(context, mutations_, *request, response);
}

grpc::ServerUnaryReactor* ClosureService::GetAgreement(grpc::CallbackServerContext* context,
                                                       const v1::GetAgreementRequest* request,
                                                       v1::Agreement* response) {
  return Read(context, *request, response, &ClosureReads::GetAgreement);
}

grpc::ServerUnaryReactor* ClosureService::GetClosure(grpc::CallbackServerContext* context,
                                                     const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  return ReadBytes<v1::GetClosureRequest>(context, *request, response, &ClosureReads::GetClosure);
}

grpc::ServerUnaryReactor* ClosureService::ListClosures(grpc::CallbackServerContext* context,
                                                       const v1::ListClosuresRequest* request,
                                                       v1::ListClosuresResponse* response) {
  return Read(context, *request, response, &ClosureReads::ListClosures);
}

grpc::ServerUnaryReactor* ClosureService::ListBlockingItems(grpc::CallbackServerContext* context,
                                                            const grpc::ByteBuffer* request,
                                                            grpc::ByteBuffer* response) {
  return ReadBytes<v1::ListBlockingItemsRequest>(context, *request, response, &ClosureReads::ListBlockingItems);
}

grpc::ServerUnaryReactor* ClosureService::ListTransitions(grpc::CallbackServerContext* context,
                                                          const v1::ListTransitionsRequest* request,
                                                          v1::ListTransitionsResponse* response) {
  return Read(context, *request, response, &ClosureReads::ListTransitions);
}

grpc::ServerUnaryReactor* ClosureService::GetClosureRecord(grpc::CallbackServerContext* context,
                                                           const v1::GetClosureRecordRequest* request,
                                                           v1::ClosureRecord* response) {
  return Read(context, *request, response, &ClosureReads::GetClosureRecord);
}

grpc::ServerWriteReactor<v1::PreviewClosureResponse>* ClosureService::PreviewClosure(
    grpc::CallbackServerContext* context, const v1::PreviewClosureRequest* request) {
  const absl::StatusOr<Actor> actor = Authenticate(*context);
  using Opened = absl::StatusOr<std::shared_ptr<PreviewStream>>;
  const Opened stream =
      actor.ok() ? parts_.previews->Open(*actor, *request, TraceparentOf(*context)) : Opened(actor.status());
  if (stream.ok()) return PreviewStream::Open(*stream);
  return ServerStream<v1::PreviewClosureResponse>::Refuse(EndCall("PreviewClosure", stream.status(), *parts_.log));
}

absl::StatusOr<std::shared_ptr<ServerStream<grpc::ByteBuffer>>> ClosureService::OpenWatch(
    const Actor& actor, const v1::WatchClosureRequest& request) {
  CLOSURE_RETURN_IF_ERROR(RefuseWhenStopping(*parts_.stopping));
  CLOSURE_RETURN_IF_ERROR(Authorize(actor, request.name(), RequireReaderOf));
  CLOSURE_ASSIGN_OR_RETURN(const ClosureKey key, ParseClosureName("name", request.name()));
  CLOSURE_RETURN_IF_ERROR(CheckRevision("after_revision", request.after_revision()));
  CLOSURE_RETURN_IF_ERROR(FindClosure(*parts_.store, key).status());
  auto watch = std::make_shared<ClosureWatch>(
      ClosureWatch::Parts{.store = parts_.store, .cache = parts_.cache, .clock = parts_.clock, .hub = parts_.watches},
      key, request.after_revision());
  CLOSURE_RETURN_IF_ERROR(parts_.watches->WatchClosure(key, watch));
  return watch;
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* ClosureService::WatchClosure(grpc::CallbackServerContext* context,
                                                                         const grpc::ByteBuffer* request) {
  using Stream = ServerStream<grpc::ByteBuffer>;
  v1::WatchClosureRequest asked;
  if (const grpc::Status parsed = ParseRequest(*request, asked); !parsed.ok()) return Stream::Refuse(parsed);
  const absl::StatusOr<Actor> actor = Authenticate(*context);
  using Opened = absl::StatusOr<std::shared_ptr<Stream>>;
  const Opened stream = actor.ok() ? OpenWatch(*actor, asked) : Opened(actor.status());
  if (stream.ok()) return Stream::Open(*stream);
  return Stream::Refuse(EndCall("WatchClosure", stream.status(), *parts_.log));
}

}  // namespace closure
