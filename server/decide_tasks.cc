// SPDX-License-Identifier: Apache-2.0
// What becomes of a task that is not done: it failed, it must wait, or an operator wants it to be run now.
#include "fmt/format.h"
#include "server/decision_builder.h"

namespace closure {

Decision DecideFailure(DecisionBuilder& builder, const TaskFailed& failed) {
  const internal::v1::TaskData& task = *builder.circumstances().task;
  if (task.kind() == v1::Task::PARTICIPANT) return FailParticipant(builder, failed);
  if (task.kind() == v1::Task::NOTICE) return FailNotice(builder, failed);
  builder.RescheduleTask(builder.now() + failed.delay, failed.error, v1::Task::PARKED_UNSPECIFIED);
  return builder.Finish();
}

Decision DecideHeld(DecisionBuilder& builder) {
  const v1::Task::Parked halt = HaltOf(builder.data(), builder.circumstances().system);
  // When the halt was released meanwhile there is nothing to wait for.
  builder.RescheduleTask(builder.now(), "", halt);
  return builder.Finish();
}

Decision DecideRetry(DecisionBuilder& builder, const RetryRequested& request) {
  builder.RescheduleTask(builder.now(), "", v1::Task::PARKED_UNSPECIFIED);
  builder.Note("task_retried",
               fmt::format("{}: {}", v1::Task::Kind_Name(builder.circumstances().task->kind()), request.reason));
  return builder.Finish();
}

}  // namespace closure
