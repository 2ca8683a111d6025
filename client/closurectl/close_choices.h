// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CLOSURECTL_CLOSE_CHOICES_H_
#define CLOSURE_CLIENT_CLOSURECTL_CLOSE_CHOICES_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "client/closurectl/confirm_command.h"
#include "client/closurectl/session.h"

namespace closure {

// What was said beforehand to the questions of the guided flow; empty where it is to be asked.
struct CloseChoices {
  std::string via;
  bool sandbox_code = false;
  std::vector<std::string> codes;
  std::string accept_agreement;
  std::string language;
  bool discard_all = false;
  bool acknowledge_risk = false;
  ConfirmChoices confirm;
};

// Judges every choice before the first of them is acted on: what is released cannot be taken back, so a reason or an id
// that is refused at the end would be refused too late. Makes no call.
// `account_id` is the account that is to be closed, `open` its open closure. Errors: INVALID_ARGUMENT for a choice that
// is none, an id to confirm that is not the account's, and a code where nothing waits for one; without a terminal also
// when what the closure is still to be asked is not answered, naming every missing flag.
absl::Status CheckCloseChoices(const Session& session, const std::string& account_id,
                               const std::optional<v1::Closure>& open, const CloseChoices& choices);

// Judges --accept-agreement while the closure is still to be agreed to: only the current version can be. Reads the
// agreement. Errors: INVALID_ARGUMENT with AGREEMENT_VERSION_STALE for another version; those of GetAgreement.
absl::Status CheckAcceptedVersion(Session& session, const std::optional<v1::Closure>& open,
                                  const CloseChoices& choices);

// Judges the account itself before anything is asked: where CreateClosure would be refused, no answer helps.
// Errors: FAILED_PRECONDITION with the reason of the first obstacle, telling all of them.
absl::Status CheckStartable(const v1::ClosurePlan& plan);

// Refuses an identity that only looks on, before any question. Errors: PERMISSION_DENIED with ROOT_IDENTITY_REQUIRED.
absl::Status CheckDrives(const Session& session, const std::string& account_id);

}  // namespace closure

#endif  // CLOSURE_CLIENT_CLOSURECTL_CLOSE_CHOICES_H_
