// SPDX-License-Identifier: Apache-2.0
// Explores the scenarios, or the one that is named, and prints what was found. Exit code 1 when a promise is broken, 3
// when a scenario was not explored to its end, and so not judged for liveness.
//
//   closure_explore [--states-max N] [SCENARIO]
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "fmt/core.h"
#include "tests/exploration/explorer.h"
#include "tests/exploration/scenarios.h"

namespace {

constexpr std::uint64_t kStatesMax = 20'000'000;
constexpr int kIncomplete = 3;

int Run(const closure::exploration::Scenario& scenario, std::uint64_t states_max) {
  const closure::exploration::Result result = closure::exploration::Explore(scenario, states_max);
  fmt::print("{:<20} {:>12} states {:>13} transitions  {}\n", scenario.name, result.states, result.transitions,
             !result.broken.empty() ? "BROKEN"
             : result.complete      ? "complete"
                                    : "up to the limit");
  if (!result.broken.empty()) {
    fmt::print("  {}\n", result.broken);
    int step = 0;
    for (const std::string& move : result.path) fmt::print("  {:>3}. {}\n", ++step, move);
  }
  std::fflush(stdout);
  if (!result.broken.empty()) return 1;
  return result.complete ? 0 : kIncomplete;
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t states_max = kStatesMax;
  std::string wanted;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--states-max") == 0 && i + 1 < argc) {
      states_max = std::strtoull(argv[++i], nullptr, 10);
    } else {
      wanted = argv[i];
    }
  }
  int worst = 0;
  bool known = false;
  for (const closure::exploration::Scenario& scenario : closure::exploration::Scenarios()) {
    if (!wanted.empty() && scenario.name != wanted) continue;
    known = true;
    const int outcome = Run(scenario, states_max);
    // What is broken matters more than what was not seen.
    if (outcome != 0 && worst != 1) worst = outcome;
  }
  if (!known) {
    fmt::print(stderr, "there is no scenario \"{}\"; there are:\n", wanted);
    for (const closure::exploration::Scenario& scenario : closure::exploration::Scenarios())
      fmt::print(stderr, "  {}\n", scenario.name);
    return 2;
  }
  return worst;
}
