// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SIMULATION_JUDGE_HALTS_H_
#define CLOSURE_TESTS_SIMULATION_JUDGE_HALTS_H_

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "closure/internal/v1/closure_data.pb.h"
#include "tests/simulation/schedule.h"

namespace closure::simulation {

// Knows since when closures are on hold and everything is paused, and how many silent periods ended within an hour of
// true time; finds what begins although it may not (H, D14). What it answers is broken, in words; empty when nothing
// is. One thread.
class HaltJudge {
 public:
  // So many silent periods may end within an hour; the schedule must outlive it.
  HaltJudge(const Schedule& schedule, std::int64_t hourly_limit) : schedule_(schedule), hourly_limit_(hourly_limit) {}

  // What was committed.
  void SawClosure(const internal::v1::ClosureData& data);
  void SawSystem(const internal::v1::SystemData& system);
  // On a clock that was set the hour is another.
  void ClockSet() { ends_.clear(); }

  // Another system is asked for an act, by its method, for a closure.
  std::string FaultOfAsking(const std::string& method, const std::string& closure) const;
  // The silent period of a closure ended by itself.
  std::string FaultOfEnd();

 private:
  const Schedule& schedule_;
  const std::int64_t hourly_limit_;
  std::map<std::string, absl::Duration> held_since_;
  std::optional<absl::Duration> paused_since_;
  // When silent periods ended, since the breaker was last released.
  std::deque<absl::Duration> ends_;
  absl::Time released_;
};

}  // namespace closure::simulation

#endif  // CLOSURE_TESTS_SIMULATION_JUDGE_HALTS_H_
