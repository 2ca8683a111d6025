// SPDX-License-Identifier: Apache-2.0
#include "tests/simulation/operators.h"

#include <cstdlib>
#include <string_view>
#include <vector>

#include "checkers/proto_time.h"
#include "fmt/format.h"
#include "server/machine.h"

namespace closure::simulation {
namespace {

constexpr int kListed = 1000;

// What an operator does, for a trace.
std::string_view ActOf(SystemCommand::Kind kind) {
  switch (kind) {
    case SystemCommand::Kind::kPause:
      return "pauses irreversible work";
    case SystemCommand::Kind::kResume:
      return "resumes irreversible work";
    case SystemCommand::Kind::kReleaseBreaker:
      return "approves the release of the breaker";
    case SystemCommand::Kind::kAcknowledgeClockJump:
      return "acknowledges the clock jump";
  }
  std::abort();
}

}  // namespace

CallContext Operators::NewContext(const std::string& name) {
  CallContext context;
  context.actor = {.kind = Actor::Kind::kOperator, .name = name, .account_id = ""};
  context.request_id = fmt::format("{}-{}", name, dice_.generator()());
  context.body_hash = fmt::format("{}", dice_.generator()());
  return context;
}

void Operators::Operate(ClosureEngine& engine, SystemCommand::Kind kind, const std::string& name) {
  engine.Operate({.kind = kind, .reason = "simulated"}, NewContext(name),
                 [this, name, kind](const absl::StatusOr<internal::v1::SystemData>& done) {
                   TellOf(name, ActOf(kind), done.status());
                 });
}

void Operators::HoldOrRelease(ClosureEngine& engine, const internal::v1::ClosureData& data, const std::string& name) {
  const bool held = data.closure().has_hold();
  ClosureCommand command = PlaceHold{"simulated"};
  if (held) command = ReleaseHold{"simulated"};
  engine.Execute({data.account_id(), data.closure_id()}, std::move(command), "", NewContext(name),
                 [this, name, held, closure = data.closure().name()](const absl::StatusOr<v1::Closure>& done) {
                   TellOf(name, fmt::format("{} {}", held ? "releases the hold of" : "holds", closure), done.status());
                 });
}

void Operators::TellOf(const std::string& name, std::string_view act, const absl::Status& status) const {
  schedule_.Tell("operator {} {}{}{}", name, act, status.ok() ? "" : ": refused: ", std::string(status.message()));
}

// It credits the time that a boot withheld, so nobody does it while the clock is wrong.
void Operators::AcknowledgeClockJump(ClosureEngine& engine, const std::string& name) {
  const auto system = store_.LoadSystem();
  const bool vouches = !system.ok() || FromProto(system->clock().withheld()) > absl::ZeroDuration();
  if (vouches && clock_.wrong_by() != absl::ZeroDuration()) return;
  Operate(engine, SystemCommand::Kind::kAcknowledgeClockJump, name);
}

void Operators::Meddle(ClosureEngine& engine) {
  const std::string name = dice_.Chance(0.5) ? "ann" : "bob";
  const auto rows = store_.ListClosures({.limit = kListed});
  switch (dice_.Below(7)) {
    case 0:
      return Operate(engine, SystemCommand::Kind::kPause, name);
    case 1:
      return Operate(engine, SystemCommand::Kind::kResume, name);
    case 2:
      return Operate(engine, SystemCommand::Kind::kReleaseBreaker, name);
    case 3:
      return AcknowledgeClockJump(engine, name);
    case 4: {
      const auto tasks = store_.ListTasks({.limit = kListed});
      if (!tasks.ok() || tasks->empty()) return;
      const std::size_t which = dice_.Below(tasks->size());
      return engine.RetryTask((*tasks)[which].id(), "simulated", NewContext(name),
                              [this, name](const absl::StatusOr<internal::v1::TaskData>& task) {
                                const std::string key = task.ok() ? task->idempotency_key() : "a task";
                                TellOf(name, fmt::format("hurries {}", key), task.status());
                              });
    }
    default: {
      if (!rows.ok() || rows->empty()) return;
      HoldOrRelease(engine, (*rows)[dice_.Below(rows->size())].data, name);
    }
  }
}

void Operators::LiftEverything(ClosureEngine& engine) {
  const auto system = store_.LoadSystem();
  if (!system.ok()) return;
  if (system->has_pause()) Operate(engine, SystemCommand::Kind::kResume, "ann");
  if (system->has_breaker()) {
    Operate(engine, SystemCommand::Kind::kReleaseBreaker, "ann");
    Operate(engine, SystemCommand::Kind::kReleaseBreaker, "bob");
  }
  if (system->has_clock_jump()) AcknowledgeClockJump(engine, "ann");
  const auto rows = store_.ListClosures({.limit = kListed});
  if (!rows.ok()) return;
  for (const ClosureRow& row : *rows) {
    if (row.data.closure().has_hold()) HoldOrRelease(engine, row.data, "ann");
  }
}

}  // namespace closure::simulation
