// SPDX-License-Identifier: Apache-2.0
#include "tests/simulation/schema_rules.h"

#include <fmt/format.h>

#include <initializer_list>
#include <optional>

#include "storage/sqlite/columns.h"
#include "storage/status_macros.h"

namespace closure::simulation {
namespace {

using internal::v1::ClosureData;
using sqlite::Micros;
using sqlite::MicrosIf;
using v1::Closure;

constexpr size_t kRowBytesMax = 1'000'000;

// A rule that must hold, or else is named.
struct Rule {
  bool holds;
  std::string_view text;
};

absl::Status CheckRules(std::initializer_list<Rule> rules) {
  for (const Rule& rule : rules) {
    if (!rule.holds) return Refusal(rule.text);
  }
  return absl::OkStatus();
}

bool Fits(std::initializer_list<size_t> sizes) {
  size_t sum = 0;
  for (const size_t size : sizes) sum += size;
  return sum <= kRowBytesMax;
}

constexpr std::string_view kTooLarge = "a row has more than 1,000,000 bytes";

std::optional<int64_t> SilentStart(const Closure& closure) {
  return MicrosIf(closure.has_silent_period_start_time(), closure.silent_period_start_time());
}

std::optional<int64_t> SilentEnd(const Closure& closure) {
  return MicrosIf(closure.has_silent_period_end_time(), closure.silent_period_end_time());
}

bool NeedsSilentPeriod(Closure::State state) {
  return state == Closure::SILENT_PERIOD || state == Closure::FINAL_CHECK || state == Closure::DELETING ||
         state == Closure::CLOSED;
}

// Whether a closure may go from one state to the other, as far as the database knows: before Confirm the machine of the
// server alone decides.
bool MayGo(Closure::State from, Closure::State to) {
  switch (from) {
    case Closure::SILENT_PERIOD:
      return to == Closure::FINAL_CHECK || to == Closure::RESTORING;
    case Closure::FINAL_CHECK:
      return to == Closure::DELETING || to == Closure::RESTORING;
    case Closure::DELETING:
      return to == Closure::CLOSED;
    case Closure::RESTORING:
      return to == Closure::ABORTED;
    case Closure::CONFIRMING:
      return to == Closure::SILENT_PERIOD || !NeedsSilentPeriod(to);
    default:
      return !NeedsSilentPeriod(to);
  }
}

}  // namespace

absl::Status Refusal(std::string_view rule) {
  return absl::InvalidArgumentError(fmt::format("store(memory): {}", rule));
}

absl::Status CheckClosureRow(const ClosureData& data) {
  const Closure& closure = data.closure();
  const std::optional<int64_t> start = SilentStart(closure);
  const std::optional<int64_t> end = SilentEnd(closure);
  return CheckRules(
      {{Closure::State_IsValid(closure.state()) && closure.state() != Closure::STATE_UNSPECIFIED,
        "a closure has a state"},
       {Closure::Reason_IsValid(closure.reason()) && Closure::Cause_IsValid(closure.cause()),
        "a closure's reason and cause are known ones"},
       {closure.has_create_time() && closure.has_update_time() && closure.has_state_enter_time(),
        "a closure has its times of creation, update and entering its state"},
       {data.fence() >= 1 && data.etag_number() >= 0 && closure.scan().number() >= 0, "a closure counts from 0"},
       {closure.item_counts().must_handle() >= 0 && closure.item_counts().renounceable() >= 0 &&
            closure.item_counts().renounced() >= 0,
        "items are counted from 0"},
       {end.has_value() || !NeedsSilentPeriod(closure.state()), "from the silent period on its end is fixed"},
       {start.has_value() == end.has_value(), "a silent period has a start and an end"},
       {!start.has_value() || !end.has_value() || *end > *start, "a silent period ends after its start"},
       {Fits({data.account_id().size(), data.closure_id().size(), data.organization_id().size(),
              data.language_code().size(), closure.reason_text().size(), closure.cause_detail().size(),
              closure.hold().operator_().size(), closure.hold().reason().size(), data.ByteSizeLong()}),
        kTooLarge}});
}

absl::Status CheckClosureChange(const ClosureData& before, const ClosureData& after) {
  const Closure::State from = before.closure().state();
  const Closure::State to = after.closure().state();
  const std::optional<int64_t> start = SilentStart(before.closure());
  const std::optional<int64_t> end = SilentEnd(before.closure());
  CLOSURE_RETURN_IF_ERROR(CheckRules({{(!start.has_value() || start == SilentStart(after.closure())) &&
                                           (!end.has_value() || end == SilentEnd(after.closure())),
                                       "a silent period that has begun never changes"}}));
  if (from == to) return absl::OkStatus();
  return CheckRules({{!IsEnded(from), "an ended closure never changes its state"},
                     {MayGo(from, to), "a closure after Confirm goes one way"},
                     {from != Closure::SILENT_PERIOD || to != Closure::FINAL_CHECK ||
                          Micros(after.closure().state_enter_time()) >= end,
                      "a silent period is not shortened"}});
}

absl::Status CheckGateChange(const Account& before, v1::GateState after) {
  return CheckRules({{after == v1::GATE_OPEN || after == v1::GATE_CLOSING || after == v1::GATE_CLOSED,
                      "a gate is open, closing or closed"},
                     {before.gate != v1::GATE_CLOSED || after == v1::GATE_CLOSED, "a closed gate never opens"}});
}

absl::Status CheckItemRow(std::string_view item_id, const v1::BlockingItem& item) {
  const int64_t units = item.amount().units();
  const int32_t nanos = item.amount().nanos();
  return CheckRules(
      {{!item_id.empty(), "an item has an id"},
       {v1::ItemKind_IsValid(item.kind()) && v1::Disposition_IsValid(item.disposition()) &&
            v1::BlockingItem::Resolution_IsValid(item.resolution()) &&
            v1::BlockingItem::Change_IsValid(item.change()) && v1::Resolver_IsValid(item.resolver()),
        "an item's kind, disposition, resolution, change and resolver are known ones"},
       {nanos >= -999'999'999 && nanos <= 999'999'999, "nanos are less than a unit"},
       {!(units > 0 && nanos < 0) && !(units < 0 && nanos > 0), "the sign of the nanos is that of the units"},
       {Fits({item.ByteSizeLong()}), kTooLarge}});
}

absl::Status CheckHistoryRow(const HistoryEntry& entry) {
  return CheckRules({{Closure::State_IsValid(entry.from_state) && Closure::State_IsValid(entry.to_state),
                      "a history entry's states are known ones"},
                     {!entry.event.empty(), "a history entry has an event"},
                     {Fits({entry.event.size(), entry.actor.size(), entry.detail.size()}), kTooLarge}});
}

absl::Status CheckConsentRow(const v1::Consent& consent) {
  return CheckRules({{v1::Consent::Kind_IsValid(consent.kind()), "a consent's kind is a known one"},
                     {Fits({consent.ByteSizeLong()}), kTooLarge}});
}

absl::Status CheckTaskRow(const internal::v1::TaskData& task) {
  return CheckRules({{!task.idempotency_key().empty(), "a task has a key"},
                     {v1::Task::Kind_IsValid(task.kind()) && v1::Task::Parked_IsValid(task.parked()),
                      "a task's kind and parking are known ones"},
                     {task.attempts() >= 0, "attempts are counted from 0"},
                     {Fits({task.ByteSizeLong()}), kTooLarge}});
}

absl::Status CheckRequestRow(const RequestRecord& request) {
  return CheckRules(
      {{!request.request_id.empty(), "a request has an id"},
       {Fits({request.account_id.size(), request.request_id.size(), request.body_hash.size(), request.response.size()}),
        kTooLarge}});
}

absl::Status CheckSystemRow(const internal::v1::SystemData& system) {
  return CheckRules(
      {{system.version() >= 0 && system.admissions() >= 0, "versions and admissions are counted from 0"},
       {Fits({system.pause().actor().size(), system.pause().reason().size(), system.breaker().reason().size(),
              system.clock_jump().reason().size(), system.ByteSizeLong()}),
        kTooLarge}});
}

}  // namespace closure::simulation
