// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_RESOURCES_RESOURCE_ITEMS_H_
#define CLOSURE_CHECKERS_RESOURCES_RESOURCE_ITEMS_H_

#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "closure/upstream/v1/act.pb.h"
#include "closure/upstream/v1/resource_service.pb.h"
#include "closure/v1/checker_service.pb.h"

// Between instances of the inventory and items. Every function is pure and can be called from any thread.
namespace closure {

// Nothing for a subscription that has expired at check_time or before; one without an end never expires.
// Errors: MalformedAnswer for an instance without id, product, type or charge type, or without a link that can be
// shown.
absl::StatusOr<std::optional<v1::ReportedItem>> ResourceItem(const upstream::v1::Resource& resource,
                                                             absl::Time check_time);

// Whether ResourceItem could have made the item with these facts, as renounceable; else they cannot be those that it
// has.
bool IsReleasable(const v1::DiscardRequest& request);

// What the inventory is asked for to release an item that is releasable.
// Errors: INVALID_ARGUMENT for a request that lacks something, or expects the facts of another item.
absl::StatusOr<upstream::v1::ReleaseResourceRequest> ReleaseRequest(const v1::DiscardRequest& request);

// What the inventory's answer to it means. A refusal is FAILED_PRECONDITION by its contract.
// Errors: those of the call; MalformedAnswer for an answer without a known outcome.
absl::StatusOr<v1::DiscardResponse> ReleaseOutcome(const absl::StatusOr<upstream::v1::ActResult>& result);

}  // namespace closure

#endif  // CLOSURE_CHECKERS_RESOURCES_RESOURCE_ITEMS_H_
