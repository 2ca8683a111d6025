// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_RENOUNCED_KINDS_H_
#define CLOSURE_CHECKERS_RENOUNCED_KINDS_H_

#include <string_view>

#include "closure/v1/closure.pb.h"

namespace closure {

// The name of billing, checker and participant. Nobody else is believed about money that an owner gives up, and nobody
// else executes that.
inline constexpr std::string_view kBillingName = "billing";

// Whether renouncing an item of this kind is recorded now and executed later, by billing alone (D15), in contrast to a
// release. Bills, charges and credit notes have amounts too, and are never renounced. Pure.
inline bool IsRenouncedAsMoney(v1::ItemKind kind) { return kind == v1::BALANCE || kind == v1::DEBT; }

}  // namespace closure

#endif  // CLOSURE_CHECKERS_RENOUNCED_KINDS_H_
