// SPDX-License-Identifier: Apache-2.0
#include "tests/simulation/operators.h"

#include <vector>

#include "checkers/proto_time.h"
#include "fmt/format.h"
#include "server/machine.h"

namespace closure::simulation {
namespace {

constexpr int kListed = 1000;

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
                 [](const absl::StatusOr<internal::v1::SystemData>&) {});
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
                              [](const absl::StatusOr<internal::v1::TaskData>&) {});
    }
    default: {
      if (!rows.ok() || rows->empty()) return;
      const internal::v1::ClosureData& data = (*rows)[dice_.Below(rows->size())].data;
      ClosureCommand command = PlaceHold{"simulated"};
      if (data.closure().has_hold()) command = ReleaseHold{"simulated"};
      engine.Execute({data.account_id(), data.closure_id()}, std::move(command), "", NewContext(name),
                     [](const absl::StatusOr<v1::Closure>&) {});
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
    if (!row.data.closure().has_hold()) continue;
    engine.Execute({row.data.account_id(), row.data.closure_id()}, ReleaseHold{"simulated"}, "", NewContext("ann"),
                   [](const absl::StatusOr<v1::Closure>&) {});
  }
}

}  // namespace closure::simulation
