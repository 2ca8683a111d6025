// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/scrubber.h"

#include <utility>

#include "absl/status/statusor.h"
#include "protos/coverage_mark.h"
#include "storage/status_macros.h"

namespace closure::sqlite {

Scrubber::Scrubber(std::unique_ptr<Connection> connection, Options options)
    : connection_(std::move(connection)), options_(std::move(options)), thread_([this] { Run(); }) {}

Scrubber::~Scrubber() { Stop(); }

void Scrubber::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    closing_ = true;
    called_.Wake();
  }
  if (thread_.joinable()) thread_.join();
}

void Scrubber::Run() {
  do {
    if (const absl::Status passed = Pass(); !passed.ok() && options_.found) options_.found(passed);
    // There is nothing to be said beside damage.
    if (!connection_->damage().ok()) return;
  } while (Wait(options_.rest));
}

absl::Status Scrubber::Pass() {
  int64_t next = 1;
  do {
    CLOSURE_ASSIGN_OR_RETURN(const Connection::PagesRead read, connection_->ReadPages(next, options_.pages));
    if (read.doubtful) {
      Reach(Mark::kPageDoubted);
      // The newest version of the page may stand in the log, or be on its way from there; SQLite knows.
      CLOSURE_RETURN_IF_ERROR(connection_->CheckFile());
    }
    if (read.count < options_.pages) return absl::OkStatus();
    next += read.count;
  } while (Wait(options_.pause));
  return absl::OkStatus();
}

bool Scrubber::Wait(absl::Duration time) {
  absl::MutexLock lock(&mutex_);
  return !called_.For(mutex_, time, [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return closing_; });
}

}  // namespace closure::sqlite
