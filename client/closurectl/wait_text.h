// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CLOSURECTL_WAIT_TEXT_H_
#define CLOSURE_CLIENT_CLOSURECTL_WAIT_TEXT_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "client/closurectl/next_step.h"
#include "closure/v1/closure.pb.h"

// How people are told that a closure's next step is due but waits. Pure; the texts are escaped.
namespace closure {

// What is waited for, one line for each: "PAUSE since 2026-01-08T00:00:00Z: the operators have paused …". Empty when
// nothing is.
std::string WaitLines(const v1::Closure& closure);

// What an owner is told instead of what to do: that nothing is, what could go on by now, and why it does not. An
// operator, who can do something, is not told the first. For a closure that waits.
std::string WaitAdvice(const v1::Closure& closure, Role role = Role::kOwner);

// Who fails and is asked again, a participant or at the final check a checker: "it waits for mailboxes, attempt 7, last
// error: …". Empty when nobody does.
std::string FailureText(const v1::Closure& closure);

// The same, or which checkers a scan is waiting for: "it waits for domains, tickets". Empty when it waits for nobody.
std::string WaitedForText(const v1::Closure& closure);

// The command lines of operators that end what is waited for. A hold is not among them: it is a part of the closure,
// and released as such. `program` is how a command line begins.
std::vector<NextStep> ReleaseSteps(const v1::Closure& closure, absl::string_view program);

}  // namespace closure

#endif  // CLOSURE_CLIENT_CLOSURECTL_WAIT_TEXT_H_
