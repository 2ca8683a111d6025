// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SUPPORT_CALENDAR_TASKS_H_
#define CLOSURE_TESTS_SUPPORT_CALENDAR_TASKS_H_

#include <google/protobuf/util/time_util.h>

#include "closure/internal/v1/closure_data.pb.h"
#include "closure/v1/closure.pb.h"

namespace closure {

// Whether a task of the closure means a day in the calendar and did not fail before, so that it does not come due with
// a wall clock that goes back (Commit::clock_went_back). A silent period's end that was put off beyond the day that was
// told means none. Pure.
inline bool MeansADay(const internal::v1::TaskData& task, const v1::Closure& closure) {
  if (task.has_first_failure_time()) return false;
  if (task.kind() == v1::Task::SILENT_PERIOD_END) {
    return !closure.has_silent_period_end_time() || task.due_time() <= closure.silent_period_end_time();
  }
  return task.kind() == v1::Task::EXPIRY || task.kind() == v1::Task::FORGET_REQUESTS;
}

}  // namespace closure

#endif  // CLOSURE_TESTS_SUPPORT_CALENDAR_TASKS_H_
