// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_STORAGE_SQLITE_APPLY_COMMIT_H_
#define CLOSURE_STORAGE_SQLITE_APPLY_COMMIT_H_

#include "absl/status/statusor.h"
#include "storage/closure_store.h"
#include "storage/sqlite/database.h"

namespace closure::sqlite {

// A commit with what can be made of it before its turn to be written comes, so that the one thread that writes has less
// to do.
struct PreparedCommit {
  Commit commit;
  // `commit.closure` in serialized form; empty without one.
  std::string closure_bytes;
};

// Says what can be said of a commit without looking at the store, too. Any thread. Errors: INVALID_ARGUMENT.
absl::StatusOr<PreparedCommit> PrepareCommit(Commit commit);

// Writes a commit on a connection that is in a transaction; the caller undoes what was written when it is refused, and
// may then apply it again. Merges into the closure what ClosureStore::Apply says about progress and revision. Errors:
// those of ClosureStore's writes.
absl::StatusOr<StoreChange> ApplyCommit(Connection& connection, PreparedCommit& prepared);

}  // namespace closure::sqlite

#endif  // CLOSURE_STORAGE_SQLITE_APPLY_COMMIT_H_
