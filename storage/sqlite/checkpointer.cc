// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/checkpointer.h"

#include <utility>

namespace closure::sqlite {

Checkpointer::Checkpointer(std::unique_ptr<Connection> connection)
    : connection_(std::move(connection)), thread_([this] { Run(); }) {}

Checkpointer::~Checkpointer() {
  {
    absl::MutexLock lock(&mutex_);
    closing_ = true;
  }
  thread_.join();
}

void Checkpointer::Request() {
  absl::MutexLock lock(&mutex_);
  requested_ = true;
}

void Checkpointer::Run() {
  for (;;) {
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(this, &Checkpointer::HasWork));
      if (closing_) return;
      requested_ = false;
    }
    connection_->Checkpoint().IgnoreError();
  }
}

}  // namespace closure::sqlite
