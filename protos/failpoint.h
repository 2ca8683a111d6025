// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_PROTOS_FAILPOINT_H_
#define CLOSURE_PROTOS_FAILPOINT_H_

#include <string_view>

#include "absl/status/status.h"

// Named places around every commit and every outside act, at which a test ends the process as a power cut would. They
// are in every build and do nothing until ArmFailpoints; only `closured dev` arms them.
namespace closure {

// Names the one place to end at, and which time it is reached: "commit.durable@3", "sandbox.act.written:SealBilling@1".
inline constexpr char kFailpointVariable[] = "CLOSURE_FAILPOINT";
// The places that there are, without what follows a colon.
inline constexpr std::string_view kFailpoints[] = {"start.log_durable", "schema.written",       "schema.durable",
                                                   "start.key_bound",   "start.leases_cleared", "commit.written",
                                                   "commit.durable",    "commit.told",          "upstream.asking",
                                                   "upstream.answered", "sandbox.act.written",  "sandbox.act.durable"};
// Names a file to which the name of every place is appended, a line each time it is reached.
inline constexpr char kFailpointTraceVariable[] = "CLOSURE_FAILPOINT_TRACE";

// Whether the environment has one of the two variables. Production refuses to start then.
bool AreFailpointsAsked();

// Does what the environment asks from here on. To be called once, before there are other threads. Errors:
// INVALID_ARGUMENT for a place that is not NAME@COUNT, or none of kFailpoints; UNAVAILABLE for a trace that cannot be
// written.
absl::Status ArmFailpoints();

// Marks a place, "NAME" or "NAME:DETAIL". At the one that is asked for the process gets SIGKILL, and this does not
// return. Any thread.
void Failpoint(std::string_view name, std::string_view detail = {});

}  // namespace closure

#endif  // CLOSURE_PROTOS_FAILPOINT_H_
