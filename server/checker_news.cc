// SPDX-License-Identifier: Apache-2.0
#include "server/checker_news.h"

#include "absl/strings/string_view.h"

namespace closure {

void CheckerNews::Tell(std::string_view checker, CircuitBreaker::Turn turn, const absl::Status& last) {
  absl::MutexLock lock(&mutex_);
  if (log_ == nullptr) return;
  if (turn == CircuitBreaker::Turn::kClosed) return log_->Info("a checker answers again", {{"checker", checker}});
  log_->Warning("a checker is not waited for until it answers again",
                {{"checker", checker}, {"status", absl::StatusCodeToString(last.code())}});
}

void CheckerNews::Leave() {
  absl::MutexLock lock(&mutex_);
  log_ = nullptr;
}

}  // namespace closure
