// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_BUSINESS_CALENDAR_H_
#define CLOSURE_SERVER_BUSINESS_CALENDAR_H_

#include <set>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "closure/config/v1/server_config.pb.h"

namespace closure {

// Counts business days: Monday to Friday in one time zone, without the holidays of a list (R13 to R15, D16). A value;
// can be read from any thread.
class BusinessCalendar {
 public:
  // Reads zone and holidays; an empty zone means Asia/Shanghai. A date that is listed twice counts once, one on a
  // weekend changes nothing. Errors: INVALID_ARGUMENT, one line "PATH: what" for each fault: a zone that the machine's
  // zone data does not have (only IANA names are looked up, no files), a holiday that is not a date "YYYY-MM-DD", more
  // than 10,000 holidays.
  static absl::StatusOr<BusinessCalendar> Make(const config::v1::BusinessCalendar& config);

  bool IsBusinessDay(absl::CivilDay day) const;

  // The same time of day, on the n-th business day after the day of `start` in the calendar's zone; `start` itself for
  // 0 or less. A time of day that the clocks skip on that day is as much later as they skip, one that they show twice
  // is the first of the two.
  absl::Time AddBusinessDays(absl::Time start, int n) const;

  const absl::TimeZone& zone() const { return zone_; }

 private:
  BusinessCalendar() = default;

  absl::TimeZone zone_;
  std::set<absl::CivilDay> holidays_;
};

}  // namespace closure

#endif  // CLOSURE_SERVER_BUSINESS_CALENDAR_H_
