// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CLOSURECTL_SANDBOX_INBOX_H_
#define CLOSURE_CLIENT_CLOSURECTL_SANDBOX_INBOX_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/closurectl/session.h"

// What the sandbox of `closured dev` shows instead of real mails and text messages.
namespace closure {

// Reads every message of an account that came into the sandbox's inbox. Errors: those of ListInbox.
absl::StatusOr<sandbox::v1::ListInboxResponse> ReadInbox(Session& session, const std::string& account_id);

// Reads from the sandbox's inbox the code of each demanded channel, in the form that GiveCodes takes. A code that is
// still on its way is waited for. Errors: those of ListInbox, DEADLINE_EXCEEDED when no code came.
absl::StatusOr<std::vector<std::string>> ReadSandboxCodes(Session& session, const v1::Closure& closure);

}  // namespace closure

#endif  // CLOSURE_CLIENT_CLOSURECTL_SANDBOX_INBOX_H_
