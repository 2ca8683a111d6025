// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CLOSURECTL_ERROR_TEXT_H_
#define CLOSURE_CLIENT_CLOSURECTL_ERROR_TEXT_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "client/closurectl/exit_code.h"
#include "client/closurectl/next_step.h"
#include "client/closurectl/printer.h"
#include "client/rpc_status.h"

namespace closure {

// How errors are told. Pure functions.

// The exit code of an error, by its status code and reason.
ExitCode ExitCodeOf(const absl::Status& error);

// What to do next: one sentence with a command line where there is one. Every error has one: what the client's own
// error names in its metadata as "next", else what the reason says to the one who acts, else the status code. `program`
// is how command lines begin, `subject` the closure or account in question, empty when there is none,
// `flags` what a command that is run again has to repeat, " --via sms".
std::string ErrorHint(const absl::Status& error, absl::string_view program, absl::string_view subject,
                      Role role = Role::kOwner, absl::string_view flags = "");

// The whole error in the chosen format, with decoded details; its own "next" is left out, as the hint says it. As JSON:
// {"error":{"code","reason","domain","message","metadata","fieldViolations","preconditionViolations","retryDelay","hint","exitCode"}}.
std::string ErrorText(const absl::Status& error, absl::string_view hint, OutputFormat format, const Style& style);

// The reasons that have a hint of their own, for the test that compares them with closure.v1.ErrorReason.
std::vector<std::string> HintedReasons();

// A refusal of what was typed, before any call: INVALID_ARGUMENT with the reason USAGE, exit code 2.
// `next` is what to do where the command's help would not say it.
absl::Status UsageError(absl::string_view message, absl::string_view next = "");

}  // namespace closure

#endif  // CLOSURE_CLIENT_CLOSURECTL_ERROR_TEXT_H_
