// SPDX-License-Identifier: Apache-2.0
#include "protos/steady_wait.h"

#include <catch2/catch.hpp>
#include <thread>

namespace closure {
namespace {

TEST_CASE("a wait ends when what is waited for is there, and at its limit when it is not") {
  absl::Mutex mutex;
  SteadyWait wait;
  absl::MutexLock lock(&mutex);
  CHECK(wait.For(mutex, absl::InfiniteDuration(), [] { return true; }));
  CHECK(wait.For(mutex, -absl::InfiniteDuration(), [] { return true; }));
  CHECK_FALSE(wait.For(mutex, absl::Milliseconds(1), [] { return false; }));
  CHECK_FALSE(wait.For(mutex, absl::ZeroDuration(), [] { return false; }));
  mutex.AssertHeld();
}

TEST_CASE("a wait is woken by another thread, which holds the mutex meanwhile") {
  absl::Mutex mutex;
  SteadyWait wait;
  bool there = false;
  std::thread other;
  {
    absl::MutexLock lock(&mutex);
    other = std::thread([&] {
      absl::MutexLock its_lock(&mutex);
      there = true;
      wait.Wake();
    });
    CHECK(wait.For(mutex, absl::InfiniteDuration(), [&there] { return there; }));
  }
  other.join();
}

}  // namespace
}  // namespace closure
