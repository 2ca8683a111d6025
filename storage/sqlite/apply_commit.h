// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_STORAGE_SQLITE_APPLY_COMMIT_H_
#define CLOSURE_STORAGE_SQLITE_APPLY_COMMIT_H_

#include "absl/status/statusor.h"
#include "storage/closure_store.h"
#include "storage/sqlite/database.h"

namespace closure::sqlite {

// Writes a commit on a connection that is in a transaction; the caller undoes what was written when it is refused.
// Merges into the closure what ClosureStore::Apply says about progress and revision. Errors: those of ClosureStore's
// writes.
absl::StatusOr<StoreChange> ApplyCommit(Connection& connection, Commit& commit);

}  // namespace closure::sqlite

#endif  // CLOSURE_STORAGE_SQLITE_APPLY_COMMIT_H_
