// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_RENOUNCED_MONEY_H_
#define CLOSURE_SERVER_RENOUNCED_MONEY_H_

#include "checkers/renounced_kinds.h"
#include "closure/v1/closure.pb.h"

// Money that an owner gives up: renounced at once, executed later by billing alone (D15).
namespace closure {

// Whether billing executes the renunciation with this phase: balances with ENTER_SILENT_PERIOD, all that is left with
// DELETE (D15). Only what is RECORDED is executed. Pure.
bool IsExecutedIn(v1::ParticipantPhase phase, const v1::Renunciation& renunciation);

}  // namespace closure

#endif  // CLOSURE_SERVER_RENOUNCED_MONEY_H_
