// SPDX-License-Identifier: Apache-2.0
// closure_bench_watch: many watchers. Either they watch a closure each and idle until the standard input ends; or all
// watch one, and it is measured how long a change takes to reach the last of them.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "bench/fixture/sample_closures.h"
#include "bench/load/connections.h"
#include "bench/load/loop_arguments.h"
#include "bench/load/rpc_calls.h"
#include "closure/v1/closure_service.pb.h"

namespace closure::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

// So many streams share a connection, as a proxy in front of browsers would have it.
constexpr int kStreamsEach = 250;

// What all watchers got.
class Arrivals {
 public:
  void Add() {
    absl::MutexLock lock(&mutex_);
    ++messages_;
  }
  void End(const grpc::Status& status) {
    absl::MutexLock lock(&mutex_);
    ++ended_;
    if (status.error_code() != grpc::StatusCode::CANCELLED) fault_ = "a watch ended: " + status.error_message();
  }
  // Waits until there are so many messages in all, or one watch ended by itself.
  bool Await(int64_t messages) {
    absl::MutexLock lock(&mutex_);
    awaited_ = messages;
    mutex_.Await(absl::Condition(
        +[](Arrivals* self) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
          return self->messages_ >= self->awaited_ || !self->fault_.empty();
        },
        this));
    return fault_.empty();
  }
  void AwaitEnds(int64_t watchers) {
    absl::MutexLock lock(&mutex_);
    awaited_ = watchers;
    mutex_.Await(absl::Condition(
        +[](Arrivals* self) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return self->ended_ >= self->awaited_; }, this));
  }
  std::string fault() {
    absl::MutexLock lock(&mutex_);
    return fault_;
  }

 private:
  absl::Mutex mutex_;
  int64_t messages_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t ended_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t awaited_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string fault_ ABSL_GUARDED_BY(mutex_);
};

class Watcher final : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  Watcher(grpc::GenericStub& stub, const ClosureKey& key, Arrivals& arrivals) : arrivals_(arrivals) {
    v1::WatchClosureRequest request;
    request.set_name(FormatClosureName(key));
    const grpc::Slice bytes(request.SerializeAsString());
    request_ = grpc::ByteBuffer(&bytes, 1);
    context_.AddMetadata("closure-actor", "root:" + key.account_id);
    stub.PrepareBidiStreamingCall(&context_, "/closure.v1.ClosureService/WatchClosure", grpc::StubOptions(), this);
    StartWriteLast(&request_, grpc::WriteOptions());
    StartRead(&message_);
    StartCall();
  }

  void Cancel() { context_.TryCancel(); }
  void OnReadDone(bool ok) override {
    if (!ok) return;
    arrivals_.Add();
    StartRead(&message_);
  }
  void OnDone(const grpc::Status& status) override { arrivals_.End(status); }

 private:
  Arrivals& arrivals_;
  grpc::ClientContext context_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer message_;
};

struct WatchOptions {
  std::string target;
  int watchers = 1;
  bool idle = false;
  int rounds = 20;
};

// Makes one change of the watched closure; what went wrong, or empty.
std::string Change(grpc::GenericStub& stub, int round) {
  const std::unique_ptr<CallKind> hold = FindCallKind("hold", {.closures = 1, .streams = 1});
  const CallKind::Call call = hold->Make(0, round);
  grpc::ClientContext context;
  context.AddMetadata("closure-actor", call.actor);
  const grpc::Slice bytes(call.request);
  const grpc::ByteBuffer request(&bytes, 1);
  grpc::ByteBuffer answer;
  absl::Notification ended;
  grpc::Status status;
  stub.UnaryCall(&context, std::string(call.method), grpc::StubOptions(), &request, &answer, [&](grpc::Status end) {
    status = std::move(end);
    ended.Notify();
  });
  ended.WaitForNotification();
  return status.ok() ? "" : status.error_message();
}

// The time of each round, from the call to the last watcher's message.
absl::StatusOr<LoopResult> MeasureReach(const WatchOptions& options, grpc::GenericStub& stub, Arrivals& arrivals) {
  LoopResult result{.seconds = 1};
  for (int round = 0; round < options.rounds; ++round) {
    const auto began = SteadyClock::now();
    if (const std::string fault = Change(stub, round); !fault.empty()) return absl::InternalError(fault);
    if (!arrivals.Await(int64_t{options.watchers} * (round + 2))) return absl::InternalError(arrivals.fault());
    result.nanos.push_back(static_cast<uint32_t>((SteadyClock::now() - began).count()));
  }
  std::sort(result.nanos.begin(), result.nanos.end());
  return result;
}

absl::StatusOr<LoopResult> Run(const WatchOptions& options) {
  const auto stubs = Connect(options.target, (options.watchers + kStreamsEach - 1) / kStreamsEach);
  Arrivals arrivals;
  std::vector<std::unique_ptr<Watcher>> watchers;
  for (int i = 0; i < options.watchers; ++i) {
    watchers.push_back(std::make_unique<Watcher>(*stubs[static_cast<size_t>(i) % stubs.size()],
                                                 SampleKey(options.idle ? i : 0), arrivals));
  }
  absl::StatusOr<LoopResult> result = LoopResult{.seconds = 1};
  if (!arrivals.Await(options.watchers)) {
    result = absl::InternalError(arrivals.fault());
  } else if (options.idle) {
    std::printf("ready\n");
    std::fflush(stdout);
    while (std::getchar() != EOF) {
    }
  } else {
    result = MeasureReach(options, *stubs.front(), arrivals);
  }
  for (const auto& watcher : watchers) watcher->Cancel();
  arrivals.AwaitEnds(options.watchers);
  return result;
}

int Main(int argc, char** argv) {
  LockAsReleased();
  WatchOptions options;
  CLI::App app("Watches closures with many streams.", "closure_bench_watch");
  app.add_option("--target", options.target, "Where the server listens")->required();
  app.add_option("--watchers", options.watchers, "How many")->check(CLI::Range(1, 100'000));
  app.add_flag("--idle", options.idle, "Each watches a closure of its own until the standard input ends");
  app.add_option("--rounds", options.rounds, "How many changes are measured")->check(CLI::Range(1, 10'000));
  CLI11_PARSE(app, argc, argv);
  const absl::StatusOr<LoopResult> result = Run(options);
  if (result.ok()) return options.idle ? 0 : Report(*result);
  std::fprintf(stderr, "closure_bench_watch: %s\n", std::string(result.status().message()).c_str());
  return 1;
}

}  // namespace
}  // namespace closure::bench

int main(int argc, char** argv) { return closure::bench::Main(argc, argv); }
