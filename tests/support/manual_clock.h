// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SUPPORT_MANUAL_CLOCK_H_
#define CLOSURE_TESTS_SUPPORT_MANUAL_CLOCK_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/clock.h"

namespace closure {

// A clock that moves only when told. Each witness can be moved alone, to play clocks that disagree. Thread-safe.
class ManualClock final : public Clock {
 public:
  // Wednesday, 2026-07-01 09:00 in UTC.
  ManualClock() : reading_{absl::FromUnixSeconds(1782896400), absl::Hours(5), "boot-1"} {}

  ClockReading Read() const override {
    absl::MutexLock lock(&mutex_);
    return reading_;
  }
  void OnMoved(std::function<void()> moved) override {
    absl::MutexLock lock(&mutex_);
    moved_.push_back(std::move(moved));
  }

  // All witnesses together, as time passes.
  void Advance(absl::Duration by) { Move(by, by); }
  // The wall clock alone, as when somebody sets it.
  void JumpWall(absl::Duration by) { Move(by, absl::ZeroDuration()); }
  // A new boot after a while that only the wall clock tells.
  void Reboot(absl::Duration off) {
    {
      absl::MutexLock lock(&mutex_);
      reading_.boot_id = reading_.boot_id == "boot-1" ? "boot-2" : reading_.boot_id + "'";
      reading_.boot_time = absl::Seconds(20);
    }
    Move(off, absl::ZeroDuration());
  }

 private:
  void Move(absl::Duration wall, absl::Duration boot) {
    std::vector<std::function<void()>> listeners;
    {
      absl::MutexLock lock(&mutex_);
      reading_.wall += wall;
      reading_.boot_time += boot;
      listeners = moved_;
    }
    for (const auto& listener : listeners) listener();
  }

  mutable absl::Mutex mutex_;
  ClockReading reading_;
  std::vector<std::function<void()>> moved_;
};

}  // namespace closure

#endif  // CLOSURE_TESTS_SUPPORT_MANUAL_CLOCK_H_
