// SPDX-License-Identifier: Apache-2.0
// closure_bench_bare: the yardstick of every call: a callback server that answers all of them with the same canned
// bytes and looks at nothing. Ends when its standard input does.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "bench/fixture/canned_answer.h"
#include "bench/fixture/loopback_server.h"
#include "closure/v1/account_gate_service.grpc.pb.h"
#include "closure/v1/closure_service.grpc.pb.h"
#include "closure/v1/operator_service.grpc.pb.h"

namespace closure::bench {
namespace {

// Answers one kind of call.
template <typename RawService>
class Canned : public RawService {
 public:
  explicit Canned(const grpc::ByteBuffer& answer) : answer_(answer) {}

 protected:
  grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* context, grpc::ByteBuffer* response) {
    *response = answer_;
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

 private:
  const grpc::ByteBuffer& answer_;
};

// One watcher: it gets the canned bytes at once and at each change.
class Watch final : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  Watch(const grpc::ByteBuffer& answer, std::function<void(Watch*)> on_done)
      : answer_(answer), on_done_(std::move(on_done)) {
    Send();
  }

  void Send() {
    absl::MutexLock lock(&mutex_);
    if (writing_) {
      again_ = true;
    } else if (!over_) {
      writing_ = true;
      StartWrite(&answer_);
    }
  }
  void OnWriteDone(bool ok) override {
    absl::MutexLock lock(&mutex_);
    writing_ = ok && std::exchange(again_, false);
    if (writing_) StartWrite(&answer_);
  }
  void OnCancel() override {
    absl::MutexLock lock(&mutex_);
    if (!std::exchange(over_, true)) Finish(grpc::Status::CANCELLED);
  }
  void OnDone() override {
    on_done_(this);
    delete this;
  }

 private:
  const grpc::ByteBuffer& answer_;
  const std::function<void(Watch*)> on_done_;
  absl::Mutex mutex_;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool again_ ABSL_GUARDED_BY(mutex_) = false;
  bool over_ ABSL_GUARDED_BY(mutex_) = false;
};

// Everybody who watches.
class Watches {
 public:
  explicit Watches(const grpc::ByteBuffer& answer) : answer_(answer) {}

  grpc::ServerWriteReactor<grpc::ByteBuffer>* Open() {
    auto* const watch = new Watch(answer_, [this](Watch* done) {
      absl::MutexLock lock(&mutex_);
      watches_.erase(done);
    });
    absl::MutexLock lock(&mutex_);
    watches_.insert(watch);
    return watch;
  }
  void SendAll() {
    absl::MutexLock lock(&mutex_);
    for (Watch* const watch : watches_) watch->Send();
  }

 private:
  const grpc::ByteBuffer& answer_;
  absl::Mutex mutex_;
  std::set<Watch*> watches_ ABSL_GUARDED_BY(mutex_);
};

class Gate final
    : public Canned<v1::AccountGateService::WithRawCallbackMethod_CheckAccess<v1::AccountGateService::Service>> {
 public:
  using Canned::Canned;
  grpc::ServerUnaryReactor* CheckAccess(grpc::CallbackServerContext* context, const grpc::ByteBuffer* /*request*/,
                                        grpc::ByteBuffer* response) override {
    return Answer(context, response);
  }
};

class Closures final : public Canned<v1::ClosureService::WithRawCallbackMethod_GetClosure<
                           v1::ClosureService::WithRawCallbackMethod_ListBlockingItems<
                               v1::ClosureService::WithRawCallbackMethod_WatchClosure<v1::ClosureService::Service>>>> {
 public:
  Closures(const grpc::ByteBuffer& answer, Watches& watches) : Canned(answer), watches_(watches) {}
  grpc::ServerWriteReactor<grpc::ByteBuffer>* WatchClosure(grpc::CallbackServerContext* /*context*/,
                                                           const grpc::ByteBuffer* /*request*/) override {
    return watches_.Open();
  }
  grpc::ServerUnaryReactor* GetClosure(grpc::CallbackServerContext* context, const grpc::ByteBuffer* /*request*/,
                                       grpc::ByteBuffer* response) override {
    return Answer(context, response);
  }
  grpc::ServerUnaryReactor* ListBlockingItems(grpc::CallbackServerContext* context, const grpc::ByteBuffer* /*request*/,
                                              grpc::ByteBuffer* response) override {
    return Answer(context, response);
  }

 private:
  Watches& watches_;
};

class Operators final : public Canned<v1::OperatorService::WithRawCallbackMethod_HoldClosure<
                            v1::OperatorService::WithRawCallbackMethod_ReleaseHold<v1::OperatorService::Service>>> {
 public:
  Operators(const grpc::ByteBuffer& answer, Watches& watches) : Canned(answer), watches_(watches) {}
  grpc::ServerUnaryReactor* HoldClosure(grpc::CallbackServerContext* context, const grpc::ByteBuffer* /*request*/,
                                        grpc::ByteBuffer* response) override {
    watches_.SendAll();
    return Answer(context, response);
  }
  grpc::ServerUnaryReactor* ReleaseHold(grpc::CallbackServerContext* context, const grpc::ByteBuffer* /*request*/,
                                        grpc::ByteBuffer* response) override {
    watches_.SendAll();
    return Answer(context, response);
  }

 private:
  Watches& watches_;
};

int Serve(const std::string& address, const std::string& canned) {
  const grpc::Slice bytes(canned);
  const grpc::ByteBuffer answer(&bytes, 1);
  Gate gate(answer);
  Watches watches(answer);
  Closures closures(answer, watches);
  Operators operators(answer, watches);
  return ServeUntilInputEnds(address, {&gate, &closures, &operators});
}

int Main(int argc, char** argv) {
  std::string address;
  std::string canned_path;
  CLI::App app("Answers every call with the same bytes.", "closure_bench_bare");
  app.add_option("--listen", address, "Where to listen, a loopback address")->required();
  app.add_option("--canned", canned_path, "The file with the answer")->required();
  CLI11_PARSE(app, argc, argv);
  const absl::StatusOr<std::string> canned = ReadCannedAnswer(canned_path);
  if (!canned.ok()) {
    std::fprintf(stderr, "closure_bench_bare: %s: %s\n", canned_path.c_str(),
                 std::string(canned.status().message()).c_str());
    return 2;
  }
  return Serve(address, *canned);
}

}  // namespace
}  // namespace closure::bench

int main(int argc, char** argv) { return closure::bench::Main(argc, argv); }
