// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_IO_FAULTS_READ_THROUGH_H_
#define CLOSURE_TESTS_IO_FAULTS_READ_THROUGH_H_

#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "storage/sqlite/database.h"
#include "storage/sqlite/sqlite_closure_store.h"
#include "storage/status_macros.h"

namespace closure {

// Opens a store, and reads its database through once, on this thread: what the store does beside its callers, at a time
// of its own, is done in the same calls of every run. Errors: those of SqliteClosureStore::Open; IsDamage for damage
// anywhere in the file.
inline absl::StatusOr<std::unique_ptr<SqliteClosureStore>> OpenAndReadThrough(SqliteOptions options) {
  options.scrub = false;
  CLOSURE_ASSIGN_OR_RETURN(std::unique_ptr<SqliteClosureStore> store, SqliteClosureStore::Open(options));
  CLOSURE_ASSIGN_OR_RETURN(const std::unique_ptr<sqlite::Connection> connection,
                           sqlite::Connection::Open(options.path, sqlite::Connection::Access::kReadOnly));
  CLOSURE_RETURN_IF_ERROR(connection->CheckFile());
  return store;
}

}  // namespace closure

#endif  // CLOSURE_TESTS_IO_FAULTS_READ_THROUGH_H_
