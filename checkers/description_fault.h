// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_DESCRIPTION_FAULT_H_
#define CLOSURE_CHECKERS_DESCRIPTION_FAULT_H_

#include <string>
#include <string_view>

#include "closure/v1/checker_service.pb.h"
#include "closure/v1/participant_service.pb.h"

// What is wrong with what a checker or participant says of itself, by the rules of checker_service.proto and
// participant_service.proto; empty when nothing is. Every function is pure and can be called from any thread.
namespace closure {

// Whether a name is 1 to 40 of [a-z0-9_], starting with a letter.
bool IsPluginName(std::string_view name);

std::string DescriptionFault(const v1::CheckerDescription& description);
std::string DescriptionFault(const v1::ParticipantDescription& description);

// What a participant that does the first has to undo with the second: who freezes or seals has to undo it, or an
// account that was restored stays frozen there for ever.
struct Undoing {
  v1::ParticipantPhase done;
  v1::ParticipantPhase undone;
};
inline constexpr Undoing kUndoings[] = {{v1::FREEZE, v1::THAW}, {v1::FREEZE, v1::RESTORE}, {v1::SEAL, v1::RESTORE}};

}  // namespace closure

#endif  // CLOSURE_CHECKERS_DESCRIPTION_FAULT_H_
