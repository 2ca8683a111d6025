// SPDX-License-Identifier: Apache-2.0
#include "checkers/utf8.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace closure {
namespace {

// The length of the sequence that a lead byte begins; 0 for a byte that begins none.
std::size_t SequenceLength(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  if (lead >= 0xF0 && lead <= 0xF4) return 4;
  return 0;
}

bool IsContinuation(unsigned char byte) { return (byte & 0xC0) == 0x80; }

bool IsScalar(char32_t code_point, std::size_t length) {
  if (length == 3) return code_point >= 0x800 && (code_point < 0xD800 || code_point > 0xDFFF);
  if (length == 4) return code_point >= 0x10000 && code_point <= 0x10FFFF;
  return true;
}

}  // namespace

std::optional<char32_t> TakeCodePoint(std::string_view& text) {
  if (text.empty()) return std::nullopt;
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t length = SequenceLength(lead);
  if (length == 0 || text.size() < length) return std::nullopt;
  constexpr unsigned char kLeadMask[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
  char32_t code_point = lead & kLeadMask[length];
  for (std::size_t i = 1; i < length; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (!IsContinuation(byte)) return std::nullopt;
    code_point = (code_point << 6) | (byte & 0x3FU);
  }
  if (!IsScalar(code_point, length)) return std::nullopt;
  text.remove_prefix(length);
  return code_point;
}

bool IsPlainAscii(std::string_view text) {
  // Eight characters at a time, for nearly every text goes through here several times. A byte has its high bit set in
  // one of the first two terms where it is above 0x7E, in the third where it is below 0x20.
  constexpr uint64_t kEach = 0x0101010101010101U;
  constexpr uint64_t kHigh = 0x80 * kEach;
  while (text.size() >= sizeof(uint64_t)) {
    uint64_t word = 0;
    std::memcpy(&word, text.data(), sizeof(word));
    if (((word | (word + kEach) | (((word | kHigh) - 0x20 * kEach) ^ kHigh)) & kHigh) != 0) return false;
    text.remove_prefix(sizeof(word));
  }
  return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c <= 0x7E; });
}

bool IsUtf8(std::string_view text) {
  if (IsPlainAscii(text)) return true;
  while (!text.empty()) {
    if (!TakeCodePoint(text)) return false;
  }
  return true;
}

std::size_t CountCodePoints(std::string_view text) {
  std::size_t count = 0;
  while (!text.empty()) {
    if (!TakeCodePoint(text)) text.remove_prefix(1);
    ++count;
  }
  return count;
}

std::string_view CutAtCodePoint(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && IsContinuation(static_cast<unsigned char>(text[bytes]))) --bytes;
  return text.substr(0, bytes);
}

bool IsControl(char32_t code_point) {
  return code_point < 0x20 || (code_point >= 0x7F && code_point <= 0x9F) ||
         (code_point >= 0x2028 && code_point <= 0x202E) || (code_point >= 0x2066 && code_point <= 0x2069) ||
         code_point == 0xFEFF;
}

}  // namespace closure
