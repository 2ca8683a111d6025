// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_STORAGE_SQLITE_CHECKPOINTER_H_
#define CLOSURE_STORAGE_SQLITE_CHECKPOINTER_H_

#include <memory>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "storage/sqlite/database.h"

namespace closure::sqlite {

// Moves the write-ahead log into the database file on a thread and a connection of its own, so that no commit waits for
// it. A checkpoint that fails is tried again with the next request: the log keeps everything. Can be used from any
// thread.
class Checkpointer {
 public:
  explicit Checkpointer(std::unique_ptr<Connection> connection);
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;
  // Waits for a checkpoint that is running.
  ~Checkpointer();

  // Asks for a checkpoint; returns at once.
  void Request();

 private:
  bool HasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return requested_ || closing_; }
  void Run();

  const std::unique_ptr<Connection> connection_;
  absl::Mutex mutex_;
  bool requested_ ABSL_GUARDED_BY(mutex_) = false;
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace closure::sqlite

#endif  // CLOSURE_STORAGE_SQLITE_CHECKPOINTER_H_
