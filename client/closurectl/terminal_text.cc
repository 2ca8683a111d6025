// SPDX-License-Identifier: Apache-2.0
#include "client/closurectl/terminal_text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace closure {
namespace {

// One step through a text: a code point, or a byte that belongs to none.
struct Step {
  uint32_t code_point = 0;
  size_t length = 1;
  bool valid = false;
};

struct Range {
  uint32_t first;
  uint32_t last;
};

// C0, DEL and C1; zero-width, direction and line marks; tags and the byte order mark.
constexpr std::array<Range, 9> kUnsafe = {{{0x00, 0x1F},
                                           {0x7F, 0x9F},
                                           {0x061C, 0x061C},
                                           {0x200B, 0x200F},
                                           {0x2028, 0x202E},
                                           {0x2060, 0x206F},
                                           {0xFEFF, 0xFEFF},
                                           {0xFFF9, 0xFFFB},
                                           {0xE0000, 0xE007F}}};
constexpr std::array<Range, 9> kWide = {{{0x1100, 0x115F},
                                         {0x2E80, 0x303E},
                                         {0x3041, 0xA4CF},
                                         {0xAC00, 0xD7A3},
                                         {0xF900, 0xFAFF},
                                         {0xFE30, 0xFE6F},
                                         {0xFF00, 0xFF60},
                                         {0x1F300, 0x1F64F},
                                         {0x20000, 0x3FFFD}}};
constexpr std::array<Range, 3> kCombining = {{{0x0300, 0x036F}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}}};

template <size_t N>
bool Contains(const std::array<Range, N>& ranges, uint32_t code_point) {
  for (const Range& range : ranges) {
    if (code_point >= range.first && code_point <= range.last) return true;
  }
  return false;
}

size_t SequenceLength(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead < 0xE0) return 2;
  if (lead >= 0xE0 && lead < 0xF0) return 3;
  if (lead >= 0xF0 && lead < 0xF5) return 4;
  return 0;
}

Step NextStep(absl::string_view text) {
  constexpr std::array<uint32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  const auto lead = static_cast<unsigned char>(text[0]);
  const size_t length = SequenceLength(lead);
  if (length == 0 || length > text.size()) return {lead, 1, false};
  uint32_t code_point = length == 1 ? lead : lead & (0x7FU >> length);
  for (size_t i = 1; i < length; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xC0U) != 0x80) return {lead, 1, false};
    code_point = (code_point << 6) | (next & 0x3FU);
  }
  const bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
  if (code_point < kSmallest[length] || code_point > 0x10FFFF || surrogate) return {lead, 1, false};
  return {code_point, length, true};
}

bool IsWide(absl::string_view text) { return !text.empty() && Contains(kWide, NextStep(text).code_point); }

// Wide punctuation that no line begins with.
bool EndsPhrase(absl::string_view text) {
  constexpr std::array<uint32_t, 9> kEnds = {0x3001, 0x3002, 0x300B, 0xFF01, 0xFF09, 0xFF0C, 0xFF1A, 0xFF1B, 0xFF1F};
  return !text.empty() && std::find(kEnds.begin(), kEnds.end(), NextStep(text).code_point) != kEnds.end();
}

// What has to stay together at the beginning of a text: a space, a wide character with the punctuation behind it, or
// all up to the next of these.
absl::string_view FirstWord(absl::string_view text) {
  if (text.empty() || text[0] == ' ') return text.substr(0, 1);
  const bool wide = IsWide(text);
  size_t length = NextStep(text).length;
  while (length < text.size() && text[length] != ' ') {
    const absl::string_view rest = text.substr(length);
    if (!EndsPhrase(rest) && (wide || IsWide(rest))) break;
    length += NextStep(rest).length;
  }
  return text.substr(0, length);
}

// Whether a line was broken off for want of room and goes on in the next one: it is long, nearly as long as the widest,
// and the next one begins neither a number nor a point of a list.
bool GoesOn(absl::string_view line, absl::string_view next, size_t widest) {
  if (line.empty() || next.empty() || absl::ascii_isspace(next[0]) || absl::ascii_isdigit(next[0])) return false;
  if (absl::StartsWith(next, "- ")) return false;
  constexpr size_t kLongMin = 60;
  return DisplayWidth(line) >= kLongMin && DisplayWidth(line) * 8 >= widest * 7;
}

// What stands between two parts of a line that are put together.
absl::string_view Joint(absl::string_view line, absl::string_view next) {
  size_t last = line.size() - 1;
  while (last > 0 && (static_cast<unsigned char>(line[last]) & 0xC0U) == 0x80) --last;
  return IsWide(line.substr(last)) && IsWide(next) ? "" : " ";
}

std::string Escape(absl::string_view text, bool keep_lines) {
  std::string result;
  while (!text.empty()) {
    const Step step = NextStep(text);
    const bool layout = keep_lines && (step.code_point == '\n' || step.code_point == '\t');
    if (!step.valid) {
      absl::StrAppendFormat(&result, "\\x%02x", step.code_point);
    } else if (layout || !Contains(kUnsafe, step.code_point)) {
      absl::StrAppend(&result, text.substr(0, step.length));
    } else if (step.code_point < 0x80) {
      absl::StrAppendFormat(&result, "\\x%02x", step.code_point);
    } else {
      absl::StrAppendFormat(&result, "\\u%04x", step.code_point);
    }
    text.remove_prefix(step.length);
  }
  return result;
}

}  // namespace

std::string EscapeLine(absl::string_view text) { return Escape(text, false); }

std::string EscapeText(absl::string_view text) { return Escape(text, true); }

std::string EscapeTyped(absl::string_view text) {
  constexpr size_t kShownMax = 100;
  absl::string_view rest = text;
  for (size_t shown = 0; shown < kShownMax && !rest.empty(); ++shown) rest.remove_prefix(NextStep(rest).length);
  if (rest.empty()) return EscapeLine(text);
  return absl::StrCat(EscapeLine(text.substr(0, text.size() - rest.size())), "… (", CountCodePoints(text),
                      " characters)");
}

std::string WrapLine(absl::string_view line, size_t columns, size_t begin, size_t indent) {
  if (line.empty() || columns == 0 || begin + DisplayWidth(line) <= columns || absl::ascii_isspace(line[0]))
    return std::string(line);
  std::string result;
  size_t used = begin;
  bool line_begins = true;
  while (!line.empty()) {
    const absl::string_view word = FirstWord(line);
    line.remove_prefix(word.size());
    const bool space = word == " ";
    if (space && line.empty()) break;
    const size_t next = space ? 1 + DisplayWidth(FirstWord(line)) : DisplayWidth(word);
    if (!line_begins && used + next > columns) {
      absl::StrAppend(&result, "\n", std::string(indent, ' '));
      used = indent;
      line_begins = true;
    }
    if (space && line_begins) continue;
    absl::StrAppend(&result, word);
    used += DisplayWidth(word);
    line_begins = false;
  }
  return result;
}

std::string WrapText(absl::string_view text, size_t columns) {
  std::vector<std::string> lines;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    lines.push_back(WrapLine(line, columns, 0, absl::StartsWith(line, "- ") ? 2 : 0));
  }
  return absl::StrJoin(lines, "\n");
}

std::string WrapProse(absl::string_view text, size_t columns) {
  if (columns == 0) return std::string(text);
  const std::vector<std::string> lines = absl::StrSplit(text, '\n');
  size_t widest = 0;
  for (const std::string& line : lines) widest = std::max(widest, DisplayWidth(line));
  std::string joined;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) absl::StrAppend(&joined, GoesOn(lines[i - 1], lines[i], widest) ? Joint(lines[i - 1], lines[i]) : "\n");
    absl::StrAppend(&joined, lines[i]);
  }
  return WrapText(joined, columns);
}

bool IsUtf8(absl::string_view text) {
  while (!text.empty()) {
    const Step step = NextStep(text);
    if (!step.valid) return false;
    text.remove_prefix(step.length);
  }
  return true;
}

size_t CountCodePoints(absl::string_view text) {
  size_t count = 0;
  for (; !text.empty(); ++count) text.remove_prefix(NextStep(text).length);
  return count;
}

size_t DisplayWidth(absl::string_view text) {
  size_t width = 0;
  while (!text.empty()) {
    const Step step = NextStep(text);
    if (!Contains(kCombining, step.code_point)) width += Contains(kWide, step.code_point) ? 2 : 1;
    text.remove_prefix(step.length);
  }
  return width;
}

}  // namespace closure
