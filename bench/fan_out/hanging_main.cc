// SPDX-License-Identifier: Apache-2.0
// closure_bench_hanging: scans of eleven remote checkers, over and over, while others begin that ask a twelfth too. It
// never answers, or it answers as all do; what it costs the scans that do not ask it, and the answers of the eleven to
// those that do, is the difference.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/time/time.h"
#include "bench/fan_out/beside_scans.h"
#include "bench/fan_out/remote_connections.h"
#include "bench/fan_out/remote_scans.h"
#include "bench/fan_out/scan_figures.h"
#include "bench/fan_out/slowest.h"
#include "bench/fixture/locking.h"
#include "bench/load/loop_arguments.h"
#include "checkers/upstream_call.h"

namespace closure::bench {
namespace {

constexpr int kHealthy = 11;
constexpr std::chrono::milliseconds kPace{10};

// What was measured; the exit code.
int Report(const ScanFigures& figures, const BesideScans& beside) {
  nlohmann::json json = nlohmann::json::parse(ToJson(figures));
  json["beside"] = beside.begun();
  json["eleven_p50_us"] = QuantileMicros(beside.nanos(), 0.5);
  json["eleven_p99_us"] = QuantileMicros(beside.nanos(), 0.99);
  json["beside_fault"] = beside.fault();
  std::printf("%s\n", json.dump().c_str());
  return figures.loop.faults == 0 && beside.fault().empty() ? 0 : 1;
}

// Where the checkers are. The twelfth is in a process of its own, or what it keeps open would slow the others down
// there.
struct Targets {
  std::string eleven;
  std::string twelfth;
};

int Run(const Targets& targets, bool hangs, int held, const LoopOptions& options) {
  const Checkers eleven = RemoteCheckersOf(ConnectToCheckers(targets.eleven, kHealthy));
  const Connection last =
      ConnectToChecker(targets.twelfth, hangs ? kHangingChecker : "checker_" + std::to_string(kHealthy));
  Checkers twelve = eleven;
  twelve.push_back(RemoteCheckerOf(last));
  BesideScans beside(FanOutOver(twelve), last.checker, hangs);
  Slowest slowest(options.streams);
  beside.BeginAndWait(held);
  beside.BeginEvery(kPace);
  const ScanFigures figures = MeasureScans(ScansWith(eleven, slowest), slowest, options);
  beside.End();
  // What holds a channel goes a moment after its scan has ended, and must not be the last to do so.
  CallsToUpstreams().WaitForNone(absl::Minutes(1));
  return Report(figures, beside);
}

int Main(int argc, char** argv) {
  LockAsReleased();
  LoopArguments loop;
  Targets targets;
  std::string design;
  int held = 0;
  CLI::App app("Scans with remote checkers beside scans with one that hangs.", "closure_bench_hanging");
  app.add_option("--target", targets.eleven, "Where closure_bench_checkers listens")->required();
  app.add_option("--twelfth", targets.twelfth, "Where another one does, for the twelfth checker")->required();
  app.add_option("--design", design, "hangs, or answers for a twelfth checker like the others")
      ->required()
      ->check(CLI::IsMember({"hangs", "answers"}));
  app.add_option("--held", held, "How many scans ask the twelfth before those that do not are measured")
      ->check(CLI::Range(0, 10'000));
  loop.AddTo(app);
  CLI11_PARSE(app, argc, argv);
  return Run(targets, design == "hangs", held, loop.options());
}

}  // namespace
}  // namespace closure::bench

int main(int argc, char** argv) { return closure::bench::Main(argc, argv); }
