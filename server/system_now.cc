// SPDX-License-Identifier: Apache-2.0
#include "server/system_now.h"

#include <utility>

namespace closure {

absl::StatusOr<SystemNow> ReadSystemNow(ClosureStore& store, const Clock& clock) {
  absl::StatusOr<internal::v1::SystemData> system = store.LoadSystem();
  if (!system.ok()) return system.status();
  // Read after the system, so that the witness in it is not of the future.
  const ClockReading reading = clock.Read();
  Observation time = Observe(system->clock(), reading);
  return SystemNow{*std::move(system), reading.wall, std::move(time)};
}

}  // namespace closure
