// SPDX-License-Identifier: Apache-2.0
#include "server/machine.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>

namespace closure {
namespace {

using Matrix = std::map<std::string, std::map<std::string, std::string>>;

// The whole machine, written a second time and by hand: a row that is lost, added or bent in the table does not agree
// with it.
const Matrix& ExpectedMatrix() {
  static const Matrix& matrix = *new Matrix{
      {"STATE_UNSPECIFIED", {{"create", "IDENTITY_PENDING"}}},
      {"IDENTITY_PENDING",
       {{"identity_verified", "AGREEMENT_PENDING"},
        {"cancel", "CANCELLED"},
        {"idle", "EXPIRED"},
        {"account_gone", "CANCELLED"}}},
      {"AGREEMENT_PENDING",
       {{"agreement_accepted", "CHECKING"},
        {"cancel", "CANCELLED"},
        {"idle", "EXPIRED"},
        {"account_gone", "CANCELLED"}}},
      {"CHECKING",
       {{"scan_clean", "READY"},
        {"scan_not_clean", "BLOCKED"},
        {"cancel", "CANCELLED"},
        {"account_gone", "CANCELLED"}}},
      {"BLOCKED",
       {{"recheck", "CHECKING"},
        {"discard", "DISCARDING"},
        {"cancel", "CANCELLED"},
        {"idle", "EXPIRED"},
        {"account_gone", "CANCELLED"}}},
      {"DISCARDING", {{"discard_settled", "CHECKING"}, {"account_gone", "CANCELLED"}}},
      {"READY",
       {{"recheck", "CHECKING"},
        {"confirm", "CONFIRMING"},
        {"cancel", "CANCELLED"},
        {"idle", "EXPIRED"},
        {"account_gone", "CANCELLED"}}},
      {"CONFIRMING",
       {{"silent_period_entered", "SILENT_PERIOD"}, {"confirm_failed", "THAWING"}, {"account_gone", "RESTORING"}}},
      {"THAWING", {{"thawed", "BLOCKED"}, {"account_gone", "RESTORING"}}},
      {"SILENT_PERIOD", {{"silent_period_elapsed", "FINAL_CHECK"}, {"account_gone", "RESTORING"}}},
      {"FINAL_CHECK",
       {{"final_check_passed", "DELETING"}, {"final_check_problem", "RESTORING"}, {"account_gone", "RESTORING"}}},
      {"DELETING", {{"deleted", "CLOSED"}}},
      {"CLOSED", {}},
      {"RESTORING", {{"restored", "ABORTED"}}},
      {"ABORTED", {}},
      {"CANCELLED", {}},
      {"EXPIRED", {}},
  };
  return matrix;
}

TEST_CASE("every pair of state and event leads where the matrix says, or is refused", "[machine][D1][R12]") {
  for (std::size_t state = 0; state < kStateCount; ++state) {
    const auto from = static_cast<State>(state);
    const auto row = ExpectedMatrix().find(v1::Closure::State_Name(from));
    REQUIRE(row != ExpectedMatrix().end());
    for (std::size_t number = 0; number < kEventCount; ++number) {
      const auto event = static_cast<Event>(number);
      const auto expected = row->second.find(std::string(EventName(event)));
      const std::optional<State> next = NextState(from, event);
      INFO(v1::Closure::State_Name(from) << " and " << std::string(EventName(event)));
      CHECK(next.has_value() == (expected != row->second.end()));
      if (next.has_value() && expected != row->second.end()) CHECK(v1::Closure::State_Name(*next) == expected->second);
    }
  }
}

TEST_CASE("every state of the API is in the matrix", "[machine]") {
  CHECK(ExpectedMatrix().size() == kStateCount);
  CHECK(std::size(kTransitions) == 37);
}

TEST_CASE("event names are distinct words", "[machine]") {
  std::set<std::string_view> names;
  for (std::size_t number = 0; number < kEventCount; ++number) names.insert(EventName(static_cast<Event>(number)));
  CHECK(names.size() == kEventCount);
  CHECK(names.count("") == 0);
}

TEST_CASE("an end refuses every event", "[machine][R2][R68]") {
  for (const State end : {v1::Closure::CLOSED, v1::Closure::ABORTED, v1::Closure::CANCELLED, v1::Closure::EXPIRED}) {
    CHECK(IsTerminal(end));
    for (std::size_t number = 0; number < kEventCount; ++number)
      CHECK_FALSE(NextState(end, static_cast<Event>(number)).has_value());
  }
}

TEST_CASE("the page of the machine is the one that the table draws", "[machine][docs]") {
  std::ifstream file(CLOSURE_SOURCE_DIR "/docs/machine.md");
  std::stringstream page;
  page << file.rdbuf();
  // Otherwise: ./dev docs
  CHECK(page.str() == MachineDrawing());
}

}  // namespace
}  // namespace closure
