// SPDX-License-Identifier: Apache-2.0
#include "server/task_runner.h"

#include <algorithm>
#include <utility>

namespace closure {
namespace {

constexpr int kLeaseBatch = 100;
// A lease that outlived its owner comes back after this. Work that takes longer goes on; the runner knows what it is
// doing itself.
constexpr absl::Duration kLease = absl::Minutes(2);
// How often time is witnessed, and so the longest sleep.
constexpr absl::Duration kHeartbeat = absl::Minutes(1);
// After a store that did not answer.
constexpr absl::Duration kStoreRetry = absl::Seconds(1);

}  // namespace

struct TaskRunner::Shared {
  explicit Shared(TaskHandlers::Parts parts) : handlers(std::move(parts)) {}

  absl::Mutex mutex;
  bool stopping ABSL_GUARDED_BY(mutex) = false;
  // Something changed since the last round began.
  bool woken ABSL_GUARDED_BY(mutex) = true;
  bool leasing ABSL_GUARDED_BY(mutex) = false;
  bool lease_failed ABSL_GUARDED_BY(mutex) = false;
  // Leased and waiting for the runner's thread.
  std::deque<internal::v1::TaskData> leased ABSL_GUARDED_BY(mutex);
  // Leased scans that wait for others to end.
  std::deque<internal::v1::TaskData> waiting_scans ABSL_GUARDED_BY(mutex);
  // The ids of the tasks that are under way, waiting scans among them.
  std::set<int64_t> running ABSL_GUARDED_BY(mutex);
  int scans ABSL_GUARDED_BY(mutex) = 0;

  const TaskHandlers handlers;

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
    woken = true;
  }
};

TaskRunner::TaskRunner(Parts parts) : parts_(std::move(parts)), shared_(std::make_shared<Shared>(parts_.handlers)) {}

TaskRunner::~TaskRunner() { Stop(); }

void TaskRunner::Start() {
  thread_ = std::thread([this] { Loop(); });
}

void TaskRunner::Stop() {
  if (!thread_.joinable()) return;
  {
    absl::MutexLock lock(&shared_->mutex);
    shared_->stopping = true;
  }
  thread_.join();
  parts_.handlers.cancel->Cancel();
  const auto idle = [shared = shared_.get()]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(shared->mutex) {
    return shared->running.size() == shared->waiting_scans.size() && !shared->leasing;
  };
  absl::MutexLock lock(&shared_->mutex);
  shared_->mutex.Await(absl::Condition(&idle));
}

void TaskRunner::Wake() {
  absl::MutexLock lock(&shared_->mutex);
  shared_->woken = true;
}

void TaskRunner::Lease(absl::Time now, int limit) {
  parts_.store->LeaseDueTasks(now, now + kLease, limit,
                              [shared = shared_, limit](absl::StatusOr<std::vector<internal::v1::TaskData>> tasks) {
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

void TaskRunner::Dispatch(internal::v1::TaskData task) {
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

absl::Time TaskRunner::NextRound(absl::Time now, bool may_be_more) {
  if (!may_be_more) return now + kStoreRetry;
  absl::StatusOr<absl::Time> next = parts_.store->NextDueTime();
  if (!next.ok()) return now + kStoreRetry;
  return std::clamp(*next, now, now + kHeartbeat);
}

void TaskRunner::Loop() {
  absl::Time witnessed = absl::InfinitePast();
  while (true) {
    const absl::Time now = parts_.clock->Now();
    if (now - witnessed >= kHeartbeat || now < witnessed) {
      parts_.engine->WitnessTime();
      witnessed = now;
    }
    int room = 0;
    {
      absl::MutexLock lock(&shared_->mutex);
      shared_->woken = false;
      shared_->leasing = true;
      // Scans that wait for their turn take nobody's place.
      room = std::min(kLeaseBatch,
                      parts_.tasks_max - static_cast<int>(shared_->running.size() - shared_->waiting_scans.size()));
    }
    if (room > 0) {
      Lease(now, room);
    } else {
      absl::MutexLock lock(&shared_->mutex);
      shared_->leasing = false;
    }
    std::deque<internal::v1::TaskData> tasks;
    bool lease_ok = false;
    {
      const auto answered = [shared = shared_.get()]()
                                ABSL_EXCLUSIVE_LOCKS_REQUIRED(shared->mutex) { return !shared->leasing; };
      absl::MutexLock lock(&shared_->mutex);
      shared_->mutex.Await(absl::Condition(&answered));
      if (shared_->stopping) return;
      tasks.swap(shared_->leased);
      lease_ok = !shared_->lease_failed;
    }
    for (internal::v1::TaskData& task : tasks) Dispatch(std::move(task));
    const absl::Duration sleep = NextRound(now, lease_ok) - parts_.clock->Now();
    const auto due = [shared = shared_.get()]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(shared->mutex) {
      return shared->woken || shared->stopping || !shared->leased.empty();
    };
    absl::MutexLock lock(&shared_->mutex);
    // At the limit of running tasks only a finished one makes room.
    if (room > 0) {
      shared_->mutex.AwaitWithTimeout(absl::Condition(&due), std::max(sleep, absl::Milliseconds(1)));
    } else {
      shared_->mutex.AwaitWithTimeout(absl::Condition(&due), kHeartbeat);
    }
    if (shared_->stopping) return;
  }
}

}  // namespace closure
