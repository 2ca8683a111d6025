// SPDX-License-Identifier: Apache-2.0
// What is counted or promised for a time only does not grow for ever.
#include <catch2/catch.hpp>

#include "fmt/format.h"
#include "tests/storage/conformance.h"

namespace closure {
namespace {

const ClosureKey kKey{.account_id = "1001", .closure_id = "c1"};
const ClosureKey kOther{.account_id = "1002", .closure_id = "c2"};
const absl::Time kEpoch = absl::UnixEpoch();
constexpr absl::Duration kMonth = absl::Hours(720);

// An operator's command about the whole system, with its request id.
absl::Status Command(TestStore& store, const std::string& request_id, absl::Time time,
                     std::optional<absl::Time> forget_before = std::nullopt) {
  Commit commit;
  commit.system = *store->LoadSystem();
  commit.system->set_version(commit.system->version() + 1);
  commit.request = RequestRecord{.account_id = "", .request_id = request_id, .body_hash = "h", .time = time};
  commit.forget_before = forget_before;
  return store.Apply(std::move(commit));
}

bool IsKnown(TestStore& store, const std::string& request_id) {
  return store->FindRequest("", request_id)->has_value();
}

// A decision on a closure that made codes.
absl::Status MakeCodes(TestStore& store, const ClosureKey& key, std::vector<absl::Time> times,
                       absl::Time forget_before) {
  Commit commit = Decision(store.Load(key));
  commit.codes_made = std::move(times);
  commit.forget_before = forget_before;
  return store.Apply(std::move(commit));
}

TEST_CASE("a system command forgets the system's request ids that are too old, and no others", "[storage][D16]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  store.Create(kKey);
  REQUIRE(Command(store, "old", kNow).ok());
  REQUIRE(Command(store, "at the limit", kNow + absl::Hours(1)).ok());
  // An operator's retry of a task has no account either, so nothing forgets it with its closure.
  Commit retry;
  retry.add_tasks = {NewTask(kKey, "scan-1")};
  REQUIRE(store.Apply(std::move(retry)).ok());
  Commit rescheduled = Decision(store.Load(kKey));
  rescheduled.reschedule_task = store->ListTasks({.closure = kKey})->front();
  rescheduled.request = RequestRecord{.account_id = "", .request_id = "retry", .body_hash = "h", .time = kNow};
  REQUIRE(store.Apply(std::move(rescheduled)).ok());
  Commit owner = Decision(store.Load(kKey));
  owner.request = RequestRecord{.account_id = "1001", .request_id = "owner", .body_hash = "h", .time = kNow};
  REQUIRE(store.Apply(std::move(owner)).ok());

  REQUIRE(Command(store, "new", kNow + kMonth, kNow + absl::Hours(1)).ok());
  CHECK_FALSE(IsKnown(store, "old"));
  CHECK(IsKnown(store, "at the limit"));
  CHECK(IsKnown(store, "new"));
  CHECK_FALSE(IsKnown(store, "retry"));
  CHECK(store->FindRequest("1001", "owner")->has_value());
}

TEST_CASE("one commit forgets a bounded number of rows, and the next ones go on", "[storage][D16]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  const int old = kForgottenRowsMax + 20;
  for (int i = 0; i < old; ++i) REQUIRE(Command(store, fmt::format("old-{}", i), kNow).ok());
  REQUIRE(Command(store, "new-1", kNow + kMonth, kNow + absl::Hours(1)).ok());
  CHECK_FALSE(IsKnown(store, fmt::format("old-{}", kForgottenRowsMax - 1)));
  CHECK(IsKnown(store, fmt::format("old-{}", kForgottenRowsMax)));
  REQUIRE(Command(store, "new-2", kNow + kMonth, kNow + absl::Hours(1)).ok());
  CHECK_FALSE(IsKnown(store, fmt::format("old-{}", old - 1)));
  CHECK(IsKnown(store, "new-1"));
}

TEST_CASE("making a code forgets every account's codes that are no longer counted", "[storage][R44][D16]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  store.Create(kKey);
  store.Create(kOther);
  const absl::Time later = kNow + absl::Hours(72);
  REQUIRE(MakeCodes(store, kKey, {kNow, kNow + absl::Hours(48)}, kNow - absl::Hours(48)).ok());
  CHECK(*store->CountCodes("1001", kEpoch) == 2);
  REQUIRE(MakeCodes(store, kOther, {later}, later - absl::Hours(48)).ok());
  CHECK(*store->CountCodes("1001", kEpoch) == 1);
  CHECK(*store->CountCodes("1002", kEpoch) == 1);
  // What makes no code forgets none.
  Commit other = Decision(store.Load(kOther));
  other.forget_before = later + kMonth;
  REQUIRE(store.Apply(std::move(other)).ok());
  CHECK(*store->CountCodes("1002", kEpoch) == 1);
}

TEST_CASE("an admission forgets those that no hour counts any more", "[storage][D14]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  store.Create(kKey);
  store.Create(kOther);
  const ClosureKey third{.account_id = "1003", .closure_id = "c3"};
  store.Create(third);
  const auto admit = [&](const ClosureKey& key, absl::Time time) {
    Commit commit = Decision(store.Load(key));
    commit.admission = {time, 3};
    commit.forget_before = time - absl::Hours(24);
    return store.Apply(std::move(commit));
  };
  REQUIRE(admit(kKey, kNow).ok());
  REQUIRE(admit(kOther, kNow + absl::Hours(24)).ok());
  CHECK(*store->CountAdmissions("", kEpoch) == 2);
  REQUIRE(admit(third, kNow + absl::Hours(25)).ok());
  CHECK(*store->CountAdmissions("", kEpoch) == 2);
  CHECK(*store->CountAdmissions("1001", kEpoch) == 0);
  CHECK(*store->CountAdmissions("1002", kEpoch) == 1);
}

TEST_CASE("what cannot be committed forgets nothing", "[storage][D16]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  REQUIRE(Command(store, "old", kNow).ok());
  Commit stale;
  stale.system = *store->LoadSystem();
  stale.request = RequestRecord{.account_id = "", .request_id = "new", .body_hash = "h", .time = kNow + kMonth};
  stale.forget_before = kNow + kMonth;
  CHECK(absl::IsAborted(store.Apply(std::move(stale))));
  CHECK(IsKnown(store, "old"));
}

}  // namespace
}  // namespace closure
