// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_ANSWER_FAULT_H_
#define CLOSURE_CHECKERS_ANSWER_FAULT_H_

#include <string>

#include "absl/status/status.h"
#include "closure/v1/closure.pb.h"

// Why a checker's answer does not count (D5). The kind of fault travels with the status, out of reach of what an
// upstream can say with its own error codes. Every function is pure and can be called from any thread.
namespace closure {

// Facts that break their contract: INTERNAL with the message, fault MALFORMED.
absl::Status MalformedAnswer(const std::string& message);

// More than is allowed: RESOURCE_EXHAUSTED with the message, fault TOO_MUCH.
absl::Status TooMuchAnswer(const std::string& message);

// Whether who was asked is away or busy (UNAVAILABLE, RESOURCE_EXHAUSTED, ABORTED), which passes, so that he is asked
// again. A fault of an answer does not pass, nor what is refused.
bool IsPassing(const absl::Status& status);

// The fault that a status carries; without one DEADLINE_EXCEEDED means TIMED_OUT and every other error FAILED. OK has
// none.
v1::CheckerResult::Fault FaultOf(const absl::Status& status);

}  // namespace closure

#endif  // CLOSURE_CHECKERS_ANSWER_FAULT_H_
