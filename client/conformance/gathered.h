// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CONFORMANCE_GATHERED_H_
#define CLOSURE_CLIENT_CONFORMANCE_GATHERED_H_

#include <cstddef>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

namespace closure {

// The answers of calls that are made at the same time. Thread-safe; outlives the calls.
template <typename Answer>
class Gathered {
 public:
  void Add(absl::StatusOr<Answer> answer) {
    absl::MutexLock lock(&mutex_);
    answers_.push_back(std::move(answer));
  }
  // All of them, once there are so many: each call has a deadline, so this ends.
  std::vector<absl::StatusOr<Answer>> Wait(std::size_t count) {
    absl::MutexLock lock(&mutex_);
    const auto all = [this, count]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return answers_.size() >= count; };
    mutex_.Await(absl::Condition(&all));
    return std::move(answers_);
  }

 private:
  absl::Mutex mutex_;
  std::vector<absl::StatusOr<Answer>> answers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace closure

#endif  // CLOSURE_CLIENT_CONFORMANCE_GATHERED_H_
