// SPDX-License-Identifier: Apache-2.0
// The row of the whole system: its switches, and the ends of silent periods that it counts.
#include <google/protobuf/util/message_differencer.h>

#include <catch2/catch.hpp>

#include "tests/storage/conformance.h"

namespace closure {
namespace {

using google::protobuf::util::MessageDifferencer;
using internal::v1::SystemData;

const ClosureKey kKey{.account_id = "1001", .closure_id = "c1"};
const ClosureKey kOther{.account_id = "1002", .closure_id = "c2"};

// A commit that only adds a task.
Commit Parking() {
  Commit commit;
  commit.add_tasks = {NewTask(kKey, "park")};
  return commit;
}

TEST_CASE("a commit that rests on the system's switches is refused when they moved", "[storage]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  store.Create(kKey);
  const auto system = store->LoadSystem();
  Commit moved;
  moved.system = *system;
  moved.system->set_version(system->version() + 1);
  REQUIRE(store.Apply(std::move(moved)).ok());
  Commit stale = Parking();
  stale.expected_system_version = system->version();
  CHECK(absl::IsAborted(store.Apply(std::move(stale))));
  CHECK(store.TaskKeys(kKey).empty());
  Commit fresh = Parking();
  fresh.expected_system_version = system->version() + 1;
  CHECK(store.Apply(std::move(fresh)).ok());
}

// A decision that admits the end of the closure's silent period as one of at most so many.
Commit Admitting(TestStore& store, const ClosureKey& key, absl::Time time, int64_t admissions_max) {
  Commit commit = Decision(store.Load(key));
  commit.admission = {time, admissions_max};
  return commit;
}

TEST_CASE("no more silent periods are ended than admissions were left when that was decided", "[storage][D14]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  store.Create(kKey);
  store.Create(kOther);
  CHECK(absl::IsAborted(store.Apply(Admitting(store, kKey, kNow, 0))));
  REQUIRE(store.Apply(Admitting(store, kKey, kNow, 1)).ok());
  CHECK(absl::IsAborted(store.Apply(Admitting(store, kOther, kNow, 1))));
  CHECK(store.Load(kOther).version() == 1);
  CHECK(*store->CountAdmissions("", kNow) == 1);
  REQUIRE(store.Apply(Admitting(store, kOther, kNow + absl::Seconds(1), 2)).ok());
  CHECK(store->LoadSystem()->admissions() == 2);
  // What was decided on the switches meanwhile stands.
  CHECK(store->LoadSystem()->version() == 0);
  CHECK(*store->CountAdmissions("", kNow) == 2);
  CHECK(*store->CountAdmissions("", kNow + absl::Microseconds(1)) == 1);
  CHECK(*store->CountAdmissions("1001", kNow) == 1);
  CHECK(*store->CountAdmissions("1001", kNow + absl::Microseconds(1)) == 0);
  CHECK(*store->CountAdmissions("none", kNow) == 0);
}

TEST_CASE("the system's switches are stored and loaded whole", "[storage]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  SystemData system;
  system.set_version(1);
  system.mutable_pause()->set_actor("operator:ann");
  system.mutable_pause()->set_reason("drill");
  *system.mutable_pause()->mutable_create_time() = TimestampOf(kNow);
  system.mutable_breaker()->add_approvals("operator:bob");
  system.mutable_clock()->set_boot_id("b");
  Commit commit;
  commit.system = system;
  REQUIRE(store.Apply(commit).ok());
  CHECK(absl::IsAborted(store.Apply(std::move(commit))));
  store.Reopen();
  CHECK(MessageDifferencer::Equals(*store->LoadSystem(), system));
}

TEST_CASE("whoever writes the switches leaves the admissions that came meanwhile", "[storage][D14]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  store.Create(kKey);
  Commit switches;
  switches.system = *store->LoadSystem();
  switches.system->set_version(1);
  REQUIRE(store.Apply(Admitting(store, kKey, kNow, 1)).ok());
  REQUIRE(store.Apply(std::move(switches)).ok());
  store.Reopen();
  CHECK(store->LoadSystem()->version() == 1);
  CHECK(store->LoadSystem()->admissions() == 1);
}

TEST_CASE("when the wall clock goes back what was written ahead of it is as of now", "[storage][D14][R44][time]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  const absl::Time ahead = kNow + absl::Hours(24 * 365);
  Commit commit = Creation(kKey);
  commit.codes_made = {ahead, kNow - absl::Hours(1)};
  REQUIRE(store.Apply(std::move(commit)).ok());
  store.Create(kOther);
  REQUIRE(store.Apply(Admitting(store, kKey, ahead, 2)).ok());
  REQUIRE(store.Apply(Admitting(store, kOther, kNow - absl::Hours(1), 2)).ok());
  Commit request;
  request.request = RequestRecord{"", "r1", "hash", "", ahead};
  REQUIRE(store.Apply(std::move(request)).ok());
  Commit back;
  back.clock_went_back = kNow;
  REQUIRE(store.Apply(std::move(back)).ok());
  const absl::Time after = kNow + absl::Microseconds(1);
  CHECK(*store->CountAdmissions("", kNow) == 1);
  CHECK(*store->CountAdmissions("", after) == 0);
  CHECK(*store->CountAdmissions("", kNow - absl::Hours(1)) == 2);
  CHECK(*store->CountCodes("1001", kNow) == 1);
  CHECK(*store->CountCodes("1001", after) == 0);
  CHECK(*store->CountCodes("1001", kNow - absl::Hours(1)) == 2);
  CHECK((*store->FindRequest("", "r1"))->time == kNow);
}

}  // namespace
}  // namespace closure
