// SPDX-License-Identifier: Apache-2.0
#include "tests/exploration/service.h"

#include <algorithm>

#include "checkers/proto_time.h"
#include "fmt/format.h"
#include "server/decide_system.h"
#include "server/time_witness.h"
#include "tests/exploration/promises.h"
#include "tests/support/calendar_tasks.h"

namespace closure::exploration {
namespace {

constexpr char kAccount[] = "1";
constexpr int kHourlyLimit = 1;

v1::ParticipantDescription Participant(const std::string& name,
                                       std::vector<std::pair<v1::ParticipantPhase, int>> stages) {
  v1::ParticipantDescription description;
  description.set_name(name);
  for (const auto& [phase, stage] : stages) {
    auto& added = *description.add_stages();
    added.set_phase(phase);
    added.set_stage(stage);
  }
  return description;
}

const std::vector<v1::ParticipantDescription>& Participants() {
  static const auto* const kParticipants = new std::vector<v1::ParticipantDescription>{
      Participant("billing", {{v1::FREEZE, 1},
                              {v1::THAW, 1},
                              {v1::ENTER_SILENT_PERIOD, 1},
                              {v1::SEAL, 1},
                              {v1::DELETE, 1},
                              {v1::RESTORE, 1}}),
      Participant("account",
                  {{v1::FREEZE, 1}, {v1::THAW, 1}, {v1::ENTER_SILENT_PERIOD, 2}, {v1::DELETE, 3}, {v1::RESTORE, 1}}),
  };
  return *kParticipants;
}

Circumstances CircumstancesOf(const World& world, const std::string& actor) {
  Circumstances circumstances;
  circumstances.now = world.clock.wall;
  circumstances.actor = actor;
  circumstances.time = TimeOf(world);
  circumstances.system = world.system;
  circumstances.participants = Participants();
  for (const char* const name : {"billing", "resources"}) {
    v1::CheckerResult& checker = circumstances.checkers.emplace_back();
    checker.set_checker(name);
    checker.set_status(v1::CheckerResult::WAITING);
    checker.set_required(true);
  }
  circumstances.challenge_ids = {"a", "b"};
  circumstances.breaker = {world.hour_is_full ? kHourlyLimit : 0, kHourlyLimit, 0, kHourlyLimit};
  circumstances.tombstone = "tombstone";
  return circumstances;
}

// ---- the store's part ----

auto FindTask(World& world, std::int64_t id) {
  return std::find_if(world.tasks.begin(), world.tasks.end(), [&](const auto& task) { return task.id() == id; });
}

// Whether the task whose result a commit carries is still there.
bool IsCurrent(World& world, const Commit& commit) {
  if (commit.finish_task.has_value() && FindTask(world, *commit.finish_task) == world.tasks.end()) return false;
  return !commit.reschedule_task.has_value() || FindTask(world, commit.reschedule_task->id()) != world.tasks.end();
}

void Unpark(World& world, v1::Task::Parked parked, absl::Time due) {
  for (internal::v1::TaskData& task : world.tasks) {
    if (task.parked() != parked) continue;
    task.set_parked(v1::Task::PARKED_UNSPECIFIED);
    *task.mutable_due_time() = ToProto(due);
  }
}

// What means no day in the calendar, and what failed before, does not wait for a wall clock that went back.
void MakeDue(World& world, absl::Time now) {
  for (internal::v1::TaskData& task : world.tasks) {
    if (!MeansADay(task, world.data.closure()) && FromProto(task.due_time()) > now)
      *task.mutable_due_time() = ToProto(now);
  }
}

void ApplyTasks(World& world, Commit& commit) {
  if (commit.finish_task.has_value()) world.tasks.erase(FindTask(world, *commit.finish_task));
  if (commit.drop_state_tasks) {
    world.tasks.erase(std::remove_if(world.tasks.begin(), world.tasks.end(),
                                     [](const auto& task) { return IsBoundToState(task.kind()); }),
                      world.tasks.end());
  }
  if (commit.reschedule_task.has_value()) {
    const auto stored = FindTask(world, commit.reschedule_task->id());
    if (stored != world.tasks.end()) *stored = *commit.reschedule_task;
  }
  if (commit.unpark_hold.has_value()) Unpark(world, v1::Task::HOLD, *commit.unpark_hold);
  for (const auto& [parked, due] : commit.unpark) Unpark(world, parked, due);
  if (commit.clock_went_back.has_value()) MakeDue(world, *commit.clock_went_back);
  for (internal::v1::TaskData& task : commit.add_tasks) {
    // Whether a code is sent decides nothing.
    if (task.kind() == v1::Task::SEND_CODE) continue;
    task.set_id(++world.last_task_id);
    world.tasks.push_back(std::move(task));
  }
}

void ApplyItems(World& world, const Commit& commit) {
  for (const v1::BlockingItem& item : commit.items) {
    const auto stored = std::find_if(world.items.begin(), world.items.end(),
                                     [&](const auto& each) { return each.name() == item.name(); });
    if (stored != world.items.end()) {
      *stored = item;
    } else {
      world.items.push_back(item);
    }
  }
  std::sort(world.items.begin(), world.items.end(), [](const auto& a, const auto& b) { return a.name() < b.name(); });
}

// A commit that is refused leaves the world as it is, so a path to it does not show where it led.
std::string WordsOfMove(const World& world, const Commit& commit) {
  const State from = world.data.closure().state();
  const State to = commit.closure.has_value() ? commit.closure->closure().state() : from;
  if (from == to) return "";
  return fmt::format(" (from {} to {})", v1::Closure::State_Name(from), v1::Closure::State_Name(to));
}

Fault Apply(World& world, Commit commit) {
  if (!IsCurrent(world, commit)) return std::nullopt;
  if (const Fault fault = JudgeCommit(world, commit); fault.has_value())
    return fmt::format("{}{}", *fault, WordsOfMove(world, commit));
  ApplyTasks(world, commit);
  ApplyItems(world, commit);
  if (commit.system.has_value()) world.system = *std::move(commit.system);
  if (commit.gate.has_value()) world.gate = *commit.gate;
  if (!commit.closure.has_value()) return std::nullopt;
  const State before = world.data.closure().state();
  world.data = *std::move(commit.closure);
  // Words that nothing is decided by only cost memory.
  world.data.mutable_closure()->mutable_risk_prompt()->clear_text();
  world.data.mutable_closure()->clear_cause_detail();
  if (before == world.data.closure().state()) return std::nullopt;
  world.memory.silent_for = world.memory.confirming_for = absl::ZeroDuration();
  if (world.data.closure().state() == v1::Closure::CONFIRMING)
    world.memory.scans_at_confirm = world.data.closure().scan().number();
  return std::nullopt;
}

}  // namespace

Fault Tell(World& world, const Happening& happening, const std::string& actor) {
  absl::StatusOr<Decision> decision = Decide(world.data, happening, CircumstancesOf(world, actor));
  if (!decision.ok()) return std::nullopt;
  return Apply(world, std::move(decision->commit));
}

Fault Report(World& world, const internal::v1::TaskData& task, const Happening& happening) {
  Circumstances circumstances = CircumstancesOf(world, "system");
  circumstances.task = task;
  absl::StatusOr<Decision> decision = Decide(world.data, happening, circumstances);
  if (!decision.ok())
    return fmt::format("L1: a task's result was refused: {}", std::string(decision.status().message()));
  return Apply(world, std::move(decision->commit));
}

Fault Operate(World& world, SystemCommand::Kind kind, const std::string& actor) {
  const Observation observation = TimeOf(world);
  absl::StatusOr<Commit> commit = DecideSystem(world.system, {kind, "explored"}, actor, observation, world.clock.wall);
  if (!commit.ok()) return std::nullopt;
  return Apply(world, *std::move(commit));
}

void WitnessTime(World& world) {
  Commit commit;
  Witness(commit, world.system, TimeOf(world), world.clock.wall);
  ApplyTasks(world, commit);
  world.system = *std::move(commit.system);
}

Fault Create(World& world) {
  const std::int64_t attempt = world.data.fence() > 0 ? world.last_task_id + 1 : 1;
  CreateFacts facts;
  facts.account.set_account_id(kAccount);
  facts.account.set_state(world.outside.gone || world.outside.deleted ? upstream::v1::Account::DELETED
                                                                      : upstream::v1::Account::ACTIVE);
  facts.account.mutable_email()->set_address("a@b.example");
  if (world.outside.facts.contact_changed != 0) {
    facts.account.mutable_phone()->set_address("+4915112345678");
    *facts.account.mutable_phone()->mutable_change_time() = ToProto(world.clock.wall);
  }
  facts.channel = v1::EMAIL;
  facts.closure_id = fmt::format("{:032x}", attempt);
  facts.policy = ExploredPolicy();
  facts.fence = world.data.fence();
  absl::StatusOr<Decision> decision = Decide({}, facts, CircumstancesOf(world, "root:1"));
  if (!decision.ok()) return std::nullopt;
  if (world.outside.gone || world.outside.deleted) return "D17: a deleted account is being closed";
  World next = world;
  next.data.Clear();
  next.items.clear();
  next.tasks.clear();
  next.memory = {.wrong_by = world.memory.wrong_by};
  Fault fault = Apply(next, std::move(decision->commit));
  world = std::move(next);
  return fault;
}

}  // namespace closure::exploration
