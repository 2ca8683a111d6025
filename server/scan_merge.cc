// SPDX-License-Identifier: Apache-2.0
#include "server/scan_merge.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "checkers/proto_time.h"
#include "server/renounced_money.h"

namespace closure {
namespace {

// The recorded renunciation that covers an item with exactly these facts.
bool IsRenounced(const internal::v1::ClosureData& data, const v1::BlockingItem& item) {
  for (const v1::Renunciation& renunciation : data.closure().renunciations()) {
    if (renunciation.status() == v1::Renunciation::RECORDED && renunciation.kind() == item.kind() &&
        renunciation.fingerprint() == item.fingerprint()) {
      return true;
    }
  }
  return false;
}

v1::BlockingItem MergeFound(const internal::v1::ClosureData& data, v1::BlockingItem item,
                            const v1::BlockingItem* before, absl::Time now) {
  const bool known = before != nullptr && before->resolution() != v1::BlockingItem::RESOLVED;
  item.set_change(!known                                        ? v1::BlockingItem::NEW
                  : before->fingerprint() == item.fingerprint() ? v1::BlockingItem::UNCHANGED
                                                                : v1::BlockingItem::CHANGED);
  // What comes back after it was gone is another finding, and its release another act.
  *item.mutable_first_seen_time() = known ? before->first_seen_time() : ToProto(now);
  const bool renounced =
      IsRenouncedAsMoney(item.kind()) && item.disposition() == v1::RENOUNCEABLE && IsRenounced(data, item);
  item.set_resolution(renounced ? v1::BlockingItem::RENOUNCED : v1::BlockingItem::OPEN);
  if (!known || before->fingerprint() != item.fingerprint()) return item;
  if (before->resolution() == v1::BlockingItem::RELEASE_FAILED) {
    // Why its product refused is still what the owner has to know.
    item.set_resolution(v1::BlockingItem::RELEASE_FAILED);
    item.set_resolution_detail(before->resolution_detail());
  } else if (before->resolution() == v1::BlockingItem::OUTCOME_UNKNOWN) {
    item.set_resolution_detail("its release was not answered in time, and it was found again since");
  } else if (before->resolution() == v1::BlockingItem::OPEN) {
    // It may still be released.
    item.set_resolution_detail(before->resolution_detail());
  }
  return item;
}

// An item that is not resolved.
void Count(const v1::BlockingItem& item, ScanMerge& merge) {
  if (item.resolution() == v1::BlockingItem::RENOUNCED) {
    merge.counts.set_renounced(merge.counts.renounced() + 1);
    merge.renounced.push_back(item);
    return;
  }
  ++merge.unresolved;
  if (item.disposition() != v1::RENOUNCEABLE) {
    merge.counts.set_must_handle(merge.counts.must_handle() + 1);
    return;
  }
  merge.counts.set_renounceable(merge.counts.renounceable() + 1);
  merge.renounceable.push_back(item);
  if (IsRenouncedAsMoney(item.kind())) merge.late_money.push_back(item);
}

// What is known of the release of an item that is gone, in words.
std::string ReleaseOfGone(const v1::BlockingItem& before) {
  switch (before.resolution()) {
    case v1::BlockingItem::RELEASED:
      return "it was discarded in this closure";
    case v1::BlockingItem::OUTCOME_UNKNOWN:
      return "its release was not answered in time, and it is gone since";
    case v1::BlockingItem::OPEN:
      return "";  // that it may still be released is over
    default:
      return before.resolution_detail();
  }
}

// An item that was stored and was not found now.
void MergeMissing(const v1::BlockingItem& before, bool keep, ScanMerge& merge) {
  v1::BlockingItem item = before;
  if (before.resolution() == v1::BlockingItem::RESOLVED) {
    // It was gone already; only the scan that saw it go says so.
    if (before.change() != v1::BlockingItem::GONE) return;
    item.set_change(v1::BlockingItem::CHANGE_UNSPECIFIED);
  } else if (!keep) {
    item.set_resolution(v1::BlockingItem::RESOLVED);
    item.set_change(v1::BlockingItem::GONE);
    item.set_resolution_detail(ReleaseOfGone(before));
  } else {
    item.set_change(v1::BlockingItem::UNCHANGED);
    Count(item, merge);
  }
  merge.items.push_back(std::move(item));
}

// Of what was dropped the latest are kept, for people; consents and history tell of all.
void ForgetDropped(std::vector<v1::Renunciation>& renunciations) {
  constexpr std::ptrdiff_t kDroppedKept = 100;
  const auto is_dropped = [](const v1::Renunciation& each) { return each.status() == v1::Renunciation::DROPPED; };
  std::ptrdiff_t excess = std::count_if(renunciations.begin(), renunciations.end(), is_dropped) - kDroppedKept;
  std::vector<v1::Renunciation> kept;
  for (v1::Renunciation& each : renunciations) {
    if (excess > 0 && is_dropped(each))
      --excess;
    else
      kept.push_back(std::move(each));
  }
  renunciations = std::move(kept);
}

// Renunciations whose item is not there with the same facts are dropped, unless the checker did not say.
void MergeRenunciations(const internal::v1::ClosureData& data, const absl::flat_hash_set<std::string>& renounced,
                        bool billing_answered, ScanMerge& merge) {
  for (v1::Renunciation renunciation : data.closure().renunciations()) {
    if (billing_answered && renunciation.status() == v1::Renunciation::RECORDED &&
        !renounced.contains(renunciation.fingerprint())) {
      renunciation.set_status(v1::Renunciation::DROPPED);
    }
    merge.renunciations.push_back(std::move(renunciation));
  }
  ForgetDropped(merge.renunciations);
}

}  // namespace

bool IsInTheWay(v1::BlockingItem::Resolution resolution) {
  switch (resolution) {
    case v1::BlockingItem::RENOUNCED:
    case v1::BlockingItem::RESOLVED:
      return false;
    default:
      return true;
  }
}

ScanMerge MergeScan(const internal::v1::ClosureData& data, const ScanFindings& findings,
                    const std::vector<v1::BlockingItem>& previous, absl::Time now) {
  ScanMerge merge;
  absl::flat_hash_map<std::string_view, const v1::BlockingItem*> before;
  for (const v1::BlockingItem& item : previous) before.emplace(item.name(), &item);
  // Only the silence of a required checker keeps what it said before; one that is advisory, disabled or gone does not
  // block (D5).
  absl::flat_hash_set<std::string_view> silent;
  for (const v1::CheckerResult& checker : findings.checkers) {
    if (checker.required() && checker.status() == v1::CheckerResult::UNANSWERED) silent.insert(checker.checker());
  }
  absl::flat_hash_set<std::string_view> found;
  absl::flat_hash_set<std::string> renounced;
  for (const v1::BlockingItem& item : findings.items) {
    const auto known = before.find(item.name());
    v1::BlockingItem merged = MergeFound(data, item, known == before.end() ? nullptr : known->second, now);
    found.insert(item.name());
    Count(merged, merge);
    if (merged.resolution() == v1::BlockingItem::RENOUNCED) renounced.insert(merged.fingerprint());
    merge.items.push_back(std::move(merged));
  }
  bool money_answered = true;
  for (const v1::BlockingItem& item : previous) {
    if (found.contains(item.name())) continue;
    const bool keep = silent.contains(item.checker());
    if (keep && item.resolution() == v1::BlockingItem::RENOUNCED) money_answered = false;
    MergeMissing(item, keep, merge);
  }
  MergeRenunciations(data, renounced, money_answered, merge);
  return merge;
}

}  // namespace closure
