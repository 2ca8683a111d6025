// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_CALL_OPTIONS_H_
#define CLOSURE_CHECKERS_CALL_OPTIONS_H_

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace closure {

// Tells calls under way that nobody wants their answers any more. Thread-safe; shared by all calls of one piece of
// work.
class CancelSignal {
 public:
  // Runs every registered callback once, in the calling thread. Later calls do nothing.
  void Cancel();
  bool cancelled() const;

  // Registers a callback and returns its number; runs it at once, in the calling thread, if the signal was given
  // already.
  int64_t OnCancel(absl::AnyInvocable<void()> callback);
  // Forgets a callback. It may be running in another thread still, so it has to keep alive what it uses (a weak pointer
  // does). Callbacks run without the lock, so they may call anything here.
  void Forget(int64_t number);

 private:
  mutable absl::Mutex mutex_;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  int64_t next_number_ ABSL_GUARDED_BY(mutex_) = 1;
  std::map<int64_t, absl::AnyInvocable<void()>> callbacks_ ABSL_GUARDED_BY(mutex_);
};

// The bounds of one call to another system.
struct CallOptions {
  // How long it may take, in real time from when it is made. A wall clock that jumps does not matter.
  absl::Duration timeout = absl::Seconds(30);
  // W3C trace context to pass on; empty for none.
  std::string traceparent;
  // Null for work that goes on whether or not somebody waits for it.
  std::shared_ptr<CancelSignal> cancel;
};

// Whether a text is a W3C trace context, "00-32 hex-16 hex-2 hex", which gRPC takes as it is. Pure.
bool IsTraceparent(std::string_view text);

}  // namespace closure

#endif  // CLOSURE_CHECKERS_CALL_OPTIONS_H_
