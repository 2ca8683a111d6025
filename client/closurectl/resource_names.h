// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CLOSURECTL_RESOURCE_NAMES_H_
#define CLOSURE_CLIENT_CLOSURECTL_RESOURCE_NAMES_H_

#include <string>

#include "absl/strings/string_view.h"

namespace closure {

// What people type for a resource, and its full name. Pure functions that judge nothing: argument_check.h
// does, and in the end the server.

// "1000000001" and "accounts/1000000001" both give "1000000001"; so does the name of anything below that account.
std::string AccountId(absl::string_view typed);

// "accounts/{account}" for either form.
std::string AccountName(absl::string_view typed);

// Whether it names one closure, "accounts/{account}/closures/{closure}", and not just an account.
bool IsClosureName(absl::string_view typed);

// The full name of an item of a closure, given by its full name or by its last segment.
std::string ItemName(absl::string_view closure, absl::string_view typed);

// The full name of a task, given as "tasks/{task}" or by its last segment.
std::string TaskName(absl::string_view typed);

// The last segment of a name.
std::string LastSegment(absl::string_view name);

// Whether a server address is on this machine: a loopback address, "localhost" or a unix socket.
bool IsLocalServer(absl::string_view address);

}  // namespace closure

#endif  // CLOSURE_CLIENT_CLOSURECTL_RESOURCE_NAMES_H_
