// SPDX-License-Identifier: Apache-2.0
#include "tests/simulation/judge_tasks.h"

#include <algorithm>

#include "checkers/proto_time.h"
#include "fmt/format.h"
#include "server/operator_reads.h"
#include "storage/closure_store.h"

namespace closure::simulation {
namespace {

using internal::v1::ClosureData;
using internal::v1::TaskData;

// How long something that is due may take.
constexpr absl::Duration kPatience = absl::Minutes(10);

bool IsOfState(const TaskData& task, const ClosureData& data) {
  return IsBoundToState(task.kind()) && task.payload().fence() == data.fence();
}

bool IsGivenUp(const v1::Closure& closure, const TaskData& task) {
  return task.kind() == v1::Task::NOTICE && task.parked() == v1::Task::DEAD_LETTER &&
         std::any_of(closure.notices().begin(), closure.notices().end(), [&](const v1::Notice& notice) {
           return notice.channel() == task.payload().channel() && notice.status() == v1::Notice::DEAD_LETTERED;
         });
}

}  // namespace

std::string FaultOfLeftovers(const v1::Closure& closure, const std::vector<TaskData>& tasks, absl::Time now) {
  if (!closure.has_personal_data_erase_time()) return "D12: personal data outlives the closure";
  for (const TaskData& task : tasks) {
    const bool to_come = task.kind() == v1::Task::FORGET_REQUESTS && FromProto(task.due_time()) >= now - kPatience;
    if (to_come || IsGivenUp(closure, task)) continue;
    return fmt::format("Q: {} is left to do after the end", v1::Task::Kind_Name(task.kind()));
  }
  return "";
}

std::string FaultOfNoTask(const ClosureData& data, const std::vector<TaskData>& tasks) {
  if (std::any_of(tasks.begin(), tasks.end(), [&](const TaskData& task) { return IsOfState(task, data); })) return "";
  return "S14, L5: nothing brings the closure on";
}

std::string FaultOfStandstill(const ClosureData& data, const std::vector<TaskData>& tasks, absl::Time now,
                              absl::Duration threshold) {
  if (std::string fault = FaultOfNoTask(data, tasks); !fault.empty()) return fault;
  const bool accounted = std::all_of(tasks.begin(), tasks.end(), [&](const TaskData& task) {
    return !IsOfState(task, data) || task.parked() != v1::Task::PARKED_UNSPECIFIED ||
           FromProto(task.due_time()) > now - threshold || PresentTask(task, now - threshold).stuck();
  });
  return accounted ? "" : "L5: work of a closure stands still, and no operator is shown why";
}

}  // namespace closure::simulation
