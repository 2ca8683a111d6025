// SPDX-License-Identifier: Apache-2.0
// Explores the scenarios, or those that are named, and prints what was found. Exit code 1 when a promise is broken, 3
// when a scenario was not explored to its end, and so not judged for liveness.
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "fmt/core.h"
#include "tests/exploration/explorer.h"
#include "tests/exploration/scenarios.h"
#include "tests/support/command_line.h"

namespace {

constexpr std::uint64_t kStatesMax = 20'000'000;
constexpr int kIncomplete = 3;

int Run(const closure::exploration::Scenario& scenario, std::uint64_t states_max) {
  const closure::exploration::Result result = closure::exploration::Explore(scenario, states_max);
  fmt::print("{:<20} {:>12} states {:>13} transitions  {}\n", scenario.name, result.states, result.transitions,
             !result.broken.empty() ? "BROKEN"
             : result.complete      ? "complete: no promise broken, and an end reached from each state"
                                    : "given up at the limit, so nothing is proved");
  if (!result.broken.empty()) {
    fmt::print("  {}\n", result.broken);
    int step = 0;
    for (const std::string& move : result.path) fmt::print("  {:>3}. {}\n", ++step, move);
    fmt::print("the last move brings it about; to see it again: ./dev explore '{}'\n", scenario.name);
  }
  std::fflush(stdout);
  if (!result.broken.empty()) return 1;
  return result.complete ? 0 : kIncomplete;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Explores everything that can happen to a closure, in every order up to the bounds of each scenario.",
               "./dev explore");
  app.footer("./dev explore --mutations breaks one rule after another on purpose, each to be noticed.");
  std::uint64_t states_max = kStatesMax;
  std::vector<std::string> wanted;
  std::vector<std::string> names;
  for (const closure::exploration::Scenario& scenario : closure::exploration::Scenarios())
    names.emplace_back(scenario.name);
  app.add_option("--states-max", states_max, "Give a scenario up at so many states")
      ->check(closure::WholeNumber())
      ->capture_default_str();
  app.add_option("scenario", wanted, "Only these; names with spaces in quotes, as in 'two channels'")
      ->check(CLI::IsMember(names));
  if (const std::optional<int> done = closure::ReadArguments(app, argc, argv)) return *done;
  int worst = 0;
  for (const std::string& name : wanted.empty() ? names : wanted) {
    const int outcome = Run(closure::exploration::FindScenario(name), states_max);
    // What is broken matters more than what was not seen.
    if (outcome != 0 && worst != 1) worst = outcome;
  }
  return worst;
}
