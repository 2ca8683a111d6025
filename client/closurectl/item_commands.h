// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CLOSURECTL_ITEM_COMMANDS_H_
#define CLOSURE_CLIENT_CLOSURECTL_ITEM_COMMANDS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/closurectl/session.h"

namespace closure {

// What to discard, and whether the risk was acknowledged beforehand.
struct DiscardChoices {
  // Every renounceable item that is open.
  bool all = false;
  // Else these, by full name or last segment.
  std::vector<std::string> items;
  bool acknowledge_risk = false;
  // The items were shown already, so only the risk is.
  bool shown = false;
};

// Discards items with the fingerprints and the risk prompt that are shown: shows both, asks for a typed "yes" unless
// the risk was acknowledged, and sends them with the closure's etag, so that nothing that moved meanwhile is discarded.
// At most 1,000 items go at a time; a message says so when there are more. Errors: NOT_FOUND for an item that is not
// listed, FAILED_PRECONDITION when there is nothing to discard, an item that is named cannot be discarded, the state
// does not take it, an operator holds the closure (all of these before anything is shown) or "yes" was not typed,
// INVALID_ARGUMENT when it cannot be asked, those of GetClosure, ListBlockingItems and DiscardItems.
absl::StatusOr<v1::Closure> Discard(Session& session, const std::string& closure, const DiscardChoices& choices);

}  // namespace closure

#endif  // CLOSURE_CLIENT_CLOSURECTL_ITEM_COMMANDS_H_
