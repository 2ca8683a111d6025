// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_TEXT_H_
#define CLOSURE_CHECKERS_TEXT_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

// Text that comes from elsewhere: measuring it, judging it, and making it fit to be shown. A character is a Unicode
// code point (checkers/utf8.h). Every function is pure and can be called from any thread.
namespace closure {

// Counts the characters of a text; nothing when it is not valid UTF-8 (overlong forms, surrogates and values above
// U+10FFFF are not).
std::optional<size_t> CountCharacters(std::string_view text);

// Whether the text holds what IsControl says. A line feed counts unless it is allowed. Takes valid UTF-8.
bool HasControlCharacters(std::string_view text, bool line_feed_allowed = false);

// The text with what IsControl says and broken UTF-8 replaced by "?", cut to max characters, the last of
// them "…" where it was cut.
std::string PrintableText(std::string_view text, size_t max);

// The text as PrintableText cuts it to 60 characters, in double quotes.
std::string QuotedExcerpt(std::string_view text);

// The text in double quotes for an error message that shows every byte of it: at most 80 characters, then "…"; quotes
// and backslashes behind a backslash, what IsControl says and bad bytes as \uXXXX and \xXX.
std::string Quoted(std::string_view text);

// Whether a link may be shown to an owner: absolute https, a host, no user information, at most 2,000 characters, and
// only characters that a URI may hold (RFC 3986), so that it can stand in a page or a terminal as it is.
bool IsHttpsUri(std::string_view uri);

// Percent-encodes everything except the unreserved characters of RFC 3986, to be used as one path segment.
std::string PercentEncode(std::string_view text);

}  // namespace closure

#endif  // CLOSURE_CHECKERS_TEXT_H_
