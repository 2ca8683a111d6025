// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_ACCOUNT_LOOKUP_H_
#define CLOSURE_SERVER_ACCOUNT_LOOKUP_H_

#include <string>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "checkers/call_options.h"
#include "checkers/upstreams.h"

namespace closure {

// How long the account system may take to tell about one account.
inline constexpr absl::Duration kAccountTimeout = absl::Seconds(10);

// Reads an account at its system without blocking; `done` is called exactly once, on a gRPC thread. The answer is of
// the account that was asked about and says its state; DELETED is an answer (D17). Errors: NOT_FOUND when the id was
// never known; UNAVAILABLE when the system did not answer, or answered something else.
void LookUpAccount(const Upstreams& upstreams, const std::string& account_id, const CallOptions& options,
                   absl::AnyInvocable<void(absl::StatusOr<upstream::v1::Account>) &&> done);

// What a caller is told when LookUpAccount answered `status`; OK for OK. Pure.
// Errors: NOT_FOUND with ACCOUNT_NOT_FOUND, UNAVAILABLE with ACCOUNT_SYSTEM_UNAVAILABLE.
absl::Status LookupError(std::string_view account_id, const absl::Status& status);

}  // namespace closure

#endif  // CLOSURE_SERVER_ACCOUNT_LOOKUP_H_
