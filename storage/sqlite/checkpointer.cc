// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/checkpointer.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "protos/coverage_mark.h"

namespace closure::sqlite {

Checkpointer::Checkpointer(std::unique_ptr<Connection> connection, ReaderPool& readers, Options options)
    : connection_(std::move(connection)),
      readers_(readers),
      options_(std::move(options)),
      retry_delay_(options_.retry_first),
      thread_([this] { Run(); }) {}

Checkpointer::~Checkpointer() { Stop(); }

void Checkpointer::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    closing_ = true;
    called_.Wake();
  }
  if (thread_.joinable()) thread_.join();
}

void Checkpointer::Halt() {
  absl::MutexLock lock(&mutex_);
  halted_ = true;
  called_.Wake();
}

void Checkpointer::Request() {
  absl::MutexLock lock(&mutex_);
  requested_ = true;
}

void Checkpointer::RequestEmptyLog() {
  absl::MutexLock lock(&mutex_);
  empty_log_ = erased_ = true;
  called_.Wake();
}

void Checkpointer::Run() {
  for (;;) {
    bool empty_log = false;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(this, &Checkpointer::HasWork));
      if (closing_) return;
      if (halted_) return Reach(Mark::kCheckpointsHalted);
      empty_log = empty_log_;
      // What is newly erased does not wait as long as what was tried again and again.
      if (erased_) retry_delay_ = options_.retry_first;
      requested_ = empty_log_ = erased_ = false;
    }
    // Beside readers and the writer; little is left to do without them.
    connection_->Checkpoint().IgnoreError();
    moved_bytes_ = connection_->moved_bytes();
    if (MetDamage()) return;
    if (empty_log && !EmptyLog()) {
      absl::MutexLock lock(&mutex_);
      empty_log_ = true;
    }
    if (MetDamage()) return;
  }
}

bool Checkpointer::EmptyLog() {
  absl::StatusOr<bool> emptied = false;
  readers_.RunAlone([&] {
    if (!IsHalted()) emptied = connection_->EmptyLog();
  });
  if (emptied.ok() && *emptied) {
    retry_delay_ = options_.retry_first;
    waited_ = absl::ZeroDuration();
    warned_ = false;
    return true;
  }
  if (connection_->damage().ok())
    WaitToRetry(emptied.ok() ? "others use the log" : std::string(emptied.status().message()));
  return false;
}

void Checkpointer::WaitToRetry(std::string_view why) {
  Reach(Mark::kLogEmptiedLater);
  if (waited_ >= options_.warn_after && !warned_ && options_.warn) {
    warned_ = true;
    options_.warn(
        fmt::format("the write-ahead log, which holds erased personal data, could not be emptied for {}: {}; "
                    "it is tried again every {}",
                    absl::FormatDuration(waited_), why, absl::FormatDuration(options_.retry_max)));
  }
  const auto begin = std::chrono::steady_clock::now();
  absl::MutexLock lock(&mutex_);
  called_.For(mutex_, retry_delay_,
              [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return erased_ || closing_ || halted_; });
  waited_ += absl::FromChrono(std::chrono::steady_clock::now() - begin);
  retry_delay_ = std::min(2 * retry_delay_, options_.retry_max);
}

absl::Status Checkpointer::MoveLog() {
  connection_->Checkpoint().IgnoreError();
  return connection_->damage();
}

bool Checkpointer::IsHalted() const {
  absl::MutexLock lock(&mutex_);
  return halted_;
}

bool Checkpointer::MetDamage() {
  if (connection_->damage().ok()) return false;
  absl::MutexLock lock(&mutex_);
  damage_ = connection_->damage();
  return true;
}

absl::Status Checkpointer::damage() const {
  absl::MutexLock lock(&mutex_);
  return damage_;
}

}  // namespace closure::sqlite
