// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_SERVE_CHECKER_ENDPOINT_H_
#define CLOSURE_CHECKERS_SERVE_CHECKER_ENDPOINT_H_

#include <memory>

#include "checkers/checker.h"
#include "closure/v1/checker_service.grpc.pb.h"

namespace closure {

// Serves a Checker as closure.v1.CheckerService, so that a closured in another process asks it. It keeps the contract
// where the checker itself need not: a request that lacks something is INVALID_ARGUMENT, naming the field; the caller's
// deadline and cancellation reach the checker through its CallOptions; items are sent one by one, no faster than they
// are read; an answer that closured would refuse (ValidateAnswer) is INTERNAL, with what is wrong, and nothing of it is
// sent.
//
//   CheckerEndpoint endpoint(std::make_shared<QuotaChecker>());
//   builder.RegisterService(&endpoint);
//
// Thread-safe. It must outlive the server that it is registered with.
class CheckerEndpoint final : public v1::CheckerService::CallbackService {
 public:
  explicit CheckerEndpoint(std::shared_ptr<Checker> checker);

  grpc::ServerUnaryReactor* Describe(grpc::CallbackServerContext* context, const v1::DescribeRequest* request,
                                     v1::CheckerDescription* response) override;
  grpc::ServerWriteReactor<v1::CheckResponse>* Check(grpc::CallbackServerContext* context,
                                                     const v1::CheckRequest* request) override;
  grpc::ServerUnaryReactor* Discard(grpc::CallbackServerContext* context, const v1::DiscardRequest* request,
                                    v1::DiscardResponse* response) override;

 private:
  const std::shared_ptr<Checker> checker_;
};

}  // namespace closure

#endif  // CLOSURE_CHECKERS_SERVE_CHECKER_ENDPOINT_H_
