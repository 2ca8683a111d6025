// SPDX-License-Identifier: Apache-2.0
// Everything of one closure, read at once.
#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "tests/storage/conformance.h"

namespace closure {
namespace {

const ClosureKey kKey{.account_id = "1001", .closure_id = "c1"};

TEST_CASE("a record has all of a closure: resolved items, the whole history and every consent", "[storage]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  CHECK(absl::IsNotFound(store->LoadRecord(kKey).status()));
  store.Create(kKey, {v1::Closure::AGREEMENT_PENDING});
  Commit commit = Decision(store.Load(kKey));
  v1::BlockingItem resolved = NewItem(kKey, "a");
  resolved.set_resolution(v1::BlockingItem::RESOLVED);
  commit.items = {NewItem(kKey, "b"), resolved};
  commit.consents.emplace_back().set_kind(v1::Consent::AGREEMENT);
  REQUIRE(store.Apply(std::move(commit)).ok());
  const auto record = store->LoadRecord(kKey);
  REQUIRE(record.ok());
  CHECK(record->data.SerializeAsString() == store.Load(kKey).SerializeAsString());
  REQUIRE(record->items.size() == 2);
  CHECK(record->items[0].resolution() == v1::BlockingItem::RESOLVED);
  CHECK(record->transitions.size() == 2);
  CHECK(record->consents.size() == 1);
}

TEST_CASE("a record is of one moment, however busily the closure is written", "[storage]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  store.Create(kKey);
  constexpr int kDecisions = 300;
  std::atomic<bool> written{false};
  std::thread writer([&] {
    for (int decision = 0; decision < kDecisions; ++decision) {
      Commit commit = Decision(*store->LoadClosure(kKey));
      const v1::Closure::State state = commit.closure->closure().state();
      commit.history = HistoryEntry{state, state, "note", "system", "", kNow};
      store.Apply(std::move(commit)).IgnoreError();
    }
    written = true;
  });
  int torn = 0;
  while (!written) {
    const auto record = store->LoadRecord(kKey);
    // Every version of this closure has one entry of its history.
    torn += record.ok() && static_cast<int64_t>(record->transitions.size()) == record->data.version() ? 0 : 1;
  }
  writer.join();
  CHECK(torn == 0);
  CHECK(store.Load(kKey).version() == kDecisions + 1);
}

}  // namespace
}  // namespace closure
