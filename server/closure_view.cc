// SPDX-License-Identifier: Apache-2.0
#include "server/closure_view.h"

#include <algorithm>

#include "checkers/proto_time.h"
#include "server/decide.h"

namespace closure {
namespace {

// What the state allows and would be refused all the same: Confirm on a scan that is too old (D16), so that nobody
// shows its risk, and a code where none is accepted any more, so that a new one is asked for.
bool IsInVain(const internal::v1::ClosureData& data, v1::Closure::Action action, absl::Time now) {
  if (action == v1::Closure::CONFIRM_CLOSURE) return IsScanOld(data, now);
  if (action != v1::Closure::VERIFY_IDENTITY) return false;
  const auto& challenges = data.closure().identity_verification().challenges();
  return std::none_of(challenges.begin(), challenges.end(), [&](const auto& challenge) {
    return !challenge.verified() && challenge.attempts_left() > 0 && !IsCodeExpired(challenge, data.policy(), now);
  });
}

}  // namespace

void KeepLastingPart(v1::Closure& closure) {
  closure.clear_allowed_actions();
  closure.clear_silent_period_remaining();
  closure.clear_waits();
}

v1::Closure TimedPart(const internal::v1::ClosureData& data, absl::Time now) {
  const v1::Closure& closure = data.closure();
  v1::Closure timed;
  for (const v1::Closure::Action action : AllowedActions(closure.state())) {
    if (!IsInVain(data, action, now)) timed.add_allowed_actions(action);
  }
  if (closure.state() == v1::Closure::SILENT_PERIOD) {
    const absl::Duration left = FromProto(closure.silent_period_end_time()) - now;
    *timed.mutable_silent_period_remaining() = ToProto(std::max(left, absl::ZeroDuration()));
  }
  return timed;
}

v1::Closure Present(const internal::v1::ClosureData& data, absl::Time now) {
  v1::Closure closure = data.closure();
  KeepLastingPart(closure);
  closure.MergeFrom(TimedPart(data, now));
  return closure;
}

}  // namespace closure
