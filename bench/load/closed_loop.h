// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_BENCH_LOAD_CLOSED_LOOP_H_
#define CLOSURE_BENCH_LOAD_CLOSED_LOOP_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace closure::bench {

// How long, and by how many at once.
struct LoopOptions {
  // Each begins its next operation when its last one has ended.
  int streams = 1;
  std::chrono::nanoseconds warm_up = std::chrono::milliseconds(500);
  std::chrono::nanoseconds measured = std::chrono::seconds(2);
};

// What was seen in the time that is measured: the operations that ended in it.
struct LoopResult {
  // How long each took, rising.
  std::vector<uint32_t> nanos;
  double seconds = 0;
  // Operations that failed or were answered wrongly, at any time, and what the first of them said.
  int64_t faults = 0;
  std::string first_fault;
};

// How one operation ended: empty when it was right.
using OperationEnded = std::function<void(std::string fault)>;
// Begins the next operation of a stream, from 0, and returns. `ended` is called once, from any thread, never from
// within.
using BeginOperation = std::function<void(int stream, OperationEnded ended)>;

// Runs the streams and returns when the last operation has ended. After a fault no further operation begins.
LoopResult RunClosedLoop(const LoopOptions& options, const BeginOperation& begin);

// The value below which that share of values, which rise, lies; 0 where there are none.
double QuantileMicros(const std::vector<uint32_t>& nanos, double quantile);

// One line of JSON: operations, seconds, per_second, p50_us, p99_us, max_us, faults and first_fault.
std::string ToJson(const LoopResult& result);

}  // namespace closure::bench

#endif  // CLOSURE_BENCH_LOAD_CLOSED_LOOP_H_
