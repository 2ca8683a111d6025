// SPDX-License-Identifier: Apache-2.0
#include "checkers/call_options.h"

#include <algorithm>
#include <utility>

namespace closure {

void CancelSignal::Cancel() {
  std::map<int64_t, absl::AnyInvocable<void()>> callbacks;
  {
    absl::MutexLock lock(&mutex_);
    if (cancelled_) return;
    cancelled_ = true;
    callbacks.swap(callbacks_);
  }
  for (auto& [number, callback] : callbacks) callback();
}

bool CancelSignal::cancelled() const {
  absl::MutexLock lock(&mutex_);
  return cancelled_;
}

int64_t CancelSignal::OnCancel(absl::AnyInvocable<void()> callback) {
  int64_t number = 0;
  {
    absl::MutexLock lock(&mutex_);
    number = next_number_++;
    if (!cancelled_) {
      callbacks_.emplace(number, std::move(callback));
      return number;
    }
  }
  callback();
  return number;
}

void CancelSignal::Forget(int64_t number) {
  absl::AnyInvocable<void()> forgotten;  // destroyed without the lock: what it owns may use this signal
  absl::MutexLock lock(&mutex_);
  auto found = callbacks_.find(number);
  if (found == callbacks_.end()) return;
  forgotten = std::move(found->second);
  callbacks_.erase(found);
}

bool IsTraceparent(std::string_view text) {
  constexpr std::string_view kPattern = "00-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx-xx";
  return std::equal(text.begin(), text.end(), kPattern.begin(), kPattern.end(), [](char c, char pattern) {
    return pattern == 'x' ? (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') : c == pattern;
  });
}

}  // namespace closure
