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

// Asks to type `expected` exactly. Errors besides: FAILED_PRECONDITION when something else was typed; nothing was done
// then.
absl::Status AskTyped(Session& session, absl::string_view question, absl::string_view expected, absl::string_view flag);

// What is answered when a question was declined: nothing was changed.
absl::Status Declined(absl::string_view what);

}  // namespace closure

#endif  // CLOSURE_CLIENT_CLOSURECTL_PROMPT_H_
