// SPDX-License-Identifier: Apache-2.0
// closure_bench_watch: many watchers. Either they watch a closure each and idle until the standard input ends; or all
// watch one, and it is measured how long a change takes to reach the last of them.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "bench/fixture/locking.h"
#include "bench/fixture/sample_closures.h"
#include "bench/load/connections.h"
#include "bench/load/loop_arguments.h"
#include "bench/load/rpc_calls.h"
#include "closure/v1/closure_service.pb.h"
#include "storage/status_macros.h"

namespace closure::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

// So many streams share a connection, as a proxy in front of browsers would have it.
constexpr int kStreamsEach = 250;

// Whether a message has a text in it.
bool Has(const grpc::ByteBuffer& message, std::string_view text) {
  grpc::Slice bytes;
  if (!message.DumpToSingleSlice(&bytes).ok()) return false;
  const std::string_view content(reinterpret_cast<const char*>(bytes.begin()), bytes.size());
  return content.find(text) != std::string_view::npos;
}

// What all watchers got: each is to get one message at first, and one for each change.
class Arrivals {
 public:
  explicit Arrivals(int watchers) : watchers_(watchers) {}

  // From now on each is to have so many messages; called when all have one less.
  void Expect(int64_t messages) {
    absl::MutexLock lock(&mutex_);
    expected_ = messages;
    reached_ = 0;
  }
  // By each watcher, with how many it has by now.
  void Add(int64_t messages) {
    absl::MutexLock lock(&mutex_);
    if (messages == expected_) ++reached_;
    if (messages > expected_) fault_.Update(absl::InternalError("a watcher got a message without a change"));
  }
  void Fail(std::string_view what) {
    absl::MutexLock lock(&mutex_);
    fault_.Update(absl::InternalError(std::string(what)));
  }
  void End(const grpc::Status& status) {
    absl::MutexLock lock(&mutex_);
    ++ended_;
    if (status.error_code() != grpc::StatusCode::CANCELLED)
      fault_.Update(absl::InternalError("a watch ended: " + status.error_message()));
  }
  // Waits until each has what is expected. Errors: INTERNAL with the first thing that went wrong.
  absl::Status Await() {
    absl::MutexLock lock(&mutex_);
    if (!mutex_.AwaitWithTimeout(absl::Condition(this, &Arrivals::IsSettled), kReachMax))
      fault_.Update(absl::InternalError("a message did not reach all watchers"));
    return fault_;
  }
  // Waits until all watches have ended. Errors: as above, of the whole time.
  absl::Status AwaitEnds() {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(this, &Arrivals::HaveEnded));
    return fault_;
  }

 private:
  static constexpr absl::Duration kReachMax = absl::Minutes(1);

  bool IsSettled() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return reached_ == watchers_ || !fault_.ok(); }
  bool HaveEnded() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return ended_ == watchers_; }

  const int watchers_;
  absl::Mutex mutex_;
  int64_t expected_ ABSL_GUARDED_BY(mutex_) = 0;
  // How many watchers have that many.
  int reached_ ABSL_GUARDED_BY(mutex_) = 0;
  int ended_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status fault_ ABSL_GUARDED_BY(mutex_);
};

class Watcher final : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  // Each of its messages is to have `mark` in it.
  Watcher(grpc::GenericStub& stub, const ClosureKey& key, std::string mark, Arrivals& arrivals)
      : mark_(std::move(mark)), arrivals_(arrivals) {
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
    if (!Has(message_, mark_)) return arrivals_.Fail("a message without " + mark_);
    arrivals_.Add(++messages_);
    StartRead(&message_);
  }
  void OnDone(const grpc::Status& status) override { arrivals_.End(status); }

 private:
  const std::string mark_;
  Arrivals& arrivals_;
  grpc::ClientContext context_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer message_;
  // Counted by the one read that is under way.
  int64_t messages_ = 0;
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
    arrivals.Expect(round + 2);
    const auto began = SteadyClock::now();
    if (const std::string fault = Change(stub, round); !fault.empty()) return absl::InternalError(fault);
    CLOSURE_RETURN_IF_ERROR(arrivals.Await());
    result.nanos.push_back(static_cast<uint32_t>((SteadyClock::now() - began).count()));
  }
  std::sort(result.nanos.begin(), result.nanos.end());
  return result;
}

std::vector<std::unique_ptr<Watcher>> WatchAll(const WatchOptions& options,
                                               const std::vector<std::unique_ptr<grpc::GenericStub>>& stubs,
                                               Arrivals& arrivals) {
  std::vector<std::unique_ptr<Watcher>> watchers;
  for (int i = 0; i < options.watchers; ++i) {
    const ClosureKey key = SampleKey(options.idle ? i : 0);
    // A yardstick answers with the closure of the first sample whichever is watched.
    std::string mark = options.idle ? "/closures/" : FormatClosureName(key);
    watchers.push_back(
        std::make_unique<Watcher>(*stubs[static_cast<size_t>(i) % stubs.size()], key, std::move(mark), arrivals));
  }
  return watchers;
}

void IdleUntilInputEnds() {
  std::printf("ready\n");
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
}

// What is measured while all watch; nothing where they idle.
absl::StatusOr<LoopResult> RunWatched(const WatchOptions& options, grpc::GenericStub& stub, Arrivals& arrivals) {
  CLOSURE_RETURN_IF_ERROR(arrivals.Await());
  if (!options.idle) return MeasureReach(options, stub, arrivals);
  IdleUntilInputEnds();
  return LoopResult();
}

absl::StatusOr<LoopResult> Run(const WatchOptions& options) {
  const auto stubs = Connect(options.target, (options.watchers + kStreamsEach - 1) / kStreamsEach);
  Arrivals arrivals(options.watchers);
  arrivals.Expect(1);
  const std::vector<std::unique_ptr<Watcher>> watchers = WatchAll(options, stubs, arrivals);
  absl::StatusOr<LoopResult> result = RunWatched(options, *stubs.front(), arrivals);
  for (const auto& watcher : watchers) watcher->Cancel();
  const absl::Status ended = arrivals.AwaitEnds();
  if (!ended.ok()) return ended;
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
