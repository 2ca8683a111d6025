// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_CLOCK_H_
#define CLOSURE_SERVER_CLOCK_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace closure {

// What the machine's clocks show at one moment: the witnesses of the passing of time (time_witness.h).
struct ClockReading {
  // The wall clock: what people call the time. It can jump.
  absl::Time wall;
  // The time since boot, sleep included. It never jumps within one boot.
  absl::Duration boot_time;
  // Names the boot.
  std::string boot_id;
};

// The only source of time. Below it time is an argument. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual ClockReading Read() const = 0;
  absl::Time Now() const { return Read().wall; }
  // Calls `moved` after the clock was moved by hand, in the thread that moved it. The system's clock never calls.
  virtual void OnMoved(std::function<void()> moved) = 0;
};

// Whether a clock's readings can be trusted over restarts: without the name of the boot nobody can tell which time has
// passed, and no silent period could ever end. Errors: FAILED_PRECONDITION saying what to do.
absl::Status CheckClock(const Clock& clock);

// The machine's own clocks.
class SystemClock final : public Clock {
 public:
  SystemClock();
  ClockReading Read() const override;
  void OnMoved(std::function<void()> moved) override;

 private:
  std::string boot_id_;
};

// The wall clock for a process that is ending because it gets no memory: asks for none itself. Everything else asks a
// Clock.
absl::Time LastWallTime();

// A clock that runs on from an offset and can be moved forward, for `closured dev` only. Wall and boot-time clock move
// together.
class DevClock final : public Clock {
 public:
  // `offset` is what an earlier run had moved it by; not negative.
  explicit DevClock(absl::Duration offset);
  ClockReading Read() const override;
  void OnMoved(std::function<void()> moved) override;
  // Moves it forward and returns the whole offset, which the caller keeps. Takes a positive duration.
  absl::Duration Advance(absl::Duration by);

 private:
  SystemClock system_;
  mutable absl::Mutex mutex_;
  absl::Duration offset_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::function<void()>> moved_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace closure

#endif  // CLOSURE_SERVER_CLOCK_H_
