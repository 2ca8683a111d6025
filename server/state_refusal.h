// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_STATE_REFUSAL_H_
#define CLOSURE_SERVER_STATE_REFUSAL_H_

#include "absl/status/status.h"
#include "closure/v1/closure.pb.h"

// The refusals of calls that a closure's state does not allow. They speak of what people asked for, never of the
// machine's events: what was asked, the state, why, and what can be asked now. Pure.
namespace closure {

// FAILED_PRECONDITION with STATE_NOT_ALLOWED; the metadata names closure, state and action, and what is possible if
// anything is.
absl::Status RefuseInState(const v1::Closure& closure, v1::Closure::Action asked);

// The same for an operator's hold on a closure that has ended.
absl::Status RefuseHoldOnEnded(const v1::Closure& closure);

}  // namespace closure

#endif  // CLOSURE_SERVER_STATE_REFUSAL_H_
