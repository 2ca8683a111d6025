// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_STORAGE_SQLITE_ITEM_ROWS_H_
#define CLOSURE_STORAGE_SQLITE_ITEM_ROWS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/closure_store.h"
#include "storage/sqlite/database.h"

// The table blocking_items, whose columns hold everything of a BlockingItem. Threading and errors are those of
// Connection, and INTERNAL for a row that is not understood.
namespace closure::sqlite {

// Writes an item whole. Errors besides: INVALID_ARGUMENT when its name does not belong to the closure.
absl::Status PutItem(Connection& connection, int64_t closure_row, const ClosureKey& key, const v1::BlockingItem& item);

// What ClosureStore says of the methods with these names.
absl::StatusOr<std::vector<v1::BlockingItem>> ListItems(Connection& connection, const ClosureKey& key,
                                                        const ItemFilter& filter);
absl::StatusOr<std::vector<v1::BlockingItem>> LoadItems(Connection& connection, const ClosureKey& key,
                                                        const std::vector<std::string>& item_ids);
absl::StatusOr<ItemChangeCounts> CountItemChanges(Connection& connection, const ClosureKey& key);

}  // namespace closure::sqlite

#endif  // CLOSURE_STORAGE_SQLITE_ITEM_ROWS_H_
