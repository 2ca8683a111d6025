// SPDX-License-Identifier: Apache-2.0
#include "tests/simulation/memory_commit.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "storage/status_macros.h"
#include "tests/simulation/commit_checks.h"
#include "tests/simulation/memory_facts.h"
#include "tests/simulation/memory_tasks.h"
#include "tests/simulation/schema_rules.h"

namespace closure::simulation {
namespace {

using internal::v1::ClosureData;
using internal::v1::TaskData;

bool IsRunning(const v1::Scan& scan) { return scan.number() != 0 && !scan.has_end_time(); }

// One commit on its way into the tables; its parts are called in the order in which they are written.
class CommitWriter {
 public:
  CommitWriter(MemoryTables& tables, Commit& commit) : tables_(tables), commit_(commit) {}

  absl::StatusOr<StoreChange> Write() {
    CLOSURE_RETURN_IF_ERROR(CheckCommit(commit_));
    CLOSURE_RETURN_IF_ERROR(CheckRequestIsNew());
    if (commit_.expected_system_version.has_value())
      CLOSURE_RETURN_IF_ERROR(CheckSystemVersion(*commit_.expected_system_version));
    if (commit_.system.has_value()) CLOSURE_RETURN_IF_ERROR(CheckSystemVersion(commit_.system->version() - 1));
    CLOSURE_RETURN_IF_ERROR(CheckAdmission());
    if (commit_.closure.has_value()) {
      change_.closure = KeyOf(*commit_.closure);
      CLOSURE_RETURN_IF_ERROR(WriteClosure());
      CLOSURE_RETURN_IF_ERROR(WriteSections());
    }
    CLOSURE_RETURN_IF_ERROR(WriteSystem());
    std::optional<int64_t> request_row = closure_row_;
    CLOSURE_RETURN_IF_ERROR(WriteTasks(request_row));
    if (commit_.request.has_value()) {
      if (commit_.request->account_id.empty()) request_row.reset();
      CLOSURE_RETURN_IF_ERROR(AddRequest(tables_, *commit_.request, request_row));
    }
    Forget();
    return change_;
  }

 private:
  absl::Status CheckRequestIsNew() const {
    if (!commit_.request.has_value()) return absl::OkStatus();
    const RequestRecord& request = *commit_.request;
    if (tables_.request_rows.Find(std::pair(request.account_id, request.request_id)) == nullptr) {
      return absl::OkStatus();
    }
    return absl::AlreadyExistsError(fmt::format("the request id {} is known", request.request_id));
  }

  absl::Status WriteClosure();
  absl::Status AddClosure(ClosureData& next);
  absl::Status ChangeClosure(ClosureData& next);
  void MergeProgress(const ClosureData& before, ClosureData& next) const;
  void RaiseFence(const std::string& account_id, int64_t fence);
  absl::Status WriteSections();
  absl::Status SetGate(v1::GateState state);
  absl::Status CheckSystemVersion(int64_t version) const;
  absl::Status CheckAdmission() const;
  absl::Status WriteSystem();
  absl::StatusOr<int64_t> RowOfNewTask(const TaskData& task) const;
  absl::StatusOr<int64_t> CheckTask(int64_t task_id) const;
  absl::Status WriteTasks(std::optional<int64_t>& request_row);
  void Forget();

  MemoryTables& tables_;
  Commit& commit_;
  StoreChange change_;
  // The row of the closure that is committed.
  std::optional<int64_t> closure_row_;
};

absl::Status CommitWriter::WriteClosure() {
  ClosureData& next = *commit_.closure;
  const int64_t* const row = tables_.closure_rows.Find(change_.closure);
  if (commit_.expected_version == 0) {
    if (row != nullptr) return absl::AlreadyExistsError(fmt::format("{} exists", next.closure().name()));
    return AddClosure(next);
  }
  if (row == nullptr) return absl::AbortedError(fmt::format("{} does not exist", FormatClosureName(change_.closure)));
  closure_row_ = *row;
  return ChangeClosure(next);
}

absl::Status CommitWriter::AddClosure(ClosureData& next) {
  const std::string& account_id = next.account_id();
  if (const ClosureData* const open = FindOpen(tables_, account_id); open != nullptr) {
    return absl::AlreadyExistsError(
        fmt::format("account {} has an open closure, {}", account_id, open->closure().name()));
  }
  const int64_t fence = FenceOf(tables_, account_id);
  if (next.fence() <= fence) {
    return absl::AbortedError(
        fmt::format("account {} is at fence {}, the new closure at {}", account_id, fence, next.fence()));
  }
  CLOSURE_RETURN_IF_ERROR(CheckHistory(v1::Closure::STATE_UNSPECIFIED, commit_));
  next.mutable_closure()->set_revision(std::max<int64_t>(1, next.closure().revision()));
  CLOSURE_RETURN_IF_ERROR(CheckClosureRow(next));
  RaiseFence(account_id, next.fence());
  closure_row_ = tables_.closures.LastKey() + 1;
  tables_.closure_rows.Put(change_.closure, *closure_row_);
  tables_.closures.Put(*closure_row_, next);
  return absl::OkStatus();
}

absl::Status CommitWriter::ChangeClosure(ClosureData& next) {
  const ClosureData& before = *tables_.closures.Find(*closure_row_);
  CLOSURE_RETURN_IF_ERROR(CheckSuccessor(before, FenceOf(tables_, next.account_id()), commit_));
  CLOSURE_RETURN_IF_ERROR(CheckHistory(before.closure().state(), commit_));
  MergeProgress(before, next);
  CLOSURE_RETURN_IF_ERROR(CheckClosureChange(before, next));
  CLOSURE_RETURN_IF_ERROR(CheckClosureRow(next));
  RaiseFence(next.account_id(), next.fence());
  tables_.closures.Put(*closure_row_, next);
  return absl::OkStatus();
}

// A decision is made on data that was loaded before it; progress written in between is kept.
void CommitWriter::MergeProgress(const ClosureData& before, ClosureData& next) const {
  v1::Closure& closure = *next.mutable_closure();
  closure.set_revision(std::max(before.closure().revision() + 1, closure.revision()));
  const v1::Scan& stored = before.closure().scan();
  if (!closure.has_scan() || !IsRunning(closure.scan()) || !IsRunning(stored)) return;
  if (stored.number() != closure.scan().number()) return;
  *closure.mutable_scan()->mutable_checkers() = stored.checkers();
}

void CommitWriter::RaiseFence(const std::string& account_id, int64_t fence) {
  const Account* const stored = tables_.accounts.Find(account_id);
  if (stored != nullptr && stored->fence >= fence) return;
  Account account = stored == nullptr ? Account() : *stored;
  account.fence = fence;
  tables_.accounts.Put(account_id, account);
}

absl::Status CommitWriter::WriteSections() {
  const ClosureKey& key = change_.closure;
  const int64_t row = *closure_row_;
  if (commit_.history.has_value()) CLOSURE_RETURN_IF_ERROR(AppendTransition(tables_, row, key, *commit_.history));
  for (const v1::BlockingItem& item : commit_.items) CLOSURE_RETURN_IF_ERROR(PutItem(tables_, row, key, item));
  for (const v1::Consent& consent : commit_.consents) CLOSURE_RETURN_IF_ERROR(AddConsent(tables_, row, consent));
  for (const absl::Time time : commit_.codes_made) AddCode(tables_, key.account_id, time);
  if (commit_.gate.has_value()) CLOSURE_RETURN_IF_ERROR(SetGate(*commit_.gate));
  if (commit_.tombstone.has_value()) tables_.tombstones.Put(*commit_.tombstone, {});
  if (commit_.admission.has_value()) {
    CLOSURE_RETURN_IF_ERROR(AddAdmission(tables_, row, commit_.closure->organization_id(), commit_.admission->time));
  }
  if (commit_.erase_responses) EraseResponses(tables_, row);
  if (commit_.forget_requests) ForgetRequests(tables_, row);
  return absl::OkStatus();
}

absl::Status CommitWriter::SetGate(v1::GateState state) {
  const std::string& account_id = change_.closure.account_id;
  Account account = *tables_.accounts.Find(account_id);
  if (account.gate == state && account.gate_closure_row == *closure_row_) return absl::OkStatus();
  CLOSURE_RETURN_IF_ERROR(CheckGateChange(account, state));
  const int64_t revision = tables_.gates.LastKey() + 1;
  tables_.gates.Erase(account.gate_revision);
  tables_.gates.Put(revision, account_id);
  account.gate = state;
  account.gate_closure_row = *closure_row_;
  account.gate_revision = revision;
  tables_.accounts.Put(account_id, account);
  change_.gate_changed = true;
  return absl::OkStatus();
}

absl::Status CommitWriter::CheckSystemVersion(int64_t version) const {
  if (tables_.system->version() == version) return absl::OkStatus();
  return absl::AbortedError(fmt::format("the system has version {}, not {}", tables_.system->version(), version));
}

absl::Status CommitWriter::CheckAdmission() const {
  if (!commit_.admission.has_value() || tables_.system->admissions() < commit_.admission->admissions_max)
    return absl::OkStatus();
  return absl::AbortedError(fmt::format("{} silent periods were ended, of at most {}", tables_.system->admissions(),
                                        commit_.admission->admissions_max));
}

absl::Status CommitWriter::WriteSystem() {
  if (!commit_.system.has_value()) return absl::OkStatus();
  CLOSURE_RETURN_IF_ERROR(CheckSystemRow(*commit_.system));
  commit_.system->set_admissions(tables_.system->admissions());
  tables_.system.Set(*commit_.system);
  change_.system_written = true;
  return absl::OkStatus();
}

// A commit of a closure makes tasks for that one only.
absl::StatusOr<int64_t> CommitWriter::RowOfNewTask(const TaskData& task) const {
  const ClosureKey key{.account_id = task.account_id(), .closure_id = task.closure_id()};
  if (closure_row_.has_value()) {
    if (key == change_.closure) return *closure_row_;
    return Contradiction(change_.closure,
                         fmt::format("the task {} is one of {}", task.idempotency_key(), FormatClosureName(key)));
  }
  const int64_t* const row = tables_.closure_rows.Find(key);
  if (row != nullptr) return *row;
  return Contradiction(key, fmt::format("the task {} has no closure", task.idempotency_key()));
}

// The task must be there, and be one of the commit's closure; its closure's row.
absl::StatusOr<int64_t> CommitWriter::CheckTask(int64_t task_id) const {
  CLOSURE_ASSIGN_OR_RETURN(const int64_t owner, FindTaskClosure(tables_, task_id));
  if (!closure_row_.has_value() || owner == *closure_row_) return owner;
  return Contradiction(change_.closure, fmt::format("tasks/{} is one of another closure", task_id));
}

// Finishing comes before dropping, which would drop the task too, and adding last. A request about a task of a commit
// without a closure belongs to the task's closure.
absl::Status CommitWriter::WriteTasks(std::optional<int64_t>& request_row) {
  if (commit_.finish_task.has_value()) {
    CLOSURE_ASSIGN_OR_RETURN(request_row, CheckTask(*commit_.finish_task));
    FinishTask(tables_, *commit_.finish_task);
  }
  if (commit_.reschedule_task.has_value()) {
    CLOSURE_ASSIGN_OR_RETURN(request_row, CheckTask(commit_.reschedule_task->id()));
    CLOSURE_RETURN_IF_ERROR(RescheduleTask(tables_, *commit_.reschedule_task));
  }
  if (commit_.drop_state_tasks) DropStateTasks(tables_, *closure_row_);
  if (commit_.unpark_hold.has_value()) UnparkHold(tables_, *closure_row_, *commit_.unpark_hold);
  if (commit_.clock_went_back.has_value()) {
    PullForward(tables_, *commit_.clock_went_back);
    SetBackCounted(tables_, *commit_.clock_went_back);
  }
  for (const auto& [reason, due] : commit_.unpark) Unpark(tables_, reason, due);
  for (const TaskData& task : commit_.add_tasks) {
    CLOSURE_ASSIGN_OR_RETURN(const int64_t row, RowOfNewTask(task));
    CLOSURE_RETURN_IF_ERROR(AddTask(tables_, row, task));
  }
  change_.tasks_added = !commit_.add_tasks.empty() || commit_.reschedule_task.has_value() ||
                        commit_.unpark_hold.has_value() || !commit_.unpark.empty() ||
                        commit_.clock_went_back.has_value();
  return absl::OkStatus();
}

void CommitWriter::Forget() {
  if (!commit_.forget_before.has_value()) return;
  if (!commit_.codes_made.empty()) ForgetCodes(tables_, *commit_.forget_before);
  if (commit_.admission.has_value()) ForgetAdmissions(tables_, *commit_.forget_before);
  if (commit_.request.has_value() && commit_.request->account_id.empty()) {
    ForgetSystemRequests(tables_, *commit_.forget_before);
  }
}

}  // namespace

absl::StatusOr<StoreChange> ApplyCommit(MemoryTables& tables, Commit& commit) {
  return CommitWriter(tables, commit).Write();
}

absl::StatusOr<bool> AddProgress(MemoryTables& tables, const ClosureKey& key, int64_t scan_number,
                                 const v1::CheckerResult& result) {
  const int64_t* const row = tables.closure_rows.Find(key);
  if (row == nullptr) return absl::NotFoundError(fmt::format("{} does not exist", FormatClosureName(key)));
  ClosureData next = *tables.closures.Find(*row);
  v1::Scan& scan = *next.mutable_closure()->mutable_scan();
  if (scan.number() != scan_number || scan.has_end_time()) return false;
  auto& checkers = *scan.mutable_checkers();
  const auto same = std::find_if(checkers.begin(), checkers.end(), [&result](const v1::CheckerResult& entry) {
    return entry.checker() == result.checker();
  });
  if (same != checkers.end()) {
    *same = result;
  } else {
    *checkers.Add() = result;
    std::sort(checkers.begin(), checkers.end(),
              [](const v1::CheckerResult& a, const v1::CheckerResult& b) { return a.checker() < b.checker(); });
  }
  next.mutable_closure()->set_revision(next.closure().revision() + 1);
  CLOSURE_RETURN_IF_ERROR(CheckClosureRow(next));
  tables.closures.Put(*row, std::move(next));
  return true;
}

}  // namespace closure::simulation
