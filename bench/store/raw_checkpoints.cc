// SPDX-License-Identifier: Apache-2.0
#include "bench/store/raw_checkpoints.h"

#include <sqlite3.h>

#include <utility>

namespace closure::bench {
namespace {

// 4 MB, as long as the log is that SQLite lets grow by itself.
constexpr int kRequestPages = 1'000;
// 32 MB.
constexpr int kLogPagesMax = 8'000;

// Errors: INTERNAL. That somebody else is at it is none.
absl::Status StatusOf(int code, RawDatabase& database) {
  if (code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY) return absl::OkStatus();
  return absl::InternalError(sqlite3_errmsg(database.handle()));
}

}  // namespace

RawCheckpoints::RawCheckpoints(std::unique_ptr<RawDatabase> beside, RawDatabase& writing)
    : beside_(std::move(beside)), writing_(writing), thread_([this] { Run(); }) {
  sqlite3_wal_autocheckpoint(writing_.handle(), 0);
  sqlite3_wal_hook(writing_.handle(), &RawCheckpoints::OnCommit, this);
}

RawCheckpoints::~RawCheckpoints() {
  {
    absl::MutexLock lock(&mutex_);
    closing_ = true;
  }
  thread_.join();
  sqlite3_wal_hook(writing_.handle(), nullptr, nullptr);
}

int RawCheckpoints::OnCommit(void* self, sqlite3* /*database*/, const char* /*name*/, int pages) {
  static_cast<RawCheckpoints*>(self)->log_pages_ = pages;
  return SQLITE_OK;
}

absl::Status RawCheckpoints::Tend() {
  if (log_pages_ > kLogPagesMax) return BeginLogAnew();
  absl::MutexLock lock(&mutex_);
  // A log that is shorter than what was moved of it has begun anew.
  const int to_move = moved_pages_ <= log_pages_ ? log_pages_ - moved_pages_ : log_pages_;
  if (to_move >= kRequestPages) requested_ = true;
  return failure_;
}

absl::Status RawCheckpoints::BeginLogAnew() {
  {
    absl::MutexLock lock(&mutex_);
    // Nothing more is asked of the thread meanwhile, or it would be found at work again and again.
    requested_ = false;
    if (!failure_.ok()) return failure_;
  }
  const int code = sqlite3_wal_checkpoint_v2(writing_.handle(), nullptr, SQLITE_CHECKPOINT_RESTART, nullptr, nullptr);
  if (code == SQLITE_OK) log_pages_ = 0;
  return StatusOf(code, writing_);
}

void RawCheckpoints::Run() {
  for (;;) {
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(this, &RawCheckpoints::HasWork));
      if (closing_) return;
      requested_ = false;
    }
    int moved = 0;
    const int code = sqlite3_wal_checkpoint_v2(beside_->handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, &moved);
    absl::MutexLock lock(&mutex_);
    if (code == SQLITE_OK) moved_pages_ = moved;
    failure_.Update(StatusOf(code, *beside_));
  }
}

}  // namespace closure::bench
