// SPDX-License-Identifier: Apache-2.0
#include "checkers/timers.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "grpc/support/time.h"
#include "grpcpp/alarm.h"

namespace closure {
namespace {

// gRPC rounds a deadline up to its next millisecond, unless it is over.
gpr_timespec DeadlineAfter(absl::Duration after) {
  if (after <= absl::ZeroDuration()) return gpr_inf_past(GPR_CLOCK_MONOTONIC);
  const int64_t ms = absl::ToInt64Milliseconds(absl::Ceil(after, absl::Milliseconds(1)));
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(ms, GPR_TIMESPAN));
}

class AlarmTimer final : public Timer {
 public:
  void Start(absl::Duration after, std::function<void()> function) override {
    // The alarm keeps its function until it is destroyed, and may be owned by what the function owns; so what is given
    // to it is emptied by the call.
    auto given = std::make_shared<std::function<void()>>(std::move(function));
    alarm_.Set(DeadlineAfter(after), [given](bool /*elapsed*/) {
      const std::function<void()> call = std::move(*given);
      *given = nullptr;
      call();
    });
    bool stop = false;
    {
      absl::MutexLock lock(&mutex_);
      started_ = true;
      stop = stopped_;
    }
    if (stop) alarm_.Cancel();
  }

  void Stop() override {
    {
      absl::MutexLock lock(&mutex_);
      stopped_ = true;
      if (!started_) return;
    }
    alarm_.Cancel();
  }

 private:
  grpc::Alarm alarm_;
  absl::Mutex mutex_;
  bool started_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

class MonotonicTimers final : public Timers {
 public:
  std::unique_ptr<Timer> NewTimer() override { return std::make_unique<AlarmTimer>(); }
  absl::Duration Elapsed() const override {
    return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
  }
};

}  // namespace

Timers& SystemTimers() {
  static Timers& timers = *new MonotonicTimers;
  return timers;
}

}  // namespace closure
