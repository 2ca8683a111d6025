// SPDX-License-Identifier: Apache-2.0
#include "server/read_cache.h"

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <utility>

#include "server/closure_view.h"
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
  return found.ok() ? (*found)->data.closure().state() : v1::Closure::STATE_UNSPECIFIED;
}

TEST_CASE("a closure that was read is read as it is, at the moment at which its change is told", "[cache]") {
  CachedStore store;
  CHECK(absl::IsNotFound(store.cache().FindClosure(kKey).status()));
  v1::Closure::State seen = v1::Closure::STATE_UNSPECIFIED;
  store.Apply(Creation(kKey), [&] { seen = StateOf(store); });
  CHECK(seen == v1::Closure::IDENTITY_PENDING);
  for (const v1::Closure::State state : {v1::Closure::AGREEMENT_PENDING, v1::Closure::CHECKING, v1::Closure::BLOCKED}) {
    const auto before = store.cache().FindClosure(kKey);
    store.Apply(Decision((*before)->data, state), [&] { seen = StateOf(store); });
    CHECK(seen == state);
    // Whoever has it still has what it was.
    CHECK((*before)->data.closure().state() != state);
  }
}

TEST_CASE("the progress of a scan is read as it is", "[cache]") {
  CachedStore store;
  Commit creation = Creation(kKey);
  creation.closure->mutable_closure()->mutable_scan()->set_number(1);
  store.Apply(std::move(creation), [] {});
  CHECK((*store.cache().FindClosure(kKey))->data.closure().scan().checkers().empty());
  int checkers = 0;
  store.store().RecordProgress(kKey, 1, NewResult("billing", v1::CheckerResult::RUNNING), [&](const absl::Status&) {
    checkers = (*store.cache().FindClosure(kKey))->data.closure().scan().checkers_size();
  });
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
  CHECK(read(kKey) == "1");
  const ClosureKey other{.account_id = "a-2", .closure_id = kKey.closure_id};
  store.Apply(Creation(other), [] {});
  CHECK(read(kKey) == "1");
  const auto before = store.store().LoadClosure(kKey);
  std::string seen;
  store.Apply(Decision(*before), [&] { seen = read(kKey); });
  CHECK(seen == "2");
}

TEST_CASE("the bytes of a closure lack what depends on the time, and with it are the whole of it", "[cache]") {
  CachedStore store;
  Commit creation = Creation(kKey);
  creation.closure->mutable_closure()->add_allowed_actions(v1::Closure::RECHECK);
  store.Apply(std::move(creation), [] {});
  const auto stored = *store.cache().FindClosure(kKey);
  v1::Closure shown;
  REQUIRE(shown.ParseFromArray(stored->lasting_part.begin(), static_cast<int>(stored->lasting_part.size())));
  CHECK(shown.allowed_actions().empty());
  shown.MergeFrom(TimedPart(stored->data, kNow));
  CHECK(shown.SerializeAsString() == Present(stored->data, kNow).SerializeAsString());
  CHECK_FALSE(shown.allowed_actions().empty());
}

}  // namespace
}  // namespace closure
