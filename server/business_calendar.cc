// SPDX-License-Identifier: Apache-2.0
#include "server/business_calendar.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "checkers/text.h"
#include "fmt/format.h"
#include "server/strings.h"

namespace closure {
namespace {

constexpr std::string_view kDefaultZone = "Asia/Shanghai";
constexpr int kHolidaysMax = 10000;
constexpr std::size_t kZoneMax = 64;

// Whether a zone's name can only be looked up among the machine's IANA zones: LoadTimeZone would also read any file,
// and the environment for "localtime".
bool IsIanaName(std::string_view name) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  const bool allowed = name.find_first_not_of(Concat(kLetters, "0123456789/_-+")) == std::string_view::npos;
  return allowed && name.size() <= kZoneMax && name.find_first_of(kLetters) == 0 && name != "localtime";
}

// The number that the digits [begin, begin + length) make; nothing when one of them is none.
std::optional<int> Digits(std::string_view text, size_t begin, size_t length) {
  int number = 0;
  for (const char c : text.substr(begin, length)) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return std::nullopt;
    number = number * 10 + (c - '0');
  }
  return number;
}

// Reads "YYYY-MM-DD"; nothing for anything else, such as a day that its month does not have.
std::optional<absl::CivilDay> ParseDate(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const std::optional<int> year = Digits(text, 0, 4);
  const std::optional<int> month = Digits(text, 5, 2);
  const std::optional<int> day = Digits(text, 8, 2);
  if (!year || !month || !day || *year == 0) return std::nullopt;
  // What is no date, such as 02-30 or month 13, is carried over into another month: at most 99 days and 99 months are.
  const absl::CivilDay date(*year, *month, *day);
  if (date.month() != *month) return std::nullopt;
  return date;
}

}  // namespace

absl::StatusOr<BusinessCalendar> BusinessCalendar::Make(const config::v1::BusinessCalendar& config) {
  BusinessCalendar calendar;
  std::vector<std::string> faults;
  const std::string zone = config.time_zone().empty() ? std::string(kDefaultZone) : config.time_zone();
  if (!IsIanaName(zone) || !absl::LoadTimeZone(zone, &calendar.zone_)) {
    faults.push_back(fmt::format(
        "business_calendar.time_zone: {} is not a time zone that this machine knows, such as \"Asia/Shanghai\"",
        QuotedExcerpt(zone)));
  }
  const int holidays = std::min(config.holidays_size(), kHolidaysMax);
  if (config.holidays_size() > kHolidaysMax) {
    faults.push_back(
        fmt::format("business_calendar.holidays: {} dates, more than {}", config.holidays_size(), kHolidaysMax));
  }
  for (int i = 0; i < holidays; ++i) {
    if (const std::optional<absl::CivilDay> date = ParseDate(config.holidays(i))) {
      calendar.holidays_.insert(*date);
    } else {
      faults.push_back(fmt::format("business_calendar.holidays[{}]: {} is not a date of the form \"YYYY-MM-DD\"", i,
                                   QuotedExcerpt(config.holidays(i))));
    }
  }
  if (faults.empty()) return calendar;
  return absl::InvalidArgumentError(absl::StrJoin(faults, "\n"));
}

bool BusinessCalendar::IsBusinessDay(absl::CivilDay day) const {
  const absl::Weekday weekday = absl::GetWeekday(day);
  return weekday != absl::Weekday::saturday && weekday != absl::Weekday::sunday && !holidays_.contains(day);
}

absl::Time BusinessCalendar::AddBusinessDays(absl::Time start, int n) const {
  if (n <= 0) return start;
  const absl::TimeZone::CivilInfo local = zone_.At(start);
  absl::CivilDay day(local.cs);
  while (n > 0) {
    ++day;
    if (IsBusinessDay(day)) --n;
  }
  const absl::CivilSecond target(day.year(), day.month(), day.day(), local.cs.hour(), local.cs.minute(),
                                 local.cs.second());
  return zone_.At(target).pre + local.subsecond;
}

}  // namespace closure
