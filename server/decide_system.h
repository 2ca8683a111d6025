// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_DECIDE_SYSTEM_H_
#define CLOSURE_SERVER_DECIDE_SYSTEM_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "closure/internal/v1/closure_data.pb.h"
#include "server/commands.h"
#include "server/decide.h"
#include "server/time_witness.h"
#include "storage/closure_store.h"

namespace closure {

// A pause, an open breaker or a clock jump as it begins. Pure.
v1::SystemStatus::Halt MakeHalt(absl::Time now, std::string_view actor, std::string_view reason);

// Whether the wall clock cannot be believed: it jumped and no operator vouched for it yet, or `observation` shows that
// it jumped now. Pure.
bool DoClocksDisagree(const internal::v1::SystemData& system, const Observation& observation);
// The same of what a decision is made in.
bool DoClocksDisagree(const Circumstances& circumstances);

// Puts the system's next version into a commit, with what was observed: the witness, a jump, which takes the place of
// one that is open and names it, and that the wall clock went back to `now`. A release of the breaker that lies ahead
// of that is void: what was admitted since counts as of now, and nothing would count until the clock has caught up.
// Once for each commit, which what is returned is a part of. Pure.
internal::v1::SystemData& Witness(Commit& commit, const internal::v1::SystemData& system,
                                  const Observation& observation, absl::Time now);

// What follows from an operator's command about the whole system: its next version and the tasks that go on. Pure.
// A pause replaces the one before. The breaker is released by the second of two different operators (D14). Nothing here
// can change the end of a silent period (R18). Errors: ABORTED with CLOCK_JUMP_CHANGED; FAILED_PRECONDITION with
// NOTHING_TO_RELEASE or SECOND_OPERATOR_REQUIRED.
absl::StatusOr<Commit> DecideSystem(const internal::v1::SystemData& system, const SystemCommand& command,
                                    const std::string& actor, const Observation& observation, absl::Time now);

}  // namespace closure

#endif  // CLOSURE_SERVER_DECIDE_SYSTEM_H_
