// SPDX-License-Identifier: Apache-2.0
#include "server/plugin_news.h"

#include "absl/strings/string_view.h"
#include "server/strings.h"

namespace closure {

void PluginNews::Tell(std::string_view checker, CircuitBreaker::Turn turn, const absl::Status& last) {
  absl::MutexLock lock(&mutex_);
  if (log_ == nullptr) return;
  if (turn == CircuitBreaker::Turn::kClosed) return log_->Info("a checker answers again", {{"checker", checker}});
  log_->Warning("a checker is not waited for until it answers again",
                {{"checker", checker}, {"status", absl::StatusCodeToString(last.code())}});
}

void PluginNews::TellIntroduction(std::string_view participant, const absl::Status& fits) {
  absl::MutexLock lock(&mutex_);
  if (log_ == nullptr || fits.ok() || absl::IsCancelled(fits)) return;
  const bool is_another = absl::IsFailedPrecondition(fits);
  log_->Warning(is_another ? "a participant is not what the configuration says, and is not asked to act until it is"
                           : "a participant does not answer; closures wait for it where it takes part",
                {{"participant", participant}, {"error", ToStd(fits.message())}});
}

void PluginNews::Leave() {
  absl::MutexLock lock(&mutex_);
  log_ = nullptr;
}

}  // namespace closure
