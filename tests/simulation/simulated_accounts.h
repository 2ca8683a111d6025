// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SIMULATION_SIMULATED_ACCOUNTS_H_
#define CLOSURE_TESTS_SIMULATION_SIMULATED_ACCOUNTS_H_

#include <string>
#include <vector>

#include "closure/sandbox/v1/cloud_file.pb.h"
#include "tests/simulation/schedule.h"

namespace closure::simulation {

std::vector<std::string> AccountIds(int accounts);

// That many accounts, each with some of what stands in the way of closing it: money in two currencies, bills, late
// bills and late debts, servers, domains. Mostly little, so that many can be closed.
sandbox::v1::CloudFile DrawAccounts(Dice& dice, int accounts);

}  // namespace closure::simulation

#endif  // CLOSURE_TESTS_SIMULATION_SIMULATED_ACCOUNTS_H_
