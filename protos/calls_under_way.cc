// SPDX-License-Identifier: Apache-2.0
#include "protos/calls_under_way.h"

namespace closure {

void CallsUnderWay::Begin() {
  absl::MutexLock lock(&mutex_);
  ++count_;
}

void CallsUnderWay::End() {
  absl::MutexLock lock(&mutex_);
  --count_;
  if (count_ == 0) none_.Wake();
}

bool CallsUnderWay::WaitForNone(absl::Duration limit) {
  absl::MutexLock lock(&mutex_);
  return none_.For(mutex_, limit, [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return count_ == 0; });
}

}  // namespace closure
