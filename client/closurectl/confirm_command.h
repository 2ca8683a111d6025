// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CLOSURECTL_CONFIRM_COMMAND_H_
#define CLOSURE_CLIENT_CLOSURECTL_CONFIRM_COMMAND_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/closurectl/session.h"

namespace closure {

// What Confirm needs besides the closure.
struct ConfirmChoices {
  // A reason of closure.v1.Closure.Reason.
  std::string reason;
  std::string reason_text;
  bool consent_late_settlement = false;
  // Asks for that consent below the risk where it was not given and somebody can be asked.
  bool ask_late_settlement = false;
  // The account, by its id or its name, typed beforehand; empty asks for its id.
  std::string confirm;
};

// Reads a reason's name. Errors: INVALID_ARGUMENT with the nearest one.
absl::StatusOr<v1::Closure::Reason> ParseReason(absl::string_view word);

// The reasons by name, with commas between them.
std::string ReasonWords();

// Judges choices before anything is shown or sent; an empty reason or id, which is to be asked for, is none to refuse.
// Errors: INVALID_ARGUMENT for an unknown reason, a reason text of more than 500 characters or with control characters,
// an account that is not `account_id`.
absl::Status CheckConfirmChoices(absl::string_view account_id, const ConfirmChoices& choices);

// Confirms the deletion. Nothing is sent before the account's id was typed, on the terminal below the risk prompt or as
// choices.confirm; what was shown is bound by the risk digest and the etag.
// Errors: INVALID_ARGUMENT for an unknown reason, an id that is not the account's, or when it cannot be asked;
// FAILED_PRECONDITION when another id was typed, the closure is not READY, its scan is too old (SCAN_NOT_FRESH) or an
// operator holds it; those of GetClosure and ConfirmClosure. A wrong state, an old scan, a hold and a wrong
// choices.confirm are told before the risk is shown.
absl::StatusOr<v1::Closure> Confirm(Session& session, const std::string& closure, const ConfirmChoices& choices);

}  // namespace closure

#endif  // CLOSURE_CLIENT_CLOSURECTL_CONFIRM_COMMAND_H_
