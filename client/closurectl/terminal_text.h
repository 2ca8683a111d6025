// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CLOSURECTL_TERMINAL_TEXT_H_
#define CLOSURE_CLIENT_CLOSURECTL_TERMINAL_TEXT_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace closure {

// Text from a server may hold anything; these make it fit for a terminal. Pure functions.

// Replaces control characters, those that turn the direction of writing and bytes that are not UTF-8 by visible escapes
// such as
// "\x1b" and "\u202e", so that no text can move the cursor or pass for another.
std::string EscapeLine(absl::string_view text);

// The same, but line ends and tabs stay: for texts of several lines.
std::string EscapeText(absl::string_view text);

// Whether a text is UTF-8 throughout.
bool IsUtf8(absl::string_view text);

// How many terminal cells an escaped text takes: two for wide East Asian characters, none for combining marks.
size_t DisplayWidth(absl::string_view text);

}  // namespace closure

#endif  // CLOSURE_CLIENT_CLOSURECTL_TERMINAL_TEXT_H_
