// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SIMULATION_CLOCK_H_
#define CLOSURE_TESTS_SIMULATION_CLOCK_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/time/time.h"
#include "server/clock.h"
#include "tests/simulation/schedule.h"

namespace closure::simulation {

// The clocks of the service's machine beside the true time: the wall clock can be set wrong, the boot-time clock begins
// anew at a boot. One thread.
class MachineClock final : public Clock {
 public:
  MachineClock(const Schedule& schedule, absl::Time begin) : schedule_(schedule), begin_(begin) {}

  ClockReading Read() const override {
    return {TrueTime() + wrong_by_, schedule_.now() - boot_ + absl::Minutes(1), "boot-" + std::to_string(boots_)};
  }
  // Nobody is called: rounds begin in time by themselves.
  void OnMoved(std::function<void()>) override {}

  // What the wall clock would show if nobody had ever set it.
  absl::Time TrueTime() const { return begin_ + schedule_.now(); }
  // Sets the wall clock beside the true time.
  void SetWrong(absl::Duration by) { wrong_by_ = by; }
  absl::Duration wrong_by() const { return wrong_by_; }
  void Boot() {
    ++boots_;
    boot_ = schedule_.now();
  }

 private:
  const Schedule& schedule_;
  const absl::Time begin_;
  absl::Duration wrong_by_;
  absl::Duration boot_;
  std::int64_t boots_ = 1;
};

}  // namespace closure::simulation

#endif  // CLOSURE_TESTS_SIMULATION_CLOCK_H_
