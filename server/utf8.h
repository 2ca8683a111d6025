// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_UTF8_H_
#define CLOSURE_SERVER_UTF8_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace closure {

// Reads one code point at the front of `text` and removes it; nothing when the text is empty or does not start with a
// well-formed UTF-8 sequence (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF); then nothing is
// removed.
std::optional<char32_t> TakeCodePoint(std::string_view& text);

bool IsUtf8(std::string_view text);

// How many code points a well-formed text has; what is not well-formed counts byte by byte.
std::size_t CountCodePoints(std::string_view text);

// The longest front part of at most `bytes` bytes that does not end within a code point.
std::string_view CutAtCodePoint(std::string_view text, std::size_t bytes);

// Control characters and those that reorder or break lines where a text is shown: C0, DEL, C1, U+2028, U+2029, U+202A
// to U+202E, U+2066 to U+2069 and U+FEFF.
bool IsControl(char32_t code_point);

// `text` in double quotes for an error message: at most 80 code points, then "…"; control characters and bad bytes as
// \uXXXX and \xXX.
std::string Quoted(std::string_view text);

}  // namespace closure

#endif  // CLOSURE_SERVER_UTF8_H_
