// SPDX-License-Identifier: Apache-2.0
// closure_bench_checkers: serves checkers that answer ten milliseconds after they were asked, and one that never does.
// Ends when its standard input does.
#include <CLI/CLI.hpp>
#include <array>
#include <chrono>
#include <string>
#include <vector>

#include "bench/fan_out/delayed_answers.h"
#include "bench/fan_out/remote_connections.h"
#include "bench/fan_out/sample_answer.h"
#include "bench/fixture/loopback_server.h"
#include "closure/v1/checker_service.grpc.pb.h"

namespace closure::bench {
namespace {

constexpr std::chrono::milliseconds kCheckerTakes{10};

class DelayedStream final : public grpc::ServerWriteReactor<v1::CheckResponse> {
 public:
  explicit DelayedStream(const v1::CheckRequest& request) : pieces_(SampleAnswer(request)) {}

  void Begin() { Next(); }
  void OnWriteDone(bool ok) override {
    if (ok) Next();
    // What was not written was cancelled.
    if (!ok) Finish(grpc::Status::CANCELLED);
  }
  void OnDone() override { delete this; }

 private:
  void Next() {
    const v1::CheckResponse& piece = pieces_[sent_++];
    if (sent_ < pieces_.size())
      StartWrite(&piece);
    else
      StartWriteAndFinish(&piece, grpc::WriteOptions(), grpc::Status::OK);
  }

  const std::vector<v1::CheckResponse> pieces_;
  size_t sent_ = 0;
};

// Says nothing until whoever asked gives up.
class HangingStream final : public grpc::ServerWriteReactor<v1::CheckResponse> {
 public:
  void OnCancel() override { Finish(grpc::Status::CANCELLED); }
  void OnDone() override { delete this; }
};

// Many checkers in one: each is called what its connection says first of who uses it.
std::string NameOfConnection(const grpc::CallbackServerContext& context) {
  const auto agent = context.client_metadata().find("user-agent");
  if (agent == context.client_metadata().end()) return "";
  const std::string text(agent->second.data(), agent->second.size());
  return text.substr(0, text.find(' '));
}

class SlowChecker final : public v1::CheckerService::CallbackService {
 public:
  grpc::ServerUnaryReactor* Describe(grpc::CallbackServerContext* context, const v1::DescribeRequest* /*request*/,
                                     v1::CheckerDescription* response) override {
    response->set_name(NameOfConnection(*context));
    response->set_version("1.0.0");
    response->add_phases(v1::SCAN);
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
  grpc::ServerWriteReactor<v1::CheckResponse>* Check(grpc::CallbackServerContext* context,
                                                     const v1::CheckRequest* request) override {
    if (NameOfConnection(*context) == kHangingChecker) return new HangingStream;
    auto* const stream = new DelayedStream(*request);
    answers_.Add(std::chrono::steady_clock::now() + kCheckerTakes, [stream] { stream->Begin(); });
    return stream;
  }

 private:
  DelayedAnswers answers_;
};

int Main(int argc, char** argv) {
  std::string address;
  CLI::App app("Serves checkers that take ten milliseconds, and one that hangs.", "closure_bench_checkers");
  app.add_option("--listen", address, "Where to listen, a loopback address")->required();
  CLI11_PARSE(app, argc, argv);
  SlowChecker checker;
  return ServeUntilInputEnds(address, {&checker});
}

}  // namespace
}  // namespace closure::bench

int main(int argc, char** argv) { return closure::bench::Main(argc, argv); }
