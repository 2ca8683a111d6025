// SPDX-License-Identifier: Apache-2.0
#include "server/plugins.h"

#include <algorithm>
#include <utility>

namespace closure {

PluginSet::PluginSet(FanOut fan_out, std::vector<ParticipantSlot> participants)
    : fan_out_(std::move(fan_out)), participants_(std::move(participants)), unasked_(fan_out_.Unasked()) {
  for (const ParticipantSlot& slot : participants_) descriptions_.push_back(slot.participant->description());
}

const ParticipantSlot* PluginSet::FindParticipant(std::string_view name) const {
  const auto found = std::find_if(participants_.begin(), participants_.end(), [name](const ParticipantSlot& slot) {
    return slot.participant->description().name() == name;
  });
  return found == participants_.end() ? nullptr : &*found;
}

}  // namespace closure
