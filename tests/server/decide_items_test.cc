// SPDX-License-Identifier: Apache-2.0
// What an owner discards: what is refused and why, what is begun, and what its releases come to.
#include <array>
#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "checkers/proto_time.h"
#include "checkers/text.h"
#include "server/decide.h"
#include "server/errors.h"
#include "tests/support/decided_closure.h"
#include "tests/support/error_details.h"

namespace closure {
namespace {

using Closure = v1::Closure;
using Item = v1::BlockingItem;
using Metadata = std::map<std::string, std::string>;
using Violations = std::vector<std::array<std::string, 3>>;

const std::string kName = "accounts/1000000001/closures/0123456789abcdef0123456789abcdef";

std::string NameOf(const std::string& id) { return kName + "/blockingItems/" + id; }

Item Machine(const std::string& id) { return DecidedClosure::Item(id, v1::PAY_AS_YOU_GO_RESOURCE, v1::RENOUNCEABLE); }

// Every balance has facts of its own.
Item Balance(const std::string& id) {
  return DecidedClosure::Item(id, v1::BALANCE, v1::RENOUNCEABLE, 5, "facts of " + id);
}

std::vector<Item> Several(int count, Item (*make)(const std::string&), const std::string& prefix) {
  std::vector<Item> items;
  for (int i = 1; i <= count; ++i) items.push_back(make(prefix + std::to_string(i)));
  return items;
}

// To BLOCKED, by these items.
void Block(DecidedClosure& closure, const std::vector<Item>& items) {
  closure.GoToReady();
  REQUIRE(closure.Do(Recheck{}).ok());
  closure.FinishScan(items);
  REQUIRE(closure.state() == Closure::BLOCKED);
}

// All of these, as they are stored and were shown.
DiscardGiven All(DecidedClosure& closure, const std::vector<Item>& items) {
  DiscardGiven given;
  for (const Item& item : items) {
    given.command.selections.push_back({item.native_id(), item.fingerprint()});
    given.items.push_back(closure.item(item.native_id()));
  }
  given.command.risk_digest = closure.closure().risk_prompt().digest();
  return given;
}

ReleaseAnswered Answer(const Item& item, v1::DiscardResponse::Outcome outcome, const std::string& detail = "") {
  ReleaseAnswered answered{.item = item, .response = {}};
  answered.response.set_outcome(outcome);
  answered.response.set_detail(detail);
  return answered;
}

TEST_CASE("everything that is discarded is released, each under its own key, and all within ten minutes",
          "[decide][R51][R52][D16]") {
  const int count = GENERATE(1, 2, 5);
  DecidedClosure closure;
  const std::vector<Item> machines = Several(count, Machine, "vm");
  Block(closure, machines);
  REQUIRE(closure.Do(All(closure, machines)).ok());
  CHECK(closure.state() == Closure::DISCARDING);
  CHECK(closure.last_commit().history->detail == std::to_string(count) + " items");
  CHECK(closure.data().releases_open() == count);
  const absl::Time limit = closure.clock().Now() + absl::Minutes(10);
  std::set<std::string> released;
  std::set<std::string> keys;
  for (const internal::v1::TaskData& task : closure.Tasks(v1::Task::DISCARD)) {
    released.insert(task.payload().item_id());
    keys.insert(task.idempotency_key());
    CHECK(FromProto(task.due_time()) == closure.clock().Now());
    CHECK(FromProto(task.payload().give_up_time()) == limit);
  }
  CHECK(keys.size() == machines.size());
  CHECK(released.size() == machines.size());
  for (const Item& machine : machines) {
    CHECK(released.count(machine.native_id()) == 1);
    CHECK(closure.item(machine.native_id()).resolution() == Item::RELEASING);
  }
  REQUIRE(closure.Tasks(v1::Task::DISCARD_DEADLINE).size() == 1);
  CHECK(FromProto(closure.Tasks(v1::Task::DISCARD_DEADLINE).front().due_time()) == limit);
  CHECK(closure.closure().renunciations().empty());
}

TEST_CASE("every sum that is discarded is renounced with what was shown, and nothing is waited for",
          "[decide][R51][R52][D11][D15]") {
  const int count = GENERATE(1, 2, 5);
  DecidedClosure closure;
  const std::vector<Item> balances = Several(count, Balance, "usd");
  Block(closure, balances);
  REQUIRE(closure.Do(All(closure, balances)).ok());
  REQUIRE(closure.closure().renunciations_size() == count);
  for (int i = 0; i < count; ++i) {
    const v1::Renunciation& renunciation = closure.closure().renunciations(i);
    const Item& balance = balances[static_cast<std::size_t>(i)];
    CHECK(renunciation.kind() == v1::BALANCE);
    CHECK(renunciation.fingerprint() == balance.fingerprint());
    CHECK(renunciation.amount().units() == 5);
    CHECK(renunciation.status() == v1::Renunciation::RECORDED);
    CHECK_FALSE(renunciation.by_consent());
    CHECK(FromProto(renunciation.create_time()) == closure.clock().Now());
    CHECK(closure.item(balance.native_id()).resolution() == Item::RENOUNCED);
  }
  CHECK(closure.Tasks(v1::Task::DISCARD).empty());
  REQUIRE(closure.Tasks(v1::Task::DISCARD_DEADLINE).size() == 1);
  CHECK(FromProto(closure.Tasks(v1::Task::DISCARD_DEADLINE).front().due_time()) == closure.clock().Now());
}

TEST_CASE("nothing is discarded in a state that does not list it, however sound the selection", "[decide][R52]") {
  DecidedClosure closure;
  const std::vector<Item> items = Several(1, Machine, "i");
  Block(closure, items);
  const DiscardGiven given = All(closure, items);
  REQUIRE(closure.Do(Recheck{}).ok());
  CHECK(ReasonOf(closure.Do(given)) == v1::STATE_NOT_ALLOWED);
}

TEST_CASE("what was not selected is left alone", "[decide][R52]") {
  DecidedClosure closure;
  const std::vector<Item> items = {Machine("vm1"), Balance("usd1"), Machine("vm2"), Balance("usd2")};
  Block(closure, items);
  REQUIRE(closure.Do(All(closure, {items[0], items[3]})).ok());
  CHECK(closure.item("vm1").resolution() == Item::RELEASING);
  CHECK(closure.item("usd1").resolution() == Item::OPEN);
  CHECK(closure.item("vm2").resolution() == Item::OPEN);
  CHECK(closure.item("usd2").resolution() == Item::RENOUNCED);
  CHECK(closure.data().releases_open() == 1);
  CHECK(closure.closure().renunciations_size() == 1);
}

TEST_CASE("a discard of nothing changes no item and is settled at once", "[decide][R52]") {
  DecidedClosure closure;
  Block(closure, {Machine("vm")});
  REQUIRE(closure.Do(All(closure, {})).ok());
  CHECK(closure.last_commit().items.empty());
  CHECK(closure.last_commit().history->detail == "0 items");
  CHECK(FromProto(closure.Tasks(v1::Task::DISCARD_DEADLINE).front().due_time()) == closure.clock().Now());
  closure.Report(v1::Task::DISCARD_DEADLINE, TimerFired{});
  CHECK(closure.state() == Closure::CHECKING);
}

TEST_CASE("a selection that cannot be discarded is refused with the reason and what it is about",
          "[decide][R49][D11]") {
  DecidedClosure closure;
  Item bill = DecidedClosure::Item("bill", v1::UNPAID_BILL, v1::MUST_HANDLE, 5);
  bill.set_display_name("the bill of June");
  bill.set_instructions("pay it");
  Block(closure, {bill, Machine("vm")});
  DiscardGiven given = All(closure, {Machine("vm")});
  SECTION("it has to be handled by hand") {
    const absl::Status refused = closure.Do(All(closure, {bill}));
    CHECK(ReasonOf(refused) == v1::ITEM_NOT_RENOUNCEABLE);
    CHECK(refused.message() == NameOf("bill") + " (the bill of June) cannot be renounced: pay it");
    CHECK(MetadataOf(refused) == Metadata{{"item", NameOf("bill")}, {"displayName", "the bill of June"}});
  }
  SECTION("it is being dealt with") {
    given.items.front().set_resolution(Item::RELEASING);
    const absl::Status refused = closure.Do(given);
    CHECK(ReasonOf(refused) == v1::ITEM_NOT_OPEN);
    CHECK(refused.message() == NameOf("vm") + " is RELEASING already");
    CHECK(MetadataOf(refused) == Metadata{{"item", NameOf("vm")}, {"resolution", "RELEASING"}});
  }
  SECTION("its facts moved: the error has those of now") {
    given.command.selections.front().fingerprint = "f0";
    const absl::Status refused = closure.Do(given);
    CHECK(ReasonOf(refused) == v1::FINGERPRINT_MISMATCH);
    CHECK(refused.message() == "the facts of " + NameOf("vm") + " are not those that were shown; look at it again");
    CHECK(MetadataOf(refused) == Metadata{{"item", NameOf("vm")}, {"fingerprint", "f1"}});
  }
  SECTION("nothing of the selection is stored") {
    given.items.clear();
    const absl::Status refused = closure.Do(given);
    CHECK(ReasonOf(refused) == v1::ITEM_NOT_FOUND);
    CHECK(refused.message() == "there is no " + NameOf("vm"));
    CHECK(MetadataOf(refused) == Metadata{{"item", NameOf("vm")}});
  }
  CHECK(closure.state() == Closure::BLOCKED);
  CHECK(closure.Tasks(v1::Task::DISCARD).empty());
}

TEST_CASE("an item can be discarded while it stands in the way and nothing is under way for it", "[decide][R51][R52]") {
  DecidedClosure closure;
  Block(closure, {Machine("vm")});
  DiscardGiven given = All(closure, {Machine("vm")});
  const auto is_accepted = [&](Item::Resolution resolution) {
    given.items.front().set_resolution(resolution);
    const absl::Status told = closure.Do(given);
    if (!told.ok()) CHECK(ReasonOf(told) == v1::ITEM_NOT_OPEN);
    return told.ok();
  };
  SECTION("not when it is released, renounced or gone") {
    for (const Item::Resolution resolution : {Item::RELEASING, Item::RELEASED, Item::RENOUNCED, Item::RESOLVED})
      CHECK_FALSE(is_accepted(resolution));
  }
  SECTION("it is open") { CHECK(is_accepted(Item::OPEN)); }
  SECTION("a release of it failed") { CHECK(is_accepted(Item::RELEASE_FAILED)); }
  SECTION("nobody knows what became of its release") { CHECK(is_accepted(Item::OUTCOME_UNKNOWN)); }
}

TEST_CASE("one answer names everything that is wrong with a selection, and nothing of it is done",
          "[decide][R49][D11]") {
  DecidedClosure closure;
  Item bill = DecidedClosure::Item("bill", v1::UNPAID_BILL, v1::MUST_HANDLE, 5);
  bill.set_instructions("pay it");
  const std::vector<Item> items = {Machine("vm1"), Machine("vm2"), bill, Balance("usd")};
  Block(closure, items);
  REQUIRE(closure.Do(All(closure, {Balance("usd")})).ok());
  closure.Report(v1::Task::DISCARD_DEADLINE, TimerFired{});
  closure.FinishScan(items);
  REQUIRE(closure.state() == Closure::BLOCKED);

  DiscardGiven given = All(closure, items);
  given.command.selections[1].fingerprint = "f0";
  given.command.selections.insert(given.command.selections.begin() + 1, {"none", "f1"});
  const absl::Status refused = closure.Do(given);
  // The first that is wrong gives its error.
  CHECK(ReasonOf(refused) == v1::ITEM_NOT_FOUND);
  CHECK(refused.message() == "there is no " + NameOf("none"));
  CHECK(MetadataOf(refused) == Metadata{{"item", NameOf("none")}});
  const Violations expected = {
      {"ITEM_NOT_FOUND", NameOf("none"), "there is no " + NameOf("none")},
      {"FINGERPRINT_MISMATCH", NameOf("vm2"),
       "the facts of " + NameOf("vm2") + " are not those that were shown; look at it again"},
      {"ITEM_NOT_RENOUNCEABLE", NameOf("bill"), NameOf("bill") + " (bill) cannot be renounced: pay it"},
      {"ITEM_NOT_OPEN", NameOf("usd"), NameOf("usd") + " is RENOUNCED already"},
  };
  CHECK(ViolationsOf(refused) == expected);
  CHECK(closure.state() == Closure::BLOCKED);
  CHECK(closure.item("vm1").resolution() == Item::OPEN);
}

TEST_CASE("of very many selections that are wrong the first are named, in order, as many as an answer holds",
          "[decide][R49][D11]") {
  DecidedClosure closure;
  Block(closure, {Machine("vm")});
  const int count = GENERATE(5, 100, 101, 1000);
  const std::vector<Item> missing = Several(count, Machine, "none");
  DiscardGiven given;
  for (const Item& item : missing) given.command.selections.push_back({item.native_id(), item.fingerprint()});
  const absl::Status refused = closure.Do(given);
  CHECK(ReasonOf(refused) == v1::ITEM_NOT_FOUND);
  CHECK(refused.message() == "there is no " + NameOf("none1"));
  const Violations violations = ViolationsOf(refused);
  CHECK(violations.size() >= 5);
  CHECK(violations.size() <= kViolationsMax);
  for (std::size_t i = 0; i < violations.size(); ++i) CHECK(violations[i][1] == missing[i].name());
  CHECK(DetailOf<google::rpc::PreconditionFailure>(refused).ByteSizeLong() <= 6000);
}

TEST_CASE("only the digest of the prompt that is shown says that the risk was read", "[decide][R53]") {
  DecidedClosure closure;
  Block(closure, {Machine("vm")});
  DiscardGiven given = All(closure, {Machine("vm")});
  const std::string right = given.command.risk_digest;
  const Metadata expected = {{"closure", kName}, {"digest", right}};
  const std::string must_be_read = "the risk prompt of " + kName + " must be read and its digest returned";
  SECTION("none") {
    given.command.risk_digest.clear();
    const absl::Status refused = closure.Do(given);
    CHECK(ReasonOf(refused) == v1::RISK_NOT_ACKNOWLEDGED);
    CHECK(refused.message() == must_be_read);
    CHECK(MetadataOf(refused) == expected);
  }
  SECTION("one of another prompt, as long as the right one") {
    given.command.risk_digest.back() = right.back() == '0' ? '1' : '0';
    const absl::Status refused = closure.Do(given);
    CHECK(ReasonOf(refused) == v1::RISK_NOT_ACKNOWLEDGED);
    CHECK(refused.message() == must_be_read + "; the one given is of another prompt");
    CHECK(MetadataOf(refused) == expected);
  }
  SECTION("none, and there is no prompt that could have been read") {
    internal::v1::ClosureData data = closure.data();
    data.mutable_closure()->clear_risk_prompt();
    given.command.risk_digest.clear();
    Circumstances circumstances;
    circumstances.now = closure.clock().Now();
    CHECK(ReasonOf(Decide(data, given, circumstances).status()) == v1::RISK_NOT_ACKNOWLEDGED);
  }
  SECTION("the right one, and what was read is kept") {
    const v1::RiskPrompt shown = closure.closure().risk_prompt();
    CHECK(closure.Do(given).ok());
    REQUIRE(closure.last_commit().consents.size() == 1);
    const v1::Consent& consent = closure.last_commit().consents.front();
    CHECK(consent.kind() == v1::Consent::DISCARD_RISK);
    CHECK(consent.digest() == right);
    CHECK(consent.text() == shown.text());
    CHECK(consent.actor() == "root:1000000001");
  }
}

TEST_CASE("nothing is discarded under a hold, which says why it is there", "[decide][D15]") {
  DecidedClosure closure;
  const Item discarded = GENERATE(Machine("vm"), Balance("usd"));
  Block(closure, {discarded});
  const DiscardGiven given = All(closure, {discarded});
  REQUIRE(closure.Do(PlaceHold{"legal"}, "operator:ann").ok());
  const absl::Status refused = closure.Do(given);
  CHECK(ReasonOf(refused) == v1::CLOSURE_ON_HOLD);
  CHECK(refused.message() == "closure " + kName + " is on hold: legal");
  CHECK(MetadataOf(refused) == Metadata{{"closure", kName}, {"holdReason", "legal"}});
  CHECK(closure.state() == Closure::BLOCKED);
  REQUIRE(closure.Do(ReleaseHold{"settled"}, "operator:ann").ok());
  CHECK(closure.Do(given).ok());
}

TEST_CASE("a pause stops every discard that releases something, and none of money alone", "[decide][D15]") {
  DecidedClosure closure;
  const std::vector<Item> items = {Balance("usd1"), Machine("vm"), Balance("usd2")};
  Block(closure, items);
  closure.system().mutable_pause()->set_reason("incident");
  for (const DiscardGiven& given : {All(closure, {items[1]}), All(closure, items)}) {
    const absl::Status refused = closure.Do(given);
    CHECK(ReasonOf(refused) == v1::IRREVERSIBLE_PAUSED);
    CHECK(refused.message() == "irreversible work is paused for the whole system; try again later");
    CHECK(MetadataOf(refused) == Metadata{{"closure", kName}, {"what", "PAUSE"}});
    CHECK(closure.state() == Closure::BLOCKED);
  }
  CHECK(closure.Do(All(closure, {items[0], items[2]})).ok());
  CHECK(closure.state() == Closure::DISCARDING);
}

TEST_CASE("each release is told as it is answered, and the scan begins with the last", "[decide][R51][D15]") {
  DecidedClosure closure;
  const std::vector<Item> machines = Several(3, Machine, "vm");
  Block(closure, machines);
  REQUIRE(closure.Do(All(closure, machines)).ok());
  const std::vector<internal::v1::TaskData> releases = closure.Tasks(v1::Task::DISCARD);
  REQUIRE(releases.size() == 3);
  const std::string etag = closure.closure().etag();

  closure.ReportTask(releases[0], Answer(closure.item("vm1"), v1::DiscardResponse::RELEASED, "it is gone"));
  CHECK(closure.item("vm1").resolution() == Item::RELEASED);
  CHECK(closure.item("vm1").resolution_detail().empty());
  CHECK(closure.last_commit().history->event == "release_answered");
  CHECK(closure.last_commit().history->detail == "vm1 RELEASED");
  CHECK(closure.closure().etag() != etag);
  closure.ReportTask(releases[1], Answer(closure.item("vm2"), v1::DiscardResponse::REFUSED, "it is protected"));
  CHECK(closure.item("vm2").resolution() == Item::RELEASE_FAILED);
  CHECK(closure.item("vm2").resolution_detail() == "REFUSED: it is protected");
  CHECK(closure.last_commit().history->detail == "vm2 RELEASE_FAILED");
  CHECK(closure.state() == Closure::DISCARDING);
  CHECK(closure.data().releases_open() == 1);
  CHECK(closure.Tasks(v1::Task::SCAN).empty());

  closure.ReportTask(releases[2], Answer(closure.item("vm3"), v1::DiscardResponse::RELEASED));
  CHECK(closure.item("vm3").resolution() == Item::RELEASED);
  CHECK(closure.state() == Closure::CHECKING);
  CHECK(closure.last_commit().history->event == "discard_settled");
  CHECK(closure.last_commit().history->detail == "vm3 RELEASED");
  CHECK(closure.Tasks(v1::Task::SCAN).size() == 1);
  CHECK(closure.Tasks(v1::Task::DISCARD_DEADLINE).empty());
}

TEST_CASE("every answer but that it is released is a failure that says its name", "[decide][R51]") {
  DecidedClosure closure;
  Block(closure, {Machine("vm")});
  REQUIRE(closure.Do(All(closure, {Machine("vm")})).ok());
  const auto outcome = GENERATE(v1::DiscardResponse::OUTCOME_UNSPECIFIED, v1::DiscardResponse::FACTS_MOVED,
                                v1::DiscardResponse::FENCED, v1::DiscardResponse::REFUSED);
  closure.Report(v1::Task::DISCARD, Answer(closure.item("vm"), outcome, "why"));
  CHECK(closure.item("vm").resolution() == Item::RELEASE_FAILED);
  CHECK(closure.item("vm").resolution_detail() == v1::DiscardResponse::Outcome_Name(outcome) + ": why");
  CHECK(closure.state() == Closure::CHECKING);
}

TEST_CASE("of what a product says about a release 500 characters are kept, and no address of the owner",
          "[decide][R51][D12]") {
  DecidedClosure closure;
  closure.AddContact("ann@example.com");
  Block(closure, {Machine("vm")});
  REQUIRE(closure.Do(All(closure, {Machine("vm")})).ok());
  const std::string said = "Ann@example.com has to allow it " + std::string(1000, '=');
  closure.Report(v1::Task::DISCARD, Answer(closure.item("vm"), v1::DiscardResponse::REFUSED, said));
  const std::string& kept = closure.item("vm").resolution_detail();
  CHECK_THAT(kept, Catch::StartsWith("REFUSED: *** has to allow it ===") && Catch::EndsWith("=…"));
  CHECK(CountCharacters(kept) == 500U);
}

}  // namespace
}  // namespace closure
