// SPDX-License-Identifier: Apache-2.0
#include "checkers/text.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "checkers/utf8.h"
#include "fmt/format.h"

namespace closure {
namespace {

constexpr size_t kExcerptMax = 60;
constexpr size_t kQuotedMax = 80;
constexpr size_t kUriCharactersMax = 2000;
constexpr std::string_view kHttps = "https://";

bool IsUnreserved(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '.' || c == '_' || c == '~';
}

// By the character; a table, because long addresses come by the thousand.
using CharacterSet = std::array<bool, 256>;
const CharacterSet& UriCharacters() {
  static const CharacterSet characters = [] {
    CharacterSet set = {};
    for (size_t c = 0; c < set.size(); ++c) set[c] = IsUnreserved(static_cast<char>(c));
    for (const unsigned char c : std::string_view(":/?#[]@!$&'()*+,;=%")) set[c] = true;
    return set;
  }();
  return characters;
}

}  // namespace

std::optional<size_t> CountCharacters(std::string_view text) {
  if (IsPlainAscii(text)) return text.size();
  return IsUtf8(text) ? std::optional(CountCodePoints(text)) : std::nullopt;
}

bool HasControlCharacters(std::string_view text, bool line_feed_allowed) {
  if (IsPlainAscii(text)) return false;
  while (!text.empty()) {
    const std::optional<char32_t> character = TakeCodePoint(text);
    if (!character) return true;
    if (IsControl(*character) && !(line_feed_allowed && *character == '\n')) return true;
  }
  return false;
}

std::string PrintableText(std::string_view text, size_t max) {
  if (text.size() <= max && IsPlainAscii(text)) return std::string(text);
  std::string printable;
  size_t before_last = 0;
  for (size_t count = 0; !text.empty(); ++count) {
    if (count == max) {
      printable.resize(before_last);
      if (max > 0) printable += "…";
      break;
    }
    before_last = printable.size();
    const std::string_view before = text;
    const std::optional<char32_t> character = TakeCodePoint(text);
    if (!character) text.remove_prefix(1);
    if (!character || IsControl(*character)) {
      printable.push_back('?');
    } else {
      printable += before.substr(0, before.size() - text.size());
    }
  }
  return printable;
}

std::string QuotedExcerpt(std::string_view text) { return fmt::format("\"{}\"", PrintableText(text, kExcerptMax)); }

std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (size_t count = 0; !text.empty(); ++count) {
    if (count == kQuotedMax) {
      quoted += "…";
      break;
    }
    const std::string_view before = text;
    const std::optional<char32_t> character = TakeCodePoint(text);
    if (!character) {
      quoted += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[0]));
      text.remove_prefix(1);
    } else if (IsControl(*character)) {
      quoted += fmt::format("\\u{:04x}", static_cast<uint32_t>(*character));
    } else {
      if (*character == '"' || *character == '\\') quoted += '\\';
      quoted += before.substr(0, before.size() - text.size());
    }
  }
  return quoted + "\"";
}

bool IsHttpsUri(std::string_view uri) {
  if (uri.size() > kUriCharactersMax || !uri.starts_with(kHttps)) return false;
  const CharacterSet& allowed = UriCharacters();
  if (!std::ranges::all_of(uri, [&allowed](unsigned char c) { return allowed[c]; })) return false;
  const std::string_view rest = uri.substr(kHttps.size());
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  return !authority.empty() && authority.front() != ':' && authority.find('@') == std::string_view::npos;
}

std::string PercentEncode(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    if (IsUnreserved(c)) {
      encoded.push_back(c);
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

}  // namespace closure
