// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_EXPLORATION_SERVICE_H_
#define CLOSURE_TESTS_EXPLORATION_SERVICE_H_

#include <optional>
#include <string>

#include "server/commands.h"
#include "tests/exploration/world.h"

// The service of an explored world: its decisions are the real ones (Decide and DecideSystem), and what it commits is
// applied to plain values by the rules of the store.
namespace closure::exploration {

// The first promise that was broken, in words; nothing when none was.
using Fault = std::optional<std::string>;

// Something that people do. What is refused changes nothing.
Fault Tell(World& world, const Happening& happening, const std::string& actor);

// The result of a task. When the task is gone from the store the commit is refused, so a result counts once.
Fault Report(World& world, const internal::v1::TaskData& task, const Happening& happening);

// An operator's switch.
Fault Operate(World& world, SystemCommand::Kind kind, const std::string& actor);

// The periodic witnessing of time.
void WitnessTime(World& world);

// A new closure of the account, after the one that is there has ended.
Fault Create(World& world);

}  // namespace closure::exploration

#endif  // CLOSURE_TESTS_EXPLORATION_SERVICE_H_
