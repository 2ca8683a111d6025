// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SIMULATION_JUDGE_NOTICES_H_
#define CLOSURE_TESTS_SIMULATION_JUDGE_NOTICES_H_

#include <map>
#include <string>
#include <vector>

#include "closure/sandbox/v1/sandbox_service.pb.h"
#include "closure/v1/closure.pb.h"

namespace closure::simulation {

// Where an owner can be reached, as the cloud knew it while the account was there.
struct Reachable {
  std::map<v1::Channel, std::string> addresses;
  std::string language_code;
};

Reachable ReachableOf(const sandbox::v1::CloudAccount& account);

// What an owner was told of an end, once nothing is under way: on each channel one notice, for each that is delivered
// one message at its address, in the words of that end and no other (L2, S6). `inbox` is that of the account. Pure;
// answers what is broken, in words, and nothing when nothing is.
std::string FaultOfNotices(const v1::Closure& closure, const Reachable& owner,
                           const std::vector<sandbox::v1::InboxMessage>& inbox);

}  // namespace closure::simulation

#endif  // CLOSURE_TESTS_SIMULATION_JUDGE_NOTICES_H_
