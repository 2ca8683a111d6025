// SPDX-License-Identifier: Apache-2.0
// What a scan makes of what it found, of what was known before and of what was renounced (R48, D5, D7, D11, D15).
#include "server/scan_merge.h"

#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "checkers/proto_time.h"
#include "fmt/format.h"

namespace closure {
namespace {

using Item = v1::BlockingItem;

const absl::Time kBefore = absl::FromUnixSeconds(1'800'000'000);
const absl::Time kNow = kBefore + absl::Hours(1);
constexpr char kUnanswered[] = "its release was not answered in time, and it was found again since";

Item Found(const std::string& id, v1::ItemKind kind = v1::BALANCE, v1::Disposition disposition = v1::RENOUNCEABLE,
           const std::string& fingerprint = "f") {
  Item item;
  item.set_name(id);
  item.set_checker("billing");
  item.set_kind(kind);
  item.set_disposition(disposition);
  item.set_fingerprint(fingerprint);
  return item;
}

// The same as it was stored by the scan before.
Item Stored(Item item, Item::Resolution resolution = Item::OPEN, Item::Change change = Item::NEW) {
  *item.mutable_first_seen_time() = ToProto(kBefore);
  item.set_resolution(resolution);
  item.set_resolution_detail("why");
  item.set_change(change);
  return item;
}

v1::Renunciation Renounced(v1::ItemKind kind = v1::BALANCE, const std::string& fingerprint = "f",
                           v1::Renunciation::Status status = v1::Renunciation::RECORDED) {
  v1::Renunciation renunciation;
  renunciation.set_kind(kind);
  renunciation.set_fingerprint(fingerprint);
  renunciation.set_status(status);
  return renunciation;
}

internal::v1::ClosureData With(const std::vector<v1::Renunciation>& renunciations) {
  internal::v1::ClosureData data;
  for (const v1::Renunciation& each : renunciations) *data.mutable_closure()->add_renunciations() = each;
  return data;
}

v1::CheckerResult Silent(const std::string& checker) {
  v1::CheckerResult result;
  result.set_checker(checker);
  result.set_required(true);
  result.set_status(v1::CheckerResult::UNANSWERED);
  return result;
}

ScanMerge Merge(std::vector<Item> found, const std::vector<Item>& previous,
                const std::vector<v1::Renunciation>& renunciations = {},
                const std::vector<v1::CheckerResult>& checkers = {}) {
  ScanFindings findings;
  findings.items = std::move(found);
  findings.checkers.assign(checkers.begin(), checkers.end());
  return MergeScan(With(renunciations), findings, previous, kNow);
}

Item OnlyOf(const ScanMerge& merge) {
  REQUIRE(merge.items.size() == 1);
  return merge.items.front();
}

// Must-handle, renounceable and renounced items.
using Counts = std::vector<int>;
Counts CountsOf(const ScanMerge& merge) {
  return {merge.counts.must_handle(), merge.counts.renounceable(), merge.counts.renounced()};
}

std::vector<std::string> NamesOf(const std::vector<Item>& items) {
  std::vector<std::string> names;
  for (const Item& item : items) names.push_back(item.name());
  return names;
}

std::vector<v1::Renunciation::Status> StatusesOf(const ScanMerge& merge) {
  std::vector<v1::Renunciation::Status> statuses;
  for (const v1::Renunciation& each : merge.renunciations) statuses.push_back(each.status());
  return statuses;
}

TEST_CASE("what is found is new, changed or unchanged by its fingerprint, and known since it was first seen",
          "[decide][R48]") {
  const Item fresh = OnlyOf(Merge({Found("a")}, {}));
  CHECK(fresh.change() == Item::NEW);
  CHECK(FromProto(fresh.first_seen_time()) == kNow);
  CHECK(fresh.resolution() == Item::OPEN);
  const Item same = OnlyOf(Merge({Found("a")}, {Stored(Found("a"))}));
  CHECK(same.change() == Item::UNCHANGED);
  CHECK(FromProto(same.first_seen_time()) == kBefore);
  const Item other = OnlyOf(Merge({Found("a", v1::BALANCE, v1::RENOUNCEABLE, "g")}, {Stored(Found("a"))}));
  CHECK(other.change() == Item::CHANGED);
  CHECK(FromProto(other.first_seen_time()) == kBefore);
  // What was gone and comes back is another finding.
  const Item again = OnlyOf(Merge({Found("a")}, {Stored(Found("a"), Item::RESOLVED)}));
  CHECK(again.change() == Item::NEW);
  CHECK(FromProto(again.first_seen_time()) == kNow);
  CHECK(again.resolution_detail().empty());
  // Each is compared with its own.
  const ScanMerge two = Merge({Found("a"), Found("b")}, {Stored(Found("a")), Stored(Found("b"))});
  REQUIRE(two.items.size() == 2);
  CHECK(two.items[0].change() == Item::UNCHANGED);
  CHECK(two.items[1].change() == Item::UNCHANGED);
}

TEST_CASE("an item is told as renounced where its money with these facts is, and nowhere else", "[decide][D11][D15]") {
  CHECK(OnlyOf(Merge({Found("a")}, {}, {Renounced()})).resolution() == Item::RENOUNCED);
  CHECK(OnlyOf(Merge({Found("a", v1::DEBT)}, {}, {Renounced(v1::DEBT)})).resolution() == Item::RENOUNCED);
  const std::vector<std::pair<Item, v1::Renunciation>> others = {
      {Found("a", v1::PAY_AS_YOU_GO_RESOURCE), Renounced(v1::PAY_AS_YOU_GO_RESOURCE)},
      {Found("a", v1::BALANCE, v1::MUST_HANDLE), Renounced()},
      {Found("a"), Renounced(v1::DEBT)},
      {Found("a"), Renounced(v1::BALANCE, "g")},
      {Found("a"), Renounced(v1::BALANCE, "f", v1::Renunciation::DROPPED)},
      {Found("a"), Renounced(v1::BALANCE, "f", v1::Renunciation::EXECUTED)},
  };
  for (const auto& [item, renunciation] : others) {
    INFO(item.ShortDebugString() << " and " << renunciation.ShortDebugString());
    CHECK(OnlyOf(Merge({item}, {}, {renunciation})).resolution() == Item::OPEN);
  }
}

TEST_CASE("what became of a release is told as long as the item has the same facts", "[decide][R51]") {
  const auto found_again = [](Item::Resolution before, const std::string& fingerprint = "f") {
    return OnlyOf(Merge({Found("a", v1::PAY_AS_YOU_GO_RESOURCE, v1::RENOUNCEABLE, fingerprint)},
                        {Stored(Found("a", v1::PAY_AS_YOU_GO_RESOURCE), before)}));
  };
  CHECK(found_again(Item::RELEASE_FAILED).resolution() == Item::RELEASE_FAILED);
  CHECK(found_again(Item::RELEASE_FAILED).resolution_detail() == "why");
  CHECK(found_again(Item::OUTCOME_UNKNOWN).resolution() == Item::OPEN);
  CHECK(found_again(Item::OUTCOME_UNKNOWN).resolution_detail() == kUnanswered);
  CHECK(found_again(Item::OPEN).resolution() == Item::OPEN);
  CHECK(found_again(Item::OPEN).resolution_detail() == "why");
  for (const Item::Resolution before : {Item::RELEASED, Item::RELEASING}) {
    CHECK(found_again(before).resolution() == Item::OPEN);
    CHECK(found_again(before).resolution_detail().empty());
  }
  for (const Item::Resolution before : {Item::RELEASE_FAILED, Item::OUTCOME_UNKNOWN, Item::OPEN}) {
    CHECK(found_again(before, "g").resolution() == Item::OPEN);
    CHECK(found_again(before, "g").resolution_detail().empty());
  }
}

TEST_CASE("items in the way are counted by what can be done about them", "[decide][R48][D7]") {
  const ScanMerge merge =
      Merge({Found("bill", v1::UNPAID_BILL, v1::MUST_HANDLE), Found("server", v1::PAY_AS_YOU_GO_RESOURCE),
             Found("late", v1::DEBT, v1::RENOUNCEABLE, "late"), Found("given up")},
            {}, {Renounced()});
  CHECK(merge.unresolved == 3);
  CHECK(CountsOf(merge) == Counts{1, 2, 1});
  CHECK(NamesOf(merge.renounceable) == std::vector<std::string>{"server", "late"});
  CHECK(NamesOf(merge.late_money) == std::vector<std::string>{"late"});
  CHECK(NamesOf(merge.renounced) == std::vector<std::string>{"given up"});
  CHECK(merge.items.size() == 4);
}

TEST_CASE("what is not found any more is resolved, and told as gone by one scan only", "[decide][R48]") {
  const Item gone = OnlyOf(Merge({}, {Stored(Found("a"))}));
  CHECK(gone.resolution() == Item::RESOLVED);
  CHECK(gone.change() == Item::GONE);
  CHECK(gone.resolution_detail().empty());
  // Why its release failed stays readable.
  CHECK(OnlyOf(Merge({}, {Stored(Found("a"), Item::RELEASE_FAILED)})).resolution_detail() == "why");
  // So does it that the owner gave it up.
  CHECK(OnlyOf(Merge({}, {Stored(Found("a"), Item::RELEASED)})).resolution_detail() ==
        "it was discarded in this closure");
  CHECK(OnlyOf(Merge({}, {Stored(Found("a"), Item::OUTCOME_UNKNOWN)})).resolution_detail() ==
        "its release was not answered in time, and it is gone since");
  const ScanMerge later = Merge({}, {Stored(Found("a"), Item::RESOLVED, Item::GONE)});
  CHECK(OnlyOf(later).change() == Item::CHANGE_UNSPECIFIED);
  CHECK(OnlyOf(later).resolution() == Item::RESOLVED);
  CHECK(Merge({}, {Stored(Found("a"), Item::RESOLVED, Item::CHANGE_UNSPECIFIED)}).items.empty());
  CHECK(later.unresolved == 0);
  CHECK(CountsOf(later) == Counts{0, 0, 0});
}

TEST_CASE("what a silent required checker reported before stays in the way as it was", "[decide][D5]") {
  const std::vector<Item> before = {Stored(Found("bill", v1::UNPAID_BILL, v1::MUST_HANDLE)),
                                    Stored(Found("balance"), Item::RENOUNCED), Stored(Found("gone"), Item::RESOLVED)};
  const ScanMerge kept = Merge({}, before, {Renounced()}, {Silent("billing")});
  CHECK(CountsOf(kept) == Counts{1, 0, 1});
  CHECK(kept.unresolved == 1);
  CHECK(NamesOf(kept.items) == std::vector<std::string>{"bill", "balance"});
  CHECK(kept.items[0].change() == Item::UNCHANGED);
  CHECK(kept.items[0].resolution() == Item::OPEN);
  CHECK(kept.items[0].resolution_detail() == "why");

  v1::CheckerResult advisory = Silent("billing");
  advisory.set_required(false);
  v1::CheckerResult answered = Silent("billing");
  answered.set_status(v1::CheckerResult::ANSWERED);
  for (const v1::CheckerResult& checker : {advisory, answered, Silent("resources")}) {
    const ScanMerge merge = Merge({}, before, {Renounced()}, {checker});
    CHECK(merge.unresolved == 0);
    CHECK(CountsOf(merge) == Counts{0, 0, 0});
  }
  CHECK(Merge({}, before, {Renounced()}, {Silent("resources"), Silent("billing")}).unresolved == 1);
  // Silence keeps nothing from being found by somebody else.
  const ScanMerge found = Merge({Found("balance")}, {Stored(Found("balance"))}, {}, {Silent("billing")});
  CHECK(OnlyOf(found).resolution() == Item::OPEN);
  CHECK(CountsOf(found) == Counts{0, 1, 0});
}

TEST_CASE("a renunciation holds as long as its money is found with the same facts", "[decide][D11][D15]") {
  using R = v1::Renunciation;
  const std::vector<R> all = {Renounced(), Renounced(v1::DEBT, "d", R::EXECUTED), Renounced(v1::DEBT, "e", R::DROPPED)};
  using Statuses = std::vector<R::Status>;
  CHECK(StatusesOf(Merge({Found("a")}, {}, all)) == Statuses{R::RECORDED, R::EXECUTED, R::DROPPED});
  CHECK(StatusesOf(Merge({}, {}, all)) == Statuses{R::DROPPED, R::EXECUTED, R::DROPPED});
  CHECK(StatusesOf(Merge({Found("a", v1::BALANCE, v1::RENOUNCEABLE, "g")}, {}, all)) ==
        Statuses{R::DROPPED, R::EXECUTED, R::DROPPED});
  // Money that has to be handled by hand now cannot be renounced.
  CHECK(StatusesOf(Merge({Found("a", v1::BALANCE, v1::MUST_HANDLE)}, {}, all)) ==
        Statuses{R::DROPPED, R::EXECUTED, R::DROPPED});
  // Who is silent does not say that it is gone.
  const auto silent = [&](Item::Resolution before) {
    return StatusesOf(Merge({}, {Stored(Found("a"), before)}, all, {Silent("billing")}));
  };
  CHECK(silent(Item::RENOUNCED) == Statuses{R::RECORDED, R::EXECUTED, R::DROPPED});
  CHECK(silent(Item::OPEN) == Statuses{R::DROPPED, R::EXECUTED, R::DROPPED});
  // One that answered does.
  CHECK(StatusesOf(Merge({}, {Stored(Found("a"), Item::RENOUNCED)}, all)) ==
        Statuses{R::DROPPED, R::EXECUTED, R::DROPPED});
}

TEST_CASE("of dropped renunciations the latest hundred are kept, and all others", "[decide][D15]") {
  std::vector<v1::Renunciation> all = {Renounced(v1::DEBT, "executed", v1::Renunciation::EXECUTED)};
  for (int number = 0; number < 102; ++number)
    all.push_back(Renounced(v1::DEBT, fmt::format("{}", number), v1::Renunciation::DROPPED));
  all.push_back(Renounced());
  const ScanMerge merge = Merge({Found("a")}, {}, all);
  REQUIRE(merge.renunciations.size() == 102);
  CHECK(merge.renunciations[0].fingerprint() == "executed");
  CHECK(merge.renunciations[1].fingerprint() == "2");
  CHECK(merge.renunciations[100].fingerprint() == "101");
  CHECK(merge.renunciations[101].status() == v1::Renunciation::RECORDED);
  all.erase(all.begin() + 1, all.begin() + 3);
  CHECK(Merge({Found("a")}, {}, all).renunciations.size() == 102);
}

TEST_CASE("only what is renounced or resolved does not stand in the way", "[decide]") {
  for (const Item::Resolution resolution :
       {Item::OPEN, Item::RELEASING, Item::RELEASED, Item::RELEASE_FAILED, Item::OUTCOME_UNKNOWN})
    CHECK(IsInTheWay(resolution));
  CHECK_FALSE(IsInTheWay(Item::RENOUNCED));
  CHECK_FALSE(IsInTheWay(Item::RESOLVED));
}

}  // namespace
}  // namespace closure
