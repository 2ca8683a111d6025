// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_EXPLORATION_TASKS_H_
#define CLOSURE_TESTS_EXPLORATION_TASKS_H_

#include <cstddef>

#include "tests/exploration/service.h"
#include "tests/exploration/world.h"

// What the task runner does with the tasks of an explored world, after TaskHandlers: a task whose state was left only
// ends, an irreversible one waits for holds and pauses, and every outside act carries the fence of the task.
namespace closure::exploration {

// Runs the task to its end: the call arrives, is answered, and the answer is reported. `silent` are the checkers that
// do not answer a scan, as bits (see Findings).
Fault RunTask(World& world, std::size_t task, unsigned silent);
// The call is answered with an error.
Fault RunTaskWithError(World& world, std::size_t task);
// The call goes out and is on its way from now on; the task can be run again meanwhile.
Fault StartCall(World& world, std::size_t task);
// Whether the task calls somebody, so that its call can be late or fail.
bool IsCall(const internal::v1::TaskData& task);

// A call that was on its way arrives and is answered.
Fault ArriveCall(World& world, std::size_t call);
// Its answer is reported.
Fault ReportCall(World& world, std::size_t call);

}  // namespace closure::exploration

#endif  // CLOSURE_TESTS_EXPLORATION_TASKS_H_
