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

// EscapeLine for what was typed, when it is told back: at most 100 characters of it, then how many it has in all.
std::string EscapeTyped(absl::string_view text);

// Breaks an escaped line at spaces, and between wide characters, into lines of at most `columns` cells; those after the
// first are set in by `indent` spaces. `begin` is how many cells stand before it on its first line. A word wider than a
// line stays whole, and a line that begins with white space, such as a command to be copied, stays as it is. With
// `columns` 0 nothing is broken.
std::string WrapLine(absl::string_view line, size_t columns, size_t begin = 0, size_t indent = 0);

// WrapLine for each line of an escaped text; what follows a "- " is set in below it.
std::string WrapText(absl::string_view text, size_t columns);

// The same for prose that was broken by its author: a line that is broken off for want of room is put together with the
// next one first.
std::string WrapProse(absl::string_view text, size_t columns);

// Whether a text is UTF-8 throughout.
bool IsUtf8(absl::string_view text);

// How many code points a text has; a byte that belongs to none counts as one.
size_t CountCodePoints(absl::string_view text);

// How many terminal cells an escaped text takes: two for wide East Asian characters, none for combining marks.
size_t DisplayWidth(absl::string_view text);

}  // namespace closure

#endif  // CLOSURE_CLIENT_CLOSURECTL_TERMINAL_TEXT_H_
