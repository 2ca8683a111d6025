// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CLOSURECTL_CODE_QUESTIONS_H_
#define CLOSURE_CLIENT_CLOSURECTL_CODE_QUESTIONS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/closurectl/session.h"

namespace closure {

// How the guided flow asks for identity codes.

// Says where the code is to be read when the server's cloud is only pretended, so that no mail comes; nothing elsewhere
// and where nobody can be asked.
void TellInbox(Session& session, const v1::Closure& closure);

// Asks for the code of each channel that is demanded, in the form that GiveCodes takes; empty when a new code is wanted
// ("resend"). Errors: those of AskUntil; a code that has not six digits is asked for again.
absl::StatusOr<std::vector<std::string>> AskCodes(Session& session, const v1::Closure& closure);

// Says how to get a code by the channel `via`, where it is not one that was used for a closure in IDENTITY_PENDING: a
// code is sent once, so the choice comes too late. Nothing without `via`.
void TellOtherChannel(Session& session, const v1::Closure& closure, const std::string& via);

// Whether a person at the prompt can do better next time, after GiveCodes or ResendCodes was refused.
bool CanTryAgain(const absl::Status& error);

// A line that says what went wrong, and how long to wait where the server says so.
std::string TryAgainText(const absl::Status& error);

}  // namespace closure

#endif  // CLOSURE_CLIENT_CLOSURECTL_CODE_QUESTIONS_H_
