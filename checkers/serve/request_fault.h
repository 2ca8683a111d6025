// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_SERVE_REQUEST_FAULT_H_
#define CLOSURE_CHECKERS_SERVE_REQUEST_FAULT_H_

#include "absl/status/status.h"
#include "closure/v1/checker_service.pb.h"
#include "closure/v1/participant_service.pb.h"

// Whether a question to a checker or participant has what the protos require; one of a checker, also that it is in a
// phase that its description names. Errors: INVALID_ARGUMENT with the field and what it has to be. Every function is
// pure and can be called from any thread.
namespace closure {

absl::Status JudgeRequest(const v1::CheckRequest& request, const v1::CheckerDescription& description);
absl::Status JudgeRequest(const v1::DiscardRequest& request);
absl::Status JudgeRequest(const v1::PerformRequest& request);

}  // namespace closure

#endif  // CLOSURE_CHECKERS_SERVE_REQUEST_FAULT_H_
