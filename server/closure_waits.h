// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_CLOSURE_WAITS_H_
#define CLOSURE_SERVER_CLOSURE_WAITS_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "closure/internal/v1/closure_data.pb.h"
#include "closure/v1/closure.pb.h"
#include "grpcpp/support/slice.h"
#include "storage/closure_store.h"

namespace closure {

// Why a closure's next step waits although it is due, of which `task` is a piece: every halt in force that the task
// minds, in the order of the enum, each since the later of the task's coming to wait and the halt's beginning. Empty
// when the halts were released meanwhile, and while the silent period lasts by the wall clock. Pure.
std::vector<v1::Wait> WaitsOf(const internal::v1::ClosureData& data, const internal::v1::TaskData& task,
                              const internal::v1::SystemData& system, absl::Time now);

// Why a closure's next step waits at a time, from its tasks and the system's switches. The three are read one after the
// other, so a wait that begins or ends at this moment may be missing; a watch is woken by its commit and looks again.
// In most states nothing can wait, and nothing is read. Thread-safe. Errors: UNAVAILABLE and INTERNAL of the store.
absl::StatusOr<std::vector<v1::Wait>> ReadWaits(ClosureStore& store, const internal::v1::ClosureData& data,
                                                absl::Time now);

// What depends on the time, TimedPart (closure_view.h), and what the next step waits for, serialized; to be put behind
// a closure's lasting part. Errors: as ReadWaits.
absl::StatusOr<grpc::Slice> TimedPartWithWaits(ClosureStore& store, const internal::v1::ClosureData& data,
                                               absl::Time now);

// What a read shows of a closure at a time: Present (closure_view.h), and what its next step waits for. Errors: as
// ReadWaits.
absl::StatusOr<v1::Closure> PresentWithWaits(ClosureStore& store, const internal::v1::ClosureData& data,
                                             absl::Time now);

}  // namespace closure

#endif  // CLOSURE_SERVER_CLOSURE_WAITS_H_
