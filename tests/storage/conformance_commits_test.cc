// SPDX-License-Identifier: Apache-2.0
#include <google/protobuf/util/message_differencer.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "absl/synchronization/notification.h"
#include "storage/history_chain.h"
#include "tests/storage/conformance.h"

namespace closure {
namespace {

using google::protobuf::util::MessageDifferencer;
using internal::v1::ClosureData;
using State = v1::Closure;

const ClosureKey kKey{.account_id = "1001", .closure_id = "c1"};
const ClosureKey kSecond{.account_id = "1001", .closure_id = "c2"};
const ClosureKey kOther{.account_id = "1002", .closure_id = "c3"};
const std::vector<v1::Closure::State> kToSilentPeriod{State::AGREEMENT_PENDING, State::CHECKING, State::READY,
                                                      State::CONFIRMING, State::SILENT_PERIOD};

std::vector<v1::Closure::State> Through(std::vector<v1::Closure::State> states) {
  std::vector<v1::Closure::State> all = kToSilentPeriod;
  all.insert(all.end(), states.begin(), states.end());
  return all;
}

TEST_CASE("a closure is stored and loaded whole", "[storage]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  Commit commit = Creation(kKey);
  commit.closure->mutable_closure()->set_reason_text("账户关闭 \xF0\x9F\x91\x8B");
  commit.closure->add_contacts()->set_address("a@example.com");
  const ClosureData expected = *commit.closure;
  REQUIRE(store.Apply(std::move(commit)).ok());
  CHECK(MessageDifferencer::Equals(store.Load(kKey), expected));
  store.Reopen();
  CHECK(MessageDifferencer::Equals(store.Load(kKey), expected));
}

TEST_CASE("a closure that does not exist is NOT_FOUND, and a commit for it ABORTED", "[storage]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  CHECK(absl::IsNotFound(store->LoadClosure(kKey).status()));
  CHECK(absl::IsAborted(store.Apply(Decision(*Creation(kKey).closure))));
}

TEST_CASE("a commit made for another version is refused and changes nothing", "[storage][S18]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  const ClosureData loaded = store.Create(kKey);
  REQUIRE(store.Apply(Decision(loaded, State::AGREEMENT_PENDING)).ok());
  const ClosureData stored = store.Load(kKey);
  Commit late = Decision(loaded, State::CANCELLED);
  late.add_tasks.push_back(NewTask(kKey, "late"));
  const absl::Status status = store.Apply(std::move(late));
  CHECK(absl::IsAborted(status));
  CHECK(std::string(status.message()) ==
        "accounts/1001/closures/c1 is at version 2, the commit was made for version 1");
  CHECK(MessageDifferencer::Equals(store.Load(kKey), stored));
  CHECK(store.TaskKeys(kKey).empty());
}

TEST_CASE("a commit that contradicts itself is INVALID_ARGUMENT and changes nothing", "[storage]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  const ClosureData loaded = store.Create(kKey);
  store.Create(kOther);
  Commit commit = Decision(loaded, State::AGREEMENT_PENDING);
  SECTION("a version that is skipped") { commit.closure->set_version(loaded.version() + 2); }
  SECTION("another name") { commit.closure->mutable_closure()->set_name("accounts/1002/closures/c1"); }
  SECTION("a state that changes without history") { commit.history.reset(); }
  SECTION("a history from another state") { commit.history->from_state = State::READY; }
  SECTION("a history to another state") { commit.history->to_state = State::READY; }
  SECTION("a state that changes without a new fence") { commit.closure->set_fence(loaded.fence()); }
  SECTION("sections without a closure") { commit.closure.reset(); }
  SECTION("a task of another closure") { commit.add_tasks.push_back(NewTask(kOther, "k")); }
  SECTION("an item of another closure") { commit.items.push_back(NewItem(kOther, "i")); }
  SECTION("a request id of another account") {
    commit.request = {.account_id = "1002", .request_id = "r", .time = kNow};
  }
  SECTION("a state that is none") {
    commit.closure->mutable_closure()->set_state(State::STATE_UNSPECIFIED);
    commit.history->to_state = State::STATE_UNSPECIFIED;
  }
  SECTION("a text above a million bytes") {
    commit.closure->mutable_closure()->set_cause_detail(std::string(1'000'001, 'x'));
  }
  const absl::Status status = store.Apply(std::move(commit));
  INFO(status.ToString());
  CHECK(absl::IsInvalidArgument(status));
  CHECK(MessageDifferencer::Equals(store.Load(kKey), loaded));
  CHECK(store->ListTransitions(kKey, 0, 10)->size() == 1);
}

TEST_CASE("an account has one open closure at most, and a new one after that has ended", "[storage][R1][S12]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  const ClosureData first = store.Create(kKey);
  const absl::Status status = store.Apply(Creation(kSecond, 2));
  CHECK(absl::IsAlreadyExists(status));
  CHECK(std::string(status.message()) == "account 1001 has an open closure, accounts/1001/closures/c1");
  CHECK(store.Apply(Creation(kOther)).ok());
  REQUIRE(store.Apply(Decision(first, State::CANCELLED)).ok());
  CHECK_FALSE(store->FindOpenClosure("1001")->has_value());
  CHECK(store.Apply(Creation(kSecond, 3)).ok());
  CHECK((*store->FindOpenClosure("1001"))->closure_id() == "c2");
  CHECK(absl::IsAlreadyExists(store.Apply(Creation(kKey, 4))));
}

TEST_CASE("the fence of an account rises over all its closures", "[storage]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  CHECK(*store->LoadFence("1001") == 0);
  const ClosureData first = store.Create(kKey, {State::CANCELLED});
  CHECK(*store->LoadFence("1001") == 2);
  CHECK(*store->LoadFence("1002") == 0);
  // Decided on before the first one was cancelled.
  CHECK(absl::IsAborted(store.Apply(Creation(kSecond, 2))));
  REQUIRE(store.Apply(Creation(kSecond, 3)).ok());
  CHECK(*store->LoadFence("1001") == 3);
  SECTION("a commit of the older closure does not lower it") {
    CHECK(store.Apply(Decision(first)).ok());
    CHECK(*store->LoadFence("1001") == 3);
  }
}

TEST_CASE("an ended closure never moves to another state", "[storage][R2][S5]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  struct Ending {
    std::vector<v1::Closure::State> path;
    v1::Closure::State end;
  };
  const auto [path, end] =
      GENERATE(values<Ending>({{.path = {}, .end = State::CANCELLED},
                               {.path = {}, .end = State::EXPIRED},
                               {.path = Through({State::RESTORING}), .end = State::ABORTED},
                               {.path = Through({State::FINAL_CHECK, State::DELETING}), .end = State::CLOSED}}));
  store.Create(kKey, path);
  REQUIRE(store.Apply(Decision(store.Load(kKey), end)).ok());
  const ClosureData ended = store.Load(kKey);
  for (int number = 1; number < v1::Closure::State_ARRAYSIZE; ++number) {
    const auto state = static_cast<v1::Closure::State>(number);
    if (state == end) continue;
    CHECK(absl::IsInvalidArgument(store.Apply(Decision(ended, state))));
  }
  CHECK(MessageDifferencer::Equals(store.Load(kKey), ended));
  // Facts, such as notices, still come.
  CHECK(store.Apply(Decision(ended)).ok());
}

TEST_CASE("a silent period that has begun never changes", "[storage][R18][S3]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  const ClosureData loaded = store.Create(kKey, kToSilentPeriod);
  Commit commit = Decision(loaded);
  v1::Closure& closure = *commit.closure->mutable_closure();
  SECTION("its end earlier") { closure.mutable_silent_period_end_time()->set_seconds(absl::ToUnixSeconds(kNow) + 1); }
  SECTION("its end later") {
    closure.mutable_silent_period_end_time()->set_seconds(absl::ToUnixSeconds(kNow) + 10'000'000);
  }
  SECTION("its end gone") { closure.clear_silent_period_end_time(); }
  SECTION("its start") { closure.mutable_silent_period_start_time()->set_seconds(absl::ToUnixSeconds(kNow) - 1); }
  CHECK(absl::IsInvalidArgument(store.Apply(std::move(commit))));
  CHECK(MessageDifferencer::Equals(store.Load(kKey), loaded));
}

TEST_CASE("a silent period is left for the final check at its end, and not a moment before", "[storage][R18][S3]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  const ClosureData loaded = store.Create(kKey, kToSilentPeriod);
  const absl::Time end = kNow + absl::Hours(7 * 24);
  CHECK(absl::IsInvalidArgument(store.Apply(Decision(loaded, State::FINAL_CHECK, end - absl::Microseconds(1)))));
  CHECK(store.Apply(Decision(loaded, State::FINAL_CHECK, end)).ok());
}

TEST_CASE("a closure after Confirm goes one way", "[storage][R2][R18][R63][S4][S8]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  struct Way {
    std::vector<v1::Closure::State> path;
    std::vector<v1::Closure::State> allowed;
  };
  const auto [path, allowed] =
      GENERATE(values<Way>({{.path = Through({}), .allowed = {State::FINAL_CHECK, State::RESTORING}},
                            {.path = Through({State::FINAL_CHECK}), .allowed = {State::DELETING, State::RESTORING}},
                            {.path = Through({State::FINAL_CHECK, State::DELETING}), .allowed = {State::CLOSED}},
                            {.path = Through({State::RESTORING}), .allowed = {State::ABORTED}}}));
  const ClosureData loaded = store.Create(kKey, path);
  for (int number = 1; number < v1::Closure::State_ARRAYSIZE; ++number) {
    const auto state = static_cast<v1::Closure::State>(number);
    if (state == loaded.closure().state() || std::count(allowed.begin(), allowed.end(), state) > 0) continue;
    INFO(v1::Closure::State_Name(loaded.closure().state()) << " to " << v1::Closure::State_Name(state));
    CHECK(absl::IsInvalidArgument(store.Apply(Decision(loaded, state))));
  }
}

TEST_CASE("a silent period needs an end, and a deletion a final check", "[storage][R11][S1]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  const ClosureData ready = store.Create(kKey, {State::AGREEMENT_PENDING, State::CHECKING, State::READY});
  for (const v1::Closure::State state : {State::SILENT_PERIOD, State::FINAL_CHECK, State::DELETING, State::CLOSED}) {
    CHECK(absl::IsInvalidArgument(store.Apply(Decision(ready, state))));
  }
  REQUIRE(store.Apply(Decision(ready, State::CONFIRMING)).ok());
  Commit endless = Decision(store.Load(kKey), State::SILENT_PERIOD);
  endless.closure->mutable_closure()->clear_silent_period_end_time();
  CHECK(absl::IsInvalidArgument(store.Apply(std::move(endless))));
}

TEST_CASE("history is numbered from 1 without gaps and chained by hashes", "[storage][S13]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  store.Create(kKey, kToSilentPeriod);
  Commit fact = Decision(store.Load(kKey));
  fact.history = HistoryEntry{.from_state = State::SILENT_PERIOD,
                              .to_state = State::SILENT_PERIOD,
                              .event = "hold",
                              .actor = "operator:ann",
                              .detail = "court order",
                              .time = kNow + absl::Nanoseconds(1'234'567)};
  REQUIRE(store.Apply(std::move(fact)).ok());
  const auto history = store->ListTransitions(kKey, 0, 100);
  REQUIRE(history.ok());
  REQUIRE(history->size() == 7);
  CHECK(VerifyChain(*history, "accounts/1001/closures/c1").ok());
  const v1::Transition& last = history->back();
  CHECK(last.name() == "accounts/1001/closures/c1/transitions/7");
  CHECK(last.event() == "hold");
  CHECK(last.actor() == "operator:ann");
  CHECK(last.detail() == "court order");
  CHECK(last.create_time().nanos() == 1'234'000);
  const auto page = store->ListTransitions(kKey, 2, 2);
  REQUIRE(page->size() == 2);
  CHECK(page->front().name() == "accounts/1001/closures/c1/transitions/3");
}

TEST_CASE("closures are listed newest first, by account and by state, in pages", "[storage]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  store.Create(kKey, {State::CANCELLED});
  store.Create(kOther);
  store.Create(kSecond);
  const auto ids = [&](const ClosureFilter& filter) {
    std::string text;
    const auto rows = store->ListClosures(filter);
    for (const ClosureRow& row : *rows) text += row.data.closure_id() + " ";
    return text;
  };
  CHECK(ids({}) == "c2 c3 c1 ");
  CHECK(ids({.account_id = "1001"}) == "c2 c1 ");
  CHECK(ids({.state = State::IDENTITY_PENDING}) == "c2 c3 ");
  CHECK(ids({.account_id = "1001", .state = State::CANCELLED}) == "c1 ");
  CHECK(ids({.account_id = "1003"}).empty());
  const int64_t first = store->ListClosures({.limit = 1})->front().row;
  CHECK(ids({.before_row = first, .limit = 1}) == "c3 ");
  CHECK(ids({.state = State::IDENTITY_PENDING, .before_row = first}) == "c3 ");
  CHECK(ids({.account_id = "1001", .before_row = first}) == "c1 ");
  const auto counts = store->CountClosures();
  CHECK(*counts ==
        std::vector<std::pair<v1::Closure::State, int64_t>>{{State::IDENTITY_PENDING, 2}, {State::CANCELLED, 1}});
}

TEST_CASE("one refused commit among many does not spoil the others", "[storage]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  constexpr int kCommits = 300;
  std::vector<absl::StatusCode> codes(kCommits);
  std::vector<int> order;
  for (int number = 0; number < kCommits; ++number) {
    const bool bad = number % 7 == 3;
    const ClosureKey key{.account_id = std::to_string(5000 + number), .closure_id = "c"};
    Commit commit = Creation(key);
    commit.add_tasks.push_back(NewTask(key, "scan"));
    // The fault comes last, when the closure's rows are written already.
    if (bad) commit.add_tasks.push_back(NewTask(key, "scan"));
    store->Apply(std::move(commit), [&codes, &order, number](absl::Status status) {
      codes[static_cast<size_t>(number)] = status.code();
      order.push_back(number);
    });
  }
  store->Drain();
  REQUIRE(order.size() == kCommits);
  CHECK(std::is_sorted(order.begin(), order.end()));
  store.Reopen();
  for (int number = 0; number < kCommits; ++number) {
    const bool bad = number % 7 == 3;
    CHECK(codes[static_cast<size_t>(number)] == (bad ? absl::StatusCode::kAlreadyExists : absl::StatusCode::kOk));
    CHECK(store->FindOpenClosure(std::to_string(5000 + number))->has_value() == !bad);
  }
}

TEST_CASE("eight threads that decide on one closure never lose a decision", "[storage][S18]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  store.Create(kKey);
  constexpr int kThreads = 8;
  constexpr int kDecisions = 40;
  std::atomic<int> refused = 0;
  std::vector<std::thread> threads;
  for (int number = 0; number < kThreads; ++number) {
    threads.emplace_back([&store, &refused] {
      for (int made = 0; made < kDecisions;) {
        const absl::StatusOr<ClosureData> loaded = store->LoadClosure(kKey);
        Commit commit = Decision(*loaded);
        commit.closure->set_etag_number(loaded->etag_number() + 1);
        const absl::Status status = store.Apply(std::move(commit));
        if (status.ok()) ++made;
        if (absl::IsAborted(status)) ++refused;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const ClosureData last = store.Load(kKey);
  CHECK(last.version() == 1 + kThreads * kDecisions);
  CHECK(last.etag_number() == 1 + kThreads * kDecisions);
  INFO(refused << " decisions were refused");
}

TEST_CASE("what was acknowledged is there after the store was destroyed without Drain", "[storage]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  constexpr int kCommits = 2000;
  std::atomic<int> answered = 0;
  std::vector<absl::StatusCode> codes(kCommits, absl::StatusCode::kUnknown);
  for (int number = 0; number < kCommits; ++number) {
    const ClosureKey key{.account_id = std::to_string(10'000 + number), .closure_id = "c"};
    store->Apply(Creation(key), [&codes, &answered, number](absl::Status status) {
      codes[static_cast<size_t>(number)] = status.code();
      ++answered;
    });
  }
  store.Reopen();
  // Each was answered once: with OK, or that the store was closing.
  CHECK(answered == kCommits);
  int kept = 0;
  for (int number = 0; number < kCommits; ++number) {
    const absl::StatusCode code = codes[static_cast<size_t>(number)];
    const bool stored = store->FindOpenClosure(std::to_string(10'000 + number))->has_value();
    if (code == absl::StatusCode::kOk) ++kept;
    if (stored != (code == absl::StatusCode::kOk) || (!stored && code != absl::StatusCode::kUnavailable))
      FAIL_CHECK(number);
  }
  INFO(kept << " of " << kCommits << " were committed");
}

TEST_CASE("the observer hears of every commit before its done, in order", "[storage]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  std::vector<std::string> heard;
  store->SetObserver([&heard](const StoreChange& change) {
    heard.push_back(change.closure.closure_id + (change.gate_changed ? " gate" : "") +
                    (change.tasks_added ? " tasks" : ""));
  });
  Commit creation = Creation(kKey);
  creation.add_tasks.push_back(NewTask(kKey, "k"));
  store->Apply(std::move(creation), [&heard](absl::Status) { heard.push_back("done 1"); });
  Commit gate = Decision(*Creation(kKey).closure);
  gate.gate = v1::GATE_CLOSING;
  store->Apply(std::move(gate), [&heard](absl::Status) { heard.push_back("done 2"); });
  store->Apply(Creation(kKey), [&heard](absl::Status status) { heard.push_back(status.ok() ? "wrong" : "refused"); });
  store->Drain();
  const auto place = [&heard](std::string_view what) { return std::ranges::find(heard, what) - heard.begin(); };
  CHECK(heard.size() == 5);
  CHECK(place("c1 tasks") < place("c1 gate"));
  CHECK(place("c1 tasks") < place("done 1"));
  CHECK(place("c1 gate") < place("done 2"));
  CHECK(place("done 1") < place("done 2"));
  CHECK(heard.back() == "refused");
}

TEST_CASE("a done may write again, and Drain waits for that too", "[storage]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  absl::Status second = absl::UnknownError("not called");
  store->Apply(Creation(kKey), [&](absl::Status) {
    store->Apply(Decision(*Creation(kKey).closure, State::CANCELLED),
                 [&second](absl::Status status) { second = std::move(status); });
  });
  store->Drain();
  CHECK(second.ok());
  CHECK(store.Load(kKey).closure().state() == State::CANCELLED);
}

}  // namespace
}  // namespace closure
