// SPDX-License-Identifier: Apache-2.0
#include "server/decide_system.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "checkers/proto_time.h"
#include "fmt/format.h"
#include "server/die.h"
#include "server/errors.h"

namespace closure {
namespace {

absl::Status NothingToRelease(v1::Task::Parked what, std::string_view words) {
  return Error(v1::NOTHING_TO_RELEASE, fmt::format("there is no {}", words), {{"what", v1::Task::Parked_Name(what)}});
}

// The second of two different operators releases the breaker; answers whether this one did.
absl::StatusOr<bool> Approve(v1::SystemStatus::Halt& breaker, const std::string& actor) {
  const auto& approvals = breaker.approvals();
  // An approval that was stored before names were made lower-case is in the case that it was given in.
  if (std::any_of(approvals.begin(), approvals.end(),
                  [&actor](const std::string& one) { return absl::EqualsIgnoreCase(one, actor); })) {
    return Error(v1::SECOND_OPERATOR_REQUIRED,
                 fmt::format("{} has approved the release already; another operator has to as well", actor),
                 {{"operator", actor}});
  }
  breaker.add_approvals(actor);
  constexpr int kApprovalsNeeded = 2;
  return breaker.approvals_size() >= kApprovalsNeeded;
}

// That the jump that is there is the one that was looked at.
absl::Status RequireSeenJump(const internal::v1::SystemData& system, const SystemCommand& command) {
  if (!system.has_clock_jump()) return NothingToRelease(v1::Task::CLOCK_JUMP, "clock jump");
  const v1::SystemStatus::Halt& jump = system.clock_jump();
  if (!command.jump_create_time.has_value()) return absl::OkStatus();
  const google::protobuf::Timestamp& seen = *command.jump_create_time;
  if (seen.seconds() == jump.create_time().seconds() && seen.nanos() == jump.create_time().nanos())
    return absl::OkStatus();
  return Error(v1::CLOCK_JUMP_CHANGED,
               fmt::format("the clocks' last jump is another than the one that was looked at: {}", jump.reason()),
               {{"createTime", google::protobuf::util::TimeUtil::ToString(jump.create_time())}});
}

// Of several jumps the last is told, and the one before it: whoever acknowledges them vouches for the clock after the
// last, whatever came before.
void AddJump(internal::v1::SystemData& system, const std::string& jump, absl::Time now) {
  const std::string before = system.last_jump().empty() ? "" : fmt::format("; before that {}", system.last_jump());
  *system.mutable_clock_jump() = MakeHalt(now, "system", jump + before);
  system.set_last_jump(jump);
}

}  // namespace

v1::SystemStatus::Halt MakeHalt(absl::Time now, std::string_view actor, std::string_view reason) {
  v1::SystemStatus::Halt halt;
  *halt.mutable_create_time() = ToProto(now);
  halt.set_actor(std::string(actor));
  halt.set_reason(std::string(reason));
  return halt;
}

bool DoClocksDisagree(const internal::v1::SystemData& system, const Observation& observation) {
  return system.has_clock_jump() || !observation.jump.empty();
}

bool DoClocksDisagree(const Circumstances& circumstances) {
  return DoClocksDisagree(circumstances.system, circumstances.time);
}

internal::v1::SystemData& Witness(Commit& commit, const internal::v1::SystemData& system,
                                  const Observation& observation, absl::Time now) {
  if (commit.system.has_value()) Impossible("a commit that has two next versions of the system");
  internal::v1::SystemData& next = commit.system.emplace(system);
  next.set_version(system.version() + 1);
  *next.mutable_clock() = observation.witness;
  if (!observation.jump.empty()) AddJump(next, observation.jump, now);
  if (!observation.went_back) return next;
  commit.clock_went_back = now;
  if (FromProto(next.breaker_release_time()) > now) next.clear_breaker_release_time();
  return next;
}

absl::StatusOr<Commit> DecideSystem(const internal::v1::SystemData& system, const SystemCommand& command,
                                    const std::string& actor, const Observation& observation, absl::Time now) {
  Commit commit;
  internal::v1::SystemData& next = Witness(commit, system, observation, now);
  switch (command.kind) {
    case SystemCommand::Kind::kPause:
      *next.mutable_pause() = MakeHalt(now, actor, command.reason);
      break;
    case SystemCommand::Kind::kResume:
      if (!system.has_pause()) return NothingToRelease(v1::Task::PAUSE, "pause");
      next.clear_pause();
      commit.unpark.emplace_back(v1::Task::PAUSE, now);
      break;
    case SystemCommand::Kind::kReleaseBreaker: {
      if (!system.has_breaker()) return NothingToRelease(v1::Task::BREAKER, "open breaker");
      absl::StatusOr<bool> released = Approve(*next.mutable_breaker(), actor);
      if (!released.ok()) return released.status();
      if (!*released) break;
      next.clear_breaker();
      *next.mutable_breaker_release_time() = ToProto(now);
      commit.unpark.emplace_back(v1::Task::BREAKER, now);
      break;
    }
    case SystemCommand::Kind::kAcknowledgeClockJump:
      if (absl::Status seen = RequireSeenJump(system, command); !seen.ok()) return seen;
      next.clear_clock_jump();
      next.clear_last_jump();
      // A jump that this reading shows is a new one, which nobody can have seen.
      if (!observation.jump.empty()) AddJump(next, observation.jump, now);
      *next.mutable_clock() = CreditWithheld(observation.witness, FromProto(system.clock().withheld()));
      commit.unpark.emplace_back(v1::Task::CLOCK_JUMP, now);
      break;
  }
  return commit;
}

}  // namespace closure
