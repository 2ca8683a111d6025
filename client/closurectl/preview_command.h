// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CLOSURECTL_PREVIEW_COMMAND_H_
#define CLOSURE_CLIENT_CLOSURECTL_PREVIEW_COMMAND_H_

#include <string>

#include "absl/status/statusor.h"
#include "client/closurectl/session.h"

namespace closure {

// Runs a preview of "accounts/{account}" with progress on the message stream, and returns its plan. Takes up to ten
// minutes unless
// --timeout says otherwise: a scan may take five (R16). Errors: those of PreviewClosure.
absl::StatusOr<v1::ClosurePlan> RunPreview(Session& session, const std::string& account);

// A plan for people: what blocks, what to do in which order, how the checkers fared, when the account could be closed
// at the earliest.
std::string PlanText(const v1::ClosurePlan& plan, const Style& style);

}  // namespace closure

#endif  // CLOSURE_CLIENT_CLOSURECTL_PREVIEW_COMMAND_H_
