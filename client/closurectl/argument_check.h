// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CLOSURECTL_ARGUMENT_CHECK_H_
#define CLOSURE_CLIENT_CLOSURECTL_ARGUMENT_CHECK_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace closure {

// Judges what was typed before any call is made: gRPC aborts the process for a header that is not legal, and protobuf
// sends no text that is not UTF-8. Pure functions; every error is a usage error (exit code 2) that says what and where.

// An account, "ACCOUNT" or "accounts/ACCOUNT", and nothing below it. Its id is [a-z0-9][a-z0-9-]{0,63}.
absl::Status CheckAccount(absl::string_view typed);

// A closure: an account as above, or "accounts/ACCOUNT/closures/CLOSURE".
absl::Status CheckClosure(absl::string_view typed);

// A task, "tasks/42" or "42".
absl::Status CheckTask(absl::string_view typed);

// An identity in its form: root:ACCOUNT, ram:NAME@ACCOUNT or operator:NAME, NAME of printable ASCII without spaces.
// `source` is where it came from, "--as" or "CLOSURE_AS". Whether the identity may do it is for the server to say.
absl::Status CheckIdentity(absl::string_view identity, absl::string_view source);

// The address of a server in its form, HOST:PORT or unix:/PATH; `source` is "--server" or "CLOSURE_SERVER". gRPC takes
// other forms for names and asks the resolver for them.
absl::Status CheckServer(absl::string_view address, absl::string_view source);

// That every argument is UTF-8; the first that is not is named with the flag before it.
absl::Status CheckUtf8(const std::vector<std::string>& arguments);

}  // namespace closure

#endif  // CLOSURE_CLIENT_CLOSURECTL_ARGUMENT_CHECK_H_
