// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_STORAGE_SQLITE_CHECKPOINTER_H_
#define CLOSURE_STORAGE_SQLITE_CHECKPOINTER_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "protos/steady_wait.h"
#include "storage/sqlite/database.h"
#include "storage/sqlite/reader_pool.h"

namespace closure::sqlite {

// Moves the write-ahead log into the database file on a thread and a connection of its own, so that no commit waits for
// it. A checkpoint that fails is tried again with the next request, because the log keeps everything; emptying the log
// is tried again by itself, after a delay that doubles. After damage (Connection::damage) nothing is tried any more.
// Can be used from any thread.
class Checkpointer {
 public:
  struct Options {
    // Between two tries to empty the log: the first delay, and the longest.
    absl::Duration retry_first = absl::Milliseconds(50);
    absl::Duration retry_max = absl::Seconds(5);
    // Called once, on the checkpointer's thread, when the log could not be emptied for `warn_after`, with why; may be
    // empty.
    std::function<void(std::string_view)> warn;
    absl::Duration warn_after = absl::Minutes(1);
  };

  // The pool holds every connection that reads for long beside this one; used until Stop has returned.
  Checkpointer(std::unique_ptr<Connection> connection, ReaderPool& readers, Options options);
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;
  ~Checkpointer();

  // Waits for a checkpoint that is running; later requests do nothing. Can be called again.
  void Stop();
  // Another connection met damage: after the step of a checkpoint that is running none is made any more, and the log is
  // not cut. Returns at once.
  void Halt();

  // Asks for a checkpoint; returns at once.
  void Request();
  // Asks for the log to be emptied, because it holds what was erased (D12); returns at once. Readers wait while it is
  // cut to nothing, a moment after the commit; while commits are in the way or the file system refuses, it is tried
  // again and again. A call ends the wait for the next try, and the delays begin with the first one again.
  void RequestEmptyLog();

  // How much of the log the last checkpoint left in the file, in bytes of the log; the log may have begun anew since.
  int64_t moved_bytes() const { return moved_bytes_; }

  // Moves the log into the file at once. To be called after Stop. Answers the damage that was met, or OK, also where
  // the file system refuses, for the log keeps everything.
  absl::Status MoveLog();

  // The log is removed when the connection is closed as the last one (Connection). To be called after Stop.
  void RemoveLogAtClose() { connection_->RemoveLogAtClose(); }

  // OK, or the damage that was met; nothing must be written any more.
  absl::Status damage() const;

 private:
  bool HasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return requested_ || empty_log_ || closing_ || halted_; }
  void Run();
  // Tries once to empty the log; answers whether it is empty. After a failure it first waits for the next try.
  bool EmptyLog();
  void WaitToRetry(std::string_view why);
  bool IsHalted() const;
  // Whether the connection met damage, which is kept for damage().
  bool MetDamage();

  const std::unique_ptr<Connection> connection_;
  ReaderPool& readers_;
  const Options options_;
  // Of the tries to empty the log; used by the thread alone. The delay since the last call of RequestEmptyLog, the rest
  // since the log was last emptied.
  absl::Duration retry_delay_;
  absl::Duration waited_;
  bool warned_ = false;
  std::atomic<int64_t> moved_bytes_ = 0;
  mutable absl::Mutex mutex_;
  // Woken when a wait for the next try is to end early.
  SteadyWait called_;
  absl::Status damage_ ABSL_GUARDED_BY(mutex_);
  bool requested_ ABSL_GUARDED_BY(mutex_) = false;
  bool empty_log_ ABSL_GUARDED_BY(mutex_) = false;
  // Whether RequestEmptyLog was called since the thread last began a round.
  bool erased_ ABSL_GUARDED_BY(mutex_) = false;
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  bool halted_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace closure::sqlite

#endif  // CLOSURE_STORAGE_SQLITE_CHECKPOINTER_H_
