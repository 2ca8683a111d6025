// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_PROTOS_CALLS_UNDER_WAY_H_
#define CLOSURE_PROTOS_CALLS_UNDER_WAY_H_

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "protos/steady_wait.h"

namespace closure {

// Counts calls that have begun and are not over, so that a stop can wait for them. Thread-safe; outlives every call.
class CallsUnderWay {
 public:
  void Begin();
  void End();
  // Returns when there is none, or after `limit`; whether there is none.
  bool WaitForNone(absl::Duration limit);

 private:
  absl::Mutex mutex_;
  int count_ ABSL_GUARDED_BY(mutex_) = 0;
  SteadyWait none_;
};

}  // namespace closure

#endif  // CLOSURE_PROTOS_CALLS_UNDER_WAY_H_
