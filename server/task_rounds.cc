// SPDX-License-Identifier: Apache-2.0
#include "server/task_rounds.h"

#include <algorithm>
#include <deque>
#include <set>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "protos/coverage_mark.h"
#include "protos/steady_wait.h"

namespace closure {
namespace {

constexpr int kLeaseBatch = 100;
// A lease that outlived its owner comes back after this. Work that takes longer goes on; the runner knows what it is
// doing itself.
constexpr absl::Duration kLease = absl::Minutes(2);
// How often time is witnessed, and so the longest time between rounds.
constexpr absl::Duration kHeartbeat = absl::Minutes(1);
// After a store that did not answer.
constexpr absl::Duration kStoreRetry = absl::Seconds(1);

}  // namespace

struct TaskRounds::Shared {
  explicit Shared(TaskHandlers::Parts parts) : handlers(std::move(parts)) {}

  mutable absl::Mutex mutex;
  // Woken whenever a round may have to begin.
  SteadyWait next_round;
  bool stopping ABSL_GUARDED_BY(mutex) = false;
  // Something changed since the last round began.
  bool woken ABSL_GUARDED_BY(mutex) = true;
  bool leasing ABSL_GUARDED_BY(mutex) = false;
  bool lease_failed ABSL_GUARDED_BY(mutex) = false;
  // Leased and waiting for the end of the round.
  std::deque<internal::v1::TaskData> leased ABSL_GUARDED_BY(mutex);
  // Leased scans that wait for others to end.
  std::deque<internal::v1::TaskData> waiting_scans ABSL_GUARDED_BY(mutex);
  // The ids of the tasks that are under way, waiting scans among them.
  std::set<int64_t> running ABSL_GUARDED_BY(mutex);
  int scans ABSL_GUARDED_BY(mutex) = 0;

  const TaskHandlers handlers;

  bool HasLeased() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) { return !leasing || stopping; }
  bool HasReason() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) { return woken || !leased.empty(); }
  bool IsIdle() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    return running.size() == waiting_scans.size() && !leasing;
  }

  void Finished(const internal::v1::TaskData& task) {
    absl::MutexLock lock(&mutex);
    running.erase(task.id());
    if (task.kind() == v1::Task::SCAN) {
      --scans;
      if (!waiting_scans.empty()) {
        running.erase(waiting_scans.front().id());
        leased.push_back(std::move(waiting_scans.front()));
        waiting_scans.pop_front();
      }
    }
    // The result may have added tasks, and there is room for one more.
    WakeUp();
  }

  void WakeUp() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    woken = true;
    next_round.Wake();
  }
};

TaskRounds::TaskRounds(Parts parts) : parts_(std::move(parts)), shared_(std::make_shared<Shared>(parts_.handlers)) {}

void TaskRounds::Begin() {
  begun_ = true;
  now_ = parts_.clock->Now();
  if (now_ - witnessed_ >= kHeartbeat || now_ < witnessed_) {
    parts_.engine->WitnessTime();
    witnessed_ = now_;
  }
  {
    absl::MutexLock lock(&shared_->mutex);
    shared_->woken = false;
    // Scans that wait for their turn take nobody's place.
    room_ = std::min(kLeaseBatch,
                     parts_.tasks_max - static_cast<int>(shared_->running.size() - shared_->waiting_scans.size()));
    shared_->leasing = room_ > 0;
  }
  if (room_ > 0) Lease(now_);
}

void TaskRounds::Lease(absl::Time now) {
  parts_.store->LeaseDueTasks(
      now, now + kLease, room_,
      [shared = shared_, limit = room_](absl::StatusOr<std::vector<internal::v1::TaskData>> tasks) {
        absl::MutexLock lock(&shared->mutex);
        shared->leasing = false;
        shared->lease_failed = !tasks.ok();
        if (!tasks.ok()) return;
        // A full batch says that there may be more.
        if (static_cast<int>(tasks->size()) == limit) shared->woken = true;
        for (internal::v1::TaskData& task : *tasks) {
          if (shared->running.count(task.id()) == 0) shared->leased.push_back(std::move(task));
        }
      });
}

absl::Duration TaskRounds::End() {
  begun_ = false;
  std::deque<internal::v1::TaskData> tasks;
  bool lease_failed = false;
  {
    absl::MutexLock lock(&shared_->mutex);
    tasks.swap(shared_->leased);
    lease_failed = shared_->lease_failed;
  }
  for (internal::v1::TaskData& task : tasks) Dispatch(std::move(task));
  // At the limit of running tasks only a finished one makes room.
  if (room_ <= 0) return kHeartbeat;
  if (lease_failed) {
    Reach(Mark::kStoreRetried);
    return kStoreRetry;
  }
  const absl::StatusOr<absl::Time> next = parts_.store->NextDueTime();
  if (!next.ok()) {
    Reach(Mark::kDueTimeUnread);
    return kStoreRetry;
  }
  return std::clamp(*next - parts_.clock->Now(), absl::Milliseconds(1), kHeartbeat);
}

void TaskRounds::Dispatch(internal::v1::TaskData task) {
  {
    absl::MutexLock lock(&shared_->mutex);
    if (!shared_->running.insert(task.id()).second) return;
    if (task.kind() == v1::Task::SCAN) {
      if (shared_->scans >= parts_.scans_max) {
        // An account that is frozen goes before one that is being looked at.
        if (task.payload().check_phase() == v1::SCAN) {
          shared_->waiting_scans.push_back(std::move(task));
        } else {
          shared_->waiting_scans.push_front(std::move(task));
        }
        return;
      }
      ++shared_->scans;
    }
  }
  shared_->handlers.Run(task, [shared = shared_, task]() { shared->Finished(task); });
}

void TaskRounds::Wake() {
  absl::MutexLock lock(&shared_->mutex);
  shared_->WakeUp();
}

bool TaskRounds::leasing() const {
  absl::MutexLock lock(&shared_->mutex);
  return shared_->leasing;
}

bool TaskRounds::woken() const {
  absl::MutexLock lock(&shared_->mutex);
  return shared_->HasReason();
}

bool TaskRounds::AwaitLeased() {
  absl::MutexLock lock(&shared_->mutex);
  shared_->mutex.Await(absl::Condition(shared_.get(), &Shared::HasLeased));
  return !shared_->stopping;
}

bool TaskRounds::AwaitNext(absl::Duration at_most) {
  absl::MutexLock lock(&shared_->mutex);
  Shared& shared = *shared_;
  shared.next_round.For(shared.mutex, at_most, [&shared]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(shared.mutex) {
    return shared.HasReason() || shared.stopping;
  });
  return !shared.stopping;
}

void TaskRounds::Stop() {
  absl::MutexLock lock(&shared_->mutex);
  shared_->stopping = true;
  shared_->next_round.Wake();
}

void TaskRounds::AwaitIdle() {
  absl::MutexLock lock(&shared_->mutex);
  shared_->mutex.Await(absl::Condition(shared_.get(), &Shared::IsIdle));
}

}  // namespace closure
