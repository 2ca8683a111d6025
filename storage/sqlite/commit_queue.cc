// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/commit_queue.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "protos/coverage_mark.h"
#include "protos/failpoint.h"
#include "storage/status_macros.h"

namespace closure::sqlite {
namespace {

// Below this a checkpoint costs a lone writer more than it saves.
constexpr int64_t kCheckpointBytes = 4 << 20;
// Under an unbroken load, what is moved at a time: less is synced too often, more keeps commits waiting for the disk.
constexpr int64_t kCheckpointStepBytes = 1 << 20;
// Under an unbroken load a checkpoint beside the writer never catches up; above this the writer does one itself between
// two batches.
constexpr int64_t kWriterCheckpointBytes = 64 << 20;

absl::Status Closing() { return absl::UnavailableError("store(sqlite): the store is closing"); }

}  // namespace

CommitQueue::CommitQueue(std::unique_ptr<Connection> connection, Checkpointer& checkpointer,
                         std::function<void(const absl::Status&)> met_damage)
    : connection_(std::move(connection)),
      checkpointer_(checkpointer),
      met_damage_(std::move(met_damage)),
      writer_([this] { RunWriter(); }),
      teller_([this] { RunTeller(); }) {}

CommitQueue::~CommitQueue() { Close().IgnoreError(); }

absl::Status CommitQueue::Close() {
  {
    absl::MutexLock lock(&mutex_);
    closing_ = true;
  }
  if (writer_.joinable()) writer_.join();
  if (teller_.joinable()) teller_.join();
  return Damage();
}

absl::Status CommitQueue::Damage() {
  absl::Status met;
  {
    absl::MutexLock lock(&mutex_);
    if (!damage_.ok()) return damage_;
    met = connection_->damage();
  }
  if (met.ok()) met = checkpointer_.damage();
  if (!met.ok()) RefuseWrites(met);
  return met;
}

void CommitQueue::Add(Write write) {
  absl::MutexLock lock(&mutex_);
  ++unfinished_;
  if (closing_) {
    outcomes_.push_back({.write = std::move(write), .result = Closing()});
  } else {
    queue_.push_back(std::move(write));
  }
}

void CommitQueue::SetObserver(std::function<void(const StoreChange&)> observer) {
  absl::MutexLock lock(&mutex_);
  observer_ = std::move(observer);
}

void CommitQueue::Drain() {
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(this, &CommitQueue::IsIdle));
}

void CommitQueue::RefuseWrites(absl::Status damage) {
  {
    absl::MutexLock lock(&mutex_);
    if (!damage_.ok()) return;
    damage_ = damage;
    checkpointer_.Halt();
  }
  if (met_damage_) met_damage_(damage);
}

std::vector<CommitQueue::Write> CommitQueue::TakeBatch() {
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(this, &CommitQueue::WriterHasWork));
  if (closing_) {
    for (Write& write : queue_) outcomes_.push_back({.write = std::move(write), .result = Closing()});
    queue_.clear();
    writer_ended_ = true;
    return {};
  }
  size_t count = 0;
  for (size_t bytes = 0; count < std::min(queue_.size(), kBatchMax) && bytes < kBatchBytesMax; ++count)
    bytes += queue_[count].bytes;
  const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(count);
  std::vector<Write> batch(std::make_move_iterator(queue_.begin()), std::make_move_iterator(end));
  queue_.erase(queue_.begin(), end);
  return batch;
}

void CommitQueue::RunWriter() {
  for (;;) {
    std::vector<Write> batch = TakeBatch();
    if (batch.empty()) return;
    const absl::Status damage = Damage();
    if (!damage.ok()) Reach(Mark::kWriteRefusedForDamage);
    std::vector<Result> results = damage.ok() ? CommitBatch(batch) : std::vector<Result>(batch.size(), damage);
    {
      absl::MutexLock lock(&mutex_);
      for (size_t index = 0; index < batch.size(); ++index) {
        outcomes_.push_back({.write = std::move(batch[index]), .result = std::move(results[index])});
      }
    }
    // A second try of a sync that failed succeeds, and what it was about is not on the disk.
    if (Damage().ok()) TendLog();
  }
}

std::vector<CommitQueue::Result> CommitQueue::CommitBatch(std::vector<Write>& batch) {
  if (std::optional<std::vector<Result>> results = TryBatch(batch, Refused::kLeavesNothing)) return *std::move(results);
  Reach(Mark::kBatchRunAgain);
  return *TryBatch(batch, Refused::kIsUndone);
}

std::optional<std::vector<CommitQueue::Result>> CommitQueue::TryBatch(std::vector<Write>& batch, Refused refused) {
  std::vector<Result> results;
  const auto all_fail = [&](const absl::Status& status) {
    const absl::Status answer = absl::UnavailableError(status.message());
    return std::vector<Result>(batch.size(), answer);
  };
  absl::StatusOr<Transaction> transaction = Transaction::BeginWrite(*connection_);
  if (!transaction.ok()) return all_fail(transaction.status());
  for (Write& write : batch) {
    const int64_t changes = connection_->total_changes();
    results.push_back(refused == Refused::kIsUndone ? RunUndoably(write) : write.run(*connection_));
    const absl::Status& status = results.back().status();
    if (absl::IsUnavailable(status)) return all_fail(status);
    if (refused == Refused::kLeavesNothing && !status.ok() && connection_->total_changes() != changes)
      return std::nullopt;
    if (status.ok()) Failpoint("commit.written");
  }
  const absl::Status committed = transaction->Commit();
  if (!committed.ok()) return all_fail(committed);
  for (const Result& result : results) {
    if (result.ok()) Failpoint("commit.durable");  // once for each, so that it counts writes and not batches
  }
  return results;
}

CommitQueue::Result CommitQueue::RunUndoably(Write& write) {
  CLOSURE_ASSIGN_OR_RETURN(Savepoint savepoint, Savepoint::Begin(*connection_));
  CLOSURE_ASSIGN_OR_RETURN(std::optional<StoreChange> change, write.run(*connection_));
  CLOSURE_RETURN_IF_ERROR(savepoint.Keep());
  return change;
}

void CommitQueue::TendLog() {
  const int64_t log = connection_->wal_bytes();
  const int64_t moved = checkpointer_.moved_bytes();
  // Under an unbroken load the log does not begin anew when a checkpoint has ended, for something was written
  // meanwhile; what it moved is not moved again. A log that is shorter than that has begun anew.
  const int64_t to_move = moved <= log ? log - moved : log;
  if (connection_->TakeErasure()) {
    checkpointer_.RequestEmptyLog();
  } else if (log > kWriterCheckpointBytes) {
    connection_->Checkpoint().IgnoreError();
  } else if (log > kCheckpointBytes && to_move > kCheckpointStepBytes) {
    checkpointer_.Request();
  }
}

void CommitQueue::RunTeller() {
  for (;;) {
    std::deque<Outcome> outcomes;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(this, &CommitQueue::TellerHasWork));
      if (outcomes_.empty()) return;
      outcomes.swap(outcomes_);
    }
    // They are durable by now, so whoever reads one of them from the store may expect to read the others.
    Observe(outcomes);
    for (Outcome& outcome : outcomes) Tell(std::move(outcome));
  }
}

void CommitQueue::Observe(const std::deque<Outcome>& outcomes) {
  std::function<void(const StoreChange&)> observer;
  {
    absl::MutexLock lock(&mutex_);
    observer = observer_;
  }
  if (!observer) return;
  for (const Outcome& outcome : outcomes) {
    if (outcome.result.ok() && outcome.result->has_value()) observer(**outcome.result);
  }
}

void CommitQueue::Tell(Outcome outcome) {
  std::move(outcome.write.done)(outcome.result.status());
  Failpoint("commit.told");
  absl::MutexLock lock(&mutex_);
  --unfinished_;
}

}  // namespace closure::sqlite
