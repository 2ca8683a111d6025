// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_EXPLORATION_EXPLORER_H_
#define CLOSURE_TESTS_EXPLORATION_EXPLORER_H_

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "tests/exploration/moves.h"
#include "tests/exploration/world.h"

// Explores every world that a scenario leads to, breadth first, so that the first broken promise is reached by as few
// moves as any.
namespace closure::exploration {

// What an exploration came to.
struct Result {
  std::uint64_t states = 0;
  // Moves made, those that changed nothing included.
  std::uint64_t transitions = 0;
  // Whether everything that can be reached was; false when the limit on states came first.
  bool complete = false;
  // Which closure states were seen, and how often.
  std::vector<std::uint64_t> per_state;
  // From which state to which other closures went, and whether because the account was found deleted: that tells the
  // rows of the machine apart.
  std::set<std::tuple<State, State, bool>> walked;
  // What is broken, and how to get there, move by move; empty when nothing is.
  std::string broken;
  std::vector<std::string> path;
};

// Explores at most `states_max` worlds, and then whether from each of them an end can be reached by fair moves alone
// (promise 5 of docs/assurance.md); the latter only when the exploration is complete.
Result Explore(const Scenario& scenario, std::uint64_t states_max);

}  // namespace closure::exploration

#endif  // CLOSURE_TESTS_EXPLORATION_EXPLORER_H_
