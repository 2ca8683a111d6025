// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SIMULATION_PROCESS_H_
#define CLOSURE_TESTS_SIMULATION_PROCESS_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "checkers/timers.h"
#include "closure/config/v1/server_config.pb.h"
#include "server/agreements.h"
#include "server/clock.h"
#include "server/closure_engine.h"
#include "server/fan_out.h"
#include "server/random_source.h"
#include "server/secret_key.h"
#include "server/task_rounds.h"
#include "tests/simulation/cloud.h"
#include "tests/simulation/memory_store.h"
#include "tests/simulation/schedule.h"
#include "tests/simulation/stranger.h"

namespace closure::simulation {

// What every life of the service is made of; all must outlive it.
struct ProcessParts {
  Schedule* schedule = nullptr;
  Dice* dice = nullptr;
  Cloud* cloud = nullptr;
  Stranger* stranger = nullptr;
  MemoryStore* store = nullptr;
  const Clock* clock = nullptr;
  const SecretKey* secret_key = nullptr;
  const Agreements* agreements = nullptr;
  // Complete.
  config::v1::ServerConfig config;
};

// One life of the service's process: the real engine, task rounds, fan-out, built-in checkers and participants, with
// timers, randomness and calls of the simulation, in one thread. To be destroyed after its events and calls were
// (Schedule::End, Wire::End, MemoryStore::Crash); nothing of it happens by itself.
class Process {
 public:
  Process(const ProcessParts& parts, Life life);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  ClosureEngine& engine() { return *engine_; }
  // To be called when the store was stepped, and when a clock was moved: begins or ends a round of the tasks if there
  // is reason to, and sees to it that the next one begins in time.
  void Turn();

 private:
  class SimulatedTimers;
  class SimulatedRandom;

  void Observe(const StoreChange& change);
  void BeginRound();

  const ProcessParts parts_;
  const Life life_;
  const std::unique_ptr<Timers> timers_;
  const std::unique_ptr<RandomSource> random_;
  std::optional<ClosureEngine> engine_;
  std::optional<TaskRounds> rounds_;
  std::optional<Schedule::Ticket> next_round_;
};

}  // namespace closure::simulation

#endif  // CLOSURE_TESTS_SIMULATION_PROCESS_H_
