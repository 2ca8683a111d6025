// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_EXPLORATION_SCENARIOS_H_
#define CLOSURE_TESTS_EXPLORATION_SCENARIOS_H_

#include <string_view>
#include <vector>

#include "tests/exploration/world.h"

namespace closure::exploration {

// What is explored: each scenario combines some misfortunes, so that all of them together reach what no single one
// could within the memory of one machine.
const std::vector<Scenario>& Scenarios();

// The scenario of this name, which must be one of them.
const Scenario& FindScenario(std::string_view name);

}  // namespace closure::exploration

#endif  // CLOSURE_TESTS_EXPLORATION_SCENARIOS_H_
