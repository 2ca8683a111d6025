// SPDX-License-Identifier: Apache-2.0
// A bounded batch of simulations; ./dev sim runs as many as one likes.
#include "tests/simulation/simulation.h"

#include "catch2/catch.hpp"
#include "fmt/core.h"
#include "tests/support/random_seed.h"

namespace closure::simulation {
namespace {

using Catch::Matchers::Contains;

TEST_CASE("no promise is broken in whole lives of the service with crashes, lost calls and jumping clocks",
          "[simulation]") {
  constexpr std::uint64_t kSeeds = 12;
  const std::uint64_t first = RandomSeed();
  WARN("seeds from " << first);
  std::int64_t steps = 0;
  std::int64_t crashes_at_work = 0;
  std::map<v1::Closure::State, std::int64_t> ends;
  for (std::uint64_t i = 0; i < kSeeds; ++i) {
    INFO("./dev sim --seed " << first + i << " --days 8 --trace");
    const Report report = Simulate({.seed = first + i, .days = 8});
    REQUIRE(report.fault == "");
    steps += report.steps;
    crashes_at_work += report.crashes_at_work;
    for (const auto& [state, count] : report.ends) ends[state] += count;
  }
  fmt::print("figures: simulated {} seeds from {}: {} steps, {} crashes at work\n", kSeeds, first, steps,
             crashes_at_work);
  // Both endings are among them, or the batch proves little.
  CHECK(ends[v1::Closure::CLOSED] > 0);
  CHECK(ends[v1::Closure::ABORTED] > 0);
  CHECK(crashes_at_work > 0);
}

TEST_CASE("the same seed gives the same life, another seed another", "[simulation]") {
  const Report first = Simulate({.seed = 7, .days = 3});
  const Report second = Simulate({.seed = 7, .days = 3});
  CHECK(first.digest == second.digest);
  CHECK(first.steps == second.steps);
  CHECK(Simulate({.seed = 8, .days = 3}).digest != first.digest);
}

TEST_CASE("the trace of a life tells its moves, commands, calls and crashes, and changes nothing", "[simulation]") {
  std::string told;
  for (std::uint64_t seed = 5; seed < 9; ++seed) {
    const auto trace = [&](const std::string& line) { told += line + "\n"; };
    const Report traced = Simulate({.seed = seed, .days = 4, .accounts = 1, .trace = trace});
    CHECK(traced.digest == Simulate({.seed = seed, .days = 4, .accounts = 1}).digest);
  }
  CHECK_THAT(told, Contains("moves from READY to CONFIRMING") && Contains("is asked to confirm") &&
                       Contains("is refused: FAILED_PRECONDITION") && Contains("is answered") &&
                       Contains("call ListUnpaidBillsRequest") && Contains(", arriving twice") &&
                       Contains("the process dies") && Contains("operator ann") && Contains("is up again"));
}

}  // namespace
}  // namespace closure::simulation
