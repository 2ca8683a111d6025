// SPDX-License-Identifier: Apache-2.0
#include "server/state_refusal.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "fmt/format.h"
#include "server/decide.h"
#include "server/die.h"
#include "server/errors.h"
#include "server/machine.h"

namespace closure {
namespace {

// What people call it, and the RPC that asks for it.
struct Asked {
  std::string_view words;
  std::string_view rpc;
};

Asked AskedBy(v1::Closure::Action action) {
  switch (action) {
    case v1::Closure::RESEND_CODE:
      return {"sending a new identity code", "ResendCode"};
    case v1::Closure::VERIFY_IDENTITY:
      return {"verifying the identity", "VerifyIdentity"};
    case v1::Closure::ACCEPT_AGREEMENT:
      return {"agreeing to the account cancellation agreement", "AcceptAgreement"};
    case v1::Closure::RECHECK:
      return {"checking again", "Recheck"};
    case v1::Closure::DISCARD_ITEMS:
      return {"discarding items", "DiscardItems"};
    case v1::Closure::CONFIRM_CLOSURE:
      return {"confirming the deletion", "ConfirmClosure"};
    case v1::Closure::CANCEL_CLOSURE:
      return {"cancelling", "CancelClosure"};
    default:
      Impossible("nothing that there is was asked of a closure");
  }
}

// What can be asked for now, as RPCs for programs or in words for people.
std::string AllowedNow(State state, std::string_view Asked::*form) {
  std::string allowed;
  for (const v1::Closure::Action action : AllowedActions(state))
    allowed += fmt::format("{}{}", allowed.empty() ? "" : ", ", AskedBy(action).*form);
  return allowed;
}

// What can be done instead.
std::string WayOn(State state) {
  if (state == v1::Closure::CLOSED) return "the account is deleted for good";
  if (IsTerminal(state)) return "it has ended; another one can be started";
  const std::string allowed = AllowedNow(state, &Asked::words);
  if (!allowed.empty()) return fmt::format("possible now: {}", allowed);
  if (state == v1::Closure::SILENT_PERIOD || state == v1::Closure::FINAL_CHECK || state == v1::Closure::DELETING)
    return "nothing further is asked of the owner";  // R58
  return "it goes on by itself; watch it";
}

// Why a closure is not cancelled now; empty where its state says enough.
std::string_view WhyNotCancelled(State state) {
  switch (state) {
    case v1::Closure::DISCARDING:  // D1
      return "releases are under way; it can be cancelled when they are settled, in a moment";
    case v1::Closure::CONFIRMING:  // D1
      return "it was confirmed, and is cancelled only if the last scan sends it back to BLOCKED";
    case v1::Closure::THAWING:  // D1
      return "it was confirmed; it can be cancelled when it is BLOCKED again, in a moment";
    case v1::Closure::SILENT_PERIOD:  // R18, R63, R70
    case v1::Closure::FINAL_CHECK:
    case v1::Closure::DELETING:
      return "it can no longer be cancelled: once the silent period has begun, nobody can revoke the closure";
    case v1::Closure::RESTORING:  // R67
      return "it can no longer be cancelled: it is being aborted, and the account comes back by itself";
    default:
      return "";
  }
}

absl::Status Refusal(const v1::Closure& closure, const Asked& asked, std::string_view action, std::string_view why) {
  const std::string state = v1::Closure::State_Name(closure.state());
  std::map<std::string, std::string> metadata = {
      {"closure", closure.name()}, {"state", state}, {"action", std::string(action)}};
  if (const std::string possible = AllowedNow(closure.state(), &Asked::rpc); !possible.empty())
    metadata["possible"] = possible;
  return Error(v1::STATE_NOT_ALLOWED,
               fmt::format("closure {} is {}, where {} is not possible; {}", closure.name(), state, asked.words, why),
               metadata);
}

}  // namespace

absl::Status RefuseInState(const v1::Closure& closure, v1::Closure::Action asked) {
  const std::string_view final_word =
      asked == v1::Closure::CANCEL_CLOSURE ? WhyNotCancelled(closure.state()) : std::string_view();
  return Refusal(closure, AskedBy(asked), v1::Closure::Action_Name(asked),
                 final_word.empty() ? WayOn(closure.state()) : std::string(final_word));
}

absl::Status RefuseHoldOnEnded(const v1::Closure& closure) {
  return Refusal(closure, {"placing a hold", "HoldClosure"}, "HOLD_CLOSURE", "it has ended");
}

}  // namespace closure
