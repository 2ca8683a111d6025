// SPDX-License-Identifier: Apache-2.0
#include "checkers/call_options.h"

#include <vector>

#include "catch2/catch.hpp"

namespace closure {
namespace {

TEST_CASE("a cancel signal calls everybody once, and latecomers at once") {
  CancelSignal signal;
  std::vector<int> called;
  signal.OnCancel([&] { called.push_back(1); });
  const int64_t forgotten = signal.OnCancel([&] { called.push_back(2); });
  signal.OnCancel([&] { called.push_back(3); });
  signal.Forget(forgotten);
  signal.Forget(forgotten);
  CHECK_FALSE(signal.cancelled());
  signal.Cancel();
  signal.Cancel();
  CHECK(signal.cancelled());
  CHECK(called == std::vector{1, 3});
  signal.OnCancel([&] { called.push_back(4); });
  CHECK(called == std::vector{1, 3, 4});
}

TEST_CASE("a callback of a cancel signal may use the signal") {
  CancelSignal signal;
  int64_t number = 0;
  bool seen = false;
  number = signal.OnCancel([&] {
    signal.Forget(number);
    seen = signal.cancelled();
  });
  signal.Cancel();
  CHECK(seen);
}

}  // namespace
}  // namespace closure
