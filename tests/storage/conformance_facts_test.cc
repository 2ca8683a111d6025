// SPDX-License-Identifier: Apache-2.0
#include <google/protobuf/util/message_differencer.h>

#include <catch2/catch.hpp>

#include "tests/storage/conformance.h"

namespace closure {
namespace {

using google::protobuf::util::MessageDifferencer;
using internal::v1::ClosureData;
using v1::CheckerResult;

const ClosureKey kKey{.account_id = "1001", .closure_id = "c1"};
const ClosureKey kOther{.account_id = "1002", .closure_id = "c2"};

// Takes a closure into a running scan with this number.
ClosureData StartScan(TestStore& store, int64_t number) {
  Commit commit = Decision(store.Load(kKey), v1::Closure::CHECKING);
  v1::Scan& scan = *commit.closure->mutable_closure()->mutable_scan();
  scan.Clear();
  scan.set_number(number);
  *scan.add_checkers() = NewResult("billing", CheckerResult::WAITING);
  *scan.add_checkers() = NewResult("domains", CheckerResult::WAITING);
  REQUIRE(store.Apply(std::move(commit)).ok());
  return store.Load(kKey);
}

TEST_CASE("progress replaces the entry of its checker and raises only the revision", "[storage][R16]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  store.Create(kKey);
  ClosureData expected = StartScan(store, 1);
  REQUIRE(store.RecordProgress(kKey, 1, NewResult("domains", CheckerResult::RUNNING)).ok());
  expected.mutable_closure()->mutable_scan()->mutable_checkers(1)->set_status(CheckerResult::RUNNING);
  expected.mutable_closure()->set_revision(expected.closure().revision() + 1);
  CHECK(MessageDifferencer::Equals(store.Load(kKey), expected));
  REQUIRE(store.RecordProgress(kKey, 1, NewResult("aardvark", CheckerResult::ANSWERED)).ok());
  CHECK(store.Load(kKey).closure().scan().checkers(0).checker() == "aardvark");
  CHECK(absl::IsNotFound(store.RecordProgress(kOther, 1, NewResult("domains", CheckerResult::RUNNING))));
}

TEST_CASE("progress of another scan, or of one that has ended, changes nothing", "[storage][R16]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  store.Create(kKey);
  ClosureData loaded = StartScan(store, 2);
  int64_t number = 2;
  SECTION("an earlier scan") { number = 1; }
  SECTION("a later scan") { number = 3; }
  SECTION("an ended scan") {
    Commit end = Decision(loaded);
    *end.closure->mutable_closure()->mutable_scan()->mutable_end_time() = TimestampOf(kNow);
    REQUIRE(store.Apply(std::move(end)).ok());
    loaded = store.Load(kKey);
  }
  int changes = 0;
  store->SetObserver([&changes](const StoreChange&) { ++changes; });
  CHECK(store.RecordProgress(kKey, number, NewResult("billing", CheckerResult::ANSWERED)).ok());
  CHECK(MessageDifferencer::Equals(store.Load(kKey), loaded));
  CHECK(changes == 0);
}

TEST_CASE("a decision on data loaded before progress keeps the progress and a rising revision", "[storage][R16]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  store.Create(kKey);
  const ClosureData loaded = StartScan(store, 1);
  REQUIRE(store.RecordProgress(kKey, 1, NewResult("billing", CheckerResult::ANSWERED)).ok());
  REQUIRE(store.RecordProgress(kKey, 1, NewResult("domains", CheckerResult::RUNNING)).ok());
  const int64_t revision = store.Load(kKey).closure().revision();
  Commit commit = Decision(loaded);
  v1::Scan& scan = *commit.closure->mutable_closure()->mutable_scan();
  SECTION("while the scan runs, as stored") {
    REQUIRE(store.Apply(std::move(commit)).ok());
    CHECK(store.Load(kKey).closure().scan().checkers(0).status() == CheckerResult::ANSWERED);
    CHECK(store.Load(kKey).closure().scan().checkers(1).status() == CheckerResult::RUNNING);
  }
  SECTION("at the end of the scan, as decided") {
    *scan.mutable_end_time() = TimestampOf(kNow);
    scan.mutable_checkers(1)->set_status(CheckerResult::UNANSWERED);
    REQUIRE(store.Apply(std::move(commit)).ok());
    CHECK(store.Load(kKey).closure().scan().checkers(0).status() == CheckerResult::WAITING);
    CHECK(store.Load(kKey).closure().scan().checkers(1).status() == CheckerResult::UNANSWERED);
  }
  SECTION("at another scan, as decided") {
    scan.set_number(2);
    REQUIRE(store.Apply(std::move(commit)).ok());
    CHECK(store.Load(kKey).closure().scan().checkers(0).status() == CheckerResult::WAITING);
  }
  CHECK(store.Load(kKey).closure().revision() == revision + 1);
}

v1::BlockingItem FullItem() {
  v1::BlockingItem item = NewItem(kKey, "billing-1");
  item.set_checker("billing");
  item.set_kind(v1::BALANCE);
  item.set_disposition(v1::MUST_HANDLE);
  item.set_resolution(v1::BlockingItem::RELEASE_FAILED);
  item.set_resolution_detail("refused");
  item.set_change(v1::BlockingItem::CHANGED);
  item.set_type("account/balance");
  item.set_region_code("cn-hangzhou");
  item.set_display_name("余额");
  item.mutable_amount()->set_currency_code("USD");
  item.mutable_amount()->set_units(-1000);
  item.mutable_amount()->set_nanos(-10'000'000);
  item.set_why("It cannot be withdrawn after closure.");
  item.set_resolver(v1::MANAGEMENT_ACCOUNT);
  item.set_resolver_id("1000");
  item.set_instructions("Withdraw it.");
  item.set_process_uri("https://example.com/balance");
  item.set_fingerprint("abc");
  item.set_native_id("USD");
  item.set_native_state("available");
  *item.mutable_first_seen_time() = TimestampOf(kNow);
  return item;
}

TEST_CASE("an item is stored, overwritten and loaded whole", "[storage][R26]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  Commit commit = Creation(kKey);
  commit.items = {FullItem()};
  REQUIRE(store.Apply(std::move(commit)).ok());
  auto items = store->LoadItems(kKey, {"billing-1", "none"});
  REQUIRE(items->size() == 1);
  CHECK(MessageDifferencer::Equals(items->front(), FullItem()));
  Commit overwrite = Decision(store.Load(kKey));
  overwrite.items = {NewItem(kKey, "billing-1")};
  REQUIRE(store.Apply(std::move(overwrite)).ok());
  items = store->LoadItems(kKey, {"billing-1"});
  REQUIRE(items->size() == 1);
  CHECK(MessageDifferencer::Equals(items->front(), NewItem(kKey, "billing-1")));
  CHECK_FALSE(items->front().has_amount());
}

TEST_CASE("items are listed by id in pages, by disposition and by checker", "[storage][R48]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  Commit commit = Creation(kKey);
  for (const char* id : {"d-4", "a-1", "c-3", "b-2"}) commit.items.push_back(NewItem(kKey, id));
  commit.items[0].set_checker("domains");
  commit.items[1].set_disposition(v1::MUST_HANDLE);
  commit.items[2].set_resolution(v1::BlockingItem::RESOLVED);
  commit.items[2].set_change(v1::BlockingItem::GONE);
  commit.items[3].set_change(v1::BlockingItem::CHANGED);
  REQUIRE(store.Apply(std::move(commit)).ok());
  store.Create(kOther);
  const auto ids = [&](const ItemFilter& filter) {
    std::string text;
    const auto items = store->ListItems(kKey, filter);
    for (const v1::BlockingItem& item : *items) text += item.name().substr(item.name().size() - 3) + " ";
    return text;
  };
  CHECK(ids({}) == "a-1 b-2 d-4 ");
  CHECK(ids({.show_resolved = true}) == "a-1 b-2 c-3 d-4 ");
  CHECK(ids({.disposition = v1::MUST_HANDLE}) == "a-1 ");
  CHECK(ids({.checker = "domains"}) == "d-4 ");
  CHECK(ids({.after_item_id = "a-1", .limit = 1}) == "b-2 ");
  CHECK(store->ListItems(kOther, {})->empty());
  const ItemChangeCounts counts = *store->CountItemChanges(kKey);
  CHECK(counts.new_count == 2);
  CHECK(counts.changed_count == 1);
  CHECK(counts.gone_count == 1);
  CHECK(store->CountItemChanges(kOther)->new_count == 0);
}

TEST_CASE("consents are kept in order and whole", "[storage][R45][R53]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  Commit commit = Creation(kKey);
  v1::Consent consent;
  consent.set_kind(v1::Consent::AGREEMENT);
  consent.set_version("2026-01");
  consent.set_digest("00ff");
  consent.set_text("text");
  consent.set_language_code("zh");
  *consent.mutable_create_time() = TimestampOf(kNow);
  consent.set_actor("root:1001");
  commit.consents = {consent};
  REQUIRE(store.Apply(std::move(commit)).ok());
  Commit second = Decision(store.Load(kKey));
  second.consents.emplace_back().set_kind(v1::Consent::CONFIRM_RISK);
  REQUIRE(store.Apply(std::move(second)).ok());
  const auto consents = store->ListConsents(kKey);
  REQUIRE(consents->size() == 2);
  CHECK(MessageDifferencer::Equals(consents->front(), consent));
  CHECK(consents->back().kind() == v1::Consent::CONFIRM_RISK);
}

TEST_CASE("a request id is known once per account, with its first answer", "[storage][S14]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  const RequestRecord request{.account_id = "1001",
                              .request_id = "r1",
                              .body_hash = std::string("\0\xff", 2),
                              .response = std::string("answer\0x", 8),
                              .time = kNow};
  Commit commit = Creation(kKey);
  commit.request = request;
  REQUIRE(store.Apply(std::move(commit)).ok());
  const auto known = *store->FindRequest("1001", "r1");
  REQUIRE(known.has_value());
  CHECK(known->body_hash == request.body_hash);
  CHECK(known->response == request.response);
  CHECK(known->time == kNow);
  CHECK_FALSE(store->FindRequest("1002", "r1")->has_value());
  CHECK_FALSE(store->FindRequest("", "r1")->has_value());

  const ClosureData loaded = store.Load(kKey);
  Commit repeated = Decision(loaded, v1::Closure::CANCELLED);
  repeated.request = request;
  CHECK(absl::IsAlreadyExists(store.Apply(std::move(repeated))));
  CHECK(MessageDifferencer::Equals(store.Load(kKey), loaded));
  Commit system;
  system.request = request;
  system.request->account_id = "";
  CHECK(store.Apply(std::move(system)).ok());
  CHECK(store->FindRequest("", "r1")->has_value());
}

TEST_CASE("answers are erased and request ids forgotten with their closure", "[storage][D12][D16]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  for (const ClosureKey& key : {kKey, kOther}) {
    Commit commit = Creation(key);
    commit.request =
        RequestRecord{.account_id = key.account_id, .request_id = "r", .body_hash = "h", .response = "a", .time = kNow};
    commit.add_tasks = {NewTask(key, "t")};
    REQUIRE(store.Apply(std::move(commit)).ok());
  }
  // A call about a task of the closure belongs to the closure too.
  Commit retry;
  retry.reschedule_task = store->ListTasks({.closure = kKey})->front();
  retry.request =
      RequestRecord{.account_id = "1001", .request_id = "retry", .body_hash = "h", .response = "b", .time = kNow};
  REQUIRE(store.Apply(std::move(retry)).ok());

  Commit erase = Decision(store.Load(kKey));
  erase.erase_responses = true;
  REQUIRE(store.Apply(std::move(erase)).ok());
  CHECK((*store->FindRequest("1001", "r"))->response.empty());
  CHECK((*store->FindRequest("1001", "r"))->body_hash == "h");
  CHECK((*store->FindRequest("1001", "retry"))->response.empty());
  CHECK((*store->FindRequest("1002", "r"))->response == "a");
  Commit forget = Decision(store.Load(kKey));
  forget.forget_requests = true;
  REQUIRE(store.Apply(std::move(forget)).ok());
  CHECK_FALSE(store->FindRequest("1001", "r")->has_value());
  CHECK_FALSE(store->FindRequest("1001", "retry")->has_value());
  CHECK(store->FindRequest("1002", "r")->has_value());
}

absl::Status SetGate(TestStore& store, const ClosureKey& key, v1::GateState state) {
  Commit commit = Decision(store.Load(key));
  commit.gate = state;
  return store.Apply(std::move(commit));
}

TEST_CASE("gates have rising revisions over all accounts", "[storage][R4][R61]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  CHECK(store->LoadGate("1001")->state == v1::GATE_OPEN);
  CHECK(store->LoadGate("1001")->revision == 0);
  store.Create(kKey);
  store.Create(kOther);
  REQUIRE(SetGate(store, kKey, v1::GATE_CLOSING).ok());
  REQUIRE(SetGate(store, kOther, v1::GATE_CLOSING).ok());
  REQUIRE(SetGate(store, kKey, v1::GATE_OPEN).ok());
  const GateRow gate = *store->LoadGate("1001");
  CHECK(gate.account_id == "1001");
  CHECK(gate.state == v1::GATE_OPEN);
  CHECK(gate.revision == 3);
  CHECK(gate.closure_id == "c1");
  CHECK(gate.silent_period_end == absl::InfinitePast());
  const auto shut = store->ListGates(0, 10);
  REQUIRE(shut->size() == 1);
  CHECK(shut->front().account_id == "1002");
  CHECK(shut->front().revision == 2);
  const auto changed = store->ListGates(1, 10);
  REQUIRE(changed->size() == 2);
  CHECK(changed->front().account_id == "1002");
  CHECK(changed->back().account_id == "1001");
  CHECK(store->ListGates(1, 1)->size() == 1);
  CHECK(store->ListGates(3, 10)->empty());
}

TEST_CASE("a gate tells the end of the silent period, and a closed one stays closed", "[storage][R4][R61]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  using State = v1::Closure;
  store.Create(kKey,
               {State::AGREEMENT_PENDING, State::CHECKING, State::READY, State::CONFIRMING, State::SILENT_PERIOD});
  REQUIRE(SetGate(store, kKey, v1::GATE_CLOSING).ok());
  CHECK(store->LoadGate("1001")->silent_period_end == kNow + absl::Hours(7 * 24));
  REQUIRE(SetGate(store, kKey, v1::GATE_CLOSED).ok());
  CHECK(absl::IsInvalidArgument(SetGate(store, kKey, v1::GATE_OPEN)));
  CHECK(store->LoadGate("1001")->state == v1::GATE_CLOSED);
}

TEST_CASE("a tombstone is known for ever", "[storage][D13]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  const std::string tombstone("\x01\0\xfe", 3);
  CHECK_FALSE(*store->HasTombstone(tombstone));
  Commit commit = Creation(kKey);
  commit.tombstone = tombstone;
  REQUIRE(store.Apply(std::move(commit)).ok());
  store.Reopen();
  CHECK(*store->HasTombstone(tombstone));
  CHECK_FALSE(*store->HasTombstone(std::string("\x01", 1)));
}

TEST_CASE("identity codes are counted over all closures of an account", "[storage][R44]") {
  TestStore store(GENERATE(from_range(StoreBackends())));
  Commit commit = Creation(kKey);
  commit.codes_made = {kNow, kNow};
  REQUIRE(store.Apply(std::move(commit)).ok());
  REQUIRE(store.Apply(Decision(store.Load(kKey), v1::Closure::CANCELLED)).ok());
  Commit second = Creation({.account_id = "1001", .closure_id = "c9"}, 3);
  second.codes_made = {kNow + absl::Hours(1)};
  REQUIRE(store.Apply(std::move(second)).ok());
  CHECK(*store->CountCodes("1001", kNow) == 3);
  CHECK(*store->CountCodes("1001", kNow + absl::Microseconds(1)) == 1);
  CHECK(*store->CountCodes("1002", kNow) == 0);
}

}  // namespace
}  // namespace closure
