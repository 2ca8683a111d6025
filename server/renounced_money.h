// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_RENOUNCED_MONEY_H_
#define CLOSURE_SERVER_RENOUNCED_MONEY_H_

#include <string_view>

#include "closure/v1/closure.pb.h"

// Money that an owner gives up: renounced at once, executed later by billing alone (D15). Every function is pure.
namespace closure {

// The name of billing, checker and participant. Nobody else is believed about such money, and nobody else executes it.
inline constexpr std::string_view kBillingName = "billing";

// Whether renouncing an item of this kind is recorded now and executed later, in contrast to a release. Bills, charges
// and credit notes have amounts too, and are never renounced.
bool IsRenouncedAsMoney(v1::ItemKind kind);

// Whether billing executes the renunciation with this phase: balances with ENTER_SILENT_PERIOD, all that is left with
// DELETE (D15). Only what is RECORDED is executed.
bool IsExecutedIn(v1::ParticipantPhase phase, const v1::Renunciation& renunciation);

}  // namespace closure

#endif  // CLOSURE_SERVER_RENOUNCED_MONEY_H_
