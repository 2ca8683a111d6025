// SPDX-License-Identifier: Apache-2.0
// A server with a race in its handler, for ThreadSanitizer to find: what is told to overlook the libraries must not
// overlook us.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>

#include "closure/v1/account_gate_service.grpc.pb.h"
#include "fmt/format.h"
#include "grpcpp/grpcpp.h"

namespace closure {
namespace {

constexpr int kCallers = 4;
constexpr int kCalls = 200;
constexpr int kIncrements = 1000;
constexpr auto kMeetingMax = std::chrono::seconds(20);

class RacyGate final : public v1::AccountGateService::CallbackService {
 public:
  grpc::ServerUnaryReactor* CheckAccess(grpc::CallbackServerContext* context, const v1::CheckAccessRequest*,
                                        v1::CheckAccessResponse*) override {
    MeetAnother();
    // By any thread, without a lock; often, for two that hit the same moment may be overlooked.
    for (int i = 0; i < kIncrements; ++i) calls_ = calls_ + 1;
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
  int calls() const { return calls_; }

 private:
  // Waits until two threads are in a handler at once, so that they race on a busy machine too. Orders nothing between
  // them: the sanitizer takes a relaxed access for none.
  void MeetAnother() {
    in_handler_.fetch_add(1, std::memory_order_relaxed);
    const auto end = std::chrono::steady_clock::now() + kMeetingMax;
    while (in_handler_.load(std::memory_order_relaxed) < 2 && std::chrono::steady_clock::now() < end)
      std::this_thread::yield();
  }

  std::atomic<int> in_handler_ = 0;
  volatile int calls_ = 0;
};

void Call(const std::string& target) {
  // A connection of its own, or all would be served one after the other.
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  const auto stub =
      v1::AccountGateService::NewStub(grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments));
  for (int call = 0; call < kCalls; ++call) {
    grpc::ClientContext context;
    v1::CheckAccessResponse response;
    context.set_wait_for_ready(true);
    const grpc::Status status = stub->CheckAccess(&context, v1::CheckAccessRequest(), &response);
    // What counts is the race; a call that a busy machine lost is only told.
    if (!status.ok()) fmt::print("a call failed: {}\n", status.error_message());
  }
}

}  // namespace
}  // namespace closure

int main() {
  closure::RacyGate gate;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&gate);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  std::vector<std::thread> callers;
  for (int caller = 0; caller < closure::kCallers; ++caller)
    callers.emplace_back(closure::Call, fmt::format("127.0.0.1:{}", port));
  for (std::thread& caller : callers) caller.join();
  server->Shutdown();
  fmt::print("counted to {}\n", gate.calls());
  return EXIT_SUCCESS;
}
