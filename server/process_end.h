// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_PROCESS_END_H_
#define CLOSURE_SERVER_PROCESS_END_H_

#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "protos/steady_wait.h"
#include "server/log.h"

// How the process ends: by a signal in order, at a second one at once, and when memory runs out.
namespace closure {

// Leaves SIGINT and SIGTERM, and SIGHUP, which asks for the configuration to be read again, to WaitForStopOrReload. To
// be called before any thread is started.
void BlockStopAndReloadSignals();

// Returns when one of them comes.
enum class ProcessSignal { kStop, kReload };
ProcessSignal WaitForStopOrReload();

// From here on a process that gets no memory ends with exit code 71 and a line of the log's form on standard error.
// What was committed is in the database, and a start goes on from there; a call that went on without what it needed, or
// an error that a library swallowed, would be worse. To be called once, before any thread is started.
void EndWhenMemoryRunsOut();

// The same for a thread that could not be made (thread_creation.cc).
[[noreturn]] void EndForLackOfThreads();

// While a stop is under way: ends the process without order (75) when another signal comes, more than a second after
// the first (one stop may be told twice, to the process and to its group), or when the stop takes longer than the
// limit. The log outlives it.
class HardExit {
 public:
  HardExit(absl::Duration limit, Log& log);
  ~HardExit();
  HardExit(const HardExit&) = delete;
  HardExit& operator=(const HardExit&) = delete;

 private:
  // Whether the stop is over, waiting for it at most so long.
  bool IsDoneWithin(absl::Duration limit);

  absl::Mutex mutex_;
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
  SteadyWait over_;
  std::thread waiter_;
};

}  // namespace closure

#endif  // CLOSURE_SERVER_PROCESS_END_H_
