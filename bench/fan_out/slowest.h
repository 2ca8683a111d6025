// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_BENCH_FAN_OUT_SLOWEST_H_
#define CLOSURE_BENCH_FAN_OUT_SLOWEST_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace closure::bench {

// The account that the scan of this number, which counts from 0, asks about: that is how a checker's call tells which
// scan it is of.
inline std::string AccountOfScan(int scan) { return std::to_string(1'000'000'000 + scan); }
inline int ScanOfAccount(const std::string& account_id) { return std::stoi(account_id) - 1'000'000'000; }

// How long the slowest call took of each scan under way. Thread-safe, but for Begin beside calls of the same scan.
class Slowest {
 public:
  explicit Slowest(int scans) : nanos_(static_cast<size_t>(scans)) {}
  void Begin(int scan) { nanos_[static_cast<size_t>(scan)] = 0; }
  void Answered(int scan, std::chrono::steady_clock::duration took) {
    std::atomic<int64_t>& slowest = nanos_[static_cast<size_t>(scan)];
    int64_t before = slowest;
    while (before < took.count() && !slowest.compare_exchange_weak(before, took.count())) {
    }
  }
  int64_t nanos(int scan) const { return nanos_[static_cast<size_t>(scan)]; }

 private:
  std::vector<std::atomic<int64_t>> nanos_;
};

}  // namespace closure::bench

#endif  // CLOSURE_BENCH_FAN_OUT_SLOWEST_H_
