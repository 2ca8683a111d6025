// SPDX-License-Identifier: Apache-2.0
// The engine's part for tasks whose result cannot be decided.
#include <utility>

#include "checkers/proto_time.h"
#include "protos/coverage_mark.h"
#include "server/closure_engine.h"
#include "server/decide_system.h"
#include "server/decision_builder.h"
#include "server/system_now.h"

namespace closure {

void ClosureEngine::GiveBack(const internal::v1::TaskData& task, const std::string& error,
                             absl::AnyInvocable<void() &&> done) {
  Reach(Mark::kDecisionGivenBack);
  GiveBackOnce(task, error, 0, std::move(done));
}

void ClosureEngine::GiveBackOnce(const internal::v1::TaskData& task, const std::string& error, int tries,
                                 absl::AnyInvocable<void() &&> done) {
  const absl::StatusOr<SystemNow> read = ReadSystemNow(*parts_.store, *parts_.clock);
  if (!read.ok()) {
    Reach(Mark::kTaskLeftToLease);
    return std::move(done)();
  }
  internal::v1::TaskData again = task;
  *again.mutable_due_time() = ToProto(read->now + RetryDelay(task.attempts(), parts_.random->RetryFactor()));
  CountFailure(again, error, read->now);
  Commit commit;
  commit.reschedule_task = std::move(again);
  // As every decision does (DecisionBuilder::Finish).
  if (!read->time.jump.empty()) Witness(commit, read->system, read->time, read->now);
  parts_.store->Apply(std::move(commit),
                      [this, task, error, tries, done = std::move(done)](const absl::Status& status) mutable {
                        const bool conflict = IsConflict(status);
                        if (status.ok() || (conflict && IsGone(task))) return std::move(done)();
                        if (conflict && tries < kTriesMax) {
                          Reach(Mark::kGivenBackAgain);
                          return GiveBackOnce(task, error, tries + 1, std::move(done));
                        }
                        Reach(Mark::kTaskLeftToLease);
                        std::move(done)();
                      });
}

bool ClosureEngine::IsGone(const internal::v1::TaskData& task) const {
  return absl::IsNotFound(parts_.store->LoadTask(task.id()).status());
}

}  // namespace closure
