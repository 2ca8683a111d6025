// SPDX-License-Identifier: Apache-2.0
// The program closure_simulate: runs simulations from one seed on, and says how to see a broken promise again.
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

#include "CLI/CLI.hpp"
#include "fmt/format.h"
#include "tests/simulation/simulation.h"
#include "tests/support/command_line.h"

namespace closure::simulation {
namespace {

struct Totals {
  std::int64_t seeds = 0;
  std::int64_t steps = 0;
  std::int64_t commits = 0;
  std::int64_t crashes = 0;
  std::int64_t crashes_at_work = 0;
  std::int64_t clock_jumps = 0;
  std::int64_t calls = 0;
  std::int64_t down = 0;
  std::int64_t misfortunes = 0;
  std::int64_t mischiefs = 0;
  std::map<v1::Closure::State, std::int64_t> ends;

  void Add(const Report& report) {
    ++seeds;
    steps += report.steps;
    commits += report.commits;
    crashes += report.crashes;
    crashes_at_work += report.crashes_at_work;
    clock_jumps += report.clock_jumps;
    calls += report.wire.calls;
    down += report.wire.down;
    misfortunes += report.wire.refused + report.wire.lost_requests + report.wire.lost_replies + report.wire.late +
                   report.wire.repeated + report.wire.empty;
    mischiefs += report.mischiefs;
    for (const auto& [state, count] : report.ends) ends[state] += count;
  }

  void Print() const {
    fmt::print(
        "figures: {} seeds, {} steps, {} commits, {} crashes, {} of them at work, {} clock jumps, {} calls with {} "
        "misfortunes and {} of systems that were down, {} checks that were answered badly\n",
        seeds, steps, commits, crashes, crashes_at_work, clock_jumps, calls, misfortunes, down, mischiefs);
    for (const auto& [state, count] : ends) fmt::print("  {}: {}\n", v1::Closure::State_Name(state), count);
  }
};

int Main(int argc, char** argv) {
  CLI::App app("Simulates the service with crashes, lost calls and jumping clocks, and judges every step.",
               "./dev sim");
  app.footer("./dev sim --mutations breaks one rule after another on purpose, each to be noticed.");
  Settings settings;
  std::uint64_t seeds = 1;
  bool trace = false;
  AddSeed(app, settings.seed, "The first seed");
  app.add_option("--seeds", seeds, "How many seeds, one after the other")
      ->check(CLI::Range(1, 100'000'000))
      ->capture_default_str();
  app.add_option("--days", settings.days, "How long misfortunes go on, in simulated days")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--accounts", settings.accounts, "How many accounts")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  app.add_flag("--trace", trace, "Print what happens");
  if (const std::optional<int> done = ReadArguments(app, argc, argv)) return *done;
  if (trace) settings.trace = [](const std::string& line) { fmt::print("{}\n", line); };
  Totals totals;
  const std::uint64_t first = settings.seed;
  for (std::uint64_t i = 0; i < seeds; ++i) {
    settings.seed = first + i;
    if (trace) fmt::print("seed {}\n", settings.seed);
    const Report report = Simulate(settings);
    totals.Add(report);
    if (seeds == 1) fmt::print("digest of everything stored at the end: {}\n", report.digest);
    if (report.fault.empty()) continue;
    totals.Print();
    fmt::print("BROKEN with seed {}: {}\nto see it again: ./dev sim --seed {} --days {} --accounts {} --trace\n",
               settings.seed, report.fault, settings.seed, settings.days, settings.accounts);
    return EXIT_FAILURE;
  }
  totals.Print();
  fmt::print("no promise was broken\n");
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace closure::simulation

int main(int argc, char** argv) { return closure::simulation::Main(argc, argv); }
