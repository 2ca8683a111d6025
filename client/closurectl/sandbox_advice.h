// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CLOSURECTL_SANDBOX_ADVICE_H_
#define CLOSURE_CLIENT_CLOSURECTL_SANDBOX_ADVICE_H_

#include <string>

#include "client/closurectl/session.h"

// What to do where the cloud around the server is a sandbox, which plays what people and days do elsewhere. Each text
// ends with a line end and is empty where the server has no sandbox with the closure's account; asks the server.
namespace closure {

// How to play what has to be done by hand; empty also where nothing has to be.
std::string SandboxSettleAdvice(Session& session, const v1::Closure& closure);

// How to move the clock past the end of the silent period.
std::string SandboxClockAdvice(Session& session, const v1::Closure& closure);

}  // namespace closure

#endif  // CLOSURE_CLIENT_CLOSURECTL_SANDBOX_ADVICE_H_
