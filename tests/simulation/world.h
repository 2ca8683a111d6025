// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SIMULATION_WORLD_H_
#define CLOSURE_TESTS_SIMULATION_WORLD_H_

#include <string>

#include "tests/simulation/cloud.h"
#include "tests/simulation/schedule.h"

namespace closure::simulation {

// Lets one thing happen to an account in the cloud, whatever its closure is doing: something that stands in the way of
// closing it comes or goes, as far as the cloud lets it just now, or everything is settled by hand. What others do
// comes at any time: a frozen account still gets a domain by transfer, a filing, a partner.
void ChangeTheWorld(Dice& dice, Cloud& cloud, const std::string& account_id);
// Of these, one that comes: a charge, a credit note, a domain, an ICP filing, or a tie to other accounts.
void SomethingComes(Dice& dice, Cloud& cloud, const std::string& account_id);

}  // namespace closure::simulation

#endif  // CLOSURE_TESTS_SIMULATION_WORLD_H_
