// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_CLOSURE_PLAN_H_
#define CLOSURE_SERVER_CLOSURE_PLAN_H_

#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "closure/v1/closure_service.pb.h"
#include "server/business_calendar.h"
#include "server/fan_out.h"

namespace closure {

// Makes of a scan's findings what closing the account would take: what to do, in which order and by whom, and when it
// could be closed at the earliest. The items themselves are not in it; see SplitItems. `account` is a resource name,
// "accounts/{account}".
//
// Steps group the items that one party clears in one way. They are ordered so that no step undoes an earlier one:
// relations to other accounts first, for they need others to act; then domain names and filings, which take longest;
// then instances and what other checkers found; then bills, charges and credit notes, which instances that still run
// would add to; balance and debt last, because paying bills changes both. Steps of equal order can be done at the same
// time.
//
// The estimate is a range of business days (R13 to R15): none without workloads; 2 to 5 with any (instances, and what
// no built-in checker knows); 7 to 15 more with domain names or filings; then the silent period, in calendar time. It
// counts from `now`. While a required checker does not answer there is no range, only the explanation says why.
//
// A plan is small however many items there are: a step counts its items and names the first 100, all steps together
// name 5,000; and where more than 500 steps would come of it, items of one kind for different parties are one step.
//
// Pure; can be called from any thread.
v1::ClosurePlan MakePlan(std::string_view account, const ScanFindings& findings, const BusinessCalendar& calendar,
                         absl::Time now, absl::Duration silent_period);

// Says in a plan what keeps a closure from being started: it is not eligible then, and unless that is only a closure
// that is open already, its estimate has no times. Pure.
void AddStartObstacles(v1::ClosurePlan& plan, const std::vector<v1::StartObstacle>& obstacles);

// The items in messages that every client can receive: at most 500 in one, and less than 1 MiB unless one item alone is
// larger. None when there are no items. Pure.
std::vector<v1::PreviewItems> SplitItems(const std::vector<v1::BlockingItem>& items);

}  // namespace closure

#endif  // CLOSURE_SERVER_CLOSURE_PLAN_H_
