// SPDX-License-Identifier: Apache-2.0
#include "client/closurectl/state_check.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/closurectl/duration_text.h"
#include "client/closurectl/enum_text.h"
#include "client/closurectl/next_step.h"
#include "client/rpc_status.h"

namespace closure {

absl::Status CheckAllowed(const Session& session, const v1::Closure& closure, v1::Closure::Action action,
                          absl::string_view what) {
  const auto& actions = closure.allowed_actions();
  if (std::find(actions.begin(), actions.end(), action) != actions.end()) return absl::OkStatus();
  const std::string state = EnumText(closure.state());
  return ErrorWithReason(absl::StatusCode::kFailedPrecondition,
                         absl::StrCat(what, " now: ", closure.name(), " is ", state), "STATE_NOT_ALLOWED",
                         {{"closure", closure.name()},
                          {"state", state},
                          {"action", EnumText(action)},
                          {"next", NextStepsText(closure, session.options().command, session.role())}});
}

absl::Status CheckScanFresh(const v1::Closure& closure) {
  if (!IsScanTooOld(closure)) return absl::OkStatus();
  return ErrorWithReason(
      absl::StatusCode::kFailedPrecondition,
      absl::StrCat("the deletion cannot be confirmed on the last scan of ", closure.name(),
                   ": it is too old, it was fresh until ", TimeText(closure.scan().fresh_until_time())),
      "SCAN_NOT_FRESH", {{"closure", closure.name()}});
}

absl::Status CheckNotHeld(const v1::Closure& closure, absl::string_view what) {
  if (!closure.has_hold()) return absl::OkStatus();
  const v1::Hold& hold = closure.hold();
  return ErrorWithReason(absl::StatusCode::kFailedPrecondition,
                         absl::StrCat(what, " while ", closure.name(), " is held: by ", hold.operator_(), " since ",
                                      TimeText(hold.create_time()), ": ", hold.reason()),
                         "CLOSURE_ON_HOLD",
                         {{"closure", closure.name()}, {"operator", hold.operator_()}, {"holdReason", hold.reason()}});
}

}  // namespace closure
