// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/task_rows.h"

#include <fmt/format.h>

#include <limits>
#include <utility>

#include "protos/coverage_mark.h"
#include "storage/sqlite/columns.h"
#include "storage/status_macros.h"

namespace closure::sqlite {
namespace {

using internal::v1::TaskData;

// What every statement that reads tasks selects, in the order of ReadTask, and from where. CROSS JOIN keeps the order
// of the tables: the conditions on tasks choose the index.
#define CLOSURE_TASKS                                                                                               \
  "SELECT t.task_id, t.kind, c.account_id, c.closure_id, t.idempotency_key, t.due_time, t.attempts, t.last_error, " \
  "t.first_failure_time, t.parked, t.payload "                                                                      \
  "FROM tasks AS t CROSS JOIN closures AS c ON c.closure_row = t.closure_row "

absl::Status Gone(int64_t task_id) { return absl::AbortedError(fmt::format("tasks/{} is done or dropped", task_id)); }

absl::StatusOr<TaskData> ReadTask(const Statement& row) {
  TaskData task;
  v1::Task::Kind kind = v1::Task::KIND_UNSPECIFIED;
  v1::Task::Parked parked = v1::Task::PARKED_UNSPECIFIED;
  CLOSURE_RETURN_IF_ERROR(ParseName(row, 1, &v1::Task::Kind_Parse, kind));
  CLOSURE_RETURN_IF_ERROR(ParseName(row, 9, &v1::Task::Parked_Parse, parked));
  task.set_id(row.Int(0));
  task.set_kind(kind);
  task.set_account_id(row.Text(2));
  task.set_closure_id(row.Text(3));
  task.set_idempotency_key(row.Text(4));
  *task.mutable_due_time() = TimestampOfMicros(row.Int(5));
  task.set_attempts(static_cast<int32_t>(row.Int(6)));
  task.set_last_error(row.Text(7));
  if (!row.IsNull(8)) *task.mutable_first_failure_time() = TimestampOfMicros(row.Int(8));
  task.set_parked(parked);
  CLOSURE_RETURN_IF_ERROR(
      ParseStored(row.View(10), fmt::format("the payload of tasks/{}", task.id()), *task.mutable_payload()));
  return task;
}

absl::StatusOr<std::vector<TaskData>> ReadTasks(Statement rows) { return ReadRows(std::move(rows), &ReadTask); }

}  // namespace

absl::Status AddTask(Connection& connection, int64_t closure_row, const TaskData& task) {
  if (task.id() != 0 || !task.has_due_time()) {
    return absl::InvalidArgumentError(
        fmt::format("the new task {} has an id already, or no due time", task.idempotency_key()));
  }
  const absl::Status status = connection.Run(
      R"sql(
      INSERT INTO tasks (closure_row, idempotency_key, kind, state_bound, due_time, attempts, last_error,
        first_failure_time, parked, payload)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
      )sql",
      closure_row, task.idempotency_key(), v1::Task::Kind_Name(task.kind()), IsBoundToState(task.kind()) ? 1 : 0,
      Micros(task.due_time()), task.attempts(), task.last_error(),
      MicrosIf(task.has_first_failure_time(), task.first_failure_time()), v1::Task::Parked_Name(task.parked()),
      Blob{task.payload().SerializeAsString()});
  if (!absl::IsAlreadyExists(status)) return status;
  return absl::AlreadyExistsError(
      fmt::format("the closure {} has a task with the key {} already", task.closure_id(), task.idempotency_key()));
}

absl::StatusOr<int64_t> FindTaskClosure(Connection& connection, int64_t task_id) {
  Statement row = connection.Select("SELECT closure_row FROM tasks WHERE task_id = ?1", task_id);
  CLOSURE_ASSIGN_OR_RETURN(const bool found, row.Step());
  if (!found) return Gone(task_id);
  return row.Int(0);
}

absl::Status FinishTask(Connection& connection, int64_t task_id) {
  CLOSURE_ASSIGN_OR_RETURN(const int64_t deleted, connection.Change("DELETE FROM tasks WHERE task_id = ?1", task_id));
  return deleted == 1 ? absl::OkStatus() : Gone(task_id);
}

absl::Status RescheduleTask(Connection& connection, const TaskData& task) {
  const absl::StatusOr<int64_t> updated = connection.Change(
      R"sql(
      UPDATE tasks
      SET due_time = ?2, attempts = ?3, last_error = ?4, first_failure_time = ?5, parked = ?6,
        lease_owner = NULL, lease_until = NULL
      WHERE task_id = ?1
      )sql",
      task.id(), Micros(task.due_time()), task.attempts(), task.last_error(),
      MicrosIf(task.has_first_failure_time(), task.first_failure_time()), v1::Task::Parked_Name(task.parked()));
  if (!updated.ok()) return updated.status();
  return *updated == 1 ? absl::OkStatus() : Gone(task.id());
}

absl::Status DropStateTasks(Connection& connection, int64_t closure_row) {
  return connection.Run("DELETE FROM tasks WHERE closure_row = ?1 AND state_bound = 1", closure_row);
}

absl::Status UnparkHold(Connection& connection, int64_t closure_row, absl::Time due) {
  return connection.Run(
      R"sql(
      UPDATE tasks
      SET parked = 'PARKED_UNSPECIFIED', due_time = ?2
      WHERE closure_row = ?1 AND parked = 'HOLD'
      )sql",
      closure_row, Micros(due));
}

absl::Status Unpark(Connection& connection, v1::Task::Parked reason, absl::Time due) {
  // The literal condition chooses the partial index.
  return connection.Run(
      R"sql(
      UPDATE tasks
      SET parked = 'PARKED_UNSPECIFIED', due_time = ?2
      WHERE parked <> 'PARKED_UNSPECIFIED' AND parked = ?1
      )sql",
      v1::Task::Parked_Name(reason), Micros(due));
}

absl::Status ClearLeases(Connection& connection) {
  CLOSURE_ASSIGN_OR_RETURN(
      const int64_t leases,
      connection.Change("UPDATE tasks SET lease_owner = NULL, lease_until = NULL WHERE lease_until IS NOT NULL"));
  if (leases > 0) Reach(Mark::kLeasesTakenBack);
  return absl::OkStatus();
}

absl::Status PullForward(Connection& connection, absl::Time now) {
  const absl::Status moved = connection.Run(R"sql(
      UPDATE tasks
      SET due_time = ?1
      WHERE due_time > ?1
        AND (first_failure_time IS NOT NULL OR kind NOT IN ('SILENT_PERIOD_END', 'EXPIRY', 'FORGET_REQUESTS')
          OR (kind = 'SILENT_PERIOD_END' AND due_time > (
            SELECT c.silent_period_end_time FROM closures AS c WHERE c.closure_row = tasks.closure_row)))
      )sql",
                                            Micros(now));
  return moved.ok() ? ClearLeases(connection) : moved;
}

absl::StatusOr<std::vector<TaskData>> LeaseDueTasks(Connection& connection, std::string_view owner, absl::Time now,
                                                    absl::Time lease_end, int limit) {
  CLOSURE_ASSIGN_OR_RETURN(const int64_t run_out, connection.Change(R"sql(
      UPDATE tasks
      SET lease_owner = NULL, lease_until = NULL
      WHERE lease_until IS NOT NULL AND lease_until <= ?1
      )sql",
                                                                    Micros(now)));
  if (run_out > 0) Reach(Mark::kLeaseRanOut);
  Statement due = connection.Select(CLOSURE_TASKS R"sql(
      WHERE t.parked = 'PARKED_UNSPECIFIED' AND t.lease_until IS NULL AND t.due_time <= ?1
      ORDER BY t.due_time, t.task_id LIMIT ?2
      )sql",
                                    Micros(now), limit);
  CLOSURE_ASSIGN_OR_RETURN(std::vector<TaskData> tasks, ReadTasks(std::move(due)));
  for (const TaskData& task : tasks) {
    CLOSURE_RETURN_IF_ERROR(connection.Run("UPDATE tasks SET lease_owner = ?2, lease_until = ?3 WHERE task_id = ?1",
                                           task.id(), owner, Micros(lease_end)));
  }
  return tasks;
}

absl::StatusOr<TaskData> LoadTask(Connection& connection, int64_t id) {
  CLOSURE_ASSIGN_OR_RETURN(std::vector<TaskData> tasks,
                           ReadTasks(connection.Select(CLOSURE_TASKS "WHERE t.task_id = ?1", id)));
  if (tasks.empty()) return absl::NotFoundError(fmt::format("tasks/{} does not exist; it may be done", id));
  return std::move(tasks.front());
}

absl::StatusOr<std::vector<TaskData>> ListTasks(Connection& connection, const TaskFilter& filter) {
  const int64_t after_due =
      filter.after.has_value() ? Micros(filter.after->first) : std::numeric_limits<int64_t>::min();
  const int64_t after_id = filter.after.has_value() ? filter.after->second : 0;
  const int64_t stuck = filter.stuck_since.has_value() ? Micros(*filter.stuck_since) : 0;
  if (filter.closure != ClosureKey()) {
    Statement rows =
        connection.Select(CLOSURE_TASKS
                          R"sql(
      WHERE t.closure_row = (SELECT closure_row FROM closures WHERE account_id = ?1 AND closure_id = ?2)
        AND (NOT ?3 OR t.parked = 'DEAD_LETTER' OR t.first_failure_time <= ?4)
        AND (t.due_time, t.task_id) > (?5, ?6)
        AND (NOT ?8 OR t.parked NOT IN ('PARKED_UNSPECIFIED', 'DEAD_LETTER'))
      ORDER BY t.due_time, t.task_id LIMIT ?7
      )sql",
                          filter.closure.account_id, filter.closure.closure_id, filter.stuck_since.has_value() ? 1 : 0,
                          stuck, after_due, after_id, filter.limit, filter.halted_only ? 1 : 0);
    return ReadTasks(std::move(rows));
  }
  if (filter.stuck_since.has_value()) {
    Statement rows = connection.Select(CLOSURE_TASKS
                                       R"sql(
      WHERE (t.first_failure_time IS NOT NULL OR t.parked = 'DEAD_LETTER')
        AND (t.parked = 'DEAD_LETTER' OR t.first_failure_time <= ?1)
        AND (t.due_time, t.task_id) > (?2, ?3)
      ORDER BY t.due_time, t.task_id LIMIT ?4
      )sql",
                                       stuck, after_due, after_id, filter.limit);
    return ReadTasks(std::move(rows));
  }
  Statement rows = connection.Select(CLOSURE_TASKS
                                     R"sql(
      WHERE (t.due_time, t.task_id) > (?1, ?2)
      ORDER BY t.due_time, t.task_id LIMIT ?3
      )sql",
                                     after_due, after_id, filter.limit);
  return ReadTasks(std::move(rows));
}

absl::StatusOr<absl::Time> NextDueTime(Connection& connection) {
  Statement row = connection.Select(R"sql(
      SELECT MIN (due_time)
      FROM tasks
      WHERE parked = 'PARKED_UNSPECIFIED' AND lease_until IS NULL
      )sql");
  CLOSURE_RETURN_IF_ERROR(row.Step().status());
  return row.IsNull(0) ? absl::InfiniteFuture() : absl::FromUnixMicros(row.Int(0));
}

absl::StatusOr<TaskCounts> CountTasks(Connection& connection, absl::Time now, absl::Time stuck_since) {
  Statement row = connection.Select(
      R"sql(
      SELECT (SELECT COUNT(*) FROM tasks),
        (SELECT COUNT(*) FROM tasks WHERE parked = 'PARKED_UNSPECIFIED' AND due_time <= ?1),
        (SELECT COUNT(*) FROM tasks
          WHERE (first_failure_time IS NOT NULL OR parked = 'DEAD_LETTER')
            AND (parked = 'DEAD_LETTER' OR first_failure_time <= ?2)),
        (SELECT COUNT(*) FROM tasks WHERE parked NOT IN ('PARKED_UNSPECIFIED', 'DEAD_LETTER'))
      )sql",
      Micros(now), Micros(stuck_since));
  CLOSURE_RETURN_IF_ERROR(row.Step().status());
  return TaskCounts{.open = row.Int(0), .due = row.Int(1), .stuck = row.Int(2), .parked = row.Int(3)};
}

}  // namespace closure::sqlite
