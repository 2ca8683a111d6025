// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_REMOTE_INTRODUCTION_H_
#define CLOSURE_CHECKERS_REMOTE_INTRODUCTION_H_

#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace closure {

// What somebody outside the process said that he is (Describe), and for how long that is believed: another may take his
// place (ADR 30). Time is an argument, and only goes forward. Thread-safe.
template <typename Description>
class Introduction {
 public:
  // Null when he is to be asked.
  std::shared_ptr<const Description> Known(absl::Duration now) const {
    absl::MutexLock lock(&mutex_);
    return now - said_at_ > kKept ? nullptr : said_;
  }
  std::shared_ptr<const Description> Set(const Description& said, absl::Duration now) {
    auto introduced = std::make_shared<const Description>(said);
    absl::MutexLock lock(&mutex_);
    said_ = introduced;
    said_at_ = now;
    return introduced;
  }
  void Forget() {
    absl::MutexLock lock(&mutex_);
    said_ = nullptr;
  }

 private:
  static constexpr absl::Duration kKept = absl::Minutes(10);

  mutable absl::Mutex mutex_;
  std::shared_ptr<const Description> said_ ABSL_GUARDED_BY(mutex_);
  absl::Duration said_at_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace closure

#endif  // CLOSURE_CHECKERS_REMOTE_INTRODUCTION_H_
