// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SIMULATION_MEMORY_FACTS_H_
#define CLOSURE_TESTS_SIMULATION_MEMORY_FACTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "storage/closure_store.h"
#include "tests/simulation/memory_tables.h"

// How the tables beside the closures are changed: history, items, consents, codes, admissions and request ids. Errors
// of those that answer a status: INVALID_ARGUMENT, and what is said besides.
namespace closure::simulation {

// Gives the entry its number and its hashes.
absl::Status AppendTransition(MemoryTables& tables, int64_t closure_row, const ClosureKey& key,
                              const HistoryEntry& entry);
absl::Status PutItem(MemoryTables& tables, int64_t closure_row, const ClosureKey& key, const v1::BlockingItem& item);
absl::Status AddConsent(MemoryTables& tables, int64_t closure_row, const v1::Consent& consent);
void AddCode(MemoryTables& tables, std::string_view account_id, absl::Time time);
// Of admissions, codes and requests; see Commit::clock_went_back.
void SetBackCounted(MemoryTables& tables, absl::Time now);
// ALREADY_EXISTS when one of the closure is not forgotten.
absl::Status AddAdmission(MemoryTables& tables, int64_t closure_row, std::string_view organization_id, absl::Time time);
// closure_row: the closure that it is about, if there is one. The request id must not be known.
absl::Status AddRequest(MemoryTables& tables, const RequestRecord& request, std::optional<int64_t> closure_row);
void EraseResponses(MemoryTables& tables, int64_t closure_row);
void ForgetRequests(MemoryTables& tables, int64_t closure_row);

// See Commit::forget_before. Of codes and of request ids about no closure, the oldest kForgottenRowsMax are looked at.
void ForgetCodes(MemoryTables& tables, absl::Time before);
void ForgetAdmissions(MemoryTables& tables, absl::Time before);
void ForgetSystemRequests(MemoryTables& tables, absl::Time before);

}  // namespace closure::simulation

#endif  // CLOSURE_TESTS_SIMULATION_MEMORY_FACTS_H_
