// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_TIMERS_H_
#define CLOSURE_CHECKERS_TIMERS_H_

#include <functional>
#include <memory>

#include "absl/time/time.h"

namespace closure {

// Calls a function once: when a time has passed, or sooner when it is stopped. Until then the function, with what it
// owns, is kept alive, also when the timer itself is gone. Thread-safe.
class Timer {
 public:
  virtual ~Timer() = default;
  // To be called once. The function is called on another thread, or later on this one; never from within.
  // Destroying the timer before that is a Stop.
  virtual void Start(absl::Duration after, std::function<void()> function) = 0;
  // Calls the function soon instead; before Start, it is called as soon as that is. Can be called again.
  virtual void Stop() = 0;
};

// What deadlines are measured with: a clock that nobody can set, and timers on it. Thread-safe.
class Timers {
 public:
  virtual ~Timers() = default;
  virtual std::unique_ptr<Timer> NewTimer() = 0;
  // The time that has passed since some moment before the first call.
  virtual absl::Duration Elapsed() const = 0;
};

// The machine's monotonic clock, and timers that call on gRPC's threads. Lives as long as the process.
Timers& SystemTimers();

}  // namespace closure

#endif  // CLOSURE_CHECKERS_TIMERS_H_
