// SPDX-License-Identifier: Apache-2.0
// What can happen next; how it happens is in moves.cc.
#include "absl/time/time.h"
#include "checkers/proto_time.h"
#include "tests/exploration/moves.h"
#include "tests/exploration/tasks.h"

namespace closure::exploration {
namespace {

class Moves {
 public:
  explicit Moves(const World& world) : world_(world), left_(world.left) {}

  std::vector<Move> Take() && {
    AddOwner();
    AddOperators();
    AddOutside();
    AddTasks();
    AddCalls();
    AddTime();
    return std::move(moves_);
  }

 private:
  void Add(bool possible, MoveKind kind, std::size_t which = 0) {
    if (possible) moves_.push_back({kind, static_cast<std::uint8_t>(which)});
  }

  void AddOwner() {
    const State state = world_.data.closure().state();
    const bool begun = world_.data.version() > 0;
    Add(!begun || (IsTerminal(state) && left_.attempts > 0), MoveKind::kCreate);
    if (!begun) return;
    for (const MoveKind kind :
         {MoveKind::kGiveRightCode, MoveKind::kAgree, MoveKind::kRecheck, MoveKind::kDiscardAll, MoveKind::kConfirm,
          MoveKind::kConfirmWithConsent, MoveKind::kCancel, MoveKind::kAgreeToOldVersion, MoveKind::kConfirmBlindly,
          MoveKind::kDiscardBill, MoveKind::kDiscardOldFacts}) {
      Add(true, kind);
    }
    const bool both_channels = world_.outside.facts.contact_changed != 0;
    Add(both_channels, MoveKind::kGiveRightCodeBySms);
    Add(both_channels, MoveKind::kGiveBothCodes);
    Add(left_.wrong_codes > 0, MoveKind::kGiveWrongCode);
    Add(both_channels && left_.wrong_codes > 0, MoveKind::kGiveWrongCodeBySms);
    Add(both_channels && left_.wrong_codes > 0, MoveKind::kGiveOneOfTwoWrong);
    Add(left_.resends > 0, MoveKind::kResend);
  }

  void AddOperators() {
    if (world_.data.version() == 0) return;
    Add(left_.halts > 0 && !world_.data.closure().has_hold(), MoveKind::kHold);
    Add(world_.data.closure().has_hold(), MoveKind::kReleaseHold);
    Add(left_.halts > 0 && !world_.system.has_pause(), MoveKind::kPause);
    Add(world_.system.has_pause(), MoveKind::kResume);
    Add(world_.system.has_breaker(), MoveKind::kApproveBreakerAnn);
    Add(world_.system.has_breaker(), MoveKind::kApproveBreakerBob);
    // An operator who vouches for a wall clock has looked at it.
    const bool vouches = FromProto(world_.system.clock().withheld()) > absl::ZeroDuration();
    Add(world_.system.has_clock_jump() && (!vouches || world_.memory.wrong_by == absl::ZeroDuration()),
        MoveKind::kAcknowledgeJump);
    for (std::size_t index = 0; index < world_.tasks.size(); ++index) {
      const internal::v1::TaskData& task = world_.tasks[index];
      const bool waits =
          FromProto(task.due_time()) > world_.clock.wall || task.parked() != v1::Task::PARKED_UNSPECIFIED;
      Add(task.parked() == v1::Task::DEAD_LETTER || (waits && left_.retries > 0), MoveKind::kRetry, index);
    }
  }

  void AddOutside() {
    if (world_.data.version() == 0) return;
    const Outside& outside = world_.outside;
    const bool there = !outside.gone && !outside.deleted;
    Add(there && !outside.sealed && left_.bills > 0, MoveKind::kBill);
    Add(there && outside.facts.bill != 0, MoveKind::kPay);
    Add(there && !outside.sealed && left_.debts > 0, MoveKind::kDebt);
    // A refund comes although the account is frozen.
    Add(there && !outside.sealed && left_.balances > 0, MoveKind::kBalance);
    Add(there && !outside.billing_frozen && left_.servers > 0 && outside.facts.server == 0, MoveKind::kBuyServer);
    Add(there && left_.deletions_elsewhere > 0, MoveKind::kDeleteElsewhere);
    Add(left_.full_hours > 0 && !world_.hour_is_full, MoveKind::kFillHour);
  }

  void AddTasks() {
    constexpr std::size_t kCallsMax = 2;
    for (std::size_t index = 0; index < world_.tasks.size(); ++index) {
      const internal::v1::TaskData& task = world_.tasks[index];
      if (task.parked() != v1::Task::PARKED_UNSPECIFIED || FromProto(task.due_time()) > world_.clock.wall) continue;
      const bool call = IsCall(task);
      Add(true, MoveKind::kRun, index);
      const bool check = task.kind() == v1::Task::SCAN && task.payload().check_phase() != v1::SCAN;
      const bool late = left_.late_calls > 0 || (check && left_.late_checks > 0);
      Add(call && late && world_.calls.size() < kCallsMax, MoveKind::kRunLate, index);
      Add(call && task.kind() != v1::Task::SCAN && task.kind() != v1::Task::EXPIRY && left_.errors > 0,
          MoveKind::kRunError, index);
      Add(task.kind() == v1::Task::SCAN && left_.silences > 0, MoveKind::kRunSilentBilling, index);
      Add(task.kind() == v1::Task::SCAN && left_.silences > 0, MoveKind::kRunSilentResources, index);
    }
  }

  void AddCalls() {
    for (std::size_t index = 0; index < world_.calls.size(); ++index)
      Add(true, world_.calls[index].answered ? MoveKind::kReport : MoveKind::kArrive, index);
  }

  void AddTime() {
    if (world_.data.version() == 0) return;
    Add(true, MoveKind::kPass);
    Add(left_.clock_jumps > 0, MoveKind::kJumpAhead);
    Add(left_.clock_jumps > 0, MoveKind::kJumpBack);
    Add(world_.memory.wrong_by != absl::ZeroDuration(), MoveKind::kSetRight);
    Add(left_.boots > 0, MoveKind::kBoot);
  }

  const World& world_;
  const Bounds& left_;
  std::vector<Move> moves_;
};

}  // namespace

std::vector<Move> MovesOf(const World& world) { return Moves(world).Take(); }

}  // namespace closure::exploration
