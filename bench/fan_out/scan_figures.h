// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_BENCH_FAN_OUT_SCAN_FIGURES_H_
#define CLOSURE_BENCH_FAN_OUT_SCAN_FIGURES_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "bench/fan_out/slowest.h"
#include "bench/load/closed_loop.h"

namespace closure::bench {

// Begins a scan of the account of that number (AccountOfScan); `ended` is told what was wrong with it, empty when
// nothing was.
using Scan = std::function<void(int scan, std::function<void(std::string)> ended)>;

struct ScanFigures {
  LoopResult loop;
  // By how much each scan ended later than the slowest of its calls took, rising. Where the answers themselves are
  // late, because what a scan does with one keeps the thread that gives the next, only the loop's own times tell.
  std::vector<uint32_t> over_nanos;
  // How long the slowest call of each scan took, rising.
  std::vector<uint32_t> slowest_nanos;
  // When a lone scan had ended, and the most during the loop.
  int64_t threads_before = 0;
  int64_t threads_max = 0;
  // Of this process, per scan.
  double processor_micros_each = 0;
};

// Runs one scan alone, which opens what connections there are, and then the loop. `slowest` is told of each call's time
// by whoever makes it.
ScanFigures MeasureScans(const Scan& scan, Slowest& slowest, const LoopOptions& options);

// One line of JSON: that of the loop, with over_p99_us, slowest_p99_us, threads_before, threads and cpu_us_each.
std::string ToJson(const ScanFigures& figures);
// Prints it; the exit code.
int Report(const ScanFigures& figures);

}  // namespace closure::bench

#endif  // CLOSURE_BENCH_FAN_OUT_SCAN_FIGURES_H_
