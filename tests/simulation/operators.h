// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SIMULATION_OPERATORS_H_
#define CLOSURE_TESTS_SIMULATION_OPERATORS_H_

#include <string>
#include <string_view>

#include "server/closure_engine.h"
#include "tests/simulation/clock.h"
#include "tests/simulation/memory_store.h"
#include "tests/simulation/schedule.h"

namespace closure::simulation {

// The people who run the service: they hold, pause and hurry at random, and in the end lift everything.
class Operators {
 public:
  // All must outlive it.
  Operators(const Schedule& schedule, Dice& dice, MemoryStore& store, const MachineClock& clock)
      : schedule_(schedule), dice_(dice), store_(store), clock_(clock) {}

  // One thing at random.
  void Meddle(ClosureEngine& engine);
  // Releases holds, the pause, the breaker and the clock jump, each with as many people as it needs.
  void LiftEverything(ClosureEngine& engine);

 private:
  CallContext NewContext(const std::string& name);
  void Operate(ClosureEngine& engine, SystemCommand::Kind kind, const std::string& name);
  void HoldOrRelease(ClosureEngine& engine, const internal::v1::ClosureData& data, const std::string& name);
  // Tells the trace what became of something that one of them did.
  void TellOf(const std::string& name, std::string_view act, const absl::Status& status) const;

  void AcknowledgeClockJump(ClosureEngine& engine, const std::string& name);

  const Schedule& schedule_;
  Dice& dice_;
  MemoryStore& store_;
  const MachineClock& clock_;
};

}  // namespace closure::simulation

#endif  // CLOSURE_TESTS_SIMULATION_OPERATORS_H_
