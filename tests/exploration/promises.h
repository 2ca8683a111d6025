// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_EXPLORATION_PROMISES_H_
#define CLOSURE_TESTS_EXPLORATION_PROMISES_H_

#include <optional>
#include <string>

#include "storage/closure_store.h"
#include "tests/exploration/world.h"

// What docs/assurance.md promises, as checks, each told by its name there and in words. They say what must hold
// and know nothing of the table of machine.h.
namespace closure::exploration {

// What a commit breaks, judged before it is applied to `world`.
std::optional<std::string> JudgeCommit(const World& world, const Commit& commit);

// What money was taken from the owner without consent (S15), judged after a call arrived. `taken` remembers it.
std::optional<std::string> JudgeMoney(const Facts& before, const World& world, Memory& taken);

// What a state of the world breaks.
std::optional<std::string> JudgeWorld(const World& world);

}  // namespace closure::exploration

#endif  // CLOSURE_TESTS_EXPLORATION_PROMISES_H_
