// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/apply_commit.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "google/protobuf/arena.h"
#include "storage/sqlite/closure_rows.h"
#include "storage/sqlite/columns.h"
#include "storage/sqlite/history_rows.h"
#include "storage/sqlite/item_rows.h"
#include "storage/sqlite/system_rows.h"
#include "storage/sqlite/task_rows.h"
#include "storage/status_macros.h"

namespace closure::sqlite {
namespace {

using internal::v1::ClosureData;
using internal::v1::TaskData;

ClosureKey KeyOf(const ClosureData& data) { return {.account_id = data.account_id(), .closure_id = data.closure_id()}; }

absl::Status Contradiction(const ClosureKey& key, std::string_view what) {
  return absl::InvalidArgumentError(fmt::format("commit of {}: {}", FormatClosureName(key), what));
}

bool HasClosureSections(const Commit& commit) {
  return commit.history.has_value() || !commit.items.empty() || !commit.consents.empty() ||
         !commit.codes_made.empty() || commit.gate.has_value() || commit.tombstone.has_value() ||
         commit.admission.has_value() || commit.drop_state_tasks || commit.unpark_hold.has_value() ||
         commit.erase_responses || commit.forget_requests;
}

// Whether what is stored can be read again: protobuf writes text that is not UTF-8 and then refuses to read it; such a
// row would be lost for ever.
bool ParsesBack(std::string_view closure_bytes) {
  google::protobuf::Arena arena;
  return google::protobuf::Arena::CreateMessage<ClosureData>(&arena)->ParseFromArray(
      closure_bytes.data(), static_cast<int>(closure_bytes.size()));
}

absl::Status CheckCommit(const Commit& commit, std::string_view closure_bytes) {
  if (!commit.closure.has_value()) {
    if (!HasClosureSections(commit)) return absl::OkStatus();
    return absl::InvalidArgumentError("commit: it has history, items or the like of a closure, but no closure");
  }
  const ClosureData& next = *commit.closure;
  const ClosureKey key = KeyOf(next);
  if (key.account_id.empty() || key.closure_id.empty() || next.closure().name() != FormatClosureName(key)) {
    return Contradiction(key, fmt::format("its name is \"{}\"", next.closure().name()));
  }
  if (commit.expected_version < 0 || next.version() != commit.expected_version + 1) {
    return Contradiction(key,
                         fmt::format("version {} does not follow version {}", next.version(), commit.expected_version));
  }
  if (commit.history.has_value() && commit.history->to_state != next.closure().state()) {
    return Contradiction(key, "the history ends in another state than the closure");
  }
  if (!ParsesBack(closure_bytes)) return Contradiction(key, "its data does not parse back");
  if (commit.request.has_value() && !commit.request->account_id.empty() &&
      commit.request->account_id != key.account_id) {
    return Contradiction(key, fmt::format("the request id is one of account {}", commit.request->account_id));
  }
  return absl::OkStatus();
}

absl::Status CheckRequestIsNew(Connection& connection, const Commit& commit) {
  if (!commit.request.has_value()) return absl::OkStatus();
  const RequestRecord& request = *commit.request;
  CLOSURE_ASSIGN_OR_RETURN(const auto known, FindRequest(connection, request.account_id, request.request_id));
  if (!known.has_value()) return absl::OkStatus();
  return absl::AlreadyExistsError(fmt::format("the request id {} is known", request.request_id));
}

// A new closure: nothing of that name, no open one, and a fence above all before.
absl::Status CheckNew(Connection& connection, const ClosureData& next, bool exists) {
  if (exists) return absl::AlreadyExistsError(fmt::format("{} exists", next.closure().name()));
  CLOSURE_ASSIGN_OR_RETURN(const auto open, FindOpenClosure(connection, next.account_id()));
  if (open.has_value()) {
    return absl::AlreadyExistsError(
        fmt::format("account {} has an open closure, {}", next.account_id(), open->closure().name()));
  }
  CLOSURE_ASSIGN_OR_RETURN(const int64_t fence, EnsureAccount(connection, next.account_id()));
  if (next.fence() > fence) return absl::OkStatus();
  return absl::AbortedError(
      fmt::format("account {} is at fence {}, the new closure at {}", next.account_id(), fence, next.fence()));
}

// No state changes without a history row, and none tells another change.
absl::Status CheckHistory(v1::Closure::State before, const Commit& commit) {
  const bool changes = before != commit.closure->closure().state();
  if (!commit.history.has_value()) {
    return changes ? Contradiction(KeyOf(*commit.closure), "its state changes without history") : absl::OkStatus();
  }
  if (commit.history->from_state == before) return absl::OkStatus();
  return Contradiction(KeyOf(*commit.closure), fmt::format("its history begins at {}, the closure is at {}",
                                                           v1::Closure::State_Name(commit.history->from_state),
                                                           v1::Closure::State_Name(before)));
}

absl::Status CheckNext(const ClosureVersions& stored, const Commit& commit) {
  const ClosureKey key = KeyOf(*commit.closure);
  if (stored.version != commit.expected_version) {
    return absl::AbortedError(fmt::format("{} is at version {}, the commit was made for version {}",
                                          FormatClosureName(key), stored.version, commit.expected_version));
  }
  return commit.closure->fence() < stored.fence ? Contradiction(key, "its fence falls") : absl::OkStatus();
}

// A change of state takes a fence above all that the account ever had.
absl::Status WriteFence(Connection& connection, const ClosureVersions& stored, const ClosureData& next) {
  const bool rises = next.fence() > stored.fence;
  bool is_highest = false;
  if (rises) {
    CLOSURE_ASSIGN_OR_RETURN(is_highest, RaiseFence(connection, next.account_id(), next.fence()));
  }
  if (stored.state == next.closure().state() || is_highest) return absl::OkStatus();
  CLOSURE_ASSIGN_OR_RETURN(const int64_t fence, LoadFence(connection, next.account_id()));
  return Contradiction(KeyOf(next),
                       fmt::format("its state changes, and its fence {} does not rise above {}", next.fence(), fence));
}

bool IsRunning(const v1::Scan& scan) { return scan.number() != 0 && !scan.has_end_time(); }

// A decision is made on data that was loaded before it; progress written in between is kept.
absl::Status MergeProgress(Connection& connection, const ClosureVersions& stored, PreparedCommit& prepared) {
  v1::Closure& closure = *prepared.commit.closure->mutable_closure();
  bool merged = closure.revision() <= stored.revision;
  if (merged) closure.set_revision(stored.revision + 1);
  if (closure.has_scan() && IsRunning(closure.scan())) {
    CLOSURE_ASSIGN_OR_RETURN(ClosureData before, LoadClosure(connection, KeyOf(*prepared.commit.closure)));
    v1::Scan& scan = *before.mutable_closure()->mutable_scan();
    if (IsRunning(scan) && scan.number() == closure.scan().number()) {
      closure.mutable_scan()->mutable_checkers()->Swap(scan.mutable_checkers());
      merged = true;
    }
  }
  if (merged) prepared.closure_bytes = prepared.commit.closure->SerializeAsString();
  return absl::OkStatus();
}

absl::StatusOr<int64_t> WriteNewClosure(Connection& connection, PreparedCommit& prepared, bool exists) {
  ClosureData& next = *prepared.commit.closure;
  CLOSURE_RETURN_IF_ERROR(CheckNew(connection, next, exists));
  CLOSURE_RETURN_IF_ERROR(CheckHistory(v1::Closure::STATE_UNSPECIFIED, prepared.commit));
  if (next.closure().revision() < 1) {
    next.mutable_closure()->set_revision(1);
    prepared.closure_bytes = next.SerializeAsString();
  }
  CLOSURE_RETURN_IF_ERROR(RaiseFence(connection, next.account_id(), next.fence()).status());
  return InsertClosure(connection, next, prepared.closure_bytes);
}

// The closure's own row; its row number.
absl::StatusOr<int64_t> WriteClosure(Connection& connection, PreparedCommit& prepared) {
  const Commit& commit = prepared.commit;
  const ClosureKey key = KeyOf(*commit.closure);
  CLOSURE_ASSIGN_OR_RETURN(const std::optional<ClosureVersions> stored, FindClosure(connection, key));
  if (commit.expected_version == 0) return WriteNewClosure(connection, prepared, stored.has_value());
  if (!stored.has_value()) return absl::AbortedError(fmt::format("{} does not exist", FormatClosureName(key)));
  CLOSURE_RETURN_IF_ERROR(CheckNext(*stored, commit));
  CLOSURE_RETURN_IF_ERROR(WriteFence(connection, *stored, *commit.closure));
  CLOSURE_RETURN_IF_ERROR(CheckHistory(stored->state, commit));
  CLOSURE_RETURN_IF_ERROR(MergeProgress(connection, *stored, prepared));
  CLOSURE_RETURN_IF_ERROR(UpdateClosure(connection, stored->row, *commit.closure, prepared.closure_bytes));
  return stored->row;
}

// What stands beside the closure's row.
absl::Status WriteSections(Connection& connection, const Commit& commit, int64_t row, StoreChange& change) {
  const ClosureData& next = *commit.closure;
  const ClosureKey& key = change.closure;
  if (commit.history.has_value()) CLOSURE_RETURN_IF_ERROR(AppendTransition(connection, row, key, *commit.history));
  for (const v1::BlockingItem& item : commit.items) CLOSURE_RETURN_IF_ERROR(PutItem(connection, row, key, item));
  for (const v1::Consent& consent : commit.consents) CLOSURE_RETURN_IF_ERROR(AddConsent(connection, row, consent));
  CLOSURE_RETURN_IF_ERROR(AddCodes(connection, key.account_id, commit.codes_made));
  if (commit.gate.has_value()) {
    CLOSURE_ASSIGN_OR_RETURN(change.gate_changed, SetGate(connection, key.account_id, row, *commit.gate));
  }
  if (commit.tombstone.has_value()) CLOSURE_RETURN_IF_ERROR(AddTombstone(connection, *commit.tombstone));
  if (commit.admission.has_value()) {
    CLOSURE_RETURN_IF_ERROR(AddAdmission(connection, row, next.organization_id(), commit.admission->time));
  }
  if (commit.erase_responses) {
    CLOSURE_RETURN_IF_ERROR(EraseResponses(connection, row));
    // Freed bytes in the file are overwritten (secure_delete); the log still has the pages as they were.
    connection.MarkErasure();
  }
  if (commit.forget_requests) CLOSURE_RETURN_IF_ERROR(ForgetRequests(connection, row));
  return absl::OkStatus();
}

// The row of the closure that a new task belongs to. A commit of a closure makes tasks for that one only.
absl::StatusOr<int64_t> RowOfNewTask(Connection& connection, const TaskData& task, const StoreChange& change,
                                     std::optional<int64_t> closure_row) {
  const ClosureKey key{.account_id = task.account_id(), .closure_id = task.closure_id()};
  if (closure_row.has_value()) {
    if (key == change.closure) return *closure_row;
    return Contradiction(change.closure,
                         fmt::format("the task {} is one of {}", task.idempotency_key(), FormatClosureName(key)));
  }
  CLOSURE_ASSIGN_OR_RETURN(const auto stored, FindClosure(connection, key));
  if (stored.has_value()) return stored->row;
  return Contradiction(key, fmt::format("the task {} has no closure", task.idempotency_key()));
}

// The task that the commit finishes or reschedules must be there, and be one of its closure; its closure's row.
absl::StatusOr<int64_t> CheckTask(Connection& connection, int64_t task_id, const StoreChange& change,
                                  std::optional<int64_t> closure_row) {
  CLOSURE_ASSIGN_OR_RETURN(const int64_t owner, FindTaskClosure(connection, task_id));
  if (!closure_row.has_value() || owner == *closure_row) return owner;
  return Contradiction(change.closure, fmt::format("tasks/{} is one of another closure", task_id));
}

// Finishing comes before dropping, which would drop the task too, and adding last. Learns the closure's row from a task
// where the commit has no closure.
absl::Status WriteTasks(Connection& connection, const Commit& commit, std::optional<int64_t>& closure_row,
                        StoreChange& change) {
  const std::optional<int64_t> committed_row = closure_row;
  if (commit.finish_task.has_value()) {
    CLOSURE_ASSIGN_OR_RETURN(closure_row, CheckTask(connection, *commit.finish_task, change, committed_row));
    CLOSURE_RETURN_IF_ERROR(FinishTask(connection, *commit.finish_task));
  }
  if (commit.reschedule_task.has_value()) {
    CLOSURE_ASSIGN_OR_RETURN(closure_row, CheckTask(connection, commit.reschedule_task->id(), change, committed_row));
    CLOSURE_RETURN_IF_ERROR(RescheduleTask(connection, *commit.reschedule_task));
  }
  if (commit.drop_state_tasks) CLOSURE_RETURN_IF_ERROR(DropStateTasks(connection, *committed_row));
  if (commit.unpark_hold.has_value())
    CLOSURE_RETURN_IF_ERROR(UnparkHold(connection, *committed_row, *commit.unpark_hold));
  if (commit.clock_went_back.has_value()) {
    CLOSURE_RETURN_IF_ERROR(PullForward(connection, *commit.clock_went_back));
    CLOSURE_RETURN_IF_ERROR(SetBackCounted(connection, *commit.clock_went_back));
  }
  for (const auto& [reason, due] : commit.unpark) CLOSURE_RETURN_IF_ERROR(Unpark(connection, reason, due));
  for (const TaskData& task : commit.add_tasks) {
    CLOSURE_ASSIGN_OR_RETURN(const int64_t row, RowOfNewTask(connection, task, change, committed_row));
    CLOSURE_RETURN_IF_ERROR(AddTask(connection, row, task));
  }
  change.tasks_added = !commit.add_tasks.empty() || commit.reschedule_task.has_value() ||
                       commit.unpark_hold.has_value() || !commit.unpark.empty() || commit.clock_went_back.has_value();
  return absl::OkStatus();
}

// What this commit adds to is rid of what is too old to matter.
absl::Status Forget(Connection& connection, const Commit& commit) {
  if (!commit.forget_before.has_value()) return absl::OkStatus();
  const absl::Time before = *commit.forget_before;
  if (!commit.codes_made.empty()) CLOSURE_RETURN_IF_ERROR(ForgetCodes(connection, before));
  if (commit.admission.has_value()) CLOSURE_RETURN_IF_ERROR(ForgetAdmissions(connection, before));
  if (!commit.request.has_value() || !commit.request->account_id.empty()) return absl::OkStatus();
  return ForgetSystemRequests(connection, before);
}

// Whether the system is at the version that the commit was decided on, and has room for what it admits.
absl::Status CheckSystem(Connection& connection, const Commit& commit) {
  if (commit.expected_system_version.has_value())
    CLOSURE_RETURN_IF_ERROR(CheckSystemVersion(connection, *commit.expected_system_version));
  if (commit.system.has_value()) CLOSURE_RETURN_IF_ERROR(CheckSystemVersion(connection, commit.system->version() - 1));
  if (!commit.admission.has_value()) return absl::OkStatus();
  return CheckAdmissions(connection, commit.admission->admissions_max);
}

}  // namespace

absl::StatusOr<PreparedCommit> PrepareCommit(Commit commit) {
  PreparedCommit prepared{.commit = std::move(commit)};
  if (prepared.commit.closure.has_value()) prepared.closure_bytes = prepared.commit.closure->SerializeAsString();
  CLOSURE_RETURN_IF_ERROR(CheckCommit(prepared.commit, prepared.closure_bytes));
  return prepared;
}

absl::StatusOr<StoreChange> ApplyCommit(Connection& connection, PreparedCommit& prepared) {
  const Commit& commit = prepared.commit;
  CLOSURE_RETURN_IF_ERROR(CheckRequestIsNew(connection, commit));
  // Before anything is written, for many commits may lose this race at once, and each undoes a batch otherwise.
  CLOSURE_RETURN_IF_ERROR(CheckSystem(connection, commit));
  StoreChange change;
  std::optional<int64_t> closure_row;
  if (commit.closure.has_value()) {
    change.closure = KeyOf(*commit.closure);
    CLOSURE_ASSIGN_OR_RETURN(closure_row, WriteClosure(connection, prepared));
    CLOSURE_RETURN_IF_ERROR(WriteSections(connection, commit, *closure_row, change));
  }
  if (commit.system.has_value()) CLOSURE_RETURN_IF_ERROR(UpdateSystem(connection, *commit.system));
  change.system_written = commit.system.has_value();
  CLOSURE_RETURN_IF_ERROR(WriteTasks(connection, commit, closure_row, change));
  if (commit.request.has_value()) {
    // One of no account is forgotten by its age (Forget), not with a closure.
    if (commit.request->account_id.empty()) closure_row.reset();
    CLOSURE_RETURN_IF_ERROR(AddRequest(connection, *commit.request, closure_row));
  }
  CLOSURE_RETURN_IF_ERROR(Forget(connection, commit));
  return change;
}

}  // namespace closure::sqlite
