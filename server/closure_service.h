// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_CLOSURE_SERVICE_H_
#define CLOSURE_SERVER_CLOSURE_SERVICE_H_

#include "absl/synchronization/notification.h"
#include "closure/v1/closure_service.grpc.pb.h"
#include "server/agreements.h"
#include "server/clock.h"
#include "server/closure_engine.h"
#include "server/closure_reads.h"
#include "server/execute_call.h"
#include "server/log.h"
#include "server/preview.h"
#include "server/read_cache.h"
#include "server/watch_hub.h"
#include "storage/closure_store.h"

namespace closure {

// closure.v1.ClosureService: the transport of what owners ask. It authenticates, reads the request, hands a command to
// the engine or a question to ClosureReads, and turns the outcome into the answer; it decides nothing. No handler
// waits: mutations end from the engine's reply.
class ClosureService final
    : public v1::ClosureService::WithRawCallbackMethod_GetClosure<
          v1::ClosureService::WithRawCallbackMethod_ListBlockingItems<
              v1::ClosureService::WithRawCallbackMethod_WatchClosure<v1::ClosureService::CallbackService>>> {
 public:
  // Everything outlives the service.
  struct Parts {
    ClosureStore* store = nullptr;
    ReadCache* cache = nullptr;
    ClosureEngine* engine = nullptr;
    const Clock* clock = nullptr;
    const Agreements* agreements = nullptr;
    PreviewDesk* previews = nullptr;
    WatchHub* watches = nullptr;
    Log* log = nullptr;
    // Given when the server stops: from then on nothing new is started.
    const absl::Notification* stopping = nullptr;
  };
  explicit ClosureService(const Parts& parts);

  grpc::ServerWriteReactor<v1::PreviewClosureResponse>* PreviewClosure(
      grpc::CallbackServerContext* context, const v1::PreviewClosureRequest* request) override;
  // In bytes, because what is kept of a closure is passed on as it is; so are GetClosure and ListBlockingItems.
  grpc::ServerWriteReactor<grpc::ByteBuffer>* WatchClosure(grpc::CallbackServerContext* context,
                                                           const grpc::ByteBuffer* request) override;

  grpc::ServerUnaryReactor* CreateClosure(grpc::CallbackServerContext* context, const v1::CreateClosureRequest* request,
                                          v1::Closure* response) override;
  grpc::ServerUnaryReactor* ResendCode(grpc::CallbackServerContext* context, const v1::ResendCodeRequest* request,
                                       v1::Closure* response) override;
  grpc::ServerUnaryReactor* VerifyIdentity(grpc::CallbackServerContext* context,
                                           const v1::VerifyIdentityRequest* request, v1::Closure* response) override;
  grpc::ServerUnaryReactor* AcceptAgreement(grpc::CallbackServerContext* context,
                                            const v1::AcceptAgreementRequest* request, v1::Closure* response) override;
  grpc::ServerUnaryReactor* Recheck(grpc::CallbackServerContext* context, const v1::RecheckRequest* request,
                                    v1::Closure* response) override;
  grpc::ServerUnaryReactor* DiscardItems(grpc::CallbackServerContext* context, const v1::DiscardItemsRequest* request,
                                         v1::Closure* response) override;
  grpc::ServerUnaryReactor* ConfirmClosure(grpc::CallbackServerContext* context,
                                           const v1::ConfirmClosureRequest* request, v1::Closure* response) override;
  grpc::ServerUnaryReactor* CancelClosure(grpc::CallbackServerContext* context, const v1::CancelClosureRequest* request,
                                          v1::Closure* response) override;

  grpc::ServerUnaryReactor* GetAgreement(grpc::CallbackServerContext* context, const v1::GetAgreementRequest* request,
                                         v1::Agreement* response) override;
  grpc::ServerUnaryReactor* GetClosure(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                       grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* ListBlockingItems(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                              grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* ListClosures(grpc::CallbackServerContext* context, const v1::ListClosuresRequest* request,
                                         v1::ListClosuresResponse* response) override;
  grpc::ServerUnaryReactor* ListTransitions(grpc::CallbackServerContext* context,
                                            const v1::ListTransitionsRequest* request,
                                            v1::ListTransitionsResponse* response) override;
  grpc::ServerUnaryReactor* GetClosureRecord(grpc::CallbackServerContext* context,
                                             const v1::GetClosureRecordRequest* request,
                                             v1::ClosureRecord* response) override;

 private:
  template <typename Request, typename Response>
  grpc::ServerUnaryReactor* Read(grpc::CallbackServerContext* context, const Request& request, Response* response,
                                 absl::StatusOr<Response> (ClosureReads::*read)(const Actor&, const Request&) const);
  // The same for a method that is served in bytes.
  template <typename Request>
  grpc::ServerUnaryReactor* ReadBytes(grpc::CallbackServerContext* context, const grpc::ByteBuffer& request,
                                      grpc::ByteBuffer* response,
                                      absl::StatusOr<grpc::ByteBuffer> (ClosureReads::*read)(const Actor&,
                                                                                             const Request&) const);
  // Makes the watch, or says why not.
  absl::StatusOr<std::shared_ptr<ServerStream<grpc::ByteBuffer>>> OpenWatch(const Actor& actor,
                                                                            const v1::WatchClosureRequest& request);

  const Parts parts_;
  const ClosureReads reads_;
  const MutationParts mutations_;
};

}  // namespace closure

#endif  // CLOSURE_SERVER_CLOSURE_SERVICE_H_
