// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CLOSURECTL_STATE_CHECK_H_
#define CLOSURE_CLIENT_CLOSURECTL_STATE_CHECK_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "client/closurectl/session.h"

namespace closure {

// Refuses what the server would refuse, before a person reads a risk or answers a question in vain. The server decides
// all the same: the closure may move meanwhile, and a pause of the whole system is known to it and to operators only.

// Whether a closure in its state takes an action; `what` begins the refusal, "nothing can be discarded" for example.
// Errors: FAILED_PRECONDITION with STATE_NOT_ALLOWED, whose hint is what is to be done first.
absl::Status CheckAllowed(const Session& session, const v1::Closure& closure, v1::Closure::Action action,
                          absl::string_view what);

// Whether Confirm still takes the last scan. Errors: FAILED_PRECONDITION with SCAN_NOT_FRESH, whose hint is to scan
// again.
absl::Status CheckScanFresh(const v1::Closure& closure);

// Whether no operator holds the closure. Errors: FAILED_PRECONDITION with CLOSURE_ON_HOLD saying who, since when, why.
absl::Status CheckNotHeld(const v1::Closure& closure, absl::string_view what);

}  // namespace closure

#endif  // CLOSURE_CLIENT_CLOSURECTL_STATE_CHECK_H_
