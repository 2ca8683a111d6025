// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_STORAGE_SQLITE_HISTORY_ROWS_H_
#define CLOSURE_STORAGE_SQLITE_HISTORY_ROWS_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/closure_store.h"
#include "storage/sqlite/database.h"

// The tables transitions and consents, to which rows are only ever added. Threading and errors are those of Connection,
// and INTERNAL for a row that is not understood.
namespace closure::sqlite {

// Gives the entry the next number and its hashes.
absl::Status AppendTransition(Connection& connection, int64_t closure_row, const ClosureKey& key,
                              const HistoryEntry& entry);
absl::Status AddConsent(Connection& connection, int64_t closure_row, const v1::Consent& consent);

// What ClosureStore says of the methods with these names.
absl::StatusOr<std::vector<v1::Transition>> ListTransitions(Connection& connection, const ClosureKey& key,
                                                            int64_t after, int limit);
absl::StatusOr<std::vector<v1::Consent>> ListConsents(Connection& connection, const ClosureKey& key);

}  // namespace closure::sqlite

#endif  // CLOSURE_STORAGE_SQLITE_HISTORY_ROWS_H_
