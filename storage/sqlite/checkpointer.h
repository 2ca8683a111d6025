// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_STORAGE_SQLITE_CHECKPOINTER_H_
#define CLOSURE_STORAGE_SQLITE_CHECKPOINTER_H_

#include <memory>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "storage/sqlite/database.h"
#include "storage/sqlite/reader_pool.h"

namespace closure::sqlite {

// Moves the write-ahead log into the database file on a thread and a connection of its own, so that no commit waits for
// it. A checkpoint that fails is tried again with the next request: the log keeps everything. Can be used from any
// thread.
class Checkpointer {
 public:
  // The pool holds every connection that reads beside this one; used until Stop has returned.
  Checkpointer(std::unique_ptr<Connection> connection, ReaderPool& readers);
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;
  ~Checkpointer();

  // Waits for a checkpoint that is running; later requests do nothing. Can be called again.
  void Stop();

  // Asks for a checkpoint; returns at once.
  void Request();
  // Asks for the log to be emptied, because it holds what was erased (D12); returns at once. Readers wait while it is
  // cut to nothing, a moment after the commit; while commits are in the way it is tried again and again.
  void RequestEmptyLog();

 private:
  bool HasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return requested_ || empty_log_ || closing_; }
  void Run();
  void EmptyLog();

  const std::unique_ptr<Connection> connection_;
  ReaderPool& readers_;
  absl::Mutex mutex_;
  bool requested_ ABSL_GUARDED_BY(mutex_) = false;
  bool empty_log_ ABSL_GUARDED_BY(mutex_) = false;
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace closure::sqlite

#endif  // CLOSURE_STORAGE_SQLITE_CHECKPOINTER_H_
