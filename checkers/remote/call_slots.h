// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_REMOTE_CALL_SLOTS_H_
#define CLOSURE_CHECKERS_REMOTE_CALL_SLOTS_H_

#include <cstdint>
#include <list>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/synchronization/mutex.h"

namespace closure {

// Bounds how many calls of one system are under way; who comes beyond that waits in line, and holds nothing meanwhile
// but his question. So a system that hangs costs the others no more than so many calls, and one that is slow is not
// asked for more than it was made for. First come, first served. Thread-safe.
class CallSlots {
 public:
  // Begins what waited in line; false gives the slot back at once, for the next one. Called from any thread, without a
  // lock.
  using Turn = absl::AnyInvocable<bool() &&>;

  explicit CallSlots(int max) : max_(max) {}

  // Takes a slot where one is free and nobody waits for it.
  bool TryEnter();
  // Gets in line; the answer is for Leave. The turn may come before this returns.
  int64_t Wait(Turn turn);
  // Leaves the line; false when the turn has come, or comes just now.
  bool Leave(int64_t ticket);
  // Gives a slot back, and begins what has waited longest.
  void Free();

 private:
  struct Waiter {
    int64_t ticket;
    Turn turn;
  };
  // Passes free slots on for as long as somebody waits.
  void PassOn();

  const int max_;
  absl::Mutex mutex_;
  int taken_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t tickets_ ABSL_GUARDED_BY(mutex_) = 0;
  std::list<Waiter> line_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace closure

#endif  // CLOSURE_CHECKERS_REMOTE_CALL_SLOTS_H_
