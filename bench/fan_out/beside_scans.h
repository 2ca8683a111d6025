// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_BENCH_FAN_OUT_BESIDE_SCANS_H_
#define CLOSURE_BENCH_FAN_OUT_BESIDE_SCANS_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "checkers/call_options.h"
#include "server/fan_out.h"

namespace closure::bench {

// Scans of which one checker may hang, begun at a pace of their own beside what is measured; each that waits for it
// stays open until End. What is noted is when the answers of all others are in. Thread-safe.
class BesideScans {
 public:
  // The checker that hangs, and whether it does; where it does not, the same scans are over when all have answered.
  BesideScans(FanOut fan_out, std::string hanging, bool hangs);
  ~BesideScans();

  // Begins so many at once and waits until they have all answers but one.
  void BeginAndWait(int scans);
  // Begins another one after each such time, on a thread of its own, until End.
  void BeginEvery(std::chrono::nanoseconds pace);
  // Begins no more, and ends those that are open once they have all answers but one.
  void End();

  // After End: how long it took until all other answers were in, of those begun by BeginEvery, rising.
  std::vector<uint32_t> nanos() const;
  int64_t begun() const;
  // What was wrong with the first scan that ended as it should not have; empty where nothing was.
  std::string fault() const;

 private:
  struct One;

  void Begin(bool is_noted);
  void OnProgress(One& scan, const v1::CheckerResult& result);
  void OnDone(const ScanFindings& findings);
  std::string Fault(const ScanFindings& findings) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void WaitForOthers();
  bool HaveOthers() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return have_others_ == begun_ || !fault_.empty(); }
  bool IsNoneOpen() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return over_ == begun_; }

  const FanOut fan_out_;
  const std::string hanging_;
  const bool hangs_;
  const std::shared_ptr<CancelSignal> give_up_ = std::make_shared<CancelSignal>();
  std::thread pacer_;
  mutable absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  int64_t begun_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t have_others_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t over_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<uint32_t> nanos_ ABSL_GUARDED_BY(mutex_);
  std::string fault_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace closure::bench

#endif  // CLOSURE_BENCH_FAN_OUT_BESIDE_SCANS_H_
