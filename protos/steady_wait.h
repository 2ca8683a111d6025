// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_PROTOS_STEADY_WAIT_H_
#define CLOSURE_PROTOS_STEADY_WAIT_H_

#include <condition_variable>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace closure {

// Waits with a limit that is measured by a clock that nobody can set. Those of Abseil go by the wall clock: when it is
// set back, they last longer by as much (ADR 13). Thread-safe. What a wait asks for is changed with the wait's mutex
// held, and Wake is called before that is let go: a change past it could come between the asking and the waiting, and
// wake nobody. Outlives every wait.
class SteadyWait {
 public:
  // Returns when `comes_true` is true, or after `limit`, at most a day: what it then is. `mutex` is held by the caller
  // and, while `comes_true` is asked, by the wait. Whoever makes it true calls Wake.
  bool For(absl::Mutex& mutex, absl::Duration limit, absl::FunctionRef<bool()> comes_true)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);

  // Has every wait ask again.
  void Wake() { changed_.notify_all(); }

 private:
  std::condition_variable_any changed_;
};

}  // namespace closure

#endif  // CLOSURE_PROTOS_STEADY_WAIT_H_
