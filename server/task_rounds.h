// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_TASK_ROUNDS_H_
#define CLOSURE_SERVER_TASK_ROUNDS_H_

#include <memory>

#include "absl/time/time.h"
#include "closure/internal/v1/closure_data.pb.h"
#include "server/clock.h"
#include "server/closure_engine.h"
#include "server/task_handlers.h"
#include "storage/closure_store.h"

namespace closure {

// The rounds in which due tasks are run: a round leases what is due and starts it with the handlers. It has no thread
// and no clock of its own, so that whoever drives it decides when a round begins: TaskRunner with a thread, a
// simulation with its schedule.
//
//   rounds.Begin();
//   … until !rounds.leasing() …
//   absl::Duration until_next = rounds.End();   // sooner when woken()
//
// Threading: Begin and End from one thread at a time, the others from any. What is started may outlive it, and then
// finds what it needs.
class TaskRounds {
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

  explicit TaskRounds(Parts parts);

  // Witnesses the time, when a minute has passed since it did, and asks the store for what is due.
  void Begin();
  // Whether a round was begun and not ended.
  bool begun() const { return begun_; }
  // Whether the store has not answered yet.
  bool leasing() const;
  // Starts what was leased. Answers how long at most until the next round has to begin.
  absl::Duration End();

  // Asks for a round at once: tasks were added, or the clock was moved.
  void Wake();
  // Whether a round has to begin at once.
  bool woken() const;

  // ---- for who drives it with a thread ----

  // Waits until the store has answered; false when it is to stop.
  bool AwaitLeased();
  // Waits until a round has to begin, at most so long; false when it is to stop.
  bool AwaitNext(absl::Duration at_most);
  // Ends both waits, now and later.
  void Stop();
  // Waits until everything that was started is over, and the store has answered.
  void AwaitIdle();

 private:
  // What callbacks share with the rounds; it outlives them when a call does.
  struct Shared;

  void Lease(absl::Time now);
  void Dispatch(internal::v1::TaskData task);

  const Parts parts_;
  const std::shared_ptr<Shared> shared_;
  bool begun_ = false;
  // How many tasks the present round may start; when it began; when time was last witnessed.
  int room_ = 0;
  absl::Time now_;
  absl::Time witnessed_ = absl::InfinitePast();
};

}  // namespace closure

#endif  // CLOSURE_SERVER_TASK_ROUNDS_H_
