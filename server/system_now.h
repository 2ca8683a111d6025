// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_SYSTEM_NOW_H_
#define CLOSURE_SERVER_SYSTEM_NOW_H_

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "closure/internal/v1/closure_data.pb.h"
#include "server/clock.h"
#include "server/time_witness.h"
#include "storage/closure_store.h"

namespace closure {

// The system's switches as they are stored, and what the clocks tell beside the witness in them.
struct SystemNow {
  internal::v1::SystemData system;
  absl::Time now;
  Observation time;
};

// Reads both. Thread-safe. Errors: those of ClosureStore::LoadSystem.
absl::StatusOr<SystemNow> ReadSystemNow(ClosureStore& store, const Clock& clock);

}  // namespace closure

#endif  // CLOSURE_SERVER_SYSTEM_NOW_H_
