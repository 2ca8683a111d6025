// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CLOSURECTL_IDENTITY_COMMANDS_H_
#define CLOSURE_CLIENT_CLOSURECTL_IDENTITY_COMMANDS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/closurectl/session.h"

namespace closure {

// Starts a closure of "accounts/{account}". Errors: INVALID_ARGUMENT for a channel that is neither email nor sms, those
// of CreateClosure.
absl::StatusOr<v1::Closure> StartClosure(Session& session, const std::string& account, const std::string& via);

// Whether a channel is one, "email" or "sms". Errors: INVALID_ARGUMENT.
absl::Status CheckChannel(absl::string_view text);

// Whether a code has the form of one, six digits. Errors: INVALID_ARGUMENT.
absl::Status CheckCode(absl::string_view code);

// The same for a code as GiveCodes takes it, with or without its channel. Errors: INVALID_ARGUMENT.
absl::Status CheckChannelCode(const std::string& text);

// Gives codes, each "123456", "email:123456" or "sms:123456". Errors: INVALID_ARGUMENT for another form, those of
// VerifyIdentity.
absl::StatusOr<v1::Closure> GiveCodes(Session& session, const std::string& closure,
                                      const std::vector<std::string>& codes);

// What is said when new codes were sent.
inline constexpr char kResent[] = "A new code is on its way; the old one is not accepted any more.";

// What is said when a code was right and another one is demanded.
inline constexpr char kAnotherDemanded[] = "The code was right; another one is demanded.";

// Sends new codes, by the channel `via` if it is not empty. Errors as above.
absl::StatusOr<v1::Closure> ResendCodes(Session& session, const std::string& closure, const std::string& via);

}  // namespace closure

#endif  // CLOSURE_CLIENT_CLOSURECTL_IDENTITY_COMMANDS_H_
