// SPDX-License-Identifier: Apache-2.0
#include "checkers/remote/call_slots.h"

#include <algorithm>
#include <utility>

namespace closure {

bool CallSlots::TryEnter() {
  absl::MutexLock lock(&mutex_);
  if (taken_ >= max_ || !line_.empty()) return false;
  ++taken_;
  return true;
}

int64_t CallSlots::Wait(Turn turn) {
  int64_t ticket = 0;
  {
    absl::MutexLock lock(&mutex_);
    ticket = ++tickets_;
    line_.push_back({ticket, std::move(turn)});
  }
  // A slot may have become free since it was looked for.
  PassOn();
  return ticket;
}

bool CallSlots::Leave(int64_t ticket) {
  // Destroyed without the lock.
  std::list<Waiter> left;
  absl::MutexLock lock(&mutex_);
  // Tickets rise along the line.
  const auto found = std::lower_bound(line_.begin(), line_.end(), ticket,
                                      [](const Waiter& waiter, int64_t wanted) { return waiter.ticket < wanted; });
  if (found == line_.end() || found->ticket != ticket) return false;
  left.splice(left.begin(), line_, found);
  return true;
}

void CallSlots::Free() {
  {
    absl::MutexLock lock(&mutex_);
    --taken_;
  }
  PassOn();
}

void CallSlots::PassOn() {
  while (true) {
    std::list<Waiter> next;
    {
      absl::MutexLock lock(&mutex_);
      if (taken_ >= max_ || line_.empty()) return;
      ++taken_;
      next.splice(next.begin(), line_, line_.begin());
    }
    if (std::move(next.front().turn)()) continue;
    absl::MutexLock lock(&mutex_);
    --taken_;
  }
}

}  // namespace closure
