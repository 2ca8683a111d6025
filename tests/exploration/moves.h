// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_EXPLORATION_MOVES_H_
#define CLOSURE_TESTS_EXPLORATION_MOVES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "tests/exploration/service.h"
#include "tests/exploration/world.h"

// Everything that can happen next in an explored world.
namespace closure::exploration {

enum class MoveKind : std::uint8_t {
  // The owner, in any state.
  kGiveRightCode,
  kGiveWrongCode,
  kGiveRightCodeBySms,
  kGiveWrongCodeBySms,
  kGiveBothCodes,
  kGiveOneOfTwoWrong,
  kResend,
  kAgree,
  kRecheck,
  kDiscardAll,
  kConfirm,
  kConfirmWithConsent,
  kCancel,
  // What is refused in every state.
  kAgreeToOldVersion,
  kConfirmBlindly,
  kDiscardBill,
  kDiscardOldFacts,
  kCreate,
  // Operators.
  kHold,
  kReleaseHold,
  kPause,
  kResume,
  kApproveBreakerAnn,
  kApproveBreakerBob,
  kAcknowledgeJump,
  kRetry,
  // The world outside.
  kBill,
  kPay,
  kDebt,
  kBalance,
  kBuyServer,
  kDeleteElsewhere,
  kFillHour,
  // Tasks, by their place: run to the end, or with a misfortune.
  kRun,
  kRunSilentBilling,
  kRunSilentResources,
  kRunError,
  kRunLate,
  // Calls under way, by their place.
  kArrive,
  kReport,
  // Time.
  kPass,
  kJumpAhead,
  kJumpBack,
  kSetRight,
  kBoot,
};

struct Move {
  MoveKind kind;
  // Which task or call.
  std::uint8_t which = 0;
};

// What can happen now. Commands of the owner are listed in every state: one that is refused changes nothing.
std::vector<Move> MovesOf(const World& world);

// Makes it happen. Answers the first promise that it breaks.
Fault Make(World& world, Move move);

// What happens, in words.
std::string Describe(const World& world, Move move);

// Whether it happens sooner or later without anybody's misfortune or change of mind: tasks run, calls arrive, time
// passes, operators release what waits for them. Liveness rests on these alone.
bool IsFair(MoveKind kind);

}  // namespace closure::exploration

#endif  // CLOSURE_TESTS_EXPLORATION_MOVES_H_
