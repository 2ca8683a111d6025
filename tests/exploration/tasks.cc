// SPDX-License-Identifier: Apache-2.0
#include "tests/exploration/tasks.h"

#include <algorithm>

#include "checkers/proto_time.h"
#include "fmt/format.h"
#include "server/decide_system.h"
#include "server/decision_builder.h"
#include "server/item_identity.h"
#include "server/renounced_money.h"
#include "tests/exploration/promises.h"

namespace closure::exploration {
namespace {

// So long that a notice that fails once more is given up.
constexpr absl::Duration kNoticeBackoff = absl::Hours(73);

// What the runner sees before it calls anybody: nothing when the call is to be made.
std::optional<Happening> BeforeCalling(const World& world, const internal::v1::TaskData& task) {
  if (IsBoundToState(task.kind()) && task.payload().fence() != world.data.fence()) return TimerFired{};
  if (IsIrreversible(task) && HaltOf(world.data, world.system) != v1::Task::PARKED_UNSPECIFIED) return TaskHeld{};
  return std::nullopt;
}

const v1::BlockingItem* FindItem(const World& world, const std::string& item_id) {
  const auto found = std::find_if(world.items.begin(), world.items.end(), [&](const auto& item) {
    return item.name().substr(item.name().rfind('/') + 1) == item_id;
  });
  return found == world.items.end() ? nullptr : &*found;
}

Call MakeCall(const World& world, const internal::v1::TaskData& task) {
  Call call;
  call.task = task;
  if (task.kind() == v1::Task::PARTICIPANT && task.payload().participant() == kBillingName) {
    for (const v1::Renunciation& renunciation : world.data.closure().renunciations()) {
      if (IsExecutedIn(task.payload().participant_phase(), renunciation)) call.renunciations.push_back(renunciation);
    }
  }
  if (task.kind() == v1::Task::SCAN) call.clocks_disagreed = DoClocksDisagree(world.system, TimeOf(world));
  if (task.kind() == v1::Task::DISCARD) {
    if (const v1::BlockingItem* item = FindItem(world, task.payload().item_id()); item != nullptr)
      call.expected = ExpectedFacts(*item);
  }
  return call;
}

Fault Arrive(World& world, Call& call) {
  const Facts before = world.outside.facts;
  Fault fault;
  call.answered = true;
  call.sight = Look(world.outside);
  if (call.task.kind() == v1::Task::PARTICIPANT) {
    v1::PerformRequest request;
    request.set_phase(call.task.payload().participant_phase());
    request.set_stage(call.task.payload().stage());
    request.set_idempotency_key(call.task.idempotency_key());
    request.set_fence(call.task.payload().fence());
    for (const v1::Renunciation& renunciation : call.renunciations) *request.add_renunciations() = renunciation;
    call.performed = Perform(world.outside, call.task.payload().participant(), request, fault);
  } else if (call.task.kind() == v1::Task::DISCARD) {
    v1::DiscardRequest request;
    request.set_closure(call.task.closure_id());
    *request.mutable_expected() = call.expected;
    request.set_idempotency_key(call.task.idempotency_key());
    request.set_fence(call.task.payload().fence());
    call.released = Discard(world.outside, request, fault);
  }
  if (!fault.has_value()) fault = JudgeMoney(before, world, world.memory);
  return fault;
}

Happening ParticipantResult(const World& world, const Call& call) {
  const bool gone = call.performed.outcome() == v1::PerformResponse::ACCOUNT_DELETED;
  const v1::ParticipantPhase phase = call.task.payload().participant_phase();
  if (!gone) return ParticipantAnswered{call.performed};
  // What a participant says of a deletion counts when the account system says it too; our own deletion is one.
  if (!world.outside.gone && !world.outside.deleted) return TaskFailed{"not deleted", absl::ZeroDuration()};
  if (phase == v1::RESTORE || phase == v1::DELETE) return ParticipantAnswered{call.performed};
  return AccountGone{};
}

Happening ResultOf(const World& world, const Call& call) {
  switch (call.task.kind()) {
    case v1::Task::SCAN:
      if (call.sight.gone) return AccountGone{};
      return ScanAnswered{Findings(call.sight, call.silent, world.data.closure().name()), world.items,
                          call.clocks_disagreed};
    case v1::Task::DISCARD: {
      if (call.released.outcome() == v1::DiscardResponse::FENCED)
        return TaskFailed{"answered FENCED", absl::ZeroDuration()};
      const v1::BlockingItem* item = FindItem(world, call.task.payload().item_id());
      return ReleaseAnswered{item == nullptr ? v1::BlockingItem() : *item, call.released};
    }
    case v1::Task::PARTICIPANT:
      return ParticipantResult(world, call);
    case v1::Task::NOTICE:
      return MessageSent{};
    case v1::Task::EXPIRY:
      if (call.sight.gone) return AccountGone{};
      return TimerFired{};
    case v1::Task::ERASURE:
      return Erase{{"hash"}};
    case v1::Task::DISCARD_DEADLINE: {
      TimerFired fired;
      for (const v1::BlockingItem& item : world.items) {
        if (item.resolution() == v1::BlockingItem::RELEASING) fired.items.push_back(item);
      }
      return fired;
    }
    default:
      return TimerFired{};
  }
}

// Reports what a call came to. What it was told on a clock that cannot be believed is no ground for what cannot be
// taken back, even when the clock is right again.
Fault ReportResult(World& world, const Call& call) {
  const State before = world.data.closure().state();
  if (Fault fault = Report(world, call.task, ResultOf(world, call)); fault.has_value()) return fault;
  const State after = world.data.closure().state();
  const bool irreversible = after == v1::Closure::SILENT_PERIOD || after == v1::Closure::DELETING;
  if (!call.clocks_disagreed || after == before || !irreversible) return std::nullopt;
  return fmt::format("H: {} rests on questions that were asked while the clocks disagreed",
                     v1::Closure::State_Name(after));
}

}  // namespace

bool IsCall(const internal::v1::TaskData& task) {
  return task.kind() == v1::Task::SCAN || task.kind() == v1::Task::DISCARD || task.kind() == v1::Task::PARTICIPANT ||
         task.kind() == v1::Task::NOTICE || task.kind() == v1::Task::EXPIRY;
}

Fault RunTask(World& world, std::size_t index, unsigned silent) {
  const internal::v1::TaskData task = world.tasks[index];
  if (const std::optional<Happening> at_once = BeforeCalling(world, task); at_once.has_value())
    return Report(world, task, *at_once);
  Call call = MakeCall(world, task);
  call.silent = static_cast<std::uint8_t>(silent);
  if (Fault fault = Arrive(world, call); fault.has_value()) return fault;
  return ReportResult(world, call);
}

Fault RunTaskWithError(World& world, std::size_t index) {
  const internal::v1::TaskData task = world.tasks[index];
  if (const std::optional<Happening> at_once = BeforeCalling(world, task); at_once.has_value())
    return Report(world, task, *at_once);
  const bool notice = task.kind() == v1::Task::NOTICE;
  return Report(world, task, TaskFailed{"UNAVAILABLE", notice ? kNoticeBackoff : RetryDelay(task.attempts(), 1)});
}

Fault StartCall(World& world, std::size_t index) {
  const internal::v1::TaskData task = world.tasks[index];
  if (const std::optional<Happening> at_once = BeforeCalling(world, task); at_once.has_value())
    return Report(world, task, *at_once);
  world.calls.push_back(MakeCall(world, task));
  // A scan that is on its way has read what it reads.
  if (task.kind() == v1::Task::SCAN) return Arrive(world, world.calls.back());
  return std::nullopt;
}

Fault ArriveCall(World& world, std::size_t index) { return Arrive(world, world.calls[index]); }

Fault ReportCall(World& world, std::size_t index) {
  const Call call = world.calls[index];
  world.calls.erase(world.calls.begin() + static_cast<std::ptrdiff_t>(index));
  // A call of an earlier closure: its task and its closure have ended.
  if (call.task.closure_id() != world.data.closure_id()) return std::nullopt;
  return ReportResult(world, call);
}

}  // namespace closure::exploration
