// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_CALLS_UNDER_WAY_H_
#define CLOSURE_SERVER_CALLS_UNDER_WAY_H_

#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "grpcpp/support/server_interceptor.h"
#include "protos/steady_wait.h"

namespace closure {

// Counts the calls of a gRPC server that have begun and are not over, so that a stop can wait for them before it shuts
// gRPC down: from its shutdown on, gRPC 1.51 ends new calls on open connections with a bare CANCELLED, and open
// connections alone keep it waiting. A call is over when its client has been sent everything. Thread-safe.
class CallsUnderWay {
 public:
  void Begin();
  void End();
  // Returns when there is none, or after `limit`.
  void WaitForNone(absl::Duration limit);

 private:
  absl::Mutex mutex_;
  int count_ ABSL_GUARDED_BY(mutex_) = 0;
  SteadyWait none_;
};

// What a server is built with to count every call of every one of its services.
std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> CountCalls(std::shared_ptr<CallsUnderWay> calls);

}  // namespace closure

#endif  // CLOSURE_SERVER_CALLS_UNDER_WAY_H_
