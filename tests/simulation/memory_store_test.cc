// SPDX-License-Identifier: Apache-2.0
// What a simulation relies on beyond ClosureStore: steps, crashes and digests. The rules of ClosureStore itself are in
// the conformance suite of tests/storage, which runs on this store too.
#include "tests/simulation/memory_store.h"

#include <catch2/catch.hpp>
#include <memory>
#include <set>
#include <utility>

#include "tests/simulation/random_writes.h"
#include "tests/storage/conformance.h"
#include "tests/support/random_seed.h"

namespace closure::simulation {
namespace {

using Lines = std::vector<std::string>;

const ClosureKey kKey{.account_id = "1001", .closure_id = "c1"};

ClosureKey NumberedKey(int number) { return {.account_id = std::to_string(number), .closure_id = "c"}; }

// Queues the making of a closure; what it comes to is a line.
void QueueCreation(MemoryStore& store, const ClosureKey& key, Lines& told) {
  store.Apply(Creation(key), [&told, key](const absl::Status& status) {
    told.push_back(key.account_id + (status.ok() ? " made" : " refused"));
  });
}

// Makes a commit that must succeed.
void MustApply(MemoryStore& store, Commit commit) {
  absl::Status answer = absl::UnknownError("not told");
  store.Apply(std::move(commit), [&answer](absl::Status status) { answer = std::move(status); });
  store.Drain();
  INFO(answer.ToString());
  REQUIRE(answer.ok());
}

// Adds random writes, each decided on what is stored by then, and takes random steps between them.
void Play(MemoryStore& store, RandomWrites& writes, std::mt19937_64& random, int moves) {
  for (int move = 0; move < moves; ++move) {
    if (random() % 2 == 0) {
      Send(store, writes.Next(store), [](const std::string&) {});
    } else {
      store.Step(random);
    }
  }
}

TEST_CASE("nothing is stored before a step commits it, and nobody is told before a step tells one", "[simulation]") {
  MemoryStore store;
  Lines told;
  CHECK(store.Idle());
  CHECK_FALSE(store.Step());
  QueueCreation(store, NumberedKey(1), told);
  QueueCreation(store, NumberedKey(2), told);
  CHECK_FALSE(store.Idle());
  CHECK(store.ListClosures({})->empty());
  REQUIRE(store.Step());
  CHECK(store.ListClosures({})->size() == 2);
  CHECK(told.empty());
  REQUIRE(store.Step());
  CHECK(told == Lines{"1 made"});
  REQUIRE(store.Step());
  CHECK(told == Lines{"1 made", "2 made"});
  CHECK(store.Idle());
  CHECK_FALSE(store.Step());
}

TEST_CASE("a batch is as large as it is told, and never above the most of a batch", "[simulation]") {
  MemoryStore store;
  Lines told;
  constexpr size_t kMore = 5;
  for (size_t number = 0; number < MemoryStore::kBatchMax + kMore; ++number) {
    QueueCreation(store, NumberedKey(static_cast<int>(number)), told);
  }
  REQUIRE(store.CommitBatch(2));
  CHECK(store.ListClosures({.limit = 1000})->size() == 2);
  REQUIRE(store.CommitBatch());
  CHECK(store.ListClosures({.limit = 1000})->size() == 2 + MemoryStore::kBatchMax);
  REQUIRE(store.CommitBatch());
  CHECK(store.ListClosures({.limit = 1000})->size() == MemoryStore::kBatchMax + kMore);
  CHECK_FALSE(store.CommitBatch());
  CHECK(told.empty());
}

TEST_CASE("random steps commit ahead of what is told, in batches of every size, and tell in order", "[simulation]") {
  std::set<size_t> untold;
  std::set<size_t> batches;
  for (unsigned seed = 1; seed <= 50; ++seed) {
    std::mt19937_64 random(seed);
    MemoryStore store;
    Lines told;
    for (int number = 1; number <= 4; ++number) QueueCreation(store, NumberedKey(number), told);
    size_t stored = 0;
    while (store.Step(random)) {
      const size_t now = store.ListClosures({})->size();
      untold.insert(now - told.size());
      batches.insert(now - std::exchange(stored, now));
    }
    CHECK(told == Lines{"1 made", "2 made", "3 made", "4 made"});
  }
  CHECK(untold == std::set<size_t>{0, 1, 2, 3, 4});
  CHECK(batches == std::set<size_t>{0, 1, 2, 3, 4});
}

TEST_CASE("a crash keeps what was committed and the first writes of the queue, and tells nobody", "[simulation]") {
  const unsigned first = RandomSeed();
  for (unsigned seed = first; seed < first + 100; ++seed) {
    INFO(kSeedVariable << "=" << seed);
    std::mt19937_64 random(seed);
    RandomWrites writes(seed);
    MemoryStore store;
    // Takes the same writes, each in a batch of its own, as far as the crashed one got.
    MemoryStore undisturbed;
    int told = 0;
    store.SetObserver([&told](const StoreChange&) { ++told; });
    const auto queue = [&](int count) {
      for (; count > 0; --count) {
        const RandomWrite write = writes.Next(store);
        Send(store, write, [&told](const std::string&) { ++told; });
        Send(undisturbed, write, [](const std::string&) {});
      }
    };
    for (int number = 0; number < 40; ++number) {
      queue(1);
      store.Drain();
    }
    queue(10);
    const size_t batch = 1 + random() % 5;
    REQUIRE(store.CommitBatch(batch));
    store.TellOne();
    const int told_before = told;
    const size_t kept = store.Crash(random);
    for (size_t left = 40 + batch + kept; left > 0; --left) REQUIRE(undisturbed.CommitBatch(1));
    REQUIRE(store.Digest() == undisturbed.Digest());
    CHECK(store.Idle());
    store.Reopen();
    store.Drain();
    CHECK(told == told_before);
  }
}

TEST_CASE("a crash keeps any number of the queued writes, from none to all", "[simulation]") {
  std::set<size_t> kept;
  for (unsigned seed = 1; seed <= 60; ++seed) {
    std::mt19937_64 random(seed);
    MemoryStore store;
    Lines told;
    for (int number = 1; number <= 3; ++number) QueueCreation(store, NumberedKey(number), told);
    kept.insert(store.Crash(random));
    const auto rows = store.ListClosures({});
    CHECK(told.empty());
    for (size_t number = 1; number <= 3; ++number) {
      const auto loaded = store.LoadClosure(NumberedKey(static_cast<int>(number)));
      CHECK(loaded.ok() == (number <= rows->size()));
    }
  }
  CHECK(kept == std::set<size_t>{0, 1, 2, 3});
}

TEST_CASE("a crash drops what nobody was told of, though it was committed", "[simulation]") {
  std::mt19937_64 random(1);
  MemoryStore store;
  Lines told;
  auto captured = std::make_shared<int>(0);
  store.Apply(Creation(kKey), [captured, &told](const absl::Status&) { told.push_back("told"); });
  REQUIRE(store.CommitBatch());
  const std::string before = store.Digest();
  CHECK(store.Crash(random) == 0);
  CHECK(captured.use_count() == 1);
  CHECK(store.Digest() == before);
  store.Reopen();
  store.Drain();
  CHECK(told.empty());
  CHECK(store.LoadClosure(kKey).ok());
}

TEST_CASE("leases stay through a crash as they are stored, and are void for the next process", "[simulation]") {
  std::mt19937_64 random(1);
  MemoryStore store;
  Commit commit = Creation(kKey);
  commit.add_tasks = {NewTask(kKey, "scan")};
  MustApply(store, std::move(commit));
  const std::string unleased = store.Digest();
  store.LeaseDueTasks(kNow, kNow + absl::Minutes(1), 10, [](const auto&) {});
  REQUIRE(store.CommitBatch());
  const std::string leased = store.Digest();
  CHECK(leased != unleased);
  store.Crash(random);
  CHECK(store.Digest() == leased);
  CHECK(*store.NextDueTime() == absl::InfiniteFuture());
  store.Reopen();
  CHECK(store.Digest() == unleased);
  CHECK(*store.NextDueTime() == kNow);
}

TEST_CASE("a store that no process has open refuses writes, and what queued when it closed", "[simulation]") {
  MemoryStore store;
  Lines told;
  QueueCreation(store, NumberedKey(1), told);
  REQUIRE(store.CommitBatch());
  QueueCreation(store, NumberedKey(2), told);
  store.Close();
  QueueCreation(store, NumberedKey(3), told);
  store.Drain();
  CHECK(told == Lines{"1 made", "2 refused", "3 refused"});
  CHECK(store.ListClosures({})->size() == 1);
  store.Reopen();
  QueueCreation(store, NumberedKey(2), told);
  store.Drain();
  CHECK(told.back() == "2 made");
}

TEST_CASE("the observer of a dead process hears nothing of the next one", "[simulation]") {
  std::mt19937_64 random(1);
  MemoryStore store;
  int heard = 0;
  store.SetObserver([&heard](const StoreChange&) { ++heard; });
  MustApply(store, Creation(NumberedKey(1)));
  CHECK(heard == 1);
  store.Crash(random);
  store.Reopen();
  MustApply(store, Creation(NumberedKey(2)));
  CHECK(heard == 1);
}

TEST_CASE("a write that is refused leaves everything as it was", "[simulation]") {
  const unsigned seed = RandomSeed();
  INFO(kSeedVariable << "=" << seed);
  RandomWrites writes(seed);
  MemoryStore store;
  int refused = 0;
  for (int number = 0; number < 2000; ++number) {
    const std::string before = store.Digest();
    const Lines observed = number % 50 == 0 ? Observe(store) : Lines();
    std::string outcome;
    Send(store, writes.Next(store), [&outcome](std::string text) { outcome = std::move(text); });
    store.Drain();
    if (outcome.rfind("0 ", 0) == 0) continue;
    ++refused;
    INFO(outcome);
    REQUIRE(store.Digest() == before);
    if (!observed.empty()) REQUIRE(Observe(store) == observed);
  }
  CHECK(refused > 100);
}

// The digests of a life with crashes.
Lines Live(unsigned seed) {
  std::mt19937_64 random(seed);
  RandomWrites writes(seed);
  MemoryStore store;
  Lines digests;
  for (int process = 0; process < 10; ++process) {
    Play(store, writes, random, 60);
    digests.push_back(store.Digest());
    store.Crash(random);
    digests.push_back(store.Digest());
    store.Reopen();
  }
  return digests;
}

TEST_CASE("the same seed gives the same digests, through steps and crashes, and another seed others", "[simulation]") {
  const unsigned seed = RandomSeed();
  INFO(kSeedVariable << "=" << seed);
  const Lines digests = Live(seed);
  CHECK(Live(seed) == digests);
  CHECK(Live(seed + 1).back() != digests.back());
  // Every process wrote something; a crash that loses nothing leaves the digest as it was.
  CHECK(std::set<std::string>(digests.begin(), digests.end()).size() >= 10);
}

// One decision on the closure of kKey, with this change.
template <typename Change>
Commit Changed(MemoryStore& store, Change change) {
  Commit commit = Decision(*store.LoadClosure(kKey));
  change(commit);
  return commit;
}

TEST_CASE("the digest tells apart whatever is stored", "[simulation]") {
  const auto made_with = [](auto change) {
    MemoryStore store;
    Commit creation = Creation(kKey);
    creation.add_tasks = {NewTask(kKey, "old")};
    creation.request = RequestRecord{.account_id = "1001", .request_id = "r", .response = "a", .time = kNow};
    MustApply(store, std::move(creation));
    MustApply(store, Changed(store, change));
    return store.Digest();
  };
  std::set<std::string> digests;
  int count = 0;
  const auto add = [&](auto change) {
    ++count;
    INFO("change " << count);
    CHECK(digests.insert(made_with(change)).second);
  };
  add([](Commit&) {});
  add([](Commit& commit) { commit.closure->set_etag_number(9); });
  add([](Commit& commit) { commit.closure->set_fence(9); });
  add([](Commit& commit) {
    const v1::Closure::State state = commit.closure->closure().state();
    commit.history = HistoryEntry{.from_state = state, .to_state = state, .event = "fact", .time = kNow};
  });
  add([](Commit& commit) { commit.items = {NewItem(kKey, "item")}; });
  add([](Commit& commit) { commit.consents.emplace_back().set_kind(v1::Consent::AGREEMENT); });
  add([](Commit& commit) { commit.codes_made = {kNow}; });
  add([](Commit& commit) { commit.codes_made = {kNow + absl::Microseconds(1)}; });
  add([](Commit& commit) { commit.gate = v1::GATE_CLOSING; });
  add([](Commit& commit) { commit.tombstone = "t"; });
  add([](Commit& commit) { commit.admission = {kNow, 1}; });
  add([](Commit& commit) { commit.drop_state_tasks = true; });
  add([](Commit& commit) { commit.add_tasks = {NewTask(kKey, "new")}; });
  add([](Commit& commit) {
    commit.add_tasks = {NewTask(kKey, "new")};
    commit.add_tasks[0].mutable_payload()->set_fence(1);
  });
  add([](Commit& commit) { commit.system.emplace().set_version(1); });
  add([](Commit& commit) { commit.erase_responses = true; });
  add([](Commit& commit) { commit.forget_requests = true; });
  add([](Commit& commit) { commit.request = RequestRecord{.account_id = "", .request_id = "r", .time = kNow}; });
}

}  // namespace
}  // namespace closure::simulation
