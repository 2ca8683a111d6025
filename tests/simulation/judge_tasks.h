// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SIMULATION_JUDGE_TASKS_H_
#define CLOSURE_TESTS_SIMULATION_JUDGE_TASKS_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "closure/internal/v1/closure_data.pb.h"

// What closures wait for. Every function is pure and answers what is broken, in words; empty when nothing is. `now` is
// what the machine's wall clock shows.
namespace closure::simulation {

// After an end, once nothing is under way: only the forgetting of request ids is still to come, and what was given up
// stays to be seen by operators (Q, D12, D16).
std::string FaultOfLeftovers(const v1::Closure& closure, const std::vector<internal::v1::TaskData>& tasks,
                             absl::Time now);

// Before an end, at any time: something brings the closure on.
std::string FaultOfNoTask(const internal::v1::ClosureData& data, const std::vector<internal::v1::TaskData>& tasks);

// After Confirm, when nothing happened to a closure for `threshold` while the service ran: each piece of its work waits
// for a day, for people, or for something that operators are shown as stuck (L5).
std::string FaultOfStandstill(const internal::v1::ClosureData& data, const std::vector<internal::v1::TaskData>& tasks,
                              absl::Time now, absl::Duration threshold);

}  // namespace closure::simulation

#endif  // CLOSURE_TESTS_SIMULATION_JUDGE_TASKS_H_
