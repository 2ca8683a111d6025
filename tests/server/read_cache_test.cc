// SPDX-License-Identifier: Apache-2.0
#include "server/read_cache.h"

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <utility>

#include "storage/sqlite/sqlite_closure_store.h"
#include "tests/storage/sample_commits.h"
#include "tests/support/scratch_directory.h"

namespace closure {
namespace {

const ClosureKey kKey{.account_id = "a-1", .closure_id = "0123456789abcdef0123456789abcdef"};

// A store with the cache over it, as the server has them.
class CachedStore {
 public:
  CachedStore() {
    auto opened = SqliteClosureStore::Open({.path = directory_.File("closures.db")});
    REQUIRE(opened.ok());
    store_ = *std::move(opened);
    cache_ = std::make_unique<ReadCache>(store_.get());
    store_->SetObserver([this](const StoreChange& change) { cache_->OnChange(change); });
  }

  // Applies a commit and looks at what is read at the moment at which it is told to be durable.
  template <typename Look>
  void Apply(Commit commit, Look look) {
    absl::Status applied;
    store_->Apply(std::move(commit), [&](absl::Status status) {
      applied = std::move(status);
      look();
    });
    store_->Drain();
    INFO(applied.ToString());
    REQUIRE(applied.ok());
  }
  ReadCache& cache() { return *cache_; }
  ClosureStore& store() { return *store_; }

 private:
  const ScratchDirectory directory_;
  std::unique_ptr<SqliteClosureStore> store_;
  std::unique_ptr<ReadCache> cache_;
};

v1::Closure::State StateOf(CachedStore& store) {
  const auto found = store.cache().FindClosure(kKey);
  return found.ok() ? (*found)->facts.closure().state() : v1::Closure::STATE_UNSPECIFIED;
}

int CheckersOf(CachedStore& store) {
  const auto found = store.cache().FindClosure(kKey);
  v1::Closure shown;
  const grpc::Slice& part = (*found)->lasting_part;
  REQUIRE(shown.ParseFromArray(part.begin(), static_cast<int>(part.size())));
  return shown.scan().checkers_size();
}

TEST_CASE("a closure that was read is read as it is, at the moment at which its change is told", "[cache]") {
  CachedStore store;
  // What was asked for before is kept from now on.
  CHECK(absl::IsNotFound(store.cache().FindClosure(kKey).status()));
  v1::Closure::State seen = v1::Closure::STATE_UNSPECIFIED;
  store.Apply(Creation(kKey), [&] { seen = StateOf(store); });
  CHECK(seen == v1::Closure::IDENTITY_PENDING);
  for (const v1::Closure::State state : {v1::Closure::AGREEMENT_PENDING, v1::Closure::CHECKING, v1::Closure::BLOCKED}) {
    const auto before = store.cache().FindClosure(kKey);
    store.Apply(Decision(*store.store().LoadClosure(kKey), state), [&] { seen = StateOf(store); });
    CHECK(seen == state);
    // Whoever has it still has what it was.
    CHECK((*before)->facts.closure().state() != state);
  }
}

TEST_CASE("the progress of a scan is read as it is", "[cache]") {
  CachedStore store;
  Commit creation = Creation(kKey);
  creation.closure->mutable_closure()->mutable_scan()->set_number(1);
  store.Apply(std::move(creation), [] {});
  // Twice, so that it is kept.
  CHECK(CheckersOf(store) == 0);
  CHECK(CheckersOf(store) == 0);
  int checkers = 0;
  store.store().RecordProgress(kKey, 1, NewResult("billing", v1::CheckerResult::RUNNING),
                               [&](const absl::Status&) { checkers = CheckersOf(store); });
  store.store().Drain();
  CHECK(checkers == 1);
}

TEST_CASE("a gate that was read is read as it is, and tells the end of a silent period that began after it was shut",
          "[cache][R61]") {
  CachedStore store;
  const auto gate = [&store] { return **store.cache().LoadGate(kKey.account_id); };
  CHECK(gate().state == v1::GATE_OPEN);
  Commit creation = Creation(kKey);
  creation.closure->mutable_closure()->set_state(v1::Closure::CONFIRMING);
  creation.history->to_state = v1::Closure::CONFIRMING;
  creation.gate = v1::GATE_CLOSING;
  GateRow seen;
  store.Apply(std::move(creation), [&] { seen = gate(); });
  CHECK(seen.state == v1::GATE_CLOSING);
  CHECK(seen.silent_period_end == absl::InfinitePast());
  const auto before = store.store().LoadClosure(kKey);
  store.Apply(Decision(*before, v1::Closure::SILENT_PERIOD), [&] { seen = gate(); });
  CHECK(seen.silent_period_end > kNow);
}

TEST_CASE("the first page of a closure's items is read again after each change of the closure, and no other",
          "[cache]") {
  CachedStore store;
  int reads = 0;
  const auto read = [&](const ClosureKey& key) {
    const auto page = store.cache().FirstItemPage(key, [&]() -> absl::StatusOr<grpc::Slice> {
      ++reads;
      return grpc::Slice(std::to_string(reads));
    });
    return std::string(reinterpret_cast<const char*>(page->begin()), page->size());
  };
  store.Apply(Creation(kKey), [] {});
  CHECK(read(kKey) == "1");
  CHECK(read(kKey) == "2");
  CHECK(read(kKey) == "2");
  const ClosureKey other{.account_id = "a-2", .closure_id = kKey.closure_id};
  store.Apply(Creation(other), [] {});
  CHECK(read(kKey) == "2");
  const auto before = store.store().LoadClosure(kKey);
  std::string seen;
  store.Apply(Decision(*before), [&] { seen = read(kKey); });
  CHECK(seen == "3");
}

}  // namespace
}  // namespace closure
