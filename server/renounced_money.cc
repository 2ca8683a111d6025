// SPDX-License-Identifier: Apache-2.0
#include "server/renounced_money.h"

namespace closure {

bool IsExecutedIn(v1::ParticipantPhase phase, const v1::Renunciation& renunciation) {
  if (renunciation.status() != v1::Renunciation::RECORDED) return false;
  return phase == v1::DELETE || (phase == v1::ENTER_SILENT_PERIOD && renunciation.kind() == v1::BALANCE);
}

}  // namespace closure
