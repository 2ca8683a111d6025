// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_END_TO_END_LAST_TO_FREEZE_H_
#define CLOSURE_TESTS_END_TO_END_LAST_TO_FREEZE_H_

#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/participants/participant.h"

namespace closure {

// Freezes after everybody else did, and has done so when the test lets it go. Thread-safe.
class LastToFreeze final : public Participant {
 public:
  LastToFreeze() {
    description_.set_name("last");
    auto& stage = *description_.add_stages();
    stage.set_phase(v1::FREEZE);
    stage.set_stage(2);
  }
  const v1::ParticipantDescription& description() const override { return description_; }
  void Perform(const v1::PerformRequest& /*request*/, const CallOptions& /*options*/, Done done) override {
    absl::MutexLock lock(&mutex_);
    done_ = std::move(done);
  }

  // Whether it is asked, after waiting for that as long as calls take at most.
  bool WaitForTurn() {
    absl::MutexLock lock(&mutex_);
    return mutex_.AwaitWithTimeout(absl::Condition(this, &LastToFreeze::HasTurn), absl::Seconds(30));
  }
  void LetGo() {
    Done done;
    {
      absl::MutexLock lock(&mutex_);
      done = std::exchange(done_, nullptr);
    }
    v1::PerformResponse response;
    response.set_outcome(v1::PerformResponse::DONE);
    std::move(done)(std::move(response));
  }

 private:
  bool HasTurn() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return done_ != nullptr; }

  v1::ParticipantDescription description_;
  absl::Mutex mutex_;
  Done done_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace closure

#endif  // CLOSURE_TESTS_END_TO_END_LAST_TO_FREEZE_H_
