// SPDX-License-Identifier: Apache-2.0
#include "protos/steady_wait.h"

#include <algorithm>
#include <chrono>

namespace closure {
namespace {

constexpr absl::Duration kLimitMax = absl::Hours(24);

// An absl::Mutex as the standard library takes it. The caller of For holds it, which the analysis cannot follow.
class Lockable {
 public:
  explicit Lockable(absl::Mutex& mutex) : mutex_(mutex) {}
  void lock() ABSL_NO_THREAD_SAFETY_ANALYSIS { mutex_.Lock(); }
  void unlock() ABSL_NO_THREAD_SAFETY_ANALYSIS { mutex_.Unlock(); }

 private:
  absl::Mutex& mutex_;
};

}  // namespace

bool SteadyWait::For(absl::Mutex& mutex, absl::Duration limit, absl::FunctionRef<bool()> comes_true) {
  Lockable lock(mutex);
  const auto end = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(std::min(limit, kLimitMax));
  return changed_.wait_until(lock, end, comes_true);
}

}  // namespace closure
