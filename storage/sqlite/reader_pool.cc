// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/reader_pool.h"

#include <utility>

#include "storage/status_macros.h"

namespace closure::sqlite {

absl::StatusOr<std::unique_ptr<ReaderPool>> ReaderPool::Open(const std::string& path, int count) {
  std::vector<std::unique_ptr<Connection>> connections;
  for (int number = 0; number < count; ++number) {
    CLOSURE_ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection,
                             Connection::OpenSealed(path, Connection::Access::kReadOnly));
    connection->AllowRowsOnly();
    connections.push_back(std::move(connection));
  }
  return std::unique_ptr<ReaderPool>(new ReaderPool(std::move(connections)));
}

ReaderPool::Reader ReaderPool::Take() {
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(this, &ReaderPool::HasFree));
  std::unique_ptr<Connection> connection = std::move(free_.back());
  free_.pop_back();
  return {*this, std::move(connection)};
}

void ReaderPool::RunAlone(absl::FunctionRef<void()> work) {
  {
    absl::MutexLock lock(&mutex_);
    alone_ = true;
    mutex_.Await(absl::Condition(this, &ReaderPool::AllAreBack));
  }
  work();
  absl::MutexLock lock(&mutex_);
  alone_ = false;
}

void ReaderPool::Return(std::unique_ptr<Connection> connection) {
  absl::MutexLock lock(&mutex_);
  free_.push_back(std::move(connection));
}

}  // namespace closure::sqlite
