// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CLOSURECTL_AGREEMENT_COMMANDS_H_
#define CLOSURE_CLIENT_CLOSURECTL_AGREEMENT_COMMANDS_H_

#include <string>

#include "absl/status/statusor.h"
#include "client/closurectl/session.h"

namespace closure {

// Agrees to the agreement. With a version, to that one; without, the current one is shown and asked about.
// Errors: those of AskYesNo, of GetAgreement and AcceptAgreement; FAILED_PRECONDITION when the question was declined.
absl::StatusOr<v1::Closure> Agree(Session& session, const std::string& closure, const std::string& version,
                                  const std::string& language, absl::string_view flag);

}  // namespace closure

#endif  // CLOSURE_CLIENT_CLOSURECTL_AGREEMENT_COMMANDS_H_
