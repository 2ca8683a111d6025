// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_STORAGE_SQLITE_TASK_ROWS_H_
#define CLOSURE_STORAGE_SQLITE_TASK_ROWS_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "storage/closure_store.h"
#include "storage/sqlite/database.h"

// The table tasks. Threading and errors are those of Connection, and INTERNAL for a row that is not
// understood.
namespace closure::sqlite {

// Errors besides: ALREADY_EXISTS when the closure has a task with the key at present.
absl::Status AddTask(Connection& connection, int64_t closure_row, const internal::v1::TaskData& task);
// The closure of a task. Errors besides: ABORTED when the task is gone.
absl::StatusOr<int64_t> FindTaskClosure(Connection& connection, int64_t task_id);
// Errors besides: ABORTED when the task is gone.
absl::Status FinishTask(Connection& connection, int64_t task_id);
absl::Status RescheduleTask(Connection& connection, const internal::v1::TaskData& task);
absl::Status DropStateTasks(Connection& connection, int64_t closure_row);
absl::Status UnparkHold(Connection& connection, int64_t closure_row, absl::Time due);
absl::Status Unpark(Connection& connection, v1::Task::Parked reason, absl::Time due);
// Takes away the leases of an earlier process.
absl::Status ClearLeases(Connection& connection);
// See Commit::clock_went_back.
absl::Status PullForward(Connection& connection, absl::Time now);

// What ClosureStore says of the methods with these names.
absl::StatusOr<std::vector<internal::v1::TaskData>> LeaseDueTasks(Connection& connection, std::string_view owner,
                                                                  absl::Time now, absl::Time lease_end, int limit);
absl::StatusOr<internal::v1::TaskData> LoadTask(Connection& connection, int64_t id);
absl::StatusOr<std::vector<internal::v1::TaskData>> ListTasks(Connection& connection, const TaskFilter& filter);
absl::StatusOr<absl::Time> NextDueTime(Connection& connection);
absl::StatusOr<TaskCounts> CountTasks(Connection& connection, absl::Time now, absl::Time stuck_since);

}  // namespace closure::sqlite

#endif  // CLOSURE_STORAGE_SQLITE_TASK_ROWS_H_
