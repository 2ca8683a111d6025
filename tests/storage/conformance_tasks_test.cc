// SPDX-License-Identifier: Apache-2.0
#include <google/protobuf/util/message_differencer.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <set>
#include <thread>

#include "absl/synchronization/mutex.h"
#include "tests/storage/conformance.h"

namespace closure {
namespace {

using google::protobuf::util::MessageDifferencer;
using internal::v1::ClosureData;
using internal::v1::TaskData;
using v1::Task;

const ClosureKey kKey{.account_id = "1001", .closure_id = "c1"};
const ClosureKey kOther{.account_id = "1002", .closure_id = "c2"};
const absl::Time kLeaseEnd = kNow + absl::Minutes(1);

// A commit that only adds tasks.
Commit Adding(std::vector<TaskData> tasks) {
  Commit commit;
  commit.add_tasks = std::move(tasks);
  return commit;
}

TaskData OnlyTask(TestStore& store, const ClosureKey& key) {
  const auto tasks = store->ListTasks({.closure = key});
  REQUIRE(tasks->size() == 1);
  return tasks->front();
}

std::vector<std::string> KeysOf(const absl::StatusOr<std::vector<TaskData>>& tasks) {
  REQUIRE(tasks.ok());
  std::vector<std::string> keys;
  for (const TaskData& task : *tasks) keys.push_back(task.idempotency_key());
  return keys;
}

using Keys = std::vector<std::string>;

TEST_CASE("a task is stored and loaded whole", "[storage]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  store.Create(kKey);
  TaskData task = NewTask(kKey, "discard-1", kNow, Task::DISCARD);
  task.set_attempts(3);
  task.set_last_error("it said no");
  *task.mutable_first_failure_time() = TimestampOf(kNow - absl::Hours(1));
  task.set_parked(Task::HOLD);
  task.mutable_payload()->set_item_id("resources-1");
  task.mutable_payload()->set_fence(7);
  REQUIRE(store.Apply(Adding({task})).ok());
  TaskData stored = OnlyTask(store, kKey);
  CHECK(stored.id() > 0);
  CHECK(MessageDifferencer::Equals(*store->LoadTask(stored.id()), stored));
  stored.clear_id();
  CHECK(MessageDifferencer::Equals(stored, task));
  CHECK(absl::IsNotFound(store->LoadTask(999).status()));
}

TEST_CASE("the result of a task counts once", "[storage]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  const ClosureData loaded = store.Create(kKey);
  REQUIRE(store.Apply(Adding({NewTask(kKey, "scan-1")})).ok());
  const int64_t id = OnlyTask(store, kKey).id();
  Commit finish = Decision(loaded, v1::Closure::AGREEMENT_PENDING);
  finish.finish_task = id;
  REQUIRE(store.Apply(std::move(finish)).ok());
  CHECK(store.TaskKeys(kKey).empty());
  Commit again = Decision(store.Load(kKey), v1::Closure::CHECKING);
  again.finish_task = id;
  CHECK(absl::IsAborted(store.Apply(std::move(again))));
  CHECK(store.Load(kKey).closure().state() == v1::Closure::AGREEMENT_PENDING);
  SECTION("a task that is done is not run again later") {
    Commit later;
    later.reschedule_task = NewTask(kKey, "scan-1");
    later.reschedule_task->set_id(id);
    CHECK(absl::IsAborted(store.Apply(std::move(later))));
  }
  SECTION("its number is not given to another task") {
    REQUIRE(store.Apply(Adding({NewTask(kKey, "scan-2")})).ok());
    CHECK(OnlyTask(store, kKey).id() != id);
  }
}

TEST_CASE("two tasks of one closure never have one key at the same time, and a key that comes back has a new task id",
          "[storage]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  store.Create(kKey);
  store.Create(kOther);
  REQUIRE(store.Apply(Adding({NewTask(kKey, "release")})).ok());
  CHECK(absl::IsAlreadyExists(store.Apply(Adding({NewTask(kKey, "release")}))));
  CHECK(store.Apply(Adding({NewTask(kOther, "release")})).ok());
  const int64_t first = OnlyTask(store, kKey).id();
  Commit finish;
  finish.finish_task = first;
  REQUIRE(store.Apply(std::move(finish)).ok());
  store.Reopen();
  // An act whose outcome is unknown is asked for again; a late result of the first task must not be taken for one of
  // the second.
  REQUIRE(store.Apply(Adding({NewTask(kKey, "release")})).ok());
  CHECK(OnlyTask(store, kKey).id() > first);
  Commit late;
  late.finish_task = first;
  CHECK(absl::IsAborted(store.Apply(std::move(late))));
}

TEST_CASE("a change of state drops the tasks that are bound to it, and no others", "[storage]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  const ClosureData loaded = store.Create(kKey);
  store.Create(kOther);
  std::vector<TaskData> tasks{NewTask(kOther, "foreign")};
  for (int number = 1; number < Task::Kind_ARRAYSIZE; ++number) {
    const auto kind = static_cast<Task::Kind>(number);
    tasks.push_back(NewTask(kKey, Task::Kind_Name(kind), kNow + absl::Seconds(number), kind));
  }
  REQUIRE(store.Apply(Adding(std::move(tasks))).ok());
  const auto all = store->ListTasks({.closure = kKey});
  REQUIRE(all->front().kind() == Task::SEND_CODE);
  Commit commit = Decision(loaded, v1::Closure::CANCELLED);
  commit.drop_state_tasks = true;
  // Scan is both: finished by this commit, and bound to the state.
  commit.finish_task = (*all)[1].id();
  commit.add_tasks.push_back(NewTask(kKey, "new", kNow, Task::EXPIRY));
  REQUIRE(store.Apply(std::move(commit)).ok());
  CHECK(store.TaskKeys(kKey) == Keys{"new", "SEND_CODE", "NOTICE", "ERASURE", "FORGET_REQUESTS"});
  CHECK(store.TaskKeys(kOther) == Keys{"foreign"});
}

TEST_CASE("due tasks are leased in the order in which they are due", "[storage]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  store.Create(kKey);
  CHECK(*store->NextDueTime() == absl::InfiniteFuture());
  TaskData parked = NewTask(kKey, "parked", kNow - absl::Hours(1));
  parked.set_parked(Task::BREAKER);
  REQUIRE(store
              .Apply(Adding({NewTask(kKey, "future", kNow + absl::Microseconds(1)), NewTask(kKey, "now"),
                             NewTask(kKey, "past", kNow - absl::Seconds(1)), NewTask(kKey, "now too"), parked}))
              .ok());
  CHECK(*store->NextDueTime() == kNow - absl::Seconds(1));
  CHECK(KeysOf(store.LeaseDueTasks(kNow, kLeaseEnd, 2)) == Keys{"past", "now"});
  CHECK(*store->NextDueTime() == kNow);
  CHECK(KeysOf(store.LeaseDueTasks(kNow, kLeaseEnd, 2)) == Keys{"now too"});
  CHECK(KeysOf(store.LeaseDueTasks(kNow, kLeaseEnd)).empty());
  CHECK(*store->NextDueTime() == kNow + absl::Microseconds(1));
}

TEST_CASE("a lease ends at its time, by being run later, and with the process", "[storage]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  store.Create(kKey);
  REQUIRE(store.Apply(Adding({NewTask(kKey, "a", kNow), NewTask(kKey, "b", kNow)})).ok());
  REQUIRE(KeysOf(store.LeaseDueTasks(kNow, kLeaseEnd)) == Keys{"a", "b"});
  CHECK(KeysOf(store.LeaseDueTasks(kLeaseEnd - absl::Microseconds(1), kLeaseEnd)).empty());
  SECTION("at its time") {
    CHECK(KeysOf(store.LeaseDueTasks(kLeaseEnd, kLeaseEnd + absl::Minutes(1), 1)) == Keys{"a"});
    CHECK(KeysOf(store.LeaseDueTasks(kLeaseEnd, kLeaseEnd + absl::Minutes(1))) == Keys{"b"});
  }
  SECTION("by being run later") {
    Commit later;
    later.reschedule_task = store->ListTasks({.closure = kKey})->front();
    REQUIRE(store.Apply(std::move(later)).ok());
    CHECK(KeysOf(store.LeaseDueTasks(kNow, kLeaseEnd)) == Keys{"a"});
  }
  SECTION("with the process") {
    store.Reopen();
    CHECK(KeysOf(store.LeaseDueTasks(kNow, kLeaseEnd)) == Keys{"a", "b"});
  }
}

TEST_CASE("no task is leased to two at a time", "[storage]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  store.Create(kKey);
  constexpr int kTasks = 200;
  std::vector<TaskData> tasks;
  for (int number = 0; number < kTasks; ++number) tasks.push_back(NewTask(kKey, std::to_string(number)));
  REQUIRE(store.Apply(Adding(std::move(tasks))).ok());
  absl::Mutex mutex;
  std::vector<std::string> leased;
  std::vector<std::thread> threads;
  for (int number = 0; number < 8; ++number) {
    threads.emplace_back([&] {
      for (;;) {
        const auto mine = store.LeaseDueTasks(kNow, kLeaseEnd, 7);
        absl::MutexLock lock(&mutex);
        if (!mine.ok() || mine->empty()) return;
        for (const TaskData& task : *mine) leased.push_back(task.idempotency_key());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(leased.size() == kTasks);
  CHECK(std::set<std::string>(leased.begin(), leased.end()).size() == kTasks);
}

TEST_CASE("a task that failed is run later with what it failed of", "[storage]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  store.Create(kKey);
  REQUIRE(store.Apply(Adding({NewTask(kKey, "notice", kNow, Task::NOTICE)})).ok());
  TaskData task = OnlyTask(store, kKey);
  *task.mutable_due_time() = TimestampOf(kNow + absl::Minutes(5));
  task.set_attempts(1);
  task.set_last_error("messaging: UNAVAILABLE");
  *task.mutable_first_failure_time() = TimestampOf(kNow);
  Commit later;
  later.reschedule_task = task;
  REQUIRE(store.Apply(std::move(later)).ok());
  CHECK(MessageDifferencer::Equals(OnlyTask(store, kKey), task));
  CHECK(*store->NextDueTime() == kNow + absl::Minutes(5));
}

TEST_CASE("a commit finishes the tasks of its own closure only", "[storage]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  const ClosureData loaded = store.Create(kKey);
  store.Create(kOther);
  REQUIRE(store.Apply(Adding({NewTask(kOther, "foreign")})).ok());
  Commit commit = Decision(loaded);
  commit.finish_task = OnlyTask(store, kOther).id();
  CHECK(absl::IsInvalidArgument(store.Apply(std::move(commit))));
  CHECK(store.TaskKeys(kOther) == Keys{"foreign"});
}

TEST_CASE("parked tasks wait until their own reason is lifted", "[storage][D14]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  store.Create(kKey);
  store.Create(kOther);
  std::vector<TaskData> tasks;
  for (int number = 1; number < Task::Parked_ARRAYSIZE; ++number) {
    for (const ClosureKey& key : {kKey, kOther}) {
      TaskData& task =
          tasks.emplace_back(NewTask(key, Task::Parked_Name(static_cast<Task::Parked>(number)) + key.closure_id));
      task.set_parked(static_cast<Task::Parked>(number));
    }
  }
  REQUIRE(store.Apply(Adding(std::move(tasks))).ok());
  const absl::Time later = kNow + absl::Hours(1);
  REQUIRE(KeysOf(store.LeaseDueTasks(later, later + absl::Hours(1))).empty());
  SECTION("a hold, for its closure") {
    Commit commit = Decision(store.Load(kKey));
    commit.unpark_hold = later;
    REQUIRE(store.Apply(std::move(commit)).ok());
    CHECK(KeysOf(store.LeaseDueTasks(later - absl::Seconds(1), later)).empty());
    CHECK(KeysOf(store.LeaseDueTasks(later, later + absl::Hours(1))) == Keys{"HOLDc1"});
  }
  SECTION("pause and breaker, for all") {
    Commit commit;
    commit.system = *store->LoadSystem();
    commit.system->set_version(commit.system->version() + 1);
    commit.unpark = {{Task::PAUSE, later}, {Task::BREAKER, later}};
    REQUIRE(store.Apply(std::move(commit)).ok());
    CHECK(KeysOf(store.LeaseDueTasks(later, later + absl::Hours(1))) ==
          Keys{"PAUSEc1", "PAUSEc2", "BREAKERc1", "BREAKERc2"});
  }
}

TEST_CASE("a closure's tasks that wait for a release are listed alone", "[storage][D14]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  store.Create(kKey);
  store.Create(kOther);
  std::vector<TaskData> tasks = {NewTask(kKey, "goes on"), NewTask(kKey, "given up"), NewTask(kKey, "held"),
                                 NewTask(kKey, "jumped", kNow + absl::Seconds(1)), NewTask(kOther, "another's")};
  tasks[1].set_parked(Task::DEAD_LETTER);
  tasks[2].set_parked(Task::HOLD);
  tasks[3].set_parked(Task::CLOCK_JUMP);
  tasks[4].set_parked(Task::PAUSE);
  REQUIRE(store.Apply(Adding(std::move(tasks))).ok());
  CHECK(KeysOf(store->ListTasks({.closure = kKey, .halted_only = true})) == Keys{"held", "jumped"});
  CHECK(KeysOf(store->ListTasks({.closure = kKey, .halted_only = true, .limit = 1})) == Keys{"held"});
}

TEST_CASE("tasks are listed by due time in pages, and the stuck ones alone", "[storage]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  store.Create(kKey);
  store.Create(kOther);
  TaskData failing = NewTask(kKey, "failing", kNow + absl::Seconds(4));
  *failing.mutable_first_failure_time() = TimestampOf(kNow - absl::Hours(1));
  TaskData young = NewTask(kOther, "young", kNow + absl::Seconds(3));
  *young.mutable_first_failure_time() = TimestampOf(kNow - absl::Minutes(1));
  TaskData dead = NewTask(kOther, "dead", kNow + absl::Seconds(2));
  dead.set_parked(Task::DEAD_LETTER);
  REQUIRE(store.Apply(Adding({failing, young, dead, NewTask(kKey, "well"), NewTask(kKey, "well too")})).ok());

  CHECK(KeysOf(store->ListTasks({})) == Keys{"well", "well too", "dead", "young", "failing"});
  const auto first = store->ListTasks({.limit = 1});
  REQUIRE(first->size() == 1);
  CHECK(KeysOf(store->ListTasks({.after = {{kNow, first->front().id()}}, .limit = 2})) == Keys{"well too", "dead"});
  const absl::Time stuck_since = kNow - absl::Minutes(15);
  CHECK(KeysOf(store->ListTasks({.stuck_since = stuck_since})) == Keys{"dead", "failing"});
  CHECK(KeysOf(store->ListTasks({.stuck_since = kNow - absl::Hours(1), .closure = kKey})) == Keys{"failing"});
  CHECK(KeysOf(store->ListTasks({.stuck_since = kNow - absl::Hours(1) - absl::Microseconds(1), .closure = kKey}))
            .empty());
  CHECK(KeysOf(store->ListTasks({.closure = {.account_id = "1001", .closure_id = "none"}})).empty());

  const TaskCounts counts = *store->CountTasks(kNow + absl::Seconds(3), stuck_since);
  CHECK(counts.open == 5);
  CHECK(counts.due == 3);
  CHECK(counts.stuck == 2);
  CHECK(counts.parked == 0);
}

TEST_CASE("tasks that wait for somebody to release them are counted apart from those that are due or given up",
          "[storage]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  store.Create(kKey);
  std::vector<TaskData> tasks;
  for (const Task::Parked parked :
       {Task::PARKED_UNSPECIFIED, Task::HOLD, Task::PAUSE, Task::BREAKER, Task::CLOCK_JUMP, Task::DEAD_LETTER}) {
    tasks.push_back(NewTask(kKey, Task::Parked_Name(parked), kNow));
    tasks.back().set_parked(parked);
  }
  REQUIRE(store.Apply(Adding(tasks)).ok());
  const TaskCounts counts = *store->CountTasks(kNow, kNow);
  CHECK(counts.due == 1);
  CHECK(counts.stuck == 1);
  CHECK(counts.parked == 4);
}

TEST_CASE("when the wall clock goes back only what means a day in the calendar waits for it to catch up",
          "[storage][time]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  store.Create(kKey);
  Commit commit = Decision(store.Load(kKey));
  const absl::Time later = kNow + absl::Hours(1);
  for (int number = v1::Task::Kind_MIN + 1; number <= v1::Task::Kind_MAX; ++number) {
    const auto kind = static_cast<v1::Task::Kind>(number);
    commit.add_tasks.push_back(NewTask(kKey, v1::Task::Kind_Name(kind), later, kind));
  }
  REQUIRE(store.Apply(std::move(commit)).ok());
  Commit back;
  back.clock_went_back = kNow;
  REQUIRE(store.Apply(std::move(back)).ok());
  const auto tasks = store->ListTasks({.closure = kKey});
  REQUIRE(tasks.ok());
  CHECK(tasks->size() == static_cast<std::size_t>(v1::Task::Kind_MAX));
  for (const internal::v1::TaskData& task : *tasks) {
    const bool waits = task.kind() == v1::Task::SILENT_PERIOD_END || task.kind() == v1::Task::EXPIRY ||
                       task.kind() == v1::Task::FORGET_REQUESTS;
    INFO(task.idempotency_key());
    CHECK(task.due_time().seconds() == absl::ToUnixSeconds(waits ? later : kNow));
  }
}

TEST_CASE("a silent period's end that was put off beyond the day that was told does not wait for the wall clock",
          "[storage][time]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  const ClosureData silent =
      store.Create(kKey, {v1::Closure::READY, v1::Closure::CONFIRMING, v1::Closure::SILENT_PERIOD});
  const absl::Time told = absl::FromUnixSeconds(silent.closure().silent_period_end_time().seconds());
  const bool put_off = GENERATE(false, true);
  const absl::Time due = put_off ? told + absl::Microseconds(1) : told;
  Commit commit = Decision(silent);
  commit.add_tasks = {NewTask(kKey, "end", due, Task::SILENT_PERIOD_END)};
  REQUIRE(store.Apply(std::move(commit)).ok());
  Commit back;
  back.clock_went_back = kNow;
  REQUIRE(store.Apply(std::move(back)).ok());
  const auto tasks = store->ListTasks({.closure = kKey});
  REQUIRE(tasks.ok());
  REQUIRE(tasks->size() == 1);
  CHECK(tasks->front().due_time().seconds() == absl::ToUnixSeconds(put_off ? kNow : told));
}

}  // namespace
}  // namespace closure
