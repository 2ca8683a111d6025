// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SIMULATION_SIMULATED_ACCOUNTS_H_
#define CLOSURE_TESTS_SIMULATION_SIMULATED_ACCOUNTS_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "closure/sandbox/v1/cloud_file.pb.h"
#include "tests/simulation/schedule.h"

namespace closure::simulation {

std::vector<std::string> AccountIds(int accounts);

// That many accounts at this time, each with some of what stands in the way of closing it: money in two currencies,
// bills, late bills and late debts, charges, credit notes, servers, domains, ICP filings, a directory, a trusteeship, a
// reseller. Mostly little, so that many can be closed.
sandbox::v1::CloudFile DrawAccounts(Dice& dice, int accounts, absl::Time now);

}  // namespace closure::simulation

#endif  // CLOSURE_TESTS_SIMULATION_SIMULATED_ACCOUNTS_H_
