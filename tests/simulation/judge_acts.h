// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SIMULATION_JUDGE_ACTS_H_
#define CLOSURE_TESTS_SIMULATION_JUDGE_ACTS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "closure/sandbox/v1/sandbox_service.pb.h"
#include "closure/v1/closure.pb.h"

// What was done outside for an account, held against the states that its closures were in: every act in a state that
// asks for it, under one key, and none of them left out. Every function is pure and answers what is broken, in words;
// empty when nothing is.
namespace closure::simulation {

// A state that a closure entered, as the judge saw it committed.
struct EnteredState {
  std::string closure;
  v1::Closure::State state = v1::Closure::STATE_UNSPECIFIED;
};
// All states that the closures of one account entered, by the fence that each was given.
using StatesByFence = std::map<std::int64_t, EnteredState>;

// The closure that an act was done for: what its key begins with.
std::string ClosureOf(const sandbox::v1::SandboxAct& act);
bool IsDone(const sandbox::v1::SandboxAct& act);
// The method without its service.
std::string MethodOf(const sandbox::v1::SandboxAct& act);

// What can be said at any time: N6, N9, S2 and S11.
std::string FaultOfActs(const std::string& account_id, const sandbox::v1::ShowAccountResponse& account,
                        const StatesByFence& states);

// What can be said of a closure that ended, once nothing is under way: S2 and S8. `gone_at` is the account's fence when
// it was found deleted by another path; what a state asks for from there on may be missing.
std::string FaultOfBooks(const v1::Closure& closure, const sandbox::v1::ShowAccountResponse& account,
                         const StatesByFence& states, std::optional<std::int64_t> gone_at);

}  // namespace closure::simulation

#endif  // CLOSURE_TESTS_SIMULATION_JUDGE_ACTS_H_
