// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_TASK_RUNNER_H_
#define CLOSURE_SERVER_TASK_RUNNER_H_

#include <memory>
#include <thread>

#include "checkers/call_options.h"
#include "server/task_rounds.h"

namespace closure {

// Runs what is due: a round of the tasks, then a sleep until the next is due, something is added or the clock is moved.
// One thread, whatever the number of tasks, because no handler blocks. The cost of a round grows with what is due.
//
// Threading: Wake can be called from any thread, also before Start; the others from one thread.
class TaskRunner {
 public:
  using Parts = TaskRounds::Parts;

  explicit TaskRunner(Parts parts);
  // Stops it.
  ~TaskRunner();

  void Start();
  // Cancels what is under way and waits until it is over; what is not reported is run again at the next start. It takes
  // as long as the slowest callee takes to notice: a process that must not wait ends by itself. It cannot be started
  // again.
  void Stop();
  // Looks for due tasks at once. To be called when tasks were added or the clock was moved.
  void Wake() { rounds_.Wake(); }

 private:
  void Loop();

  const std::shared_ptr<CancelSignal> cancel_;
  TaskRounds rounds_;
  std::thread thread_;
};

}  // namespace closure

#endif  // CLOSURE_SERVER_TASK_RUNNER_H_
