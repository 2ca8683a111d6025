// SPDX-License-Identifier: Apache-2.0
// The scenarios that are small enough for every run of the tests, to their end. The large ones are a command:
// ./dev explore.
#include <catch2/catch.hpp>
#include <set>
#include <tuple>

#include "fmt/format.h"
#include "server/machine.h"
#include "tests/exploration/explorer.h"
#include "tests/exploration/scenarios.h"

namespace closure::exploration {
namespace {

constexpr std::uint64_t kStatesMax = 200'000;

// Explores a scenario to its end, prints what was explored, and demands that no promise is broken.
Result ExploreToTheEnd(const std::string& name) {
  const Result result = Explore(FindScenario(name), kStatesMax);
  std::string path;
  for (const std::string& move : result.path) path += "\n  " + move;
  INFO(result.broken << path);
  CHECK(result.broken.empty());
  CHECK(result.complete);
  fmt::print("figures: explored {}: {} states, {} transitions\n", name, result.states, result.transitions);
  return result;
}

TEST_CASE("without misfortune every state but those of an abort is reached, and no promise is broken",
          "[exploration]") {
  const Result result = ExploreToTheEnd("quiet");
  for (const State state : {v1::Closure::IDENTITY_PENDING, v1::Closure::AGREEMENT_PENDING, v1::Closure::CHECKING,
                            v1::Closure::BLOCKED, v1::Closure::DISCARDING, v1::Closure::READY, v1::Closure::CONFIRMING,
                            v1::Closure::SILENT_PERIOD, v1::Closure::FINAL_CHECK, v1::Closure::DELETING,
                            v1::Closure::CLOSED, v1::Closure::CANCELLED, v1::Closure::EXPIRED}) {
    INFO(v1::Closure::State_Name(state));
    CHECK(result.per_state[state] > 0);
  }
}

TEST_CASE("wrong, late and many identity codes break no promise", "[exploration][R44]") { ExploreToTheEnd("identity"); }

TEST_CASE("where codes are demanded on two channels no promise is broken by one of them", "[exploration][D9]") {
  ExploreToTheEnd("two channels");
}

TEST_CASE("bills and debts that come at any moment break no promise", "[exploration][R66][R67]") {
  const Result result = ExploreToTheEnd("late bills");
  CHECK(result.per_state[v1::Closure::ABORTED] > 0);
  CHECK(result.per_state[v1::Closure::THAWING] > 0);
}

TEST_CASE("every row of the machine but one that nobody asks for is walked, and nothing beside them",
          "[exploration][D17]") {
  std::set<std::tuple<State, State, bool>> rows;
  for (const TransitionRow& row : kTransitions) {
    if (row.from != v1::Closure::STATE_UNSPECIFIED) rows.emplace(row.from, row.to, row.event == Event::kAccountGone);
  }
  // While a discard runs nobody asks whether the account is there; the scan that follows does. decide_ends_test.cc
  // has this row.
  rows.erase({v1::Closure::DISCARDING, v1::Closure::CANCELLED, true});
  std::set<std::tuple<State, State, bool>> walked;
  for (const char* const name : {"quiet", "another debt", "deleted elsewhere", "closed again", "late bills"})
    walked.merge(ExploreToTheEnd(name).walked);
  for (const auto& [from, to, gone] : rows) {
    INFO(v1::Closure::State_Name(from) << " to " << v1::Closure::State_Name(to) << (gone ? ", account gone" : ""));
    CHECK(walked.count({from, to, gone}) == 1);
  }
  CHECK(walked == rows);
}

TEST_CASE("a call that arrives late, twice or never breaks no promise", "[exploration]") {
  ExploreToTheEnd("one late call");
}

TEST_CASE("a refund that comes at any moment breaks no promise", "[exploration][D15]") { ExploreToTheEnd("refunds"); }

TEST_CASE("holds, pauses, the breaker and hurried tasks break no promise", "[exploration][D14]") {
  ExploreToTheEnd("halts");
}

TEST_CASE("a wall clock that jumps breaks no promise", "[exploration][R18]") { ExploreToTheEnd("one clock jump"); }

TEST_CASE("a check that asked before a clock was set, or set right, breaks no promise", "[exploration][R18][R33]") {
  ExploreToTheEnd("a late check");
}

TEST_CASE("checkers that are silent and calls that fail break no promise", "[exploration][R12]") {
  ExploreToTheEnd("silence and errors");
}

}  // namespace
}  // namespace closure::exploration
