// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/scrubber.h"

#include <fmt/format.h>

#include <cstddef>
#include <utility>

#include "protos/coverage_mark.h"
#include "storage/status_macros.h"

namespace closure::sqlite {
namespace {

// More are not looked at again: they say no more than these.
constexpr std::size_t kDoubtfulMax = 1000;

}  // namespace

Scrubber::Scrubber(std::unique_ptr<Connection> connection, Options options)
    : connection_(std::move(connection)), options_(std::move(options)), thread_([this] { Run(); }) {}

Scrubber::~Scrubber() { Stop(); }

void Scrubber::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    closing_ = true;
    called_.Wake();
  }
  connection_->Interrupt();
  if (thread_.joinable()) thread_.join();
}

void Scrubber::Run() {
  for (bool goes_on = Wait(options_.first); goes_on; goes_on = Wait(options_.rest)) {
    const absl::Status passed = Pass();
    if (IsClosing()) return;
    if (!passed.ok() && options_.found) options_.found(passed);
    // There is nothing to be said beside damage.
    if (!connection_->damage().ok()) return;
  }
}

absl::Status Scrubber::Pass() {
  std::vector<int64_t> doubtful;
  for (int64_t next = 1;; next += options_.pages) {
    CLOSURE_ASSIGN_OR_RETURN(const Connection::PagesRead read, connection_->ReadPages(next, options_.pages));
    if (doubtful.size() < kDoubtfulMax) doubtful.insert(doubtful.end(), read.doubtful.begin(), read.doubtful.end());
    if (read.count < options_.pages) return Judge(doubtful);
    if (!Wait(options_.pause)) return absl::OkStatus();
  }
}

absl::Status Scrubber::Judge(const std::vector<int64_t>& doubtful) {
  CLOSURE_ASSIGN_OR_RETURN(std::vector<int64_t> left, StillDoubtful(doubtful));
  if (left.empty()) return absl::OkStatus();
  Reach(Mark::kPageDoubted);
  // The newest version of a page may stand in the log, or be on its way from there; SQLite knows.
  CLOSURE_RETURN_IF_ERROR(connection_->CheckFile());
  CLOSURE_ASSIGN_OR_RETURN(left, StillDoubtful(left));
  if (left.empty() || !connection_->IsLogEmpty()) return absl::OkStatus();
  return absl::UnavailableError(fmt::format(
      "store(sqlite): {} pages of the database, page {} first, are not what was written, though nothing that "
      "is stored needs them: the disk may be failing, and a backup that reads them fails",
      left.size(), left.front()));
}

absl::StatusOr<std::vector<int64_t>> Scrubber::StillDoubtful(const std::vector<int64_t>& pages) {
  std::vector<int64_t> doubtful;
  for (const int64_t page : pages) {
    CLOSURE_ASSIGN_OR_RETURN(const Connection::PagesRead read, connection_->ReadPages(page, 1));
    doubtful.insert(doubtful.end(), read.doubtful.begin(), read.doubtful.end());
  }
  return doubtful;
}

bool Scrubber::IsClosing() {
  absl::MutexLock lock(&mutex_);
  return closing_;
}

bool Scrubber::Wait(absl::Duration time) {
  absl::MutexLock lock(&mutex_);
  return !called_.For(mutex_, time, [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return closing_; });
}

}  // namespace closure::sqlite
