// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_TASK_RUNNER_H_
#define CLOSURE_SERVER_TASK_RUNNER_H_

#include <deque>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/clock.h"
#include "server/closure_engine.h"
#include "server/task_handlers.h"
#include "storage/closure_store.h"

namespace closure {

// Runs what is due: leases due tasks, starts each with the handlers, and sleeps until the next is due, something is
// added or the clock is moved. One thread, whatever the number of tasks, because no handler blocks. The cost of a round
// grows with what is due.
//
// Threading: Wake can be called from any thread, also before Start; the others from one thread.
class TaskRunner {
 public:
  struct Parts {
    ClosureStore* store = nullptr;
    const Clock* clock = nullptr;
    ClosureEngine* engine = nullptr;
    TaskHandlers::Parts handlers;
    // How many tasks, and how many scans among them, run at the same time.
    int tasks_max = 1000;
    int scans_max = 500;
  };

  explicit TaskRunner(Parts parts);
  // Stops it.
  ~TaskRunner();

  void Start();
  // Cancels what is under way and waits until it is over; what is not reported is run again at the next start. It takes
  // as long as the slowest callee takes to notice: a process that must not wait ends by itself. It cannot be started
  // again.
  void Stop();
  // Looks for due tasks at once. To be called when tasks were added or the clock was moved.
  void Wake();

 private:
  // What callbacks share with the runner; it outlives the runner when a call does.
  struct Shared;

  void Loop();
  void Lease(absl::Time now, int limit);
  void Dispatch(internal::v1::TaskData task);
  absl::Time NextRound(absl::Time now, bool may_be_more);

  const Parts parts_;
  const std::shared_ptr<Shared> shared_;
  std::thread thread_;
};

}  // namespace closure

#endif  // CLOSURE_SERVER_TASK_RUNNER_H_
