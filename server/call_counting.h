// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_CALL_COUNTING_H_
#define CLOSURE_SERVER_CALL_COUNTING_H_

#include <memory>

#include "grpcpp/support/server_interceptor.h"
#include "protos/calls_under_way.h"

namespace closure {

// What a server is built with to count every call of every one of its services, so that a stop can wait for them before
// it shuts gRPC down: from its shutdown on, gRPC 1.51 ends new calls on open connections with a bare CANCELLED, and
// open connections alone keep it waiting. A call is over when its client has been sent everything.
std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> CountCalls(std::shared_ptr<CallsUnderWay> calls);

}  // namespace closure

#endif  // CLOSURE_SERVER_CALL_COUNTING_H_
