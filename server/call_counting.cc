// SPDX-License-Identifier: Apache-2.0
#include "server/call_counting.h"

#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace closure {
namespace {

// gRPC makes one at the beginning of each call and destroys it with the call.
class Counter final : public grpc::experimental::Interceptor {
 public:
  explicit Counter(std::shared_ptr<CallsUnderWay> calls) : calls_(std::move(calls)) { calls_->Begin(); }
  ~Counter() override { calls_->End(); }
  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override { methods->Proceed(); }

 private:
  const std::shared_ptr<CallsUnderWay> calls_;
};

// gRPC may call it on a thread that it had before there was this server, and hands the server over by means that
// ThreadSanitizer does not see; it sees the lock.
class Counters final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  explicit Counters(std::shared_ptr<CallsUnderWay> calls) {
    absl::MutexLock lock(&mutex_);
    calls_ = std::move(calls);
  }
  grpc::experimental::Interceptor* CreateServerInterceptor(grpc::experimental::ServerRpcInfo*) override {
    absl::MutexLock lock(&mutex_);
    return new Counter(calls_);
  }

 private:
  absl::Mutex mutex_;
  std::shared_ptr<CallsUnderWay> calls_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> CountCalls(
    std::shared_ptr<CallsUnderWay> calls) {
  return std::make_unique<Counters>(std::move(calls));
}

}  // namespace closure
