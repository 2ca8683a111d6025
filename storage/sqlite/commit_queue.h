// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_STORAGE_SQLITE_COMMIT_QUEUE_H_
#define CLOSURE_STORAGE_SQLITE_COMMIT_QUEUE_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "storage/closure_store.h"
#include "storage/sqlite/checkpointer.h"
#include "storage/sqlite/database.h"

namespace closure::sqlite {

// Group commit. One thread writes: it takes whatever queued while it committed the batch before, at most kBatchMax
// and about kBatchBytesMax, and commits them together. A write that is refused does not spoil the others: nearly always
// it is before it changed anything, and else the batch is rolled back and run again with a savepoint for each write. It
// never waits for more to come. A second thread then calls the observer and each write's `done`, in the order of the
// writes.
//
// When the database fails, by a write or at the commit, every write of the batch gets UNAVAILABLE, those that would
// have been refused too: what they were compared with is not durable. After corruption or a failed fsync, the
// checkpointer's too, every later write gets the same.
//
// Threading: all methods can be called from any thread.
class CommitQueue {
 public:
  static constexpr size_t kBatchMax = 256;
  // Beyond this no further write joins a batch: its pages stay in memory until the commit.
  static constexpr size_t kBatchBytesMax = 64 << 20;

  // What a write did, to be told to the observer; nothing when there is nothing to tell.
  using Result = absl::StatusOr<std::optional<StoreChange>>;
  struct Write {
    // Run again where the transaction it ran in was rolled back.
    absl::AnyInvocable<Result(Connection&)> run;
    ClosureStore::Done done;
    // About how much it writes.
    size_t bytes = 0;
  };

  // The checkpointer must outlive the queue. `met_damage` is called once, on the thread of whoever sees it first, with
  // the corruption or the failed sync after which nothing is written; not when it is empty.
  CommitQueue(std::unique_ptr<Connection> connection, Checkpointer& checkpointer,
              std::function<void(const absl::Status&)> met_damage = nullptr);
  CommitQueue(const CommitQueue&) = delete;
  CommitQueue& operator=(const CommitQueue&) = delete;
  // Commits the batch that is being written; what still queues gets UNAVAILABLE. Returns after the last `done`.
  ~CommitQueue();

  // The same; answers the damage that was met, the checkpointer's too, or OK. Can be called again.
  absl::Status Close();
  void Add(Write write);
  // See ClosureStore.
  void SetObserver(std::function<void(const StoreChange&)> observer);
  void Drain();
  // Every write from now on gets this error.
  void RefuseWrites(absl::Status damage);

 private:
  // A write with its outcome, to be told.
  struct Outcome {
    // With what it wrote, which the teller destroys: the writer has more to do.
    Write write;
    Result result;
  };

  bool WriterHasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return !queue_.empty() || closing_; }
  bool TellerHasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return !outcomes_.empty() || writer_ended_; }
  bool IsIdle() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return unfinished_ == 0; }

  void RunWriter();
  // Empty when the queue closes.
  std::vector<Write> TakeBatch();
  std::vector<Result> CommitBatch(std::vector<Write>& batch);
  // What is done about a write that is refused after it has changed something.
  enum class Refused {
    // Nothing: there must be none.
    kLeavesNothing,
    // What it changed is undone. Savepoints copy every page that they may have to bring back, so they cost a lot.
    kIsUndone,
  };
  // Nothing where a refused write did leave something.
  std::optional<std::vector<Result>> TryBatch(std::vector<Write>& batch, Refused refused);
  Result RunUndoably(Write& write);
  // OK, or the damage that was met.
  absl::Status Damage();
  // Keeps the write-ahead log from growing without end.
  void TendLog();
  void RunTeller();
  void Observe(const std::deque<Outcome>& outcomes);
  void Tell(Outcome outcome);

  const std::unique_ptr<Connection> connection_;
  Checkpointer& checkpointer_;
  const std::function<void(const absl::Status&)> met_damage_;

  absl::Mutex mutex_;
  std::deque<Write> queue_ ABSL_GUARDED_BY(mutex_);
  std::deque<Outcome> outcomes_ ABSL_GUARDED_BY(mutex_);
  // Writes whose `done` has not returned.
  int64_t unfinished_ ABSL_GUARDED_BY(mutex_) = 0;
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  bool writer_ended_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status damage_ ABSL_GUARDED_BY(mutex_);
  std::function<void(const StoreChange&)> observer_ ABSL_GUARDED_BY(mutex_);

  std::thread writer_;
  std::thread teller_;
};

}  // namespace closure::sqlite

#endif  // CLOSURE_STORAGE_SQLITE_COMMIT_QUEUE_H_
