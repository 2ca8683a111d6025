// SPDX-License-Identifier: Apache-2.0
#include "tests/simulation/memory_tasks.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "storage/sqlite/columns.h"
#include "storage/status_macros.h"
#include "tests/simulation/schema_rules.h"
#include "tests/support/calendar_tasks.h"

namespace closure::simulation {
namespace {

using internal::v1::TaskData;
using sqlite::Micros;
using sqlite::TimestampOfMicros;
using v1::Task;

// What of a task is written again when it is run later.
void CopyOutcome(const TaskData& from, TaskData& to) {
  *to.mutable_due_time() = TimestampOfMicros(Micros(from.due_time()));
  to.set_attempts(from.attempts());
  to.set_last_error(from.last_error());
  to.clear_first_failure_time();
  if (from.has_first_failure_time()) {
    *to.mutable_first_failure_time() = TimestampOfMicros(Micros(from.first_failure_time()));
  }
  to.set_parked(from.parked());
}

// Changes every task that matches.
template <typename Matches, typename Change>
void ChangeTasks(MemoryTables& tables, Matches matches, Change change) {
  for (const auto& [id, stored] : tables.tasks.rows()) {
    if (!matches(stored)) continue;
    StoredTask next = stored;
    change(next);
    tables.tasks.Put(id, std::move(next));
  }
}

void MakeDue(StoredTask& stored, absl::Time due) {
  stored.task.set_parked(Task::PARKED_UNSPECIFIED);
  *stored.task.mutable_due_time() = TimestampOfMicros(Micros(due));
}

}  // namespace

absl::Status AddTask(MemoryTables& tables, int64_t closure_row, const TaskData& task) {
  if (task.id() != 0 || !task.has_due_time()) {
    return absl::InvalidArgumentError(
        fmt::format("the new task {} has an id already, or no due time", task.idempotency_key()));
  }
  CLOSURE_RETURN_IF_ERROR(CheckTaskRow(task));
  const std::pair key(closure_row, task.idempotency_key());
  if (tables.task_ids.Find(key) != nullptr) {
    return absl::AlreadyExistsError(
        fmt::format("the closure {} has a task with the key {} already", task.closure_id(), task.idempotency_key()));
  }
  StoredTask stored{.closure_row = closure_row, .task = task};
  const int64_t id = *tables.last_task_id + 1;
  stored.task.set_id(id);
  stored.task.mutable_payload();
  CopyOutcome(task, stored.task);
  tables.last_task_id.Set(id);
  tables.task_ids.Put(key, id);
  tables.tasks.Put(id, std::move(stored));
  return absl::OkStatus();
}

absl::StatusOr<int64_t> FindTaskClosure(const MemoryTables& tables, int64_t task_id) {
  const StoredTask* const stored = tables.tasks.Find(task_id);
  if (stored == nullptr) return absl::AbortedError(fmt::format("tasks/{} is done or dropped", task_id));
  return stored->closure_row;
}

void FinishTask(MemoryTables& tables, int64_t task_id) {
  const StoredTask& stored = *tables.tasks.Find(task_id);
  tables.task_ids.Erase(std::pair(stored.closure_row, stored.task.idempotency_key()));
  tables.tasks.Erase(task_id);
}

absl::Status RescheduleTask(MemoryTables& tables, const TaskData& task) {
  StoredTask next = *tables.tasks.Find(task.id());
  next.lease_until.reset();
  CopyOutcome(task, next.task);
  CLOSURE_RETURN_IF_ERROR(CheckTaskRow(next.task));
  tables.tasks.Put(task.id(), std::move(next));
  return absl::OkStatus();
}

void DropStateTasks(MemoryTables& tables, int64_t closure_row) {
  std::vector<int64_t> dropped;
  for (const auto& [id, stored] : tables.tasks.rows()) {
    if (stored.closure_row == closure_row && IsBoundToState(stored.task.kind())) dropped.push_back(id);
  }
  for (const int64_t id : dropped) FinishTask(tables, id);
}

void UnparkHold(MemoryTables& tables, int64_t closure_row, absl::Time due) {
  ChangeTasks(
      tables,
      [&](const StoredTask& stored) { return stored.closure_row == closure_row && stored.task.parked() == Task::HOLD; },
      [&](StoredTask& stored) { MakeDue(stored, due); });
}

void Unpark(MemoryTables& tables, Task::Parked reason, absl::Time due) {
  if (reason == Task::PARKED_UNSPECIFIED) return;
  ChangeTasks(
      tables, [&](const StoredTask& stored) { return stored.task.parked() == reason; },
      [&](StoredTask& stored) { MakeDue(stored, due); });
}

void PullForward(MemoryTables& tables, absl::Time now) {
  ChangeTasks(
      tables,
      [&](const StoredTask& stored) {
        const v1::Closure& closure = tables.closures.Find(stored.closure_row)->closure();
        return Micros(stored.task.due_time()) > Micros(now) && !MeansADay(stored.task, closure);
      },
      [&](StoredTask& stored) { *stored.task.mutable_due_time() = TimestampOfMicros(Micros(now)); });
  ClearLeases(tables);
}

void ClearLeases(MemoryTables& tables) {
  ChangeTasks(
      tables, [](const StoredTask& stored) { return stored.lease_until.has_value(); },
      [](StoredTask& stored) { stored.lease_until.reset(); });
}

std::vector<TaskData> LeaseTasks(MemoryTables& tables, absl::Time now, absl::Time lease_end, int limit) {
  ChangeTasks(
      tables,
      [&](const StoredTask& stored) { return stored.lease_until.has_value() && *stored.lease_until <= Micros(now); },
      [](StoredTask& stored) { stored.lease_until.reset(); });
  std::vector<TaskData> leased;
  for (const auto& [id, stored] : tables.tasks.rows()) {
    if (stored.task.parked() == Task::PARKED_UNSPECIFIED && !stored.lease_until.has_value() &&
        Micros(stored.task.due_time()) <= Micros(now)) {
      leased.push_back(stored.task);
    }
  }
  std::sort(leased.begin(), leased.end(), IsDueBefore);
  CutOff(leased, limit);
  for (const TaskData& task : leased) {
    StoredTask next = *tables.tasks.Find(task.id());
    next.lease_until = Micros(lease_end);
    tables.tasks.Put(task.id(), std::move(next));
  }
  return leased;
}

bool IsDueBefore(const TaskData& a, const TaskData& b) {
  return std::pair(Micros(a.due_time()), a.id()) < std::pair(Micros(b.due_time()), b.id());
}

void CutOff(std::vector<TaskData>& tasks, int limit) {
  if (limit >= 0 && tasks.size() > static_cast<size_t>(limit)) tasks.resize(static_cast<size_t>(limit));
}

}  // namespace closure::simulation
