// SPDX-License-Identifier: Apache-2.0
#include "checkers/check_run.h"

#include <optional>
#include <utility>

#include "checkers/answer_fault.h"
#include "checkers/append_moved.h"
#include "checkers/proto_time.h"
#include "fmt/format.h"

namespace closure {

std::shared_ptr<CheckRun> CheckRun::Start(const v1::CheckRequest& request, const CallOptions& options, size_t parts,
                                          int items_max, Checker::CheckDone done) {
  const std::optional<absl::Time> check_time = TimeFromProto(request.check_time());
  if (request.account_id().empty() || !request.has_check_time() || !check_time) {
    std::move(done)(absl::InvalidArgumentError("CheckRequest: account_id and a valid check_time are required"));
    return nullptr;
  }
  return std::shared_ptr<CheckRun>(new CheckRun(request, options, *check_time, parts, items_max, std::move(done)));
}

CheckRun::CheckRun(const v1::CheckRequest& request, const CallOptions& options, absl::Time check_time, size_t parts,
                   int items_max, Checker::CheckDone done)
    : request_(request),
      options_(options),
      start_(std::chrono::steady_clock::now()),
      check_time_(check_time),
      items_max_(static_cast<size_t>(items_max)),
      items_(parts),
      parts_open_(parts),
      done_(std::move(done)) {}

CallOptions CheckRun::RemainingOptions() const {
  CallOptions remaining = options_;
  remaining.timeout -= absl::FromChrono(std::chrono::steady_clock::now() - start_);
  return remaining;
}

bool CheckRun::over() const {
  absl::MutexLock lock(&mutex_);
  return over_;
}

Checker::CheckDone CheckRun::TakeDone() {
  if (over_) return nullptr;
  over_ = true;
  return std::move(done_);
}

void CheckRun::Add(size_t part, std::vector<v1::ReportedItem> items) {
  Checker::CheckDone done;
  {
    absl::MutexLock lock(&mutex_);
    if (over_) return;
    item_count_ += items.size();
    if (item_count_ <= items_max_) {
      std::move(items.begin(), items.end(), std::back_inserter(items_[part]));
      return;
    }
    done = TakeDone();
    items_.clear();
  }
  std::move(done)(TooMuchAnswer(fmt::format("more than {} items stand in the way", items_max_)));
}

void CheckRun::PartDone() {
  Checker::CheckDone done;
  CheckAnswer answer{.items = {}, .as_of = check_time_};
  {
    absl::MutexLock lock(&mutex_);
    if (over_ || --parts_open_ > 0) return;
    done = TakeDone();
    for (auto& part : items_) AppendMoved(std::move(part), answer.items);
    items_.clear();
  }
  std::move(done)(std::move(answer));
}

void CheckRun::FinishPart(size_t part, absl::StatusOr<std::vector<v1::ReportedItem>> items) {
  if (!items.ok()) return Fail(items.status());
  Add(part, *std::move(items));
  PartDone();
}

void CheckRun::Fail(absl::Status status) {
  Checker::CheckDone done;
  {
    absl::MutexLock lock(&mutex_);
    if (over_) return;
    done = TakeDone();
    items_.clear();
  }
  std::move(done)(std::move(status));
}

}  // namespace closure
