// SPDX-License-Identifier: Apache-2.0
#include "tests/exploration/moves.h"

#include <algorithm>

#include "absl/time/time.h"
#include "checkers/proto_time.h"
#include "tests/exploration/promises.h"
#include "tests/exploration/tasks.h"

namespace closure::exploration {
namespace {

constexpr char kOwner[] = "root:1";
constexpr absl::Duration kYear = absl::Hours(24 * 365);
// How much time passes when nothing changes by itself.
constexpr absl::Duration kUneventful = absl::Hours(24 * 400);
constexpr absl::Duration kBootTakes = absl::Minutes(5);

// A command that must be refused.
Fault Refuse(World& world, const Happening& happening, const char* promise) {
  const std::int64_t version = world.data.version();
  Fault fault = Tell(world, happening, kOwner);
  return fault.has_value() || world.data.version() == version ? fault : promise;
}

std::uint8_t ChannelBit(v1::Channel channel) { return static_cast<std::uint8_t>(1U << channel); }

// The channels on which a code is right, in time and not used up; as bits.
std::uint8_t Verified(const World& world, const CodesGiven& given) {
  unsigned verified = 0;
  for (const auto& challenge : world.data.closure().identity_verification().challenges()) {
    const bool right = std::any_of(given.codes.begin(), given.codes.end(), [&](const CodesGiven::Code& code) {
      return code.right && code.channel == challenge.channel();
    });
    if (right && challenge.attempts_left() > 0 && world.clock.wall < FromProto(challenge.expire_time()))
      verified |= ChannelBit(challenge.channel());
  }
  return static_cast<std::uint8_t>(verified);
}

Fault GiveCodes(World& world, const CodesGiven& given) {
  if (!std::all_of(given.codes.begin(), given.codes.end(), [](const auto& code) { return code.right; }))
    --world.left.wrong_codes;
  const State before = world.data.closure().state();
  const std::int64_t version = world.data.version();
  const std::uint8_t verified = Verified(world, given);
  Fault fault = Tell(world, given, kOwner);
  if (fault.has_value() || version == world.data.version()) return fault;
  world.memory.channels_verified |= verified;
  if (before == world.data.closure().state()) return std::nullopt;
  const bool both = world.outside.facts.contact_changed != 0;
  const unsigned demanded = ChannelBit(v1::EMAIL) | (both ? ChannelBit(v1::SMS) : 0U);
  if ((world.memory.channels_verified & demanded) != demanded)
    return "S16: an identity was verified by a code that is wrong, used up or expired, or without one that is demanded";
  return std::nullopt;
}

Fault Resend(World& world) {
  --world.left.resends;
  const std::int64_t version = world.data.version();
  Fault fault = Tell(world, ResendCode{}, kOwner);
  if (world.data.version() != version) world.memory.channels_verified = 0;
  return fault;
}

AgreementGiven Agreement(bool current) {
  AgreementGiven given;
  given.agreement.set_version(current ? "2026-01" : "2025-01");
  given.agreement.set_current(current);
  return given;
}

Fault DiscardBill(World& world) {
  DiscardGiven given;
  given.command.risk_digest = world.data.closure().risk_prompt().digest();
  for (const v1::BlockingItem& item : world.items) {
    if (item.disposition() != v1::MUST_HANDLE) continue;
    given.command.selections.push_back({item.native_id(), item.fingerprint()});
    given.items.push_back(item);
  }
  if (given.items.empty()) return std::nullopt;
  return Refuse(world, given, "R49: what has to be handled by hand was discarded");
}

Fault DiscardOldFacts(World& world) {
  DiscardGiven given;
  given.command.risk_digest = world.data.closure().risk_prompt().digest();
  for (const v1::BlockingItem& item : world.items) {
    if (item.disposition() != v1::RENOUNCEABLE) continue;
    given.command.selections.push_back({item.name().substr(item.name().rfind('/') + 1), item.fingerprint() + "-old"});
    given.items.push_back(item);
  }
  if (given.items.empty()) return std::nullopt;
  return Refuse(world, given, "R49: what was discarded is not what was shown");
}

Fault DiscardAll(World& world) {
  DiscardGiven given;
  given.command.risk_digest = world.data.closure().risk_prompt().digest();
  for (const v1::BlockingItem& item : world.items) {
    const bool open = item.resolution() == v1::BlockingItem::OPEN ||
                      item.resolution() == v1::BlockingItem::RELEASE_FAILED ||
                      item.resolution() == v1::BlockingItem::OUTCOME_UNKNOWN;
    if (item.disposition() != v1::RENOUNCEABLE || !open) continue;
    given.command.selections.push_back({item.name().substr(item.name().rfind('/') + 1), item.fingerprint()});
    given.items.push_back(item);
  }
  if (given.items.empty()) return std::nullopt;
  const std::int64_t version = world.data.version();
  Fault fault = Tell(world, given, kOwner);
  if (world.data.version() == version) return fault;
  for (const v1::Renunciation& renunciation : world.data.closure().renunciations()) {
    auto& renounced =
        renunciation.kind() == v1::BALANCE ? world.memory.balances_renounced : world.memory.debts_renounced;
    for (unsigned bit = 0; bit < 8; ++bit) {
      if (renunciation.fingerprint() == Fingerprint(renunciation.kind(), static_cast<std::uint8_t>(bit)))
        renounced = static_cast<std::uint8_t>(renounced | (1U << bit));
    }
  }
  return fault;
}

Fault Confirm(World& world, bool late_settlement_consent) {
  return Tell(world,
              ConfirmClosure{v1::Closure::NO_LONGER_NEEDED, "", world.data.closure().risk_prompt().digest(),
                             late_settlement_consent},
              kOwner);
}

Fault ApproveBreaker(World& world, const std::string& actor) {
  const auto before = world.system.breaker().approvals();
  Fault fault = Operate(world, SystemCommand::Kind::kReleaseBreaker, actor);
  const bool by_another = std::any_of(before.begin(), before.end(), [&](const auto& other) { return other != actor; });
  if (!world.system.has_breaker() && !by_another) return "D14: one operator released the breaker";
  // What was admitted up to the release is not counted again.
  if (!world.system.has_breaker()) world.hour_is_full = false;
  return fault;
}

Fault Retry(World& world, std::size_t index) {
  const internal::v1::TaskData task = world.tasks[index];
  if (task.parked() != v1::Task::DEAD_LETTER) --world.left.retries;
  return Report(world, task, RetryRequested{"explored"});
}

Fault MakeOwner(World& world, MoveKind kind) {
  switch (kind) {
    case MoveKind::kGiveRightCode:
      return GiveCodes(world, {{{v1::EMAIL, true}}});
    case MoveKind::kGiveWrongCode:
      return GiveCodes(world, {{{v1::EMAIL, false}}});
    case MoveKind::kGiveRightCodeBySms:
      return GiveCodes(world, {{{v1::SMS, true}}});
    case MoveKind::kGiveWrongCodeBySms:
      return GiveCodes(world, {{{v1::SMS, false}}});
    case MoveKind::kGiveBothCodes:
      return GiveCodes(world, {{{v1::EMAIL, true}, {v1::SMS, true}}});
    case MoveKind::kGiveOneOfTwoWrong:
      return GiveCodes(world, {{{v1::EMAIL, true}, {v1::SMS, false}}});
    case MoveKind::kResend:
      return Resend(world);
    case MoveKind::kAgree:
      return Tell(world, Agreement(true), kOwner);
    case MoveKind::kAgreeToOldVersion:
      return Refuse(world, Agreement(false), "R45: an old agreement was agreed to");
    case MoveKind::kConfirmBlindly:
      return Refuse(world, ConfirmClosure{v1::Closure::NO_LONGER_NEEDED, "", "", false},
                    "R54: a closure was confirmed without the risk");
    case MoveKind::kDiscardBill:
      return DiscardBill(world);
    case MoveKind::kDiscardOldFacts:
      return DiscardOldFacts(world);
    case MoveKind::kRecheck:
      return Tell(world, Recheck{}, kOwner);
    case MoveKind::kDiscardAll:
      return DiscardAll(world);
    case MoveKind::kConfirm:
    case MoveKind::kConfirmWithConsent:
      return Confirm(world, kind == MoveKind::kConfirmWithConsent);
    case MoveKind::kCancel:
      return Tell(world, CancelClosure{}, kOwner);
    default:
      if (world.data.version() > 0) --world.left.attempts;
      return Create(world);
  }
}

Fault MakeOperator(World& world, Move move) {
  switch (move.kind) {
    case MoveKind::kHold:
      --world.left.halts;
      return Tell(world, PlaceHold{"explored"}, "operator:ann");
    case MoveKind::kReleaseHold:
      return Tell(world, ReleaseHold{"explored"}, "operator:ann");
    case MoveKind::kPause:
      --world.left.halts;
      return Operate(world, SystemCommand::Kind::kPause, "operator:ann");
    case MoveKind::kResume:
      return Operate(world, SystemCommand::Kind::kResume, "operator:ann");
    case MoveKind::kApproveBreakerAnn:
      return ApproveBreaker(world, "operator:ann");
    case MoveKind::kApproveBreakerBob:
      return ApproveBreaker(world, "operator:bob");
    case MoveKind::kAcknowledgeJump:
      return Operate(world, SystemCommand::Kind::kAcknowledgeClockJump, "operator:ann");
    default:
      return Retry(world, move.which);
  }
}

// New facts: another version than any before.
std::uint8_t NextVersion(std::uint8_t left) { return static_cast<std::uint8_t>(7 - left); }

void MakeOutside(World& world, MoveKind kind) {
  Facts& facts = world.outside.facts;
  switch (kind) {
    case MoveKind::kBill:
      facts.bill = NextVersion(world.left.bills--);
      break;
    case MoveKind::kPay:
      facts.bill = 0;
      break;
    case MoveKind::kDebt:
      facts.debt = NextVersion(world.left.debts--);
      break;
    case MoveKind::kBalance:
      facts.balance = NextVersion(world.left.balances--);
      break;
    case MoveKind::kBuyServer:
      facts.server = NextVersion(world.left.servers--);
      world.outside.server_version = facts.server;
      world.outside.release_key = 0;
      break;
    case MoveKind::kDeleteElsewhere:
      --world.left.deletions_elsewhere;
      world.outside.gone = true;
      break;
    default:
      --world.left.full_hours;
      world.hour_is_full = true;
  }
}

Fault MakeTask(World& world, Move move) {
  switch (move.kind) {
    case MoveKind::kRun:
      return RunTask(world, move.which, 0);
    case MoveKind::kRunSilentBilling:
    case MoveKind::kRunSilentResources:
      --world.left.silences;
      return RunTask(world, move.which, move.kind == MoveKind::kRunSilentBilling ? 1 : 2);
    case MoveKind::kRunError:
      --world.left.errors;
      return RunTaskWithError(world, move.which);
    case MoveKind::kRunLate:
      --(world.left.late_calls > 0 ? world.left.late_calls : world.left.late_checks);
      return StartCall(world, move.which);
    case MoveKind::kArrive:
      return ArriveCall(world, move.which);
    default:
      return ReportCall(world, move.which);
  }
}

// The next moment at which something changes by itself.
absl::Time NextMoment(const World& world) {
  absl::Time next = absl::InfiniteFuture();
  const auto consider = [&](absl::Time time) {
    if (time > world.clock.wall) next = std::min(next, time);
  };
  for (const internal::v1::TaskData& task : world.tasks) {
    if (task.parked() == v1::Task::PARKED_UNSPECIFIED) consider(FromProto(task.due_time()));
  }
  const v1::Closure& closure = world.data.closure();
  if (closure.state() == v1::Closure::READY) consider(FromProto(closure.scan().fresh_until_time()));
  if (closure.state() == v1::Closure::IDENTITY_PENDING) {
    for (const auto& challenge : closure.identity_verification().challenges()) {
      consider(FromProto(challenge.expire_time()));
      consider(FromProto(challenge.resend_time()));
    }
  }
  return next;
}

void Pass(World& world, absl::Duration by) {
  world.clock.wall += by;
  world.clock.boot_time += by;
  if (world.data.closure().state() == v1::Closure::SILENT_PERIOD) world.memory.silent_for += by;
  if (world.data.closure().state() == v1::Closure::CONFIRMING) world.memory.confirming_for += by;
}

void SetWall(World& world, absl::Duration by) {
  world.clock.wall += by;
  world.memory.wrong_by += by;
}

void MakeTime(World& world, MoveKind kind) {
  switch (kind) {
    case MoveKind::kPass:
      Pass(world, std::min(NextMoment(world), world.clock.wall + kUneventful) - world.clock.wall);
      WitnessTime(world);
      break;
    case MoveKind::kJumpAhead:
      --world.left.clock_jumps;
      SetWall(world, kYear);
      break;
    case MoveKind::kJumpBack:
      --world.left.clock_jumps;
      SetWall(world, -kStepBack);
      break;
    case MoveKind::kSetRight:
      SetWall(world, -world.memory.wrong_by);
      break;
    default:
      --world.left.boots;
      Pass(world, kBootTakes);
      world.clock.boot_id = world.clock.boot_id == "boot-1" ? "boot-2" : "boot-3";
      world.clock.boot_time = absl::Seconds(20);
  }
}

}  // namespace

Fault Make(World& world, Move move) {
  Fault fault;
  if (move.kind <= MoveKind::kCreate) {
    fault = MakeOwner(world, move.kind);
  } else if (move.kind <= MoveKind::kRetry) {
    fault = MakeOperator(world, move);
  } else if (move.kind <= MoveKind::kFillHour) {
    MakeOutside(world, move.kind);
  } else if (move.kind <= MoveKind::kReport) {
    fault = MakeTask(world, move);
  } else {
    MakeTime(world, move.kind);
  }
  if (fault.has_value()) return fault;
  return JudgeWorld(world);
}

bool IsFair(MoveKind kind) {
  switch (kind) {
    case MoveKind::kReleaseHold:
    case MoveKind::kResume:
    case MoveKind::kApproveBreakerAnn:
    case MoveKind::kApproveBreakerBob:
    case MoveKind::kAcknowledgeJump:
    case MoveKind::kRun:
    case MoveKind::kArrive:
    case MoveKind::kReport:
    case MoveKind::kPass:
    case MoveKind::kSetRight:
      return true;
    default:
      return false;
  }
}

}  // namespace closure::exploration
