// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_STORAGE_SQLITE_READER_POOL_H_
#define CLOSURE_STORAGE_SQLITE_READER_POOL_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "storage/sqlite/database.h"

namespace closure::sqlite {

// Read-only connections, each lent to one thread at a time. Can be used from any thread; must outlive what it lends.
class ReaderPool {
 public:
  // A connection that goes back to the pool at the end of its scope.
  class Reader {
   public:
    Reader(ReaderPool& pool, std::unique_ptr<Connection> connection)
        : pool_(pool), connection_(std::move(connection)) {}
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    ~Reader() { pool_.Return(std::move(connection_)); }
    Connection& operator*() const { return *connection_; }
    Connection* operator->() const { return connection_.get(); }

   private:
    ReaderPool& pool_;
    std::unique_ptr<Connection> connection_;
  };

  // Errors: UNAVAILABLE.
  static absl::StatusOr<std::unique_ptr<ReaderPool>> Open(const std::string& path, int count);

  // Waits until one is free; reads are short.
  Reader Take();
  // Runs `work` while nobody reads: waits until every connection is back and lends none before it has returned. `work`
  // must be short, and must not read through the pool. By one thread at a time.
  void RunAlone(absl::FunctionRef<void()> work);

 private:
  explicit ReaderPool(std::vector<std::unique_ptr<Connection>> connections)
      : count_(connections.size()), free_(std::move(connections)) {}
  bool HasFree() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return !free_.empty() && !alone_; }
  bool AllAreBack() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return free_.size() == count_; }
  void Return(std::unique_ptr<Connection> connection);

  const size_t count_;
  absl::Mutex mutex_;
  bool alone_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::unique_ptr<Connection>> free_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace closure::sqlite

#endif  // CLOSURE_STORAGE_SQLITE_READER_POOL_H_
