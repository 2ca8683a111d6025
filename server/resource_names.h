// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_RESOURCE_NAMES_H_
#define CLOSURE_SERVER_RESOURCE_NAMES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "storage/closure_store.h"

// The names of the API's resources (AIP-122) and what they are made of. Every function is pure.
//
//   accounts/{account}                                        account: 1 to 64 of [a-z0-9-], the first no hyphen
//   accounts/{account}/closures/{closure}                     closure: 32 of [0-9a-f]
//   accounts/{account}/closures/{closure}/blockingItems/{item}  item: checker, hyphen, 32 of [0-9a-f]
//   accounts/{account}/closures/{closure}/transitions/{n}     n: from 1
//   tasks/{task}                                              task: from 1
namespace closure {

bool IsValidAccountId(std::string_view text);
bool IsValidClosureId(std::string_view text);
bool IsValidItemId(std::string_view text);

// The account that a name is about, read from its first two segments alone, so that a caller can be refused before the
// rest is looked at; nothing when it cannot be read.
std::optional<std::string_view> AccountIdIn(std::string_view name);

// Each parser names the request's field in its error.
// Errors: INVALID_ARGUMENT with FIELD_MISSING for an empty name, with NAME_MALFORMED for any other.
absl::StatusOr<std::string> ParseAccountName(std::string_view field, std::string_view name);
absl::StatusOr<ClosureKey> ParseClosureName(std::string_view field, std::string_view name);
// The task's number.
absl::StatusOr<int64_t> ParseTaskName(std::string_view field, std::string_view name);
// The item's id, of an item of that closure.
// Errors besides: INVALID_ARGUMENT with NAME_MALFORMED for an item of another closure.
absl::StatusOr<std::string> ParseItemName(std::string_view field, std::string_view name, const ClosureKey& closure);

// FormatClosureName is in storage/closure_store.h: the store needs it too.
std::string FormatAccountName(std::string_view account_id);
std::string FormatTaskName(int64_t task_id);

// What stands behind the last slash.
std::string_view LastSegment(std::string_view name);

}  // namespace closure

#endif  // CLOSURE_SERVER_RESOURCE_NAMES_H_
