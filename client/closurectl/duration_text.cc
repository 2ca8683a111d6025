// SPDX-License-Identifier: Apache-2.0
#include "client/closurectl/duration_text.h"

#include <array>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client/closurectl/terminal_text.h"

namespace closure {
namespace {

struct Unit {
  absl::string_view word;
  absl::Duration length;
};

// The largest first. ms stands before m in no ambiguity: the letters after the digits are read as a whole.
const std::array<Unit, 5>& Units() {
  static const std::array<Unit, 5> kUnits = {{{"d", absl::Hours(24)},
                                              {"h", absl::Hours(1)},
                                              {"m", absl::Minutes(1)},
                                              {"s", absl::Seconds(1)},
                                              {"ms", absl::Milliseconds(1)}}};
  return kUnits;
}

constexpr int64_t kCountMax = 1'000'000'000'000;
constexpr int64_t kDaysMax = 3650;
const absl::Duration& LongestDuration() {
  static const absl::Duration kLongest = absl::Hours(24) * kDaysMax;
  return kLongest;
}

absl::Status Refuse(absl::string_view text) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", EscapeTyped(text), "\" is not a duration; write for example 90s, 10m, 72h, 7d or 1d12h"));
}

absl::Status TooLong(absl::string_view text) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", EscapeTyped(text), "\" is too long: a duration is at most ", kDaysMax, "d"));
}

size_t LengthOf(absl::string_view text, bool (*belongs)(unsigned char)) {
  size_t length = 0;
  while (length < text.size() && belongs(static_cast<unsigned char>(text[length]))) ++length;
  return length;
}

}  // namespace

absl::StatusOr<absl::Duration> ParseDuration(absl::string_view text) {
  absl::Duration total;
  size_t next_unit = 0;
  absl::string_view rest = text;
  while (!rest.empty()) {
    const size_t digits = LengthOf(rest, absl::ascii_isdigit);
    const size_t letters = LengthOf(rest.substr(digits), absl::ascii_isalpha);
    const absl::string_view word = rest.substr(digits, letters);
    if (digits == 0) return Refuse(text);
    while (next_unit < Units().size() && Units()[next_unit].word != word) ++next_unit;
    if (next_unit == Units().size()) return Refuse(text);
    int64_t count = 0;
    if (!absl::SimpleAtoi(rest.substr(0, digits), &count) || count > kCountMax) return TooLong(text);
    total += count * Units()[next_unit++].length;
    rest.remove_prefix(digits + letters);
  }
  if (!text.empty() && total == absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", EscapeTyped(text), "\" is nothing: a duration must be above zero, for example 90s or 7d"));
  }
  if (text.empty()) return Refuse(text);
  if (total > LongestDuration()) return TooLong(text);
  return total;
}

std::string DurationText(absl::Duration span) {
  std::string result;
  int parts = 0;
  for (const Unit& unit : Units()) {
    if (unit.word == "ms" && parts > 0) break;
    const int64_t count = absl::IDivDuration(span, unit.length, &span);
    if (count > 0 && parts < 2) absl::StrAppend(&result, result.empty() ? "" : " ", count, unit.word);
    if (count > 0 || parts > 0) ++parts;
  }
  return result.empty() ? "0s" : result;
}

std::string DurationText(const google::protobuf::Duration& span) { return DurationText(FromProtoDuration(span)); }

std::string TimeText(const google::protobuf::Timestamp& time) {
  if (time.seconds() == 0 && time.nanos() == 0) return "<none>";
  return absl::FormatTime("%Y-%m-%d%ET%H:%M:%SZ", absl::FromUnixSeconds(time.seconds()), absl::UTCTimeZone());
}

google::protobuf::Duration ToProtoDuration(absl::Duration span) {
  google::protobuf::Duration result;
  absl::Duration rest;
  result.set_seconds(absl::IDivDuration(span, absl::Seconds(1), &rest));
  result.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(rest)));
  return result;
}

absl::Duration FromProtoDuration(const google::protobuf::Duration& span) {
  return absl::Seconds(span.seconds()) + absl::Nanoseconds(span.nanos());
}

}  // namespace closure
