// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_MACHINE_H_
#define CLOSURE_SERVER_MACHINE_H_

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "closure/v1/closure.pb.h"

// The machine of a closure: one table, read by one pure function. A pair that is not listed is refused. Static
// assertions at the end of this file prove that it is deterministic, that every state is reached, that every state can
// end, and that an end has no exit. The drawing in docs/machine.md is generated from it by closure_machine_drawing.
namespace closure {

using State = v1::Closure::State;

// What can happen to a closure. Guards decide which event a command or a task's result is; see decide.h.
enum class Event {
  kCreate,
  kIdentityVerified,
  kAgreementAccepted,
  kScanClean,
  kScanNotClean,
  kRecheck,
  kDiscard,
  kDiscardSettled,
  kConfirm,
  kSilentPeriodEntered,
  kConfirmFailed,
  kThawed,
  kSilentPeriodElapsed,
  kFinalCheckPassed,
  kFinalCheckProblem,
  kDeleted,
  kRestored,
  kCancel,
  kIdle,
  kAccountGone,
};
inline constexpr std::size_t kEventCount = static_cast<std::size_t>(Event::kAccountGone) + 1;
inline constexpr std::size_t kStateCount = v1::Closure::State_ARRAYSIZE;

struct TransitionRow {
  State from;
  Event event;
  State to;
};

inline constexpr TransitionRow kTransitions[] = {
    {v1::Closure::STATE_UNSPECIFIED, Event::kCreate, v1::Closure::IDENTITY_PENDING},
    {v1::Closure::IDENTITY_PENDING, Event::kIdentityVerified, v1::Closure::AGREEMENT_PENDING},
    {v1::Closure::AGREEMENT_PENDING, Event::kAgreementAccepted, v1::Closure::CHECKING},
    {v1::Closure::CHECKING, Event::kScanClean, v1::Closure::READY},
    {v1::Closure::CHECKING, Event::kScanNotClean, v1::Closure::BLOCKED},
    {v1::Closure::BLOCKED, Event::kRecheck, v1::Closure::CHECKING},
    {v1::Closure::READY, Event::kRecheck, v1::Closure::CHECKING},
    {v1::Closure::BLOCKED, Event::kDiscard, v1::Closure::DISCARDING},
    {v1::Closure::DISCARDING, Event::kDiscardSettled, v1::Closure::CHECKING},
    {v1::Closure::READY, Event::kConfirm, v1::Closure::CONFIRMING},
    {v1::Closure::CONFIRMING, Event::kSilentPeriodEntered, v1::Closure::SILENT_PERIOD},
    {v1::Closure::CONFIRMING, Event::kConfirmFailed, v1::Closure::THAWING},
    {v1::Closure::THAWING, Event::kThawed, v1::Closure::BLOCKED},
    {v1::Closure::SILENT_PERIOD, Event::kSilentPeriodElapsed, v1::Closure::FINAL_CHECK},
    {v1::Closure::FINAL_CHECK, Event::kFinalCheckPassed, v1::Closure::DELETING},
    {v1::Closure::FINAL_CHECK, Event::kFinalCheckProblem, v1::Closure::RESTORING},
    {v1::Closure::DELETING, Event::kDeleted, v1::Closure::CLOSED},
    {v1::Closure::RESTORING, Event::kRestored, v1::Closure::ABORTED},
    // The owner leaves the flow (D1).
    {v1::Closure::IDENTITY_PENDING, Event::kCancel, v1::Closure::CANCELLED},
    {v1::Closure::AGREEMENT_PENDING, Event::kCancel, v1::Closure::CANCELLED},
    {v1::Closure::CHECKING, Event::kCancel, v1::Closure::CANCELLED},
    {v1::Closure::BLOCKED, Event::kCancel, v1::Closure::CANCELLED},
    {v1::Closure::READY, Event::kCancel, v1::Closure::CANCELLED},
    // Nothing happens for too long (D16).
    {v1::Closure::IDENTITY_PENDING, Event::kIdle, v1::Closure::EXPIRED},
    {v1::Closure::AGREEMENT_PENDING, Event::kIdle, v1::Closure::EXPIRED},
    {v1::Closure::BLOCKED, Event::kIdle, v1::Closure::EXPIRED},
    {v1::Closure::READY, Event::kIdle, v1::Closure::EXPIRED},
    // The account was deleted by another path (D17): cancelled before Confirm, restored after it.
    {v1::Closure::IDENTITY_PENDING, Event::kAccountGone, v1::Closure::CANCELLED},
    {v1::Closure::AGREEMENT_PENDING, Event::kAccountGone, v1::Closure::CANCELLED},
    {v1::Closure::CHECKING, Event::kAccountGone, v1::Closure::CANCELLED},
    {v1::Closure::BLOCKED, Event::kAccountGone, v1::Closure::CANCELLED},
    {v1::Closure::DISCARDING, Event::kAccountGone, v1::Closure::CANCELLED},
    {v1::Closure::READY, Event::kAccountGone, v1::Closure::CANCELLED},
    {v1::Closure::CONFIRMING, Event::kAccountGone, v1::Closure::RESTORING},
    {v1::Closure::THAWING, Event::kAccountGone, v1::Closure::RESTORING},
    {v1::Closure::SILENT_PERIOD, Event::kAccountGone, v1::Closure::RESTORING},
    {v1::Closure::FINAL_CHECK, Event::kAccountGone, v1::Closure::RESTORING},
};

// The one reader of the table: where an event leads from a state; nothing when the pair is not listed.
constexpr std::optional<State> NextState(State from, Event event) {
  for (const TransitionRow& row : kTransitions) {
    if (row.from == from && row.event == event) return row.to;
  }
  return std::nullopt;
}

constexpr bool IsTerminal(State state) {
  return state == v1::Closure::CLOSED || state == v1::Closure::ABORTED || state == v1::Closure::CANCELLED ||
         state == v1::Closure::EXPIRED;
}

// The event's word in histories and error messages, for example "silent_period_entered".
constexpr std::string_view EventName(Event event) {
  constexpr std::array<std::string_view, kEventCount> kNames = {
      "create",
      "identity_verified",
      "agreement_accepted",
      "scan_clean",
      "scan_not_clean",
      "recheck",
      "discard",
      "discard_settled",
      "confirm",
      "silent_period_entered",
      "confirm_failed",
      "thawed",
      "silent_period_elapsed",
      "final_check_passed",
      "final_check_problem",
      "deleted",
      "restored",
      "cancel",
      "idle",
      "account_gone",
  };
  return kNames[static_cast<std::size_t>(event)];
}

// The table and its drawing as the Markdown of docs/machine.md.
std::string MachineDrawing();

namespace machine_proof {

// A set of states as bits.
using States = unsigned;
constexpr States Bit(State state) { return States{1} << static_cast<unsigned>(state); }
constexpr States AllStates() { return (States{1} << kStateCount) - 1; }

constexpr bool IsDeterministic() {
  for (const TransitionRow& a : kTransitions) {
    for (const TransitionRow& b : kTransitions) {
      if (&a != &b && a.from == b.from && a.event == b.event) return false;
    }
  }
  return true;
}

constexpr States Reached() {
  States reached = Bit(v1::Closure::STATE_UNSPECIFIED);
  for (std::size_t round = 0; round < kStateCount; ++round) {
    for (const TransitionRow& row : kTransitions) {
      if (reached & Bit(row.from)) reached |= Bit(row.to);
    }
  }
  return reached;
}

// The states from which an end can be reached.
constexpr States CanEnd() {
  States ending = 0;
  for (std::size_t number = 0; number < kStateCount; ++number) {
    const auto state = static_cast<State>(number);
    if (IsTerminal(state)) ending |= Bit(state);
  }
  for (std::size_t round = 0; round < kStateCount; ++round) {
    for (const TransitionRow& row : kTransitions) {
      if (ending & Bit(row.to)) ending |= Bit(row.from);
    }
  }
  return ending;
}

constexpr bool EndsHaveNoExit() {
  for (const TransitionRow& row : kTransitions) {
    if (IsTerminal(row.from)) return false;
  }
  return true;
}

constexpr bool EveryEventIsListed() {
  for (std::size_t event = 0; event < kEventCount; ++event) {
    bool listed = false;
    for (const TransitionRow& row : kTransitions) listed = listed || row.event == static_cast<Event>(event);
    if (!listed) return false;
  }
  return true;
}

// No way back from the silent period but the two endings (R18).
constexpr bool SilentPeriodIsIrrevocable() {
  States after = Bit(v1::Closure::SILENT_PERIOD);
  for (std::size_t round = 0; round < kStateCount; ++round) {
    for (const TransitionRow& row : kTransitions) {
      if (after & Bit(row.from)) after |= Bit(row.to);
    }
  }
  return after == (Bit(v1::Closure::SILENT_PERIOD) | Bit(v1::Closure::FINAL_CHECK) | Bit(v1::Closure::DELETING) |
                   Bit(v1::Closure::CLOSED) | Bit(v1::Closure::RESTORING) | Bit(v1::Closure::ABORTED));
}

// A deletion has one way in, through a passed final check, and one way out (promise 1 of docs/assurance.md).
constexpr bool DeletionIsGuarded() {
  for (const TransitionRow& row : kTransitions) {
    if (row.to == v1::Closure::DELETING &&
        (row.from != v1::Closure::FINAL_CHECK || row.event != Event::kFinalCheckPassed))
      return false;
    if (row.from == v1::Closure::DELETING && row.to != v1::Closure::CLOSED) return false;
    if (row.to == v1::Closure::CLOSED && row.from != v1::Closure::DELETING) return false;
  }
  return true;
}

static_assert(IsDeterministic(), "two rows have the same state and event");
static_assert(Reached() == AllStates(), "a state is never reached");
static_assert(CanEnd() == AllStates(), "a state has no way to an end");
static_assert(EndsHaveNoExit(), "a terminal state has an exit");
static_assert(EveryEventIsListed(), "an event is in no row");
static_assert(SilentPeriodIsIrrevocable(), "the silent period leads somewhere else than to its two endings");
static_assert(DeletionIsGuarded(), "a deletion can begin or end another way");

}  // namespace machine_proof
}  // namespace closure

#endif  // CLOSURE_SERVER_MACHINE_H_
