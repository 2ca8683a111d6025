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

// As the store does, but for the two columns of the key, by which it finds the row.
absl::Status UpdateClosure(RawDatabase& database, const ClosureData& data, const std::string& bytes) {
  const v1::Closure& closure = data.closure();
  return database.Run(
      R"sql(
      UPDATE closures
      SET organization_id = ?3, language_code = ?4, state = ?5, version = ?6, fence = ?7, etag_number = ?8,
        revision = ?9, create_time = ?10, update_time = ?11, state_enter_time = ?12, expire_time = ?13,
        reason = ?14, reason_text = ?15, cause = ?16, cause_detail = ?17, held = 0, scan_number = ?18, scan_clean = 0,
        must_handle_count = ?19, renounceable_count = ?20, renounced_count = ?21, data = ?22
      WHERE account_id = ?1 AND closure_id = ?2
      )sql",
      data.account_id(), data.closure_id(), data.organization_id(), data.language_code(),
      v1::Closure::State_Name(closure.state()), data.version(), data.fence(), data.etag_number(), closure.revision(),
      Micros(closure.create_time()), Micros(closure.update_time()), Micros(closure.state_enter_time()),
      MicrosIf(closure.has_expire_time(), closure.expire_time()), v1::Closure::Reason_Name(closure.reason()),
      closure.reason_text(), v1::Closure::Cause_Name(closure.cause()), closure.cause_detail(), closure.scan().number(),
      closure.item_counts().must_handle(), closure.item_counts().renounceable(), closure.item_counts().renounced(),
      RawDatabase::Blob{bytes});
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

absl::Status ReplaceTask(RawDatabase& database, int64_t row, const TaskData& task) {
  CLOSURE_RETURN_IF_ERROR(database.Run("DELETE FROM tasks WHERE closure_row = ?1 AND state_bound = 1", row));
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

class RawWriter final : public TransitionWriter {
 public:
  RawWriter(std::unique_ptr<RawDatabase> database, int batch_max)
      : batch_max_(static_cast<size_t>(batch_max)),
        database_(std::move(database)),
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

  // Before the first write only.
  absl::StatusOr<ClosureData> Load(const ClosureKey& key) override {
    return database_->LoadClosure(key.account_id, key.closure_id);
  }

  absl::StatusOr<std::vector<ClosureKey>> Lease(absl::Time now, int limit) override {
    const int64_t micros = absl::ToUnixMicros(now);
    std::vector<ClosureKey> keys;
    std::vector<int64_t> tasks;
    CLOSURE_RETURN_IF_ERROR(database_->Run("BEGIN IMMEDIATE"));
    CLOSURE_RETURN_IF_ERROR(database_->Query(
        R"sql(
        SELECT t.task_id, c.account_id, c.closure_id
        FROM tasks AS t CROSS JOIN closures AS c ON c.closure_row = t.closure_row
        WHERE t.parked = 'PARKED_UNSPECIFIED' AND t.lease_until IS NULL AND t.due_time <= ?1
        ORDER BY t.due_time, t.task_id LIMIT ?2
        )sql",
        [&](sqlite3_stmt* row) {
          tasks.push_back(sqlite3_column_int64(row, 0));
          keys.push_back({.account_id = RawDatabase::Text(row, 1), .closure_id = RawDatabase::Text(row, 2)});
        },
        micros, int64_t{limit}));
    for (const int64_t task : tasks) {
      CLOSURE_RETURN_IF_ERROR(
          database_->Run("UPDATE tasks SET lease_owner = 'raw', lease_until = ?2 WHERE task_id = ?1", task, micros));
    }
    CLOSURE_RETURN_IF_ERROR(database_->Run("COMMIT"));
    return keys;
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

  absl::Status WriteOne(const Queued& write) {
    const ClosureData& data = *write.commit.closure;
    const int64_t row = RowOf(data);
    CLOSURE_RETURN_IF_ERROR(UpdateClosure(*database_, data, write.bytes));
    CLOSURE_RETURN_IF_ERROR(database_->Run("UPDATE accounts SET fence = ?2 WHERE account_id = ?1 AND fence < ?2",
                                           data.account_id(), data.fence()));
    CLOSURE_RETURN_IF_ERROR(AddTransition(*database_, row, data, *write.commit.history));
    CLOSURE_RETURN_IF_ERROR(ReplaceTask(*database_, row, write.commit.add_tasks.front()));
    return AddRequest(*database_, row, *write.commit.request);
  }

  absl::Status CommitBatch(const std::vector<Queued>& batch) {
    CLOSURE_RETURN_IF_ERROR(database_->Run("BEGIN IMMEDIATE"));
    for (const Queued& write : batch) CLOSURE_RETURN_IF_ERROR(WriteOne(write));
    return database_->Run("COMMIT");
  }

  void RunWriter() {
    for (;;) {
      std::vector<Queued> batch = TakeBatch();
      if (batch.empty()) return;
      const absl::Status status = CommitBatch(batch);
      absl::MutexLock lock(&mutex_);
      for (Queued& write : batch) told_.push_back({std::move(write.done), status});
    }
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
  const std::unique_ptr<RawDatabase> database_;
  absl::Mutex mutex_;
  std::deque<Queued> queue_ ABSL_GUARDED_BY(mutex_);
  std::deque<std::pair<Done, absl::Status>> told_ ABSL_GUARDED_BY(mutex_);
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread writer_;
  std::thread teller_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<TransitionWriter>> OpenRawWriter(const std::string& database, int batch_max) {
  CLOSURE_ASSIGN_OR_RETURN(std::unique_ptr<RawDatabase> opened, RawDatabase::Open(database));
  return std::make_unique<RawWriter>(std::move(opened), batch_max);
}

}  // namespace closure::bench
