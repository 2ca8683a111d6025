// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_BENCH_FAN_OUT_DELAYED_ANSWERS_H_
#define CLOSURE_BENCH_FAN_OUT_DELAYED_ANSWERS_H_

#include <chrono>
#include <functional>
#include <queue>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace closure::bench {

// Another system as seen from here: it answers on a thread of its own when the time has come. No checker costs a thread
// of the server's.
class DelayedAnswers {
 public:
  DelayedAnswers() : thread_([this] { Run(); }) {}
  ~DelayedAnswers() {
    {
      absl::MutexLock lock(&mutex_);
      over_ = true;
    }
    thread_.join();
  }

  void Add(std::chrono::steady_clock::time_point when, std::function<void()> answer) {
    absl::MutexLock lock(&mutex_);
    answers_.push({when, std::move(answer)});
  }

 private:
  struct Answer {
    std::chrono::steady_clock::time_point when;
    std::function<void()> answer;
    bool operator<(const Answer& other) const { return when > other.when; }
  };

  bool HasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return over_ || !answers_.empty(); }

  void Run() {
    for (;;) {
      std::chrono::steady_clock::time_point when;
      {
        absl::MutexLock lock(&mutex_);
        mutex_.Await(absl::Condition(this, &DelayedAnswers::HasWork));
        if (over_) return;
        when = answers_.top().when;
      }
      std::this_thread::sleep_until(when);
      // All that takes equally long, so what was added meanwhile comes later.
      std::function<void()> answer;
      {
        absl::MutexLock lock(&mutex_);
        answer = answers_.top().answer;
        answers_.pop();
      }
      answer();
    }
  }

  absl::Mutex mutex_;
  std::priority_queue<Answer> answers_ ABSL_GUARDED_BY(mutex_);
  bool over_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace closure::bench

#endif  // CLOSURE_BENCH_FAN_OUT_DELAYED_ANSWERS_H_
