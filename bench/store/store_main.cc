// SPDX-License-Identifier: Apache-2.0
// closure_bench_store: a number of writers, each with one commit under way at a time, on the store or on a yardstick.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bench/fixture/locking.h"
#include "bench/fixture/sample_closures.h"
#include "bench/load/closed_loop.h"
#include "bench/load/loop_arguments.h"
#include "bench/store/transition_writer.h"
#include "storage/status_macros.h"

namespace closure::bench {
namespace {

enum class CommitKind { kMove, kHold, kProgress };

struct StoreOptions {
  std::string design;
  CommitKind commit = CommitKind::kMove;
  std::string database;
  std::string key;
  int64_t closures = 1;
  LoopArguments loop;
};

absl::StatusOr<std::unique_ptr<TransitionWriter>> Open(const StoreOptions& options) {
  if (options.design == "store") return OpenStoreWriter(options.database, options.key);
  return OpenRawWriter(options.database, options.design == "raw" ? BestRawOptions(options.loop.streams) : RawOptions());
}

Commit NextCommit(CommitKind kind, const internal::v1::ClosureData& data, absl::Time now) {
  if (kind == CommitKind::kHold) return NextHold(data, now);
  return kind == CommitKind::kProgress ? NextProgress(data, now) : NextMove(data, now, SampleDue(now));
}

// The closures of one writer, which no other moves.
struct Writer {
  std::vector<internal::v1::ClosureData> closures;
  size_t turn = 0;
};

absl::StatusOr<std::vector<Writer>> LoadWriters(TransitionWriter& writer, const StoreOptions& options) {
  std::vector<Writer> writers(static_cast<size_t>(options.loop.streams));
  for (int64_t number = 0; number < options.closures; ++number) {
    CLOSURE_ASSIGN_OR_RETURN(internal::v1::ClosureData data, writer.Load(SampleKey(number)));
    writers[static_cast<size_t>(number) % writers.size()].closures.push_back(std::move(data));
  }
  return writers;
}

absl::StatusOr<LoopResult> Run(const StoreOptions& options) {
  CLOSURE_ASSIGN_OR_RETURN(const std::unique_ptr<TransitionWriter> writer, Open(options));
  CLOSURE_ASSIGN_OR_RETURN(std::vector<Writer> writers, LoadWriters(*writer, options));
  return RunClosedLoop(options.loop.options(), [&](int stream, const OperationEnded& ended) {
    Writer& mine = writers[static_cast<size_t>(stream)];
    internal::v1::ClosureData& data = mine.closures[mine.turn++ % mine.closures.size()];
    Commit commit = NextCommit(options.commit, data, absl::Now());
    data = *commit.closure;
    writer->Write(std::move(commit),
                  [ended](const absl::Status& status) { ended(status.ok() ? "" : std::string(status.message())); });
  });
}

int Main(int argc, char** argv) {
  LockAsReleased();
  StoreOptions options;
  CLI::App app("Makes commits durable and measures how fast.", "closure_bench_store");
  const std::map<std::string, CommitKind> kinds = {
      {"move", CommitKind::kMove}, {"hold", CommitKind::kHold}, {"progress", CommitKind::kProgress}};
  app.add_option("--design", options.design, "store, raw or plain")
      ->required()
      ->check(CLI::IsMember({"store", "raw", "plain"}));
  app.add_option("--commit", options.commit,
                 "What is committed: a change of state, an operator's hold placed or lifted, or what a checker told")
      ->transform(CLI::CheckedTransformer(kinds));
  app.add_option("--database", options.database, "A database of blocked samples")->required();
  app.add_option("--key", options.key, "The secret key's file, for the store");
  app.add_option("--closures", options.closures, "How many samples it has")
      ->check(CLI::Range(int64_t{1}, int64_t{1'000'000}));
  options.loop.AddTo(app);
  CLI11_PARSE(app, argc, argv);
  if (options.design == "store" && options.commit == CommitKind::kProgress) {
    std::fprintf(stderr, "closure_bench_store: the store takes progress by another call than a commit\n");
    return 2;
  }
  const absl::StatusOr<LoopResult> result = Run(options);
  if (result.ok()) return Report(*result);
  std::fprintf(stderr, "closure_bench_store: %s\n", std::string(result.status().message()).c_str());
  return 1;
}

}  // namespace
}  // namespace closure::bench

int main(int argc, char** argv) { return closure::bench::Main(argc, argv); }
