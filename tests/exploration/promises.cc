// SPDX-License-Identifier: Apache-2.0
#include "tests/exploration/promises.h"

#include <algorithm>
#include <set>

#include "checkers/proto_time.h"
#include "fmt/format.h"
#include "tests/support/sound_closure.h"

namespace closure::exploration {
namespace {

using Broken = std::optional<std::string>;

bool IsOneOf(State state, const std::set<State>& states) { return states.count(state) > 0; }

// From Confirm to the end of deletion or restoring.
const std::set<State>& Closing() {
  static const std::set<State> kStates = {v1::Closure::CONFIRMING,  v1::Closure::THAWING,  v1::Closure::SILENT_PERIOD,
                                          v1::Closure::FINAL_CHECK, v1::Closure::DELETING, v1::Closure::RESTORING};
  return kStates;
}

// Whom the explored service asks.
bool EveryoneAnswered(const v1::Closure& closure) {
  return closure::EveryoneAnswered(closure, {"billing", "resources"});
}

// Whether the wall clock jumped, and no operator vouched for it yet: what the product's DoClocksDisagree should answer.
bool DoClocksJump(const World& world) { return world.system.has_clock_jump() || !TimeOf(world).jump.empty(); }

// What a silent period needs before it (N1, N5, S7).
Broken JudgeEntry(const World& world, const internal::v1::ClosureData& next) {
  const v1::Closure& closure = next.closure();
  if (std::string broken = FaultOfEntry(closure, world.memory.scans_at_confirm); !broken.empty()) return broken;
  if (!EveryoneAnswered(closure)) return "N5, S17: an unanswered checker counted as a pass";
  if (world.memory.confirming_for > FromProto(next.policy().confirm_limit()))
    return "D6: a silent period began long after Confirm";
  if (world.outside.facts.server != 0 && !world.outside.gone) return "S7: a silent period with a running server";
  if (closure.has_hold() || world.system.has_pause()) return "H: a silent period was entered during a hold or pause";
  if (DoClocksJump(world)) return "H: a silent period was entered while the clocks disagree";
  return std::nullopt;
}

// When a silent period ends by itself it is over on every clock (S3), and nothing stops it.
Broken JudgeElapse(const World& world) {
  const v1::Closure& closure = world.data.closure();
  if (std::string broken = FaultOfElapse(closure, world.clock.wall, world.memory.silent_for,
                                         FromProto(world.data.policy().silent_period()));
      !broken.empty())
    return broken;
  if (closure.has_hold() || world.system.has_pause()) return "H: a silent period ended during a hold or pause";
  if (world.system.has_breaker() || world.hour_is_full)
    return "D14, H: a silent period ended beyond the breaker's limit";
  if (DoClocksJump(world)) return "H: a silent period ended while the clocks disagree";
  return std::nullopt;
}

// What the point of no return needs (N3, N5, S1, S10, S17).
Broken JudgeDeletion(const World& world, const internal::v1::ClosureData& next) {
  const v1::Closure& closure = next.closure();
  if (std::string broken = FaultOfDeletion(closure); !broken.empty()) return broken;
  if (!EveryoneAnswered(closure)) return "N5, S17: an unanswered checker counted as a pass";
  if (closure.has_hold() || world.system.has_pause()) return "H: a deletion began during a hold or pause";
  if (DoClocksJump(world)) return "H: a deletion began while the clocks disagree";
  if (world.outside.gone) return std::nullopt;
  if (!world.outside.sealed) return "S10: a deletion began while bills can still arrive";
  const Facts& facts = world.outside.facts;
  if (facts.bill != 0 || facts.server != 0) return "S10: a deletion began with an unpaid bill or a running server";
  const auto covered = [&](v1::ItemKind kind, std::uint8_t version) {
    return std::any_of(closure.renunciations().begin(), closure.renunciations().end(), [&](const auto& renunciation) {
      return renunciation.kind() == kind && renunciation.fingerprint() == Fingerprint(kind, version) &&
             renunciation.status() == v1::Renunciation::RECORDED;
    });
  };
  if (facts.debt != 0 && !covered(v1::DEBT, facts.debt)) return "S10: a deletion began with a debt nobody renounced";
  if (facts.balance != 0 && !covered(v1::BALANCE, facts.balance))
    return "S15: a deletion began with a balance nobody renounced";
  return std::nullopt;
}

// At an end the books agree: what was taken is what the record calls executed, and nothing is left to be taken (S15).
Broken JudgeBooks(const World& world, const v1::Closure& closure) {
  unsigned balances = 0;
  unsigned debts = 0;
  for (const v1::Renunciation& renunciation : closure.renunciations()) {
    if (renunciation.status() == v1::Renunciation::RECORDED) return "D15: a renunciation outlived its closure";
    if (renunciation.status() != v1::Renunciation::EXECUTED) continue;
    for (unsigned version = 0; version < 8; ++version) {
      if (renunciation.fingerprint() == Fingerprint(renunciation.kind(), static_cast<std::uint8_t>(version)))
        (renunciation.kind() == v1::BALANCE ? balances : debts) |= 1U << version;
    }
  }
  if (balances != world.memory.balances_taken) return "S15: the record does not tell which balance was forfeited";
  if (debts != world.memory.debts_taken) return "S15: the record does not tell which debt was voided";
  return std::nullopt;
}

// Whoever can be reached is told the end (L2).
Broken JudgeNotices(const World& world, const Commit& commit) {
  for (const internal::v1::Contact& contact : world.data.contacts()) {
    const bool told = std::any_of(commit.add_tasks.begin(), commit.add_tasks.end(), [&](const auto& task) {
      return task.kind() == v1::Task::NOTICE && task.payload().channel() == contact.channel();
    });
    if (!told) return "L2: an owner is not told how the closure ended";
  }
  return std::nullopt;
}

// A closure that is confirmed is clean, and was so lately (D16).
Broken JudgeConfirm(const World& world) {
  const v1::Scan& scan = world.data.closure().scan();
  if (!scan.clean() || scan.phase() != v1::SCAN || world.clock.wall >= FromProto(scan.fresh_until_time()))
    return "D16: a closure was confirmed on a scan that is old or not clean";
  if (world.data.closure().has_hold() || world.system.has_pause())
    return "H: a closure was confirmed during a hold or pause";
  if (DoClocksJump(world)) return "H: a closure was confirmed while the clocks disagree";
  return std::nullopt;
}

// After a discard nothing is being released any more: what was not answered is unknown until a scan tells.
Broken JudgeDiscarded(const World& world, const Commit& commit) {
  for (const v1::BlockingItem& item : world.items) {
    const auto next = std::find_if(commit.items.begin(), commit.items.end(),
                                   [&](const auto& each) { return each.name() == item.name(); });
    const v1::BlockingItem& after = next == commit.items.end() ? item : *next;
    if (after.resolution() == v1::BlockingItem::RELEASING)
      return "S2: an item is being released after its discard ended";
  }
  return std::nullopt;
}

// An end says why, and the reason fits.
Broken JudgeEnd(const World& world, const Commit& commit) {
  const v1::Closure& closure = commit.closure->closure();
  const auto cause = closure.cause();
  bool fits = false;
  switch (closure.state()) {
    case v1::Closure::CLOSED:
      fits = cause == v1::Closure::COMPLETED;
      break;
    case v1::Closure::ABORTED:
      fits = cause == v1::Closure::FINAL_CHECK_PROBLEM || cause == v1::Closure::ACCOUNT_GONE;
      break;
    case v1::Closure::CANCELLED:
      fits = cause == v1::Closure::OWNER_CANCELLED || cause == v1::Closure::ACCOUNT_GONE;
      break;
    default:
      fits = cause == v1::Closure::IDLE;
  }
  if (!fits) return fmt::format("S2: an end with the wrong cause: {}", v1::Closure::Cause_Name(cause));
  if (Broken broken = JudgeNotices(world, commit); broken.has_value()) return broken;
  return JudgeBooks(world, closure);
}

Broken JudgeMove(const World& world, const Commit& commit) {
  const internal::v1::ClosureData& next = *commit.closure;
  const State from = world.data.closure().state();
  const State to = next.closure().state();
  if (!commit.history.has_value()) return "N7: a state changed without a history row";
  if (commit.history->from_state != from || commit.history->to_state != to)
    return "S13: a history row tells another move";
  // Between reading and committing a switch may be thrown; the store compares only what it is told to.
  const bool halts = to == v1::Closure::CONFIRMING || to == v1::Closure::SILENT_PERIOD ||
                     to == v1::Closure::FINAL_CHECK || to == v1::Closure::DELETING;
  if (halts && !commit.system.has_value() && commit.expected_system_version != world.system.version())
    return "H: a pause that comes between a decision and its commit is overlooked";
  if (to == v1::Closure::READY && (!next.closure().scan().clean() || !EveryoneAnswered(next.closure())))
    return "N5: a closure is READY without a clean scan";
  if (to == v1::Closure::CONFIRMING) return JudgeConfirm(world);
  if (from == v1::Closure::DISCARDING) {
    if (Broken broken = JudgeDiscarded(world, commit); broken.has_value()) return broken;
  }
  if (to == v1::Closure::EXPIRED && world.clock.wall < FromProto(world.data.closure().expire_time()))
    return "D16: a closure expired before its time";
  if (to == v1::Closure::SILENT_PERIOD) return JudgeEntry(world, next);
  if (from == v1::Closure::SILENT_PERIOD && to == v1::Closure::FINAL_CHECK) return JudgeElapse(world);
  if (to == v1::Closure::DELETING) return JudgeDeletion(world, next);
  if (IsTerminal(to)) return JudgeEnd(world, commit);
  return std::nullopt;
}

// No act of a phase before the phase, and none twice at a time.
Broken JudgeTasks(const World& world, const Commit& commit) {
  std::set<std::string> keys;
  for (const internal::v1::TaskData& task : world.tasks) {
    if (!commit.drop_state_tasks || !IsBoundToState(task.kind())) keys.insert(task.idempotency_key());
  }
  if (commit.finish_task.has_value()) {
    for (const internal::v1::TaskData& task : world.tasks)
      if (task.id() == *commit.finish_task) keys.erase(task.idempotency_key());
  }
  for (const internal::v1::TaskData& task : commit.add_tasks) {
    if (!keys.insert(task.idempotency_key()).second) return "N6: two tasks with one key: " + task.idempotency_key();
    const bool terminal = commit.closure.has_value() && IsTerminal(commit.closure->closure().state());
    if (task.kind() == v1::Task::NOTICE && !terminal) return "S11: a result notice before the result";
  }
  return std::nullopt;
}

bool HasTask(const World& world, v1::Task::Kind kind, absl::Time due) {
  return std::any_of(world.tasks.begin(), world.tasks.end(), [&](const internal::v1::TaskData& task) {
    return task.kind() == kind && (FromProto(task.due_time()) <= due || task.parked() != v1::Task::PARKED_UNSPECIFIED);
  });
}

// Whether work of the state waits no longer than a try that failed does, or for an operator.
bool HasWork(const World& world) {
  const absl::Time soon = world.clock.wall + absl::Minutes(5);
  return HasTask(world, v1::Task::PARTICIPANT, soon) || HasTask(world, v1::Task::SCAN, soon);
}

// No state waits for ever: each has the timer, or the work, that ends it (D6, D16, L1, L3).
Broken JudgeTimers(const World& world) {
  const v1::Closure& closure = world.data.closure();
  const config::v1::Policy& policy = world.data.policy();
  // Tasks are pulled after a wall clock that is set back at the next witnessing; a day in the calendar stays.
  const bool clock_moved = world.memory.wrong_by != absl::ZeroDuration() || !TimeOf(world).jump.empty();
  if (clock_moved) return std::nullopt;
  switch (closure.state()) {
    case v1::Closure::IDENTITY_PENDING:
    case v1::Closure::AGREEMENT_PENDING:
    case v1::Closure::BLOCKED:
    case v1::Closure::READY:
      if (HasTask(world, v1::Task::EXPIRY, FromProto(closure.expire_time()))) return std::nullopt;
      return "D16: nothing expires a closure that its owner left";
    case v1::Closure::CHECKING:
      if (HasTask(world, v1::Task::SCAN, absl::InfiniteFuture())) return std::nullopt;
      return "L1: nothing scans";
    case v1::Closure::DISCARDING:
      if (HasTask(world, v1::Task::DISCARD_DEADLINE,
                  FromProto(closure.state_enter_time()) + FromProto(policy.discard_limit())))
        return std::nullopt;
      return "L1: nothing ends a discard";
    case v1::Closure::CONFIRMING:
      if (HasTask(world, v1::Task::CONFIRM_DEADLINE,
                  FromProto(closure.confirm_time()) + FromProto(policy.confirm_limit())))
        return std::nullopt;
      return "L3, D6: nothing ends a confirmation that hangs";
    case v1::Closure::THAWING:
    case v1::Closure::FINAL_CHECK:
    case v1::Closure::DELETING:
    case v1::Closure::RESTORING:
      return HasWork(world) ? std::nullopt : Broken("L1: nothing goes on with a closure whose account is frozen");
    default:
      return std::nullopt;
  }
}

Broken JudgeFreeze(const World& world) {
  const Outside& outside = world.outside;
  const State state = world.data.closure().state();
  const bool closing = IsOneOf(state, Closing()) || state == v1::Closure::CLOSED;
  if (!closing && (outside.billing_frozen || outside.account_frozen)) return "L4: an open account is frozen";
  if (outside.sealed && state != v1::Closure::FINAL_CHECK && state != v1::Closure::DELETING &&
      state != v1::Closure::CLOSED && state != v1::Closure::RESTORING) {
    return "L4: an account is sealed outside its final check";
  }
  static const std::set<State> kWithRole = {v1::Closure::SILENT_PERIOD, v1::Closure::FINAL_CHECK, v1::Closure::DELETING,
                                            v1::Closure::RESTORING};
  if (outside.role && !IsOneOf(state, kWithRole)) return "D2: the role is there before or after the silent period";
  static const std::set<State> kFrozen = {v1::Closure::SILENT_PERIOD, v1::Closure::FINAL_CHECK, v1::Closure::DELETING};
  if (IsOneOf(state, kFrozen) && !(outside.billing_frozen && outside.account_frozen) && !outside.gone)
    return "S9: an account in its silent period is not frozen";
  return std::nullopt;
}

}  // namespace

std::optional<std::string> JudgeCommit(const World& world, const Commit& commit) {
  if (Broken broken = JudgeTasks(world, commit); broken.has_value()) return broken;
  if (!commit.closure.has_value()) return std::nullopt;
  const internal::v1::ClosureData& next = *commit.closure;
  if (commit.expected_version != world.data.version()) return "S18: a change of another version than was read";
  if (std::string broken = FaultOfChange(world.data, next); !broken.empty()) return broken;
  const v1::Closure& before = world.data.closure();
  const v1::Closure& after = next.closure();
  const bool erased = after.has_personal_data_erase_time() && !before.has_personal_data_erase_time();
  if (erased && std::any_of(after.notices().begin(), after.notices().end(),
                            [](const auto& notice) { return notice.status() == v1::Notice::PENDING; })) {
    return "D12: the addresses were erased before everybody was told";
  }
  return before.state() != after.state() ? JudgeMove(world, commit) : std::nullopt;
}

std::optional<std::string> JudgeMoney(const Facts& before, const World& world, Memory& taken) {
  const Facts& after = world.outside.facts;
  const State state = world.data.closure().state();
  const bool by_consent = world.data.late_settlement_consent();
  const auto renounced = [&](std::uint8_t versions, std::uint8_t version) { return (versions & (1U << version)) != 0; };
  const auto add = [](std::uint8_t& versions, std::uint8_t version) {
    versions = static_cast<std::uint8_t>(versions | (1U << version));
  };
  if (before.balance != 0 && after.balance == 0) {
    add(taken.balances_taken, before.balance);
    if (!renounced(world.memory.balances_renounced, before.balance) && !by_consent)
      return "S15: a balance was forfeited without consent";
    if (state != v1::Closure::SILENT_PERIOD && state != v1::Closure::DELETING)
      return "S15: a balance was forfeited outside the silent period and the deletion";
  }
  if (before.debt != 0 && after.debt == 0) {
    add(taken.debts_taken, before.debt);
    if (!renounced(world.memory.debts_renounced, before.debt) && !by_consent)
      return "S15: a debt was voided without consent";
    if (state != v1::Closure::DELETING) return "N10: a debt was voided although the account stays";
  }
  return std::nullopt;
}

std::optional<std::string> JudgeWorld(const World& world) {
  const State state = world.data.closure().state();
  const Outside& outside = world.outside;
  if (outside.deleted && state != v1::Closure::DELETING && state != v1::Closure::CLOSED)
    return "N10: the account was deleted, and the closure does not end in CLOSED";
  if (state == v1::Closure::CLOSED && !outside.deleted && !outside.gone) return "S2: CLOSED, and the account is there";
  if (state == v1::Closure::CLOSED && outside.facts.debt != 0 && !outside.gone) return "S2: CLOSED with a debt";
  if (!outside.gone) {
    if (Broken broken = JudgeFreeze(world); broken.has_value()) return broken;
  }
  if (Broken broken = JudgeTimers(world); broken.has_value()) return broken;
  const bool works =
      std::any_of(world.tasks.begin(), world.tasks.end(), [](const auto& task) { return IsBoundToState(task.kind()); });
  if (IsTerminal(state) && works) return "S2: an ended closure has work of its state";
  const v1::GateState gate = state == v1::Closure::CLOSED ? v1::GATE_CLOSED
                             : IsOneOf(state, Closing())  ? v1::GATE_CLOSING
                                                          : v1::GATE_OPEN;
  if (world.gate != gate && world.data.version() > 0)
    return fmt::format("L4: the gate of a closure that is {} is {}", v1::Closure::State_Name(state),
                       v1::GateState_Name(world.gate));
  return std::nullopt;
}

}  // namespace closure::exploration
