// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/checkpointer.h"

#include <utility>

namespace closure::sqlite {
namespace {

// Between two tries to empty the log.
constexpr absl::Duration kRetry = absl::Milliseconds(50);

}  // namespace

Checkpointer::Checkpointer(std::unique_ptr<Connection> connection, ReaderPool& readers)
    : connection_(std::move(connection)), readers_(readers), thread_([this] { Run(); }) {}

Checkpointer::~Checkpointer() { Stop(); }

void Checkpointer::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    closing_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

void Checkpointer::Request() {
  absl::MutexLock lock(&mutex_);
  requested_ = true;
}

void Checkpointer::RequestEmptyLog() {
  absl::MutexLock lock(&mutex_);
  empty_log_ = true;
}

void Checkpointer::Run() {
  for (;;) {
    bool empty_log = false;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(this, &Checkpointer::HasWork));
      if (closing_) return;
      empty_log = empty_log_;
      requested_ = empty_log_ = false;
    }
    // Beside readers and the writer; little is left to do without them.
    connection_->Checkpoint().IgnoreError();
    if (empty_log) EmptyLog();
  }
}

void Checkpointer::EmptyLog() {
  absl::StatusOr<bool> emptied = false;
  readers_.RunAlone([&] { emptied = connection_->EmptyLog(); });
  if (!emptied.ok() || *emptied) return;
  absl::MutexLock lock(&mutex_);
  empty_log_ = true;
  mutex_.AwaitWithTimeout(absl::Condition(&closing_), kRetry);
}

}  // namespace closure::sqlite
