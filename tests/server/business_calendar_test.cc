// SPDX-License-Identifier: Apache-2.0
#include "server/business_calendar.h"

#include <string>
#include <string_view>
#include <vector>

#include "catch2/catch.hpp"

namespace closure {
namespace {

absl::StatusOr<BusinessCalendar> Make(const std::string& zone, const std::vector<std::string>& holidays = {}) {
  config::v1::BusinessCalendar config;
  config.set_time_zone(zone);
  for (const std::string& holiday : holidays) config.add_holidays(holiday);
  return BusinessCalendar::Make(config);
}

// "2026-11-20 18:30:00" in the calendar's zone, moved on by business days.
std::string Add(const BusinessCalendar& calendar, const std::string& start, int days) {
  absl::Time time;
  REQUIRE(absl::ParseTime("%Y-%m-%d %H:%M:%S", start, calendar.zone(), &time, nullptr));
  return absl::FormatTime("%Y-%m-%d %H:%M:%S", calendar.AddBusinessDays(time, days), calendar.zone());
}

TEST_CASE("business days are Monday to Friday", "[R14][D16]") {
  const auto calendar = Make("Asia/Shanghai");
  REQUIRE(calendar.ok());
  CHECK(Add(*calendar, "2026-11-19 18:30:00", 1) == "2026-11-20 18:30:00");  // Thursday to Friday
  CHECK(Add(*calendar, "2026-11-20 18:30:00", 1) == "2026-11-23 18:30:00");  // over the weekend
  CHECK(Add(*calendar, "2026-11-21 18:30:00", 1) == "2026-11-23 18:30:00");  // from Saturday
  CHECK(Add(*calendar, "2026-11-22 18:30:00", 1) == "2026-11-23 18:30:00");  // from Sunday
  CHECK(Add(*calendar, "2026-11-22 18:30:00", 2) == "2026-11-24 18:30:00");
  CHECK(Add(*calendar, "2026-11-23 00:00:00", 5) == "2026-11-30 00:00:00");
  CHECK(Add(*calendar, "2026-11-23 23:59:59", 15) == "2026-12-14 23:59:59");
}

TEST_CASE("no business day is no time at all, on a weekend too", "[R13]") {
  const auto calendar = Make("Asia/Shanghai");
  REQUIRE(calendar.ok());
  CHECK(Add(*calendar, "2026-11-21 18:30:00", 0) == "2026-11-21 18:30:00");
  CHECK(Add(*calendar, "2026-11-21 18:30:00", -3) == "2026-11-21 18:30:00");
}

TEST_CASE("holidays are no business days, one on a weekend changes nothing", "[D16]") {
  const auto calendar = Make("Asia/Shanghai", {"2026-10-01", "2026-10-02", "2026-10-03", "2026-10-05", "2026-10-05"});
  REQUIRE(calendar.ok());
  CHECK(Add(*calendar, "2026-09-30 09:00:00", 1) == "2026-10-06 09:00:00");
  CHECK(Add(*calendar, "2026-10-01 09:00:00", 2) == "2026-10-07 09:00:00");
  CHECK_FALSE(calendar->IsBusinessDay(absl::CivilDay(2026, 10, 1)));
  CHECK(calendar->IsBusinessDay(absl::CivilDay(2026, 10, 6)));
}

TEST_CASE("leap days and years' ends are days like others", "[D16]") {
  const auto calendar = Make("Asia/Shanghai", {"2028-01-03"});
  REQUIRE(calendar.ok());
  CHECK(Add(*calendar, "2028-02-28 12:00:00", 1) == "2028-02-29 12:00:00");
  CHECK(Add(*calendar, "2028-02-28 12:00:00", 2) == "2028-03-01 12:00:00");
  CHECK(Add(*calendar, "2027-02-26 12:00:00", 1) == "2027-03-01 12:00:00");
  CHECK(Add(*calendar, "2027-12-31 12:00:00", 1) == "2028-01-04 12:00:00");
}

TEST_CASE("the time of day stays the same over a change of the clocks", "[D16]") {
  const auto calendar = Make("Europe/Berlin");
  REQUIRE(calendar.ok());
  CHECK(Add(*calendar, "2026-03-27 12:00:00", 1) == "2026-03-30 12:00:00");
  CHECK(Add(*calendar, "2026-10-23 12:00:00", 1) == "2026-10-26 12:00:00");
  const absl::Time friday = calendar->zone().At(absl::CivilSecond(2026, 3, 27, 12, 0, 0)).pre;
  CHECK(calendar->AddBusinessDays(friday, 1) - friday == absl::Hours(71));
}

TEST_CASE("a time of day that is skipped is later, one that comes twice is the first", "[D16]") {
  const auto cairo = Make("Africa/Cairo");  // its clocks changed on a Friday and on a Thursday in 2010
  REQUIRE(cairo.ok());
  // Friday, 2010-04-30 began at 01:00.
  CHECK(Add(*cairo, "2010-04-29 00:30:00", 1) == "2010-04-30 01:30:00");
  // Thursday, 2010-09-30 showed 23:00 to 23:59 twice.
  const absl::Time wednesday = cairo->zone().At(absl::CivilSecond(2010, 9, 29, 23, 30, 0)).pre;
  CHECK(cairo->AddBusinessDays(wednesday, 1) - wednesday == absl::Hours(24));
}

TEST_CASE("the day is the one in the calendar's zone", "[D16]") {
  const auto calendar = Make("Asia/Shanghai");
  REQUIRE(calendar.ok());
  // Friday 20:00 UTC is Saturday 04:00 in Shanghai, so the next business day is Monday there.
  const absl::Time start = absl::FromCivil(absl::CivilSecond(2026, 11, 20, 20, 0, 0), absl::UTCTimeZone());
  CHECK(calendar->AddBusinessDays(start, 1) == start + absl::Hours(48));
  CHECK(calendar->AddBusinessDays(start + absl::Milliseconds(250), 1) ==
        start + absl::Hours(48) + absl::Milliseconds(250));
}

TEST_CASE("a zone that is not the name of one is refused with the field and the value", "[D16]") {
  for (const char* zone : {"Mars/Olympus", "/etc/passwd", "../../etc/passwd", "file:/etc/localtime", "localtime",
                           "Asia/Shanghai\n", "+08:00"}) {
    CAPTURE(zone);
    const auto calendar = Make(zone);
    CHECK(absl::IsInvalidArgument(calendar.status()));
    CHECK(std::string(calendar.status().message()).find("business_calendar.time_zone") != std::string::npos);
  }
  // Each of these can be read as a file.
  for (const std::string& zone : {std::string("posix/../Asia/Shanghai"), "Asia" + std::string(53, '/') + "Shanghai",
                                  std::string("/usr/share/zoneinfo/Asia/Shanghai")}) {
    CAPTURE(zone);
    absl::TimeZone there;
    CHECK(absl::LoadTimeZone(zone, &there));
    CHECK(absl::IsInvalidArgument(Make(zone).status()));
  }
  for (const char* zone : {"UTC", "Etc/GMT+5", "America/Port-au-Prince", "America/New_York"}) {
    CAPTURE(zone);
    CHECK(Make(zone).ok());
  }
  const auto standard = Make("");
  REQUIRE(standard.ok());
  CHECK(standard->zone().name() == "Asia/Shanghai");
}

TEST_CASE("a holiday that is no date is refused with the value", "[D16]") {
  for (const char* date :
       {"",           "2026-1-1",   "2026-02-29",  "2026-02-30",  "2026-13-01",       "2026-00-10", "2026-01-00",
        "0000-01-01", "2026/01/01", "2026-01-01 ", " 2026-01-01", "2026-01-01T00:00", "20260101",   "２０２６-01-01",
        "-026-01-01", "2026-01-+1", "2026x01-01",  "2026-01x01",  "2o26-01-01",       "2026-o1-01", "2026-01-o1",
        "2026-01-32", "2026-12-99", "2026-99-01",  "202o-01-01",  "0005-o5-05",       "2026-1o-01", "2026-01-1o"}) {
    CAPTURE(date);
    CHECK(absl::IsInvalidArgument(Make("", {date}).status()));
  }
  CHECK(Make("", std::vector<std::string>(10'000, "2026-01-01")).ok());
  CHECK(absl::IsInvalidArgument(Make("", std::vector<std::string>(10'001, "2026-01-01")).status()));
  CHECK(Make("", {"2028-02-29"}).ok());
}

}  // namespace
}  // namespace closure
