// SPDX-License-Identifier: Apache-2.0
#include "server/plugins.h"

#include <algorithm>

namespace closure {

const ParticipantSlot* PluginSet::FindParticipant(std::string_view name) const {
  const auto found = std::find_if(participants.begin(), participants.end(), [name](const ParticipantSlot& slot) {
    return slot.participant->description().name() == name;
  });
  return found == participants.end() ? nullptr : &*found;
}

}  // namespace closure
