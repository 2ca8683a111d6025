// SPDX-License-Identifier: Apache-2.0
#include "tests/simulation/vouched_clock.h"

#include <iterator>
#include <utility>

#include "checkers/proto_time.h"
#include "server/time_witness.h"

namespace closure::simulation {

VouchedClock::VouchedClock(const Schedule& schedule, const MachineClock& clock)
    : schedule_(schedule), clock_(clock), believable_{{-absl::InfiniteDuration(), true}} {}

bool VouchedClock::IsBelievable() const {
  return !jump_known_ && absl::AbsDuration(clock_.wrong_by() - vouched_) <= kClockJump;
}

void VouchedClock::WasSet(bool machine_off) {
  if (machine_off) vouched_ = clock_.wrong_by();
  believable_[schedule_.now()] = IsBelievable();
}

bool VouchedClock::SawSystem(const internal::v1::SystemData& system) {
  const bool acknowledged = std::exchange(jump_known_, system.has_clock_jump()) && !jump_known_;
  // The operator saw the clock that the decision read.
  if (acknowledged) vouched_ = FromProto(system.clock().wall_time()) - clock_.TrueTime();
  if (believable_.rbegin()->second != IsBelievable()) believable_[schedule_.now()] = IsBelievable();
  return acknowledged;
}

bool VouchedClock::WasWrong(absl::Duration asked) const {
  // What happened at the very time may have come after the question.
  const auto next = believable_.lower_bound(asked);
  const bool changed = next != believable_.end() && next->first == asked;
  return !changed && !std::prev(next)->second;
}

}  // namespace closure::simulation
