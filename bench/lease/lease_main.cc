// SPDX-License-Identifier: Apache-2.0
// closure_bench_lease: what the task runner does over and over: it leases a hundred tasks that are due, and commits a
// transition for each.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/blocking_counter.h"
#include "bench/fixture/locking.h"
#include "bench/fixture/sample_closures.h"
#include "bench/load/closed_loop.h"
#include "bench/load/loop_arguments.h"
#include "bench/store/transition_writer.h"
#include "storage/status_macros.h"

namespace closure::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr int kTasks = 100;

struct LeaseOptions {
  std::string design;
  std::string database;
  std::string key;
  int64_t closures = 1;
  LoopArguments loop;
};

using Closures = std::map<ClosureKey, internal::v1::ClosureData>;

// Moves these closures on, each in a transaction of its own, and waits for all; their next tasks are due at once.
absl::Status MoveAll(TransitionWriter& writer, Closures& closures, const std::vector<ClosureKey>& keys) {
  absl::BlockingCounter under_way(static_cast<int>(keys.size()));
  std::vector<absl::Status> statuses(keys.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    internal::v1::ClosureData& data = closures.at(keys[i]);
    const absl::Time now = absl::Now();
    Commit commit = NextMove(data, now, now);
    data = *commit.closure;
    writer.Write(std::move(commit), [&, i](const absl::Status& status) {
      statuses[i] = status;
      under_way.DecrementCount();
    });
  }
  under_way.Wait();
  for (const absl::Status& status : statuses) CLOSURE_RETURN_IF_ERROR(status);
  return absl::OkStatus();
}

absl::Status Round(TransitionWriter& writer, Closures& closures) {
  CLOSURE_ASSIGN_OR_RETURN(const std::vector<ClosureKey> keys, writer.Lease(absl::Now(), kTasks));
  if (keys.size() != size_t{kTasks})
    return absl::InternalError("only " + std::to_string(keys.size()) + " tasks were leased");
  return MoveAll(writer, closures, keys);
}

absl::StatusOr<std::unique_ptr<TransitionWriter>> Open(const LeaseOptions& options) {
  if (options.design == "store") return OpenStoreWriter(options.database, options.key);
  return OpenRawWriter(options.database, options.design == "raw" ? BestRawOptions(kTasks) : RawOptions());
}

absl::StatusOr<LoopResult> Run(const LeaseOptions& options) {
  CLOSURE_ASSIGN_OR_RETURN(const std::unique_ptr<TransitionWriter> writer, Open(options));
  // Twice as many as are leased at once, from all over the database, have work to do; all others wait for weeks.
  Closures closures;
  std::vector<ClosureKey> keys;
  for (int i = 0; i < 2 * kTasks; ++i) {
    keys.push_back(SampleKey(i * (options.closures / (2 * kTasks))));
    CLOSURE_ASSIGN_OR_RETURN(closures[keys.back()], writer->Load(keys.back()));
  }
  CLOSURE_RETURN_IF_ERROR(MoveAll(*writer, closures, keys));
  const LoopOptions loop = options.loop.options();
  const auto measured_from = SteadyClock::now() + loop.warm_up;
  const auto measured_to = measured_from + loop.measured;
  LoopResult result{.seconds = std::chrono::duration<double>(loop.measured).count()};
  for (auto began = SteadyClock::now(); began < measured_to; began = SteadyClock::now()) {
    CLOSURE_RETURN_IF_ERROR(Round(*writer, closures));
    if (began >= measured_from) result.nanos.push_back(static_cast<uint32_t>((SteadyClock::now() - began).count()));
  }
  std::sort(result.nanos.begin(), result.nanos.end());
  return result;
}

int Main(int argc, char** argv) {
  LockAsReleased();
  LeaseOptions options;
  CLI::App app("Leases a hundred due tasks and commits a transition for each.", "closure_bench_lease");
  app.add_option("--design", options.design, "store, raw, or plain for a commit for each task")
      ->required()
      ->check(CLI::IsMember({"store", "raw", "plain"}));
  app.add_option("--database", options.database, "A database of small samples")->required();
  app.add_option("--key", options.key, "The secret key's file, for the store");
  app.add_option("--closures", options.closures, "How many samples it has")
      ->check(CLI::Range(int64_t{2 * kTasks}, int64_t{100'000'000}));
  options.loop.AddTo(app);
  CLI11_PARSE(app, argc, argv);
  const absl::StatusOr<LoopResult> result = Run(options);
  if (result.ok()) return Report(*result);
  std::fprintf(stderr, "closure_bench_lease: %s\n", std::string(result.status().message()).c_str());
  return 1;
}

}  // namespace
}  // namespace closure::bench

int main(int argc, char** argv) { return closure::bench::Main(argc, argv); }
