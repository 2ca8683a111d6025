// SPDX-License-Identifier: Apache-2.0
// What an owner gives up: discards, and what their releases come to.
#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "checkers/proto_time.h"
#include "checkers/text.h"
#include "fmt/format.h"
#include "server/decision_builder.h"
#include "server/errors.h"
#include "server/item_identity.h"
#include "server/redaction.h"
#include "server/renounced_money.h"
#include "server/resource_names.h"

namespace closure {
namespace {

// How much of what a checker says about a release is kept.
constexpr std::size_t kDetailCharactersMax = 500;

bool IsOpen(v1::BlockingItem::Resolution resolution) {
  return resolution == v1::BlockingItem::OPEN || resolution == v1::BlockingItem::RELEASE_FAILED ||
         resolution == v1::BlockingItem::OUTCOME_UNKNOWN;
}

absl::Status CheckSelection(const v1::BlockingItem& item, const DiscardItems::Selection& selection) {
  if (item.disposition() != v1::RENOUNCEABLE) {
    return Error(v1::ITEM_NOT_RENOUNCEABLE,
                 fmt::format("{} ({}) cannot be renounced: {}", item.name(), item.display_name(), item.instructions()),
                 {{"item", item.name()}, {"displayName", item.display_name()}});
  }
  if (!IsOpen(item.resolution())) {
    const std::string& resolution = v1::BlockingItem::Resolution_Name(item.resolution());
    return Error(v1::ITEM_NOT_OPEN, fmt::format("{} is {} already", item.name(), resolution),
                 {{"item", item.name()}, {"resolution", resolution}});
  }
  if (item.fingerprint() != selection.fingerprint) {
    return Error(v1::FINGERPRINT_MISMATCH,
                 fmt::format("the facts of {} are not those that were shown; look at it again", item.name()),
                 {{"item", item.name()}, {"fingerprint", item.fingerprint()}});
  }
  return absl::OkStatus();
}

// The items that were selected. Every selection is looked at, so that nobody has to come back for the next thing that
// is wrong.
// Errors: that of the first selection that is refused, with a violation for each, kViolationsMax at most.
absl::StatusOr<std::vector<v1::BlockingItem>> SelectItems(const v1::Closure& closure, const DiscardGiven& given) {
  absl::flat_hash_map<std::string_view, const v1::BlockingItem*> stored;
  for (const v1::BlockingItem& item : given.items) stored.emplace(LastSegment(item.name()), &item);
  std::vector<v1::BlockingItem> selected;
  absl::Status first;
  std::vector<Violation> violations;
  for (const DiscardItems::Selection& selection : given.command.selections) {
    const std::string name = ItemName(closure.name(), selection.item_id);
    const auto found = stored.find(selection.item_id);
    const absl::Status refusal = found == stored.end()
                                     ? Error(v1::ITEM_NOT_FOUND, fmt::format("there is no {}", name), {{"item", name}})
                                     : CheckSelection(*found->second, selection);
    if (refusal.ok()) {
      selected.push_back(*found->second);
      continue;
    }
    first.Update(refusal);
    violations.push_back({.type = v1::ErrorReason_Name(ReasonOf(refusal)),
                          .subject = name,
                          .description = std::string(refusal.message())});
    if (violations.size() == kViolationsMax) break;
  }
  if (!first.ok()) return WithViolations(std::move(first), violations);
  return selected;
}

// Money is renounced at once and executed later (D15).
void Renounce(DecisionBuilder& builder, v1::BlockingItem& item) {
  item.set_resolution(v1::BlockingItem::RENOUNCED);
  v1::Renunciation& renunciation = *builder.closure().add_renunciations();
  renunciation.set_kind(item.kind());
  *renunciation.mutable_amount() = item.amount();
  renunciation.set_fingerprint(item.fingerprint());
  renunciation.set_status(v1::Renunciation::RECORDED);
  *renunciation.mutable_create_time() = ToProto(builder.now());
}

void StartRelease(DecisionBuilder& builder, v1::BlockingItem& item) {
  item.set_resolution(v1::BlockingItem::RELEASING);
  item.clear_resolution_detail();
  internal::v1::TaskData& task = builder.AddTask(v1::Task::DISCARD, ReleaseKey(item), builder.now());
  task.mutable_payload()->set_item_id(std::string(LastSegment(item.name())));
  *task.mutable_payload()->mutable_give_up_time() =
      ToProto(builder.now() + FromProto(builder.policy().discard_limit()));
  builder.data().set_releases_open(builder.data().releases_open() + 1);
}

}  // namespace

absl::Status RequireNoHalt(DecisionBuilder& builder, bool pause_matters) {
  const v1::Closure& closure = builder.closure();
  if (closure.has_hold()) {
    return Error(v1::CLOSURE_ON_HOLD, fmt::format("closure {} is on hold: {}", closure.name(), closure.hold().reason()),
                 {{"closure", closure.name()}, {"holdReason", closure.hold().reason()}});
  }
  if (pause_matters && builder.circumstances().system.has_pause()) {
    return Error(v1::IRREVERSIBLE_PAUSED, "irreversible work is paused for the whole system; try again later",
                 {{"closure", closure.name()}, {"what", v1::Task::Parked_Name(v1::Task::PAUSE)}});
  }
  return absl::OkStatus();
}

absl::Status RequireRiskRead(const v1::Closure& closure, std::string_view digest) {
  if (!digest.empty() && digest == closure.risk_prompt().digest()) return absl::OkStatus();
  return Error(v1::RISK_NOT_ACKNOWLEDGED,
               fmt::format("the risk prompt of {} must be read and its digest returned{}", closure.name(),
                           digest.empty() ? "" : "; the one given is of another prompt"),
               {{"closure", closure.name()}, {"digest", closure.risk_prompt().digest()}});
}

absl::StatusOr<Decision> DecideDiscard(DecisionBuilder& builder, const DiscardGiven& given) {
  if (absl::Status allowed = builder.Require(Event::kDiscard, v1::Closure::DISCARD_ITEMS); !allowed.ok())
    return allowed;
  absl::StatusOr<std::vector<v1::BlockingItem>> selected = SelectItems(builder.closure(), given);
  if (!selected.ok()) return selected.status();
  if (absl::Status risk = RequireRiskRead(builder.closure(), given.command.risk_digest); !risk.ok()) return risk;
  // Renounced money is executed later; a release would have to happen now.
  const bool releases = std::any_of(selected->begin(), selected->end(),
                                    [](const v1::BlockingItem& item) { return !IsRenouncedAsMoney(item.kind()); });
  if (absl::Status halts = RequireNoHalt(builder, releases); !halts.ok()) return halts;

  const v1::RiskPrompt prompt = builder.closure().risk_prompt();
  builder.AddConsent(v1::Consent::DISCARD_RISK, "", prompt.digest(), prompt.text());
  builder.Move(Event::kDiscard, fmt::format("{} items", selected->size()));
  builder.data().set_releases_open(0);
  for (v1::BlockingItem& item : *selected) {
    if (IsRenouncedAsMoney(item.kind())) {
      Renounce(builder, item);
    } else {
      StartRelease(builder, item);
    }
  }
  builder.commit().items = *std::move(selected);
  // With nothing to wait for the deadline is now.
  const bool waits = builder.data().releases_open() > 0;
  const absl::Time due = waits ? builder.now() + FromProto(builder.policy().discard_limit()) : builder.now();
  builder.AddTask(v1::Task::DISCARD_DEADLINE, fmt::format("discard-deadline/{}", builder.data().fence()), due);
  return builder.Finish();
}

Decision DecideRelease(DecisionBuilder& builder, const ReleaseAnswered& answered) {
  v1::BlockingItem item = answered.item;
  const v1::DiscardResponse& response = answered.response;
  const bool released = response.outcome() == v1::DiscardResponse::RELEASED;
  item.set_resolution(released ? v1::BlockingItem::RELEASED : v1::BlockingItem::RELEASE_FAILED);
  item.set_resolution_detail(
      released ? ""
               : PrintableText(fmt::format("{}: {}", v1::DiscardResponse::Outcome_Name(response.outcome()),
                                           WithoutAddresses(builder.data(), response.detail())),
                               kDetailCharactersMax));
  builder.data().set_releases_open(builder.data().releases_open() - 1);
  const std::string detail =
      fmt::format("{} {}", LastSegment(item.name()), v1::BlockingItem::Resolution_Name(item.resolution()));
  builder.commit().items.push_back(std::move(item));
  if (builder.data().releases_open() > 0) {
    builder.TouchItems();
    builder.Note("release_answered", detail);
    return builder.Finish();
  }
  builder.Move(Event::kDiscardSettled, detail);
  BeginScan(builder, v1::SCAN);
  return builder.Finish();
}

}  // namespace closure
