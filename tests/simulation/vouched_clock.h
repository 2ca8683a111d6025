// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SIMULATION_VOUCHED_CLOCK_H_
#define CLOSURE_TESTS_SIMULATION_VOUCHED_CLOCK_H_

#include <map>

#include "absl/time/time.h"
#include "closure/internal/v1/closure_data.pb.h"
#include "tests/simulation/clock.h"
#include "tests/simulation/schedule.h"

namespace closure::simulation {

// Knows what the service may believe of its wall clock: that it is right, until somebody sets it, and then what an
// operator vouches for. One thread.
class VouchedClock {
 public:
  // Both must outlive it.
  VouchedClock(const Schedule& schedule, const MachineClock& clock);

  // To be called after the wall clock was set, while the machine was on or off. What is set right while it is off the
  // service need not notice, and may believe.
  void WasSet(bool machine_off);
  // What was committed of the system; answers whether an operator acknowledged a jump with it.
  bool SawSystem(const internal::v1::SystemData& system);

  // The day: the true one, apart from what an operator vouched for.
  absl::Time Date() const { return clock_.TrueTime() + vouched_; }
  // Whether the wall clock could not be believed when something was asked at this time, and nobody could miss that.
  bool WasWrong(absl::Duration asked) const;

 private:
  bool IsBelievable() const;

  const Schedule& schedule_;
  const MachineClock& clock_;
  // Whether the service knows of a jump.
  bool jump_known_ = false;
  // By how much the wall clock was ahead of the true time when an operator last acknowledged a jump.
  absl::Duration vouched_;
  // Whether the wall clock can be believed from these times on, each for certain until the next.
  std::map<absl::Duration, bool> believable_;
};

}  // namespace closure::simulation

#endif  // CLOSURE_TESTS_SIMULATION_VOUCHED_CLOCK_H_
