// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SIMULATION_MEMORY_TASKS_H_
#define CLOSURE_TESTS_SIMULATION_MEMORY_TASKS_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "storage/closure_store.h"
#include "tests/simulation/memory_tables.h"

// How the tables of tasks are changed.
namespace closure::simulation {

// Errors: INVALID_ARGUMENT; ALREADY_EXISTS when the closure has a task with the key at present.
absl::Status AddTask(MemoryTables& tables, int64_t closure_row, const internal::v1::TaskData& task);
// The row of the task's closure. Errors: ABORTED when the task is gone.
absl::StatusOr<int64_t> FindTaskClosure(const MemoryTables& tables, int64_t task_id);
// The task must be there.
void FinishTask(MemoryTables& tables, int64_t task_id);
// The task must be there. Errors: INVALID_ARGUMENT.
absl::Status RescheduleTask(MemoryTables& tables, const internal::v1::TaskData& task);
void DropStateTasks(MemoryTables& tables, int64_t closure_row);
void UnparkHold(MemoryTables& tables, int64_t closure_row, absl::Time due);
void Unpark(MemoryTables& tables, v1::Task::Parked reason, absl::Time due);
// See Commit::clock_went_back.
void PullForward(MemoryTables& tables, absl::Time now);
void ClearLeases(MemoryTables& tables);
// See ClosureStore::LeaseDueTasks.
std::vector<internal::v1::TaskData> LeaseTasks(MemoryTables& tables, absl::Time now, absl::Time lease_end, int limit);

// In the order in which tasks are due.
bool IsDueBefore(const internal::v1::TaskData& a, const internal::v1::TaskData& b);
// What SQL means by LIMIT: a negative one is none.
void CutOff(std::vector<internal::v1::TaskData>& tasks, int limit);

}  // namespace closure::simulation

#endif  // CLOSURE_TESTS_SIMULATION_MEMORY_TASKS_H_
