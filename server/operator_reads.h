// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_OPERATOR_READS_H_
#define CLOSURE_SERVER_OPERATOR_READS_H_

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "closure/v1/operator_service.pb.h"
#include "server/actor.h"
#include "server/clock.h"
#include "storage/closure_store.h"

namespace closure {

// A task as operators see it. `stuck_since` is how long ago a first failure makes it stuck. Pure.
v1::Task PresentTask(const internal::v1::TaskData& data, absl::Time stuck_since);

// The reads of OperatorService. Thread-safe; what it is given must outlive it.
// Errors of each: as its RPC says.
class OperatorReads {
 public:
  // A task that fails for longer than `stuck_threshold` is stuck.
  OperatorReads(ClosureStore* store, const Clock* clock, absl::Duration stuck_threshold);

  absl::StatusOr<v1::ListTasksResponse> ListTasks(const Actor& actor, const v1::ListTasksRequest& request) const;
  absl::StatusOr<v1::SystemStatus> GetSystemStatus(const Actor& actor, const v1::GetSystemStatusRequest& request) const;

  // The status with these switches, as a command that changed them answers.
  absl::StatusOr<v1::SystemStatus> MakeStatus(const internal::v1::SystemData& system) const;
  absl::Time StuckSince() const { return clock_->Now() - stuck_threshold_; }

 private:
  ClosureStore* const store_;
  const Clock* const clock_;
  const absl::Duration stuck_threshold_;
};

}  // namespace closure

#endif  // CLOSURE_SERVER_OPERATOR_READS_H_
