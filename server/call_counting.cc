// SPDX-License-Identifier: Apache-2.0
#include "server/call_counting.h"

#include <utility>

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

class Counters final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  explicit Counters(std::shared_ptr<CallsUnderWay> calls) : calls_(std::move(calls)) {}
  grpc::experimental::Interceptor* CreateServerInterceptor(grpc::experimental::ServerRpcInfo*) override {
    return new Counter(calls_);
  }

 private:
  const std::shared_ptr<CallsUnderWay> calls_;
};

}  // namespace

std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> CountCalls(
    std::shared_ptr<CallsUnderWay> calls) {
  return std::make_unique<Counters>(std::move(calls));
}

}  // namespace closure
