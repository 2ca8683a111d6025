// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SIMULATION_MEMORY_COMMIT_H_
#define CLOSURE_TESTS_SIMULATION_MEMORY_COMMIT_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/closure_store.h"
#include "tests/simulation/memory_tables.h"

namespace closure::simulation {

// See ClosureStore::Apply. Changes the commit. After an error the tables are half written; the caller takes it back
// with MemoryTables::undo.
absl::StatusOr<StoreChange> ApplyCommit(MemoryTables& tables, Commit& commit);

// See ClosureStore::RecordProgress; whether anything changed. Errors: NOT_FOUND; INVALID_ARGUMENT when it does not fit
// into a row.
absl::StatusOr<bool> AddProgress(MemoryTables& tables, const ClosureKey& key, int64_t scan_number,
                                 const v1::CheckerResult& result);

}  // namespace closure::simulation

#endif  // CLOSURE_TESTS_SIMULATION_MEMORY_COMMIT_H_
