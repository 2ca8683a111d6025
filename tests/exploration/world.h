// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_EXPLORATION_WORLD_H_
#define CLOSURE_TESTS_EXPLORATION_WORLD_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "closure/internal/v1/closure_data.pb.h"
#include "server/clock.h"
#include "server/decide.h"
#include "server/time_witness.h"
#include "tests/exploration/outside.h"

// One explored state: an account's closure as the store has it, the calls that are under way, and the world outside.
namespace closure::exploration {

// How often each kind of misfortune and of human change of mind may happen on one path; what bounds the exploration.
// Everything that is not counted here may happen any number of times.
struct Bounds {
  // Calls that hang, arrive late, are doubled by a lease that was taken over, or whose result is lost in a crash.
  std::uint8_t late_calls = 0;
  // The same for the checks after Confirm and before the deletion alone.
  std::uint8_t late_checks = 0;
  // Calls that are answered with an error.
  std::uint8_t errors = 0;
  // Scans in which one checker does not answer.
  std::uint8_t silences = 0;
  std::uint8_t bills = 0;
  std::uint8_t debts = 0;
  std::uint8_t balances = 0;
  std::uint8_t servers = 0;
  // Holds and pauses; the hours in which the breaker's limit is reached.
  std::uint8_t halts = 0;
  std::uint8_t full_hours = 0;
  // Tasks that an operator hurries before their time.
  std::uint8_t retries = 0;
  // The wall clock jumps by a year ahead or a day back; the machine is booted anew.
  std::uint8_t clock_jumps = 0;
  std::uint8_t boots = 0;
  // The account is deleted by another path.
  std::uint8_t deletions_elsewhere = 0;
  std::uint8_t wrong_codes = 0;
  std::uint8_t resends = 0;
  // Closures after the first one.
  std::uint8_t attempts = 0;
};

// What is there in the beginning, and what may happen.
struct Scenario {
  std::string name;
  Facts facts;
  Bounds bounds;
};

// A call of the service that is not settled: on its way to a system, or answered and not yet reported.
struct Call {
  internal::v1::TaskData task;
  bool answered = false;
  // For a participant: the money in the request.
  std::vector<v1::Renunciation> renunciations;
  // For a release: the facts in the request.
  v1::ReportedItem expected;
  // For a scan: whether the clocks disagreed when it was asked for.
  bool clocks_disagreed = false;
  // The answers.
  Sight sight;
  std::uint8_t silent = 0;
  v1::PerformResponse performed;
  v1::DiscardResponse released;
};

// What is remembered only to judge.
struct Memory {
  // The time that truly passed since the silent period began; nothing outside of one.
  absl::Duration silent_for;
  // The time that truly passed since Confirm was given, and how many scans there had been then.
  absl::Duration confirming_for;
  std::int64_t scans_at_confirm = 0;
  // The channels on which a right code was given in time, since codes were sent last; as bits.
  std::uint8_t channels_verified = 0;
  // Versions of money whose loss the owner consented to, as bits.
  std::uint8_t balances_renounced = 0;
  std::uint8_t debts_renounced = 0;
  // Versions of money that were taken, as bits.
  std::uint8_t balances_taken = 0;
  std::uint8_t debts_taken = 0;
  // How far the wall clock is from the true time.
  absl::Duration wrong_by;
};

struct World {
  internal::v1::ClosureData data;
  v1::GateState gate = v1::GATE_OPEN;
  // Ordered by id.
  std::vector<v1::BlockingItem> items;
  std::vector<internal::v1::TaskData> tasks;
  std::int64_t last_task_id = 0;
  internal::v1::SystemData system;
  bool hour_is_full = false;
  ClockReading clock;
  std::vector<Call> calls;
  Outside outside;
  Memory memory;
  // What may still happen.
  Bounds left;
};

// By how much one jump sets the wall clock back.
inline constexpr absl::Duration kStepBack = absl::Hours(24);

// The world before anything has happened.
World Begin(const Scenario& scenario);

// A text that is equal for two worlds from which the same things can happen: times count from now, of fences only the
// order, and what neither a decision nor a promise reads is left out.
std::string Canonical(const World& world);

// The world as bytes and back, to keep what is not yet explored in little memory.
std::string Pack(const World& world);
World Unpack(const std::string& bytes);

// The number of the policy's days and so on that the exploration uses.
config::v1::Policy ExploredPolicy();

// The world's trusted time as the service reads it now.
Observation TimeOf(const World& world);

}  // namespace closure::exploration

#endif  // CLOSURE_TESTS_EXPLORATION_WORLD_H_
