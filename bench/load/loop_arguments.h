// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_BENCH_LOAD_LOOP_ARGUMENTS_H_
#define CLOSURE_BENCH_LOAD_LOOP_ARGUMENTS_H_

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>

#include "bench/load/closed_loop.h"

namespace closure::bench {

// What every program that runs a closed loop takes.
struct LoopArguments {
  int streams = 1;
  double seconds = 2;
  double warm_up_seconds = 0.5;

  void AddTo(CLI::App& app) {
    app.add_option("--streams", streams, "How many operations are under way at once")->check(CLI::Range(1, 10'000));
    app.add_option("--seconds", seconds, "How long is measured")->check(CLI::Range(0.01, 600.0));
    app.add_option("--warm-up", warm_up_seconds, "Seconds before that")->check(CLI::Range(0.0, 60.0));
  }
  LoopOptions options() const {
    const auto nanos = [](double value) {
      return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(value));
    };
    return {.streams = streams, .warm_up = nanos(warm_up_seconds), .measured = nanos(seconds)};
  }
};

// Prints the result; the exit code, which is 1 where an operation failed.
inline int Report(const LoopResult& result) {
  std::printf("%s\n", ToJson(result).c_str());
  return result.faults == 0 ? 0 : 1;
}

}  // namespace closure::bench

#endif  // CLOSURE_BENCH_LOAD_LOOP_ARGUMENTS_H_
