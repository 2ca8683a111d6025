// SPDX-License-Identifier: Apache-2.0
#include "server/watch_hub.h"

#include <catch2/catch.hpp>

#include "absl/synchronization/notification.h"
#include "server/errors.h"
#include "server/server_stream.h"

namespace closure {
namespace {

const ClosureKey kOne = {.account_id = "1", .closure_id = "a"};
const ClosureKey kTwo = {.account_id = "2", .closure_id = "b"};

// Counts how often it is woken, and can keep the hub's thread within a wake.
class CountingWatcher final : public Watcher {
 public:
  void Wake() override {
    absl::MutexLock lock(&mutex_);
    ++wakes_;
    mutex_.Await(absl::Condition(&open_));
  }
  void End(const absl::Status& why) override {
    absl::MutexLock lock(&mutex_);
    end_ = why;
  }
  void SetOpen(bool open) {
    absl::MutexLock lock(&mutex_);
    open_ = open;
  }
  void WaitForWakes(int wakes) {
    const auto reached = [this, wakes]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return wakes_ >= wakes; };
    absl::MutexLock lock(&mutex_);
    REQUIRE(mutex_.AwaitWithTimeout(absl::Condition(&reached), absl::Seconds(30)));
  }
  int wakes() {
    absl::MutexLock lock(&mutex_);
    return wakes_;
  }
  absl::Status end() {
    absl::MutexLock lock(&mutex_);
    return end_;
  }

 private:
  absl::Mutex mutex_;
  int wakes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool open_ ABSL_GUARDED_BY(mutex_) = true;
  absl::Status end_ ABSL_GUARDED_BY(mutex_);
};

StoreChange Change(const ClosureKey& key, bool gate_changed = false) {
  return {.closure = key, .gate_changed = gate_changed};
}

TEST_CASE("a watcher is woken when it comes and for every change of its closure, and for no other", "[watch]") {
  WatchHub hub(10);
  const auto one = std::make_shared<CountingWatcher>();
  const auto two = std::make_shared<CountingWatcher>();
  REQUIRE(hub.WatchClosure(kOne, one).ok());
  REQUIRE(hub.WatchClosure(kTwo, two).ok());
  one->WaitForWakes(1);
  two->WaitForWakes(1);
  hub.OnChange(Change(kOne));
  one->WaitForWakes(2);
  hub.OnChange(Change(kTwo));
  two->WaitForWakes(2);
  CHECK(one->wakes() == 2);
}

TEST_CASE("changes that come while a watcher is slow become one", "[watch]") {
  WatchHub hub(10);
  const auto slow = std::make_shared<CountingWatcher>();
  slow->SetOpen(false);
  REQUIRE(hub.WatchClosure(kOne, slow).ok());
  slow->WaitForWakes(1);
  for (int i = 0; i < 100; ++i) hub.OnChange(Change(kOne));
  const auto last = std::make_shared<CountingWatcher>();
  REQUIRE(hub.WatchClosure(kTwo, last).ok());
  slow->SetOpen(true);
  slow->WaitForWakes(2);
  last->WaitForWakes(1);
  hub.OnChange(Change(kTwo));
  last->WaitForWakes(2);
  CHECK(slow->wakes() == 2);
}

TEST_CASE("watchers of gates are woken by changes of gates only", "[watch][R62]") {
  WatchHub hub(10);
  const auto gates = std::make_shared<CountingWatcher>();
  const auto closure = std::make_shared<CountingWatcher>();
  REQUIRE(hub.WatchGates(gates).ok());
  REQUIRE(hub.WatchClosure(kOne, closure).ok());
  gates->WaitForWakes(1);
  closure->WaitForWakes(1);
  hub.OnChange(Change(kOne));
  closure->WaitForWakes(2);
  CHECK(gates->wakes() == 1);
  hub.OnChange(Change(kOne, true));
  gates->WaitForWakes(2);
}

TEST_CASE("a watcher that was removed is not woken any more and makes room", "[watch]") {
  WatchHub hub(1);
  const auto first = std::make_shared<CountingWatcher>();
  const auto second = std::make_shared<CountingWatcher>();
  REQUIRE(hub.WatchClosure(kOne, first).ok());
  first->WaitForWakes(1);
  CHECK(ReasonOf(hub.WatchClosure(kOne, second)) == v1::OVERLOADED);
  CHECK(ReasonOf(hub.WatchGates(second)) == v1::OVERLOADED);
  hub.Remove(first);
  hub.Remove(first);
  REQUIRE(hub.WatchClosure(kOne, second).ok());
  second->WaitForWakes(1);
  hub.OnChange(Change(kOne));
  second->WaitForWakes(2);
  CHECK(first->wakes() == 1);
}

TEST_CASE("a stop ends every watcher and refuses new ones", "[watch]") {
  WatchHub hub(10);
  const auto closure = std::make_shared<CountingWatcher>();
  const auto gates = std::make_shared<CountingWatcher>();
  REQUIRE(hub.WatchClosure(kOne, closure).ok());
  REQUIRE(hub.WatchGates(gates).ok());
  hub.Stop();
  hub.Stop();
  CHECK(ReasonOf(closure->end()) == v1::SHUTTING_DOWN);
  CHECK(ReasonOf(gates->end()) == v1::SHUTTING_DOWN);
  CHECK(ReasonOf(hub.WatchClosure(kOne, std::make_shared<CountingWatcher>())) == v1::SHUTTING_DOWN);
}

TEST_CASE("one thread looks at a time, and what comes meanwhile makes it look again", "[watch]") {
  LookTurn turn;
  CHECK(turn.Take());
  CHECK_FALSE(turn.Take());
  CHECK_FALSE(turn.Take());
  CHECK(turn.Keep());
  CHECK_FALSE(turn.Keep());
  CHECK(turn.Take());
  turn.Again();
  CHECK(turn.Keep());
  CHECK_FALSE(turn.Keep());
}

}  // namespace
}  // namespace closure
