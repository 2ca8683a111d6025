// SPDX-License-Identifier: Apache-2.0
// Pages that are cut by their size, over a store whose entries are larger than those that the service makes.
#include "server/closure_reads.h"

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "server/page_room.h"
#include "storage/sqlite/sqlite_closure_store.h"
#include "tests/storage/sample_commits.h"
#include "tests/support/manual_clock.h"
#include "tests/support/scratch_directory.h"

namespace closure {
namespace {

constexpr std::size_t kLarge = 500'000;
constexpr int kEntries = 20;
constexpr char kClosureId[] = "0123456789abcdef0123456789abcdef";

// The reads over a store of their own.
class Bench {
 public:
  Bench() {
    auto opened = SqliteClosureStore::Open({.path = directory_.File("closures.db")});
    REQUIRE(opened.ok());
    store_ = *std::move(opened);
    cache_ = std::make_unique<ReadCache>(store_.get());
  }

  void Apply(Commit commit) {
    absl::Status applied;
    store_->Apply(std::move(commit), [&applied](absl::Status status) { applied = std::move(status); });
    store_->Drain();
    INFO(applied.ToString());
    REQUIRE(applied.ok());
  }
  ClosureStore& store() { return *store_; }
  ClosureReads reads() { return {store_.get(), cache_.get(), &clock_, nullptr}; }

 private:
  const ScratchDirectory directory_;
  const ManualClock clock_;
  std::unique_ptr<SqliteClosureStore> store_;
  std::unique_ptr<ReadCache> cache_;
};

Actor Operator() { return *Actor::Parse("operator:ann"); }

TEST_CASE("a page takes entries until they are as many or as large as it may have, and one at least", "[pages]") {
  v1::Transition small;
  small.set_detail("x");
  PageRoom two(2);
  CHECK(two.Take(small));
  CHECK(two.Take(small));
  CHECK_FALSE(two.Take(small));

  v1::Transition large;
  large.set_detail(std::string(kPageBytesMax, 'x'));
  PageRoom many(1000);
  CHECK(many.Take(large));
  CHECK_FALSE(many.Take(small));

  PageRoom room(1000);
  CHECK(room.Take(small));
  CHECK_FALSE(room.Take(large));
}

TEST_CASE("a page of large closures ends below 3 MiB, and its token leads on to the others", "[pages]") {
  Bench bench;
  for (int number = 0; number < kEntries; ++number) {
    Commit commit = Creation({.account_id = fmt::format("a-{}", number), .closure_id = kClosureId});
    commit.closure->mutable_closure()->mutable_risk_prompt()->set_text(std::string(kLarge, 'x'));
    bench.Apply(std::move(commit));
  }
  v1::ListClosuresRequest request;
  request.set_parent("accounts/-");
  std::vector<std::string> accounts;
  int pages = 0;
  do {
    const absl::StatusOr<v1::ListClosuresResponse> page = bench.reads().ListClosures(Operator(), request);
    REQUIRE(page.ok());
    REQUIRE(page->closures_size() > 0);
    CHECK(page->ByteSizeLong() <= kPageBytesMax);
    ++pages;
    for (const v1::Closure& closure : page->closures()) accounts.push_back(closure.account());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  CHECK(pages > 1);
  REQUIRE(accounts.size() == static_cast<std::size_t>(kEntries));
  for (int number = 0; number < kEntries; ++number) {
    CHECK(accounts[static_cast<std::size_t>(number)] == fmt::format("accounts/a-{}", kEntries - 1 - number));
  }
}

TEST_CASE("a page of a history with long details ends below 3 MiB, and its token leads on to the others", "[pages]") {
  Bench bench;
  const ClosureKey key{.account_id = "a-1", .closure_id = kClosureId};
  bench.Apply(Creation(key));
  for (int number = 1; number < kEntries; ++number) {
    const absl::StatusOr<internal::v1::ClosureData> loaded = bench.store().LoadClosure(key);
    REQUIRE(loaded.ok());
    Commit commit = Decision(*loaded);
    commit.history = HistoryEntry{.from_state = v1::Closure::IDENTITY_PENDING,
                                  .to_state = v1::Closure::IDENTITY_PENDING,
                                  .event = "note",
                                  .actor = "system",
                                  .detail = std::string(kLarge, 'x'),
                                  .time = kNow};
    bench.Apply(std::move(commit));
  }
  v1::ListTransitionsRequest request;
  request.set_parent(fmt::format("accounts/a-1/closures/{}", kClosureId));
  int entries = 0;
  int pages = 0;
  do {
    const absl::StatusOr<v1::ListTransitionsResponse> page = bench.reads().ListTransitions(Operator(), request);
    REQUIRE(page.ok());
    REQUIRE(page->transitions_size() > 0);
    CHECK(page->ByteSizeLong() <= kPageBytesMax);
    ++pages;
    for (const v1::Transition& transition : page->transitions()) {
      ++entries;
      CHECK(transition.name() == fmt::format("{}/transitions/{}", request.parent(), entries));
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  CHECK(pages > 1);
  CHECK(entries == kEntries);
}

}  // namespace
}  // namespace closure
