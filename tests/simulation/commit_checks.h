// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SIMULATION_COMMIT_CHECKS_H_
#define CLOSURE_TESTS_SIMULATION_COMMIT_CHECKS_H_

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "storage/closure_store.h"

// What ClosureStore::Apply says it refuses, before any table is written. All functions are pure.
namespace closure::simulation {

ClosureKey KeyOf(const internal::v1::ClosureData& data);
// INVALID_ARGUMENT naming the closure.
absl::Status Contradiction(const ClosureKey& key, std::string_view what);

// What can be said of a commit without a look at the store. Errors: INVALID_ARGUMENT.
absl::Status CheckCommit(const Commit& commit);
// Whether the commit's closure may follow the stored one. account_fence: the highest of the account. Errors: ABORTED
// when the version moved; INVALID_ARGUMENT when the fence falls, or does not rise with the state.
absl::Status CheckSuccessor(const internal::v1::ClosureData& stored, int64_t account_fence, const Commit& commit);
// No state changes without a history entry, and none tells another change. Errors: INVALID_ARGUMENT.
absl::Status CheckHistory(v1::Closure::State before, const Commit& commit);

}  // namespace closure::simulation

#endif  // CLOSURE_TESTS_SIMULATION_COMMIT_CHECKS_H_
