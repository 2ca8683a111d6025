// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CLOSURECTL_NEXT_STEP_H_
#define CLOSURE_CLIENT_CLOSURECTL_NEXT_STEP_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "closure/v1/closure.pb.h"

namespace closure {

// Who asks what to do next: an owner drives a closure, an operator only watches over it.
enum class Role { kOwner, kOperator };

// What can be done next, and the command line that does it. Words in capitals (CODE, REASON) stand for what only the
// one who acts knows.
struct NextStep {
  std::string advice;
  // Empty where there is nothing to do but wait, or nothing at all.
  std::string command;
};

// How many checkers without whose answer nothing is clear gave none (D5). Pure.
int CountUnanswered(const google::protobuf::RepeatedPtrField<v1::CheckerResult>& checkers);

// Whether a READY closure cannot be confirmed because its last scan is too old (D16). The server's clock decides, by
// leaving CONFIRM_CLOSURE out of what can be asked; a closure that says nothing of that counts as fresh. Pure.
bool IsScanTooOld(const v1::Closure& closure);

// Whether no code that was sent for a closure in IDENTITY_PENDING is accepted any more, expired or out of attempts. The
// server decides, as for a scan. Pure.
bool AcceptsNoCode(const v1::Closure& closure);

// The next steps of a closure, the most useful first; never empty. `program` is how the command line begins. Pure.
std::vector<NextStep> NextSteps(const v1::Closure& closure, absl::string_view program, Role role = Role::kOwner);

// The next steps, then for an owner the way out where there is one: to cancel, which is possible until Confirm. Pure.
std::vector<NextStep> AllSteps(const v1::Closure& closure, absl::string_view program, Role role = Role::kOwner);

// Steps as lines: "advice:" and the command below it, indented.
std::string StepsText(const std::vector<NextStep>& steps);

// The lines of the next steps of a closure.
std::string NextStepsText(const v1::Closure& closure, absl::string_view program, Role role = Role::kOwner);

}  // namespace closure

#endif  // CLOSURE_CLIENT_CLOSURECTL_NEXT_STEP_H_
