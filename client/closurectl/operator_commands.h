// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CLOSURECTL_OPERATOR_COMMANDS_H_
#define CLOSURE_CLIENT_CLOSURECTL_OPERATOR_COMMANDS_H_

#include "client/closurectl/session.h"

namespace closure {

// Prints how the whole system stands, in the chosen format.
void PrintSystemStatus(Session& session, const v1::SystemStatus& status);

}  // namespace closure

#endif  // CLOSURE_CLIENT_CLOSURECTL_OPERATOR_COMMANDS_H_
