// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_HALT_LOG_H_
#define CLOSURE_SERVER_HALT_LOG_H_

#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/log.h"
#include "storage/closure_store.h"

namespace closure {

// Tells the log when the velocity breaker opens and when the clocks jump: what stops deletions without anybody having
// asked for it. What operators do is told by OperatorService, which knows who they are and why. At a start it tells
// every halt that is in force, a pause too.
//
// Thread-safe. Store and log outlive it.
class HaltLog {
 public:
  HaltLog(ClosureStore* store, Log* log) : store_(store), log_(log) {}

  // To be called at the start, before anybody can change anything: nothing is served and no task runs.
  void TellInForce();
  // To be called after each commit that wrote the system. Without an answer of the store the next call tells.
  void TellNew();

 private:
  // What is new since the last call. Loads under the lock, so that of two calls the later one has the later answer.
  absl::StatusOr<internal::v1::SystemData> TellWhatIsNew() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  ClosureStore* const store_;
  Log* const log_;
  absl::Mutex mutex_;
  // When those that were told last began; empty when none was in force.
  std::string breaker_ ABSL_GUARDED_BY(mutex_);
  std::string clock_jump_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace closure

#endif  // CLOSURE_SERVER_HALT_LOG_H_
