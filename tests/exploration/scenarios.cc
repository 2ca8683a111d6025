// SPDX-License-Identifier: Apache-2.0
#include "tests/exploration/scenarios.h"

#include <algorithm>

#include "fmt/format.h"
#include "server/die.h"

namespace closure::exploration {

const std::vector<Scenario>& Scenarios() {
  static const auto* const kScenarios = new std::vector<Scenario>{
      {"quiet", {.debt = 1, .balance = 1, .server = 1}, {}},
      {"identity", {}, {.errors = 1, .wrong_codes = 3, .resends = 2}},
      {"two channels", {.contact_changed = 1}, {.wrong_codes = 3, .resends = 2}},
      {"one late call", {.server = 1}, {.late_calls = 1}},
      {"one clock jump", {}, {.retries = 1, .clock_jumps = 1}},
      {"a late check", {}, {.late_checks = 1, .clock_jumps = 1}},
      {"one boot", {}, {.clock_jumps = 1, .boots = 1}},
      {"refunds", {.balance = 1}, {.late_calls = 1, .balances = 1}},
      {"halts", {.server = 1}, {.halts = 1, .full_hours = 1, .retries = 1}},
      {"another debt", {.debt = 1}, {.debts = 1}},
      {"deleted elsewhere", {.server = 1}, {.deletions_elsewhere = 1}},
      {"closed again", {.debt = 1}, {.bills = 1, .deletions_elsewhere = 1, .attempts = 1}},
      {"late bills", {.balance = 1}, {.bills = 2, .debts = 1}},
      {"silence and errors", {.balance = 1, .server = 1}, {.errors = 2, .silences = 2, .bills = 1}},
      {"purchases", {.server = 1}, {.late_calls = 1, .silences = 1, .servers = 1}},
      {"late calls", {.server = 1}, {.late_calls = 2}},
      {"deleted late", {.server = 1}, {.late_calls = 1, .errors = 1, .deletions_elsewhere = 1}},
      {"operators", {}, {.bills = 1, .halts = 2, .full_hours = 1, .retries = 1}},
      {"clocks", {}, {.clock_jumps = 2, .boots = 1}},
  };
  return *kScenarios;
}

const Scenario& FindScenario(std::string_view name) {
  const auto found = std::find_if(Scenarios().begin(), Scenarios().end(),
                                  [&](const Scenario& scenario) { return scenario.name == name; });
  if (found == Scenarios().end()) Impossible(fmt::format("there is no scenario {}", name));
  return *found;
}

}  // namespace closure::exploration
