// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SIMULATION_SIMULATION_H_
#define CLOSURE_TESTS_SIMULATION_SIMULATION_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "closure/v1/closure.pb.h"
#include "tests/simulation/wire.h"

// Whole lives of the service, in one thread and from one number: the real engine, task rounds, fan-out, checkers and
// participants over a store in memory and the sandbox cloud, with owners, operators, a lossy wire, crashes between any
// two steps and clocks that jump. The same seed gives the same run.
namespace closure::simulation {

struct Settings {
  std::uint64_t seed = 1;
  // How long owners, operators and misfortunes go on, in days; what is open then has as long again to come to rest, and
  // five days at least.
  int days = 20;
  int accounts = 3;
  // Called with what happens, a line each; may be empty.
  std::function<void(const std::string&)> trace;
};

// What happened in one run.
struct Report {
  // The first promise that was broken; empty when all were kept.
  std::string fault;
  std::int64_t steps = 0;
  std::int64_t commits = 0;
  std::int64_t crashes = 0;
  // Of these, while a call or a write was under way.
  std::int64_t crashes_at_work = 0;
  std::int64_t clock_jumps = 0;
  WireCounts wire;
  // How often the stranger was slow, dead, wrong or lied (stranger.h).
  std::int64_t mischiefs = 0;
  std::map<v1::Closure::State, std::int64_t> ends;
  // Of everything that is stored at the end.
  std::string digest;
};

Report Simulate(const Settings& settings);

}  // namespace closure::simulation

#endif  // CLOSURE_TESTS_SIMULATION_SIMULATION_H_
