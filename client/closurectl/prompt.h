// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CLOSURECTL_PROMPT_H_
#define CLOSURE_CLIENT_CLOSURECTL_PROMPT_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/closurectl/session.h"

namespace closure {

// Questions on the terminal. Each is asked on the message stream and answered on the input. Nothing is ever asked
// without a terminal or with --no-input: then the error names the flag that answers the question (INVALID_ARGUMENT,
// exit code 2).

// Asks for a line; surrounding white space is dropped. The end of the input is an INVALID_ARGUMENT too.
absl::StatusOr<std::string> AskLine(Session& session, absl::string_view question, absl::string_view flag);

// Asks for a line until `check` accepts it, at most three times; what is wrong is said before it is asked again. Errors
// besides: that of the last check.
absl::StatusOr<std::string> AskUntil(Session& session, absl::string_view question, absl::string_view flag,
                                     const std::function<absl::Status(const std::string&)>& check);

// Asks a question that "y" or "yes" answers with yes, "n", "no" or nothing with no; another answer is asked for again
// as AskUntil does.
absl::StatusOr<bool> AskYesNo(Session& session, absl::string_view question, absl::string_view flag);

// Asks to type `expected` exactly; what is mistyped is asked for again as AskUntil does, while nothing, "n" and "no"
// decline at once. Errors besides: FAILED_PRECONDITION when it was not typed; nothing was done then.
absl::Status AskTyped(Session& session, absl::string_view question, absl::string_view expected, absl::string_view flag);

// A question of AskTyped.
struct TypedQuestion {
  std::string question;
  std::string expected;
  std::string flag;
};

// Shows what is lost for good as SayRisk does, and has the question below it answered, unless the answer was `given`
// beforehand. Errors: those of AskTyped.
absl::Status AcknowledgeRisk(Session& session, absl::string_view risk, bool given, const TypedQuestion& asked);

// Shows an escaped text about what is lost, which ends with a line end, to whoever reads messages: not to a script that
// reads JSON.
void SayRisk(Session& session, absl::string_view risk);

// What is answered when a question was declined: nothing was changed.
absl::Status Declined(absl::string_view what);

}  // namespace closure

#endif  // CLOSURE_CLIENT_CLOSURECTL_PROMPT_H_
