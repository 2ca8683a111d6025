// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CONFORMANCE_GATHERED_H_
#define CLOSURE_CLIENT_CONFORMANCE_GATHERED_H_

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "checkers/upstream_call.h"
#include "client/conformance/words.h"
#include "grpcpp/client_context.h"

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

// Makes the same unary call so often at the same time, each within `timeout`, and waits for all answers. `start` is
// given context, response and callback of a call, and starts it.
template <typename Answer, typename Start>
std::vector<absl::StatusOr<Answer>> CallAtOnce(int times, absl::Duration timeout, Start start) {
  struct Call {
    grpc::ClientContext context;
    Answer response;
  };
  Gathered<Answer> gathered;
  std::vector<std::unique_ptr<Call>> calls;
  for (int i = 0; i < times; ++i) {
    Call* const call = calls.emplace_back(std::make_unique<Call>()).get();
    ApplyCallOptions({.timeout = timeout}, call->context);
    start(&call->context, &call->response, [call, &gathered](const grpc::Status& status) {
      gathered.Add(status.ok() ? absl::StatusOr<Answer>(call->response) : ToStatus(status));
    });
  }
  return gathered.Wait(static_cast<std::size_t>(times));
}

}  // namespace closure

#endif  // CLOSURE_CLIENT_CONFORMANCE_GATHERED_H_
