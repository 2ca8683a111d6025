// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CLOSURECTL_PROGRESS_COMMANDS_H_
#define CLOSURE_CLIENT_CLOSURECTL_PROGRESS_COMMANDS_H_

#include <set>

#include "client/closurectl/exit_code.h"
#include "closure/v1/closure.pb.h"

namespace closure {

// What `wait` makes of a closure that reached `state` while waiting for the states `wanted`; kTimedOut stands for: wait
// on.
//   kOk       one of the wanted states
//   kFailure  another state that ends the closure
//   kBlocked  BLOCKED, while READY or SILENT_PERIOD is wanted and BLOCKED is not: without its owner it never gets there
ExitCode WaitOutcome(v1::Closure::State state, const std::set<v1::Closure::State>& wanted);

}  // namespace closure

#endif  // CLOSURE_CLIENT_CLOSURECTL_PROGRESS_COMMANDS_H_
