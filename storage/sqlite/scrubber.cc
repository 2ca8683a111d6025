// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/scrubber.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>

#include "protos/coverage_mark.h"
#include "storage/status_macros.h"

namespace closure::sqlite {
namespace {

// More than these, which take 8 MB, are judged before the end of a pass.
constexpr std::size_t kDoubtfulMax = 1'000'000;

absl::Status FindingOf(const PageVerdicts& verdicts) {
  if (!verdicts.unreadable.empty())
    return absl::UnavailableError(fmt::format("store(sqlite): {} pages of the database, page {} first, cannot be read",
                                              verdicts.unreadable.size(), verdicts.unreadable.front()));
  if (verdicts.unneeded.empty()) return absl::OkStatus();
  return absl::UnavailableError(fmt::format(
      "store(sqlite): {} free pages of the database, page {} first, are not what was written: nothing that is stored "
      "needs them, but the disk may be failing, and a backup that reads them fails",
      verdicts.unneeded.size(), verdicts.unneeded.front()));
}

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
  CLOSURE_ASSIGN_OR_RETURN(const int64_t pages, connection_->CountPages());
  std::vector<int64_t> doubtful;
  PageVerdicts verdicts;
  for (int64_t next = 1; next <= pages; next += options_.pages) {
    std::ranges::copy(connection_->FindDoubtful(next, std::min(options_.pages, pages + 1 - next)),
                      std::back_inserter(doubtful));
    if (doubtful.size() > kDoubtfulMax) CLOSURE_RETURN_IF_ERROR(Judge(std::exchange(doubtful, {}), verdicts));
    if (!Wait(options_.pause)) return absl::OkStatus();
  }
  CLOSURE_RETURN_IF_ERROR(Judge(doubtful, verdicts));
  return FindingOf(verdicts);
}

absl::Status Scrubber::Judge(const std::vector<int64_t>& doubtful, PageVerdicts& verdicts) {
  if (doubtful.empty()) return absl::OkStatus();
  Reach(Mark::kPageDoubted);
  CLOSURE_ASSIGN_OR_RETURN(const PageVerdicts judged,
                           connection_->JudgeDoubtful(doubtful, [this] { return IsClosing(); }));
  std::ranges::copy(judged.unreadable, std::back_inserter(verdicts.unreadable));
  std::ranges::copy(judged.unneeded, std::back_inserter(verdicts.unneeded));
  return absl::OkStatus();
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
