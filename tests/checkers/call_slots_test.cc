// SPDX-License-Identifier: Apache-2.0
#include "checkers/remote/call_slots.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

namespace closure {
namespace {

TEST_CASE("slots are given to who came first, and nobody passes the line") {
  CallSlots slots(2);
  std::string order;
  REQUIRE(slots.TryEnter());
  REQUIRE(slots.TryEnter());
  CHECK_FALSE(slots.TryEnter());
  for (const char name : {'a', 'b', 'c'}) {
    slots.Wait([&order, name] {
      order += name;
      return true;
    });
  }
  CHECK(order.empty());
  slots.Free();
  CHECK(order == "a");
  CHECK_FALSE(slots.TryEnter());
  slots.Free();
  slots.Free();
  CHECK(order == "abc");
  slots.Free();
  CHECK(slots.TryEnter());
}

TEST_CASE("who left the line gets no turn, and who got it cannot leave") {
  CallSlots slots(1);
  REQUIRE(slots.TryEnter());
  std::string order;
  const auto wait = [&](char name) {
    return slots.Wait([&order, name] {
      order += name;
      return true;
    });
  };
  const int64_t a = wait('a'), b = wait('b'), c = wait('c');
  CHECK(slots.Leave(b));
  CHECK_FALSE(slots.Leave(b));
  slots.Free();
  CHECK_FALSE(slots.Leave(a));
  slots.Free();
  CHECK(order == "ac");
  CHECK_FALSE(slots.Leave(c));
}

TEST_CASE("who makes no use of his turn passes it on") {
  CallSlots slots(1);
  REQUIRE(slots.TryEnter());
  int passed = 0;
  // As many as would be too deep one within the other.
  for (int i = 0; i < 100'000; ++i) {
    slots.Wait([&passed] {
      ++passed;
      return false;
    });
  }
  slots.Free();
  CHECK(passed == 100'000);
  CHECK(slots.TryEnter());
}

TEST_CASE("a slot that is free when somebody gets in line is his at once") {
  CallSlots slots(1);
  bool begun = false;
  slots.Wait([&begun] { return begun = true; });
  CHECK(begun);
}

TEST_CASE("never are more under way than there are slots, whoever asks at the same time") {
  CallSlots slots(3);
  std::atomic<int> under_way = 0, most = 0, ended = 0;
  const auto work = [&] {
    const int now = ++under_way;
    for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) continue;
    --under_way;
  };
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < 2'000; ++i) {
        if (slots.TryEnter()) {
          work();
          slots.Free();
          ++ended;
          continue;
        }
        slots.Wait([&] {
          work();
          ++ended;
          // It ended within its turn.
          return false;
        });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(ended == 16'000);
  CHECK(most <= 3);
}

}  // namespace
}  // namespace closure
