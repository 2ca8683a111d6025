// SPDX-License-Identifier: Apache-2.0
// The engine's part for the whole system: operators' switches, and the witness of time.
#include <utility>

#include "checkers/proto_time.h"
#include "protos/coverage_mark.h"
#include "server/closure_engine.h"
#include "server/decide_system.h"
#include "server/system_now.h"

namespace closure {

void ClosureEngine::Operate(const SystemCommand& command, const CallContext& context, SystemReply reply) {
  OperateOnce(command, context, 0, std::move(reply));
}

void ClosureEngine::OperateOnce(const SystemCommand& command, const CallContext& context, int tries,
                                SystemReply reply) {
  absl::StatusOr<SystemNow> read = ReadSystemNow(*parts_.store, *parts_.clock);
  if (!read.ok()) return std::move(reply)(read.status());
  absl::StatusOr<std::optional<v1::Closure>> replay = FindReplay("", context);
  if (!replay.ok()) return std::move(reply)(replay.status());
  if (replay->has_value()) return std::move(reply)(std::move(read->system));
  absl::StatusOr<Commit> commit = DecideSystem(read->system, command, context.actor.ToString(), read->time, read->now);
  if (!commit.ok()) return std::move(reply)(commit.status());
  commit->request = RequestRecord{"", context.request_id, context.body_hash, "", read->now};
  // The request ids of a closure are forgotten so long after its end (D16); the system has none.
  commit->forget_before = read->now - FromProto(parts_.policy.request_id_retention());
  internal::v1::SystemData next = *commit->system;
  parts_.store->Apply(*std::move(commit), [this, command, context, tries, next = std::move(next),
                                           reply = std::move(reply)](absl::Status status) mutable {
    if (status.ok()) return std::move(reply)(std::move(next));
    const bool again = IsConflict(status) && tries < kTriesMax;
    if (!again) return std::move(reply)(IsConflict(status) ? ConcurrentChange("the system") : status);
    Reach(Mark::kSwitchDecidedAgain);
    OperateOnce(command, context, tries + 1, std::move(reply));
  });
}

void ClosureEngine::WitnessTime() {
  const absl::StatusOr<SystemNow> read = ReadSystemNow(*parts_.store, *parts_.clock);
  if (!read.ok()) return;
  Commit commit;
  Witness(commit, read->system, read->time, read->now);
  // Somebody else's commit at the same moment carries the witness as well; the next call comes soon.
  parts_.store->Apply(std::move(commit), [](const absl::Status&) {});
}

}  // namespace closure
