// SPDX-License-Identifier: Apache-2.0
#include "checkers/text.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "fmt/format.h"

namespace closure {
namespace {

constexpr size_t kUriCharactersMax = 2000;
constexpr std::string_view kHttps = "https://";

struct Decoded {
  char32_t character = 0;
  size_t bytes = 0;  // 0 when the text does not begin with valid UTF-8
};

// How many bytes a character takes, by its first one; 0 for a byte that begins none.
size_t SequenceLength(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return 2;
  if (first >= 0xE0 && first <= 0xEF) return 3;
  if (first >= 0xF0 && first <= 0xF4) return 4;
  return 0;
}

// The first character of a text that is not empty (RFC 3629).
Decoded DecodeFirst(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const size_t length = SequenceLength(first);
  if (length == 0 || length > text.size()) return {};
  if (length == 1) return {first, 1};
  char32_t character = first & (0x7FU >> length);
  for (size_t i = 1; i < length; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xC0U) != 0x80U) return {};
    character = (character << 6U) | (next & 0x3FU);
  }
  const bool overlong = (length == 3 && character < 0x800) || (length == 4 && character < 0x10000);
  const bool surrogate = character >= 0xD800 && character <= 0xDFFF;
  if (overlong || surrogate || character > 0x10FFFF) return {};
  return {character, length};
}

bool IsControl(char32_t character) {
  return character < 0x20 || (character >= 0x7F && character <= 0x9F) || (character >= 0x202A && character <= 0x202E) ||
         (character >= 0x2066 && character <= 0x2069);
}

bool IsUnreserved(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '.' || c == '_' || c == '~';
}

bool IsUriCharacter(char c) {
  return IsUnreserved(c) || std::string_view(":/?#[]@!$&'()*+,;=%").find(c) != std::string_view::npos;
}

}  // namespace

std::optional<size_t> CountCharacters(std::string_view text) {
  size_t count = 0;
  while (!text.empty()) {
    const Decoded first = DecodeFirst(text);
    if (first.bytes == 0) return std::nullopt;
    text.remove_prefix(first.bytes);
    ++count;
  }
  return count;
}

bool HasControlCharacters(std::string_view text, bool line_feed_allowed) {
  while (!text.empty()) {
    const Decoded first = DecodeFirst(text);
    if (first.bytes == 0) return true;
    if (IsControl(first.character) && !(line_feed_allowed && first.character == '\n')) return true;
    text.remove_prefix(first.bytes);
  }
  return false;
}

std::string PrintableText(std::string_view text, size_t max) {
  std::string printable;
  size_t before_last = 0;
  for (size_t count = 0; !text.empty(); ++count) {
    if (count == max) {
      printable.resize(before_last);
      if (max > 0) printable += "…";
      break;
    }
    before_last = printable.size();
    const Decoded first = DecodeFirst(text);
    if (first.bytes == 0 || IsControl(first.character)) {
      printable.push_back('?');
    } else {
      printable += text.substr(0, first.bytes);
    }
    text.remove_prefix(std::max<size_t>(1, first.bytes));
  }
  return printable;
}

bool IsHttpsUri(std::string_view uri) {
  if (uri.size() > kUriCharactersMax || !uri.starts_with(kHttps)) return false;
  if (!std::all_of(uri.begin(), uri.end(), IsUriCharacter)) return false;
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
