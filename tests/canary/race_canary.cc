// SPDX-License-Identifier: Apache-2.0
// A server with a race in its handler, for ThreadSanitizer to find: what is told to overlook the libraries must not
// overlook us.
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

class RacyGate final : public v1::AccountGateService::CallbackService {
 public:
  grpc::ServerUnaryReactor* CheckAccess(grpc::CallbackServerContext* context, const v1::CheckAccessRequest*,
                                        v1::CheckAccessResponse*) override {
    ++calls_;  // by any thread, without a lock
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
  int calls() const { return calls_; }

 private:
  int calls_ = 0;
};

void Call(const std::string& target) {
  const auto stub = v1::AccountGateService::NewStub(grpc::CreateChannel(target, grpc::InsecureChannelCredentials()));
  for (int call = 0; call < kCalls; ++call) {
    grpc::ClientContext context;
    v1::CheckAccessResponse response;
    if (!stub->CheckAccess(&context, v1::CheckAccessRequest(), &response).ok()) std::abort();
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
  fmt::print("{} calls counted\n", gate.calls());
  return EXIT_SUCCESS;
}
