// SPDX-License-Identifier: Apache-2.0
#include <sqlite3.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "bench/store/raw_checkpoints.h"
#include "bench/store/raw_database.h"
#include "bench/store/transition_writer.h"
#include "google/protobuf/util/time_util.h"
#include "storage/status_macros.h"

namespace closure::bench {
namespace {

using google::protobuf::util::TimeUtil;
using internal::v1::ClosureData;
using internal::v1::TaskData;

int64_t Micros(const google::protobuf::Timestamp& time) { return TimeUtil::TimestampToMicroseconds(time); }
std::optional<int64_t> MicrosIf(bool has, const google::protobuf::Timestamp& time) {
  return has ? std::optional<int64_t>(Micros(time)) : std::nullopt;
}

// As the store does, but for the two columns of the key, by which it finds the row, and for what no sample has.
absl::Status UpdateClosure(RawDatabase& database, const ClosureData& data, const std::string& bytes) {
  const v1::Closure& closure = data.closure();
  return database.Run(
      R"sql(
      UPDATE closures
      SET organization_id = ?3, language_code = ?4, state = ?5, version = ?6, fence = ?7, etag_number = ?8,
        revision = ?9, create_time = ?10, update_time = ?11, state_enter_time = ?12, expire_time = ?13,
        reason = ?14, reason_text = ?15, cause = ?16, cause_detail = ?17, held = ?18, hold_operator = ?19,
        hold_reason = ?20, hold_time = ?21, scan_number = ?22, scan_clean = 0, must_handle_count = ?23,
        renounceable_count = ?24, renounced_count = ?25, data = ?26
      WHERE account_id = ?1 AND closure_id = ?2
      )sql",
      data.account_id(), data.closure_id(), data.organization_id(), data.language_code(),
      v1::Closure::State_Name(closure.state()), data.version(), data.fence(), data.etag_number(), closure.revision(),
      Micros(closure.create_time()), Micros(closure.update_time()), Micros(closure.state_enter_time()),
      MicrosIf(closure.has_expire_time(), closure.expire_time()), v1::Closure::Reason_Name(closure.reason()),
      closure.reason_text(), v1::Closure::Cause_Name(closure.cause()), closure.cause_detail(),
      int64_t{closure.has_hold()}, closure.hold().operator_(), closure.hold().reason(),
      MicrosIf(closure.hold().has_create_time(), closure.hold().create_time()), closure.scan().number(),
      closure.item_counts().must_handle(), closure.item_counts().renounceable(), closure.item_counts().renounced(),
      RawDatabase::Blob{bytes});
}

// As the store does for what a checker tells while its scan runs.
absl::Status UpdateProgress(RawDatabase& database, int64_t row, const ClosureData& data, const std::string& bytes) {
  return database.Run("UPDATE closures SET revision = ?2, data = ?3 WHERE closure_row = ?1", row,
                      data.closure().revision(), RawDatabase::Blob{bytes});
}

// The closure's row number, kept by the caller of a yardstick that reads nothing; each sample's is its number.
int64_t RowOf(const ClosureData& data) { return std::stoll(data.closure_id(), nullptr, 16) + 1; }

absl::Status AddTransition(RawDatabase& database, int64_t row, const ClosureData& data, const HistoryEntry& entry) {
  static const std::string kHash(64, '0');
  return database.Run(
      R"sql(
      INSERT INTO transitions (closure_row, number, from_state, event, to_state, create_time, actor, detail,
        previous_hash, hash)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
      )sql",
      row, data.version(), v1::Closure::State_Name(entry.from_state), entry.event,
      v1::Closure::State_Name(entry.to_state), absl::ToUnixMicros(entry.time), entry.actor, entry.detail, kHash, kHash);
}

// What a change of state does besides: the account's fence rises, and the tasks of the state that is left are dropped.
absl::Status LeaveState(RawDatabase& database, int64_t row, const ClosureData& data) {
  CLOSURE_RETURN_IF_ERROR(database.Run("UPDATE accounts SET fence = ?2 WHERE account_id = ?1 AND fence < ?2",
                                       data.account_id(), data.fence()));
  return database.Run("DELETE FROM tasks WHERE closure_row = ?1 AND state_bound = 1", row);
}

absl::Status AddTask(RawDatabase& database, int64_t row, const TaskData& task) {
  return database.Run(
      R"sql(
      INSERT INTO tasks (closure_row, idempotency_key, kind, state_bound, due_time, attempts, last_error,
        first_failure_time, parked, payload)
      VALUES (?1, ?2, ?3, 1, ?4, 0, '', NULL, 'PARKED_UNSPECIFIED', ?5)
      )sql",
      row, task.idempotency_key(), v1::Task::Kind_Name(task.kind()), Micros(task.due_time()),
      RawDatabase::Blob{task.payload().SerializeAsString()});
}

absl::Status AddRequest(RawDatabase& database, int64_t row, const RequestRecord& request) {
  return database.Run(
      R"sql(
      INSERT INTO requests (account_id, request_id, closure_row, body_hash, response, create_time)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6)
      )sql",
      request.account_id, request.request_id, row, RawDatabase::Blob{request.body_hash},
      RawDatabase::Blob{request.response}, absl::ToUnixMicros(request.time));
}

// All that a commit of a sample's has; no task of a sample waits for a hold to be lifted.
absl::Status WriteCommit(RawDatabase& database, const Commit& commit, const std::string& bytes) {
  const ClosureData& data = *commit.closure;
  const int64_t row = RowOf(data);
  if (data.version() == commit.expected_version) return UpdateProgress(database, row, data, bytes);
  CLOSURE_RETURN_IF_ERROR(UpdateClosure(database, data, bytes));
  if (commit.drop_state_tasks) CLOSURE_RETURN_IF_ERROR(LeaveState(database, row, data));
  for (const TaskData& task : commit.add_tasks) CLOSURE_RETURN_IF_ERROR(AddTask(database, row, task));
  if (commit.history.has_value()) CLOSURE_RETURN_IF_ERROR(AddTransition(database, row, data, *commit.history));
  return commit.request.has_value() ? AddRequest(database, row, *commit.request) : absl::OkStatus();
}

// Leases tasks that are due; adds the closures they are of.
absl::Status LeaseTasks(RawDatabase& database, absl::Time now, int limit, std::vector<ClosureKey>& closures) {
  const int64_t micros = absl::ToUnixMicros(now);
  std::vector<int64_t> tasks;
  CLOSURE_RETURN_IF_ERROR(database.Query(
      R"sql(
      SELECT t.task_id, c.account_id, c.closure_id
      FROM tasks AS t CROSS JOIN closures AS c ON c.closure_row = t.closure_row
      WHERE t.parked = 'PARKED_UNSPECIFIED' AND t.lease_until IS NULL AND t.due_time <= ?1
      ORDER BY t.due_time, t.task_id LIMIT ?2
      )sql",
      [&](sqlite3_stmt* row) {
        tasks.push_back(sqlite3_column_int64(row, 0));
        closures.push_back({.account_id = RawDatabase::Text(row, 1), .closure_id = RawDatabase::Text(row, 2)});
      },
      micros, int64_t{limit}));
  for (const int64_t task : tasks) {
    CLOSURE_RETURN_IF_ERROR(
        database.Run("UPDATE tasks SET lease_owner = 'raw', lease_until = ?2 WHERE task_id = ?1", task, micros));
  }
  return absl::OkStatus();
}

class RawWriter final : public TransitionWriter {
 public:
  // `checkpoints` are of the database; null where SQLite makes its own.
  RawWriter(std::unique_ptr<RawDatabase> database, std::unique_ptr<RawCheckpoints> checkpoints, int batch_max)
      : batch_max_(static_cast<size_t>(batch_max)),
        database_(std::move(database)),
        checkpoints_(std::move(checkpoints)),
        writer_([this] { RunWriter(); }),
        teller_([this] { RunTeller(); }) {}

  ~RawWriter() override {
    {
      absl::MutexLock lock(&mutex_);
      closing_ = true;
    }
    writer_.join();
    teller_.join();
  }

  absl::StatusOr<ClosureData> Load(const ClosureKey& key) override {
    absl::MutexLock lock(&connection_mutex_);
    return database_->LoadClosure(key.account_id, key.closure_id);
  }

  absl::StatusOr<std::vector<ClosureKey>> Lease(absl::Time now, int limit) override {
    absl::MutexLock lock(&connection_mutex_);
    std::vector<ClosureKey> closures;
    CLOSURE_RETURN_IF_ERROR(database_->Transact([&] { return LeaseTasks(*database_, now, limit, closures); }));
    return closures;
  }

  void Write(Commit commit, Done done) override {
    // Made by the caller's thread, so that the writing one does nothing but write.
    std::string bytes = commit.closure->SerializeAsString();
    absl::MutexLock lock(&mutex_);
    queue_.push_back({std::move(commit), std::move(bytes), std::move(done)});
  }

 private:
  struct Queued {
    Commit commit;
    std::string bytes;
    Done done;
  };

  bool WriterHasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return !queue_.empty() || closing_; }
  bool TellerHasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return !told_.empty() || closing_; }

  std::vector<Queued> TakeBatch() {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(this, &RawWriter::WriterHasWork));
    const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(std::min(queue_.size(), batch_max_));
    std::vector<Queued> batch(std::make_move_iterator(queue_.begin()), std::make_move_iterator(end));
    queue_.erase(queue_.begin(), end);
    return batch;
  }

  absl::Status CommitBatch(const std::vector<Queued>& batch) ABSL_EXCLUSIVE_LOCKS_REQUIRED(connection_mutex_) {
    return database_->Transact([&]() -> absl::Status {
      for (const Queued& write : batch) CLOSURE_RETURN_IF_ERROR(WriteCommit(*database_, write.commit, write.bytes));
      return absl::OkStatus();
    });
  }

  void RunWriter() {
    absl::Status log;
    for (;;) {
      std::vector<Queued> batch = TakeBatch();
      if (batch.empty()) return;
      absl::MutexLock in_use(&connection_mutex_);
      Tell(batch, log.ok() ? CommitBatch(batch) : log);
      if (checkpoints_ != nullptr) log = checkpoints_->Tend();
    }
  }

  void Tell(std::vector<Queued>& batch, const absl::Status& status) {
    absl::MutexLock lock(&mutex_);
    for (Queued& write : batch) told_.push_back({std::move(write.done), status});
  }

  void RunTeller() {
    for (;;) {
      std::deque<std::pair<Done, absl::Status>> told;
      {
        absl::MutexLock lock(&mutex_);
        mutex_.Await(absl::Condition(this, &RawWriter::TellerHasWork));
        if (told_.empty()) return;
        told.swap(told_);
      }
      for (const auto& [done, status] : told) done(status);
    }
  }

  const size_t batch_max_;
  // Held by whoever uses the writing connection. The writer does so even after it has told how a batch ended.
  absl::Mutex connection_mutex_;
  const std::unique_ptr<RawDatabase> database_ ABSL_PT_GUARDED_BY(connection_mutex_);
  // Destroyed before the connection that it is of.
  const std::unique_ptr<RawCheckpoints> checkpoints_;
  absl::Mutex mutex_;
  std::deque<Queued> queue_ ABSL_GUARDED_BY(mutex_);
  std::deque<std::pair<Done, absl::Status>> told_ ABSL_GUARDED_BY(mutex_);
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread writer_;
  std::thread teller_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<TransitionWriter>> OpenRawWriter(const std::string& database,
                                                                const RawOptions& options) {
  CLOSURE_ASSIGN_OR_RETURN(std::unique_ptr<RawDatabase> writing, RawDatabase::Open(database));
  std::unique_ptr<RawCheckpoints> checkpoints;
  if (options.checkpoint_thread) {
    CLOSURE_ASSIGN_OR_RETURN(std::unique_ptr<RawDatabase> beside, RawDatabase::Open(database));
    checkpoints = std::make_unique<RawCheckpoints>(std::move(beside), *writing);
  }
  return std::make_unique<RawWriter>(std::move(writing), std::move(checkpoints), options.batch_max);
}

}  // namespace closure::bench
