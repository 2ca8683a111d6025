// SPDX-License-Identifier: Apache-2.0
// The end of a silent period: it is never early on any clock, and it waits for holds, pauses and the velocity breaker
// (D14, R18).
#include <algorithm>

#include "checkers/proto_time.h"
#include "fmt/format.h"
#include "server/decide_system.h"
#include "server/decision_builder.h"
#include "server/time_witness.h"

namespace closure {
namespace {

// How long an admission is kept. The breaker counts an hour; the rest is for a clock that is set back.
constexpr absl::Duration kAdmissionsKept = absl::Hours(24);

// What of the period is left on the clock that shows most.
absl::Duration Remaining(DecisionBuilder& builder) {
  const v1::Closure& closure = builder.closure();
  const absl::Duration on_the_wall = FromProto(closure.silent_period_end_time()) - builder.now();
  const absl::Duration period =
      FromProto(closure.silent_period_end_time()) - FromProto(closure.silent_period_start_time());
  const absl::Duration passed = PassedSince(builder.data().silent_period_start(), builder.circumstances().time.witness);
  return std::max(on_the_wall, period - passed);
}

std::string Excess(const BreakerCounts& counts) {
  if (counts.global >= counts.global_limit) {
    return fmt::format("{} deletions within the last hour; the limit is {}", counts.global, counts.global_limit);
  }
  if (counts.organization >= counts.organization_limit) {
    return fmt::format("{} deletions of one organization within the last hour; the limit is {}", counts.organization,
                       counts.organization_limit);
  }
  return "";
}

// How many more are admitted before the breaker opens. Whichever organization takes them, none gets more than its own.
int64_t LeftOf(const BreakerCounts& counts) {
  return std::min(counts.global_limit - counts.global, counts.organization_limit - counts.organization);
}

// Parks the task where the breaker is open; answers whether it did. The breaker opens by itself when an hour's limit is
// reached, and stays open until two operators release it.
bool WaitForBreaker(DecisionBuilder& builder) {
  const Circumstances& circumstances = builder.circumstances();
  if (!circumstances.system.has_breaker()) {
    const std::string excess = Excess(circumstances.breaker);
    if (excess.empty()) return false;
    *builder.WitnessTime().mutable_breaker() = MakeHalt(builder.now(), "system", excess);
  }
  builder.RescheduleTask(builder.now(), "", v1::Task::BREAKER);
  return true;
}

}  // namespace

bool WaitForClocks(DecisionBuilder& builder) {
  if (!DoClocksDisagree(builder.circumstances())) return false;
  builder.RescheduleTask(builder.now(), "", v1::Task::CLOCK_JUMP);
  return true;
}

Decision DecideSilentPeriodEnd(DecisionBuilder& builder) {
  if (WaitForClocks(builder)) return builder.Finish();
  if (const absl::Duration remaining = Remaining(builder); remaining > absl::ZeroDuration()) {
    builder.RescheduleTask(builder.now() + std::max(remaining, absl::Milliseconds(1)), "",
                           v1::Task::PARKED_UNSPECIFIED);
    return builder.Finish();
  }
  if (const v1::Task::Parked halt = HaltOf(builder.data(), builder.circumstances().system);
      halt != v1::Task::PARKED_UNSPECIFIED) {
    builder.RescheduleTask(builder.now(), "", halt);
    return builder.Finish();
  }
  if (WaitForBreaker(builder)) return builder.Finish();
  const Circumstances& circumstances = builder.circumstances();
  builder.GuardSystem();
  builder.commit().admission = {builder.now(), circumstances.system.admissions() + LeftOf(circumstances.breaker)};
  builder.commit().forget_before = builder.now() - kAdmissionsKept;
  builder.Move(Event::kSilentPeriodElapsed, "");
  BeginPhase(builder, v1::SEAL);
  return builder.Finish();
}

}  // namespace closure
