// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_UTF8_H_
#define CLOSURE_CHECKERS_UTF8_H_

#include <cstddef>
#include <optional>
#include <string_view>

// Reading UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF) code point by code point. Every
// function is pure and can be called from any thread.
namespace closure {

// Reads one code point at the front of `text` and removes it; nothing when the text is empty or does not start with a
// well-formed sequence; then nothing is removed.
std::optional<char32_t> TakeCodePoint(std::string_view& text);

// Whether a text is of visible ASCII characters and blanks only, as most are: then every byte is a character, and none
// is a control.
bool IsPlainAscii(std::string_view text);

bool IsUtf8(std::string_view text);

// How many code points a well-formed text has; what is not well-formed counts byte by byte.
std::size_t CountCodePoints(std::string_view text);

// The longest front part of at most `bytes` bytes that does not end within a code point.
std::string_view CutAtCodePoint(std::string_view text, std::size_t bytes);

// Control characters (C0, DEL, C1), the marks that reorder text (U+202A to U+202E, U+2066 to U+2069), and what breaks a
// line or is not seen in it (U+2028, U+2029, U+FEFF). The one judge of all text: what other systems and people send,
// and what stands in logs and error messages.
bool IsControl(char32_t code_point);

}  // namespace closure

#endif  // CLOSURE_CHECKERS_UTF8_H_
