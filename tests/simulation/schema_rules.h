// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SIMULATION_SCHEMA_RULES_H_
#define CLOSURE_TESTS_SIMULATION_SCHEMA_RULES_H_

#include <string_view>

#include "absl/status/status.h"
#include "storage/closure_store.h"
#include "tests/simulation/memory_tables.h"

// What a database refuses below the code: the CHECKs and triggers of the schema. All functions are pure. Errors of all:
// INVALID_ARGUMENT saying which rule.
//
// A row with more than 1,000,000 bytes of text is refused. SQLite counts a row's numbers too, so within a few hundred
// bytes below that the two may differ.
namespace closure::simulation {

// An INVALID_ARGUMENT of this store.
absl::Status Refusal(std::string_view rule);

absl::Status CheckClosureRow(const internal::v1::ClosureData& data);
// Besides CheckClosureRow, for a closure that is there.
absl::Status CheckClosureChange(const internal::v1::ClosureData& before, const internal::v1::ClosureData& after);
absl::Status CheckGateChange(const Account& before, v1::GateState after);
absl::Status CheckItemRow(std::string_view item_id, const v1::BlockingItem& item);
absl::Status CheckHistoryRow(const HistoryEntry& entry);
absl::Status CheckConsentRow(const v1::Consent& consent);
absl::Status CheckTaskRow(const internal::v1::TaskData& task);
absl::Status CheckRequestRow(const RequestRecord& request);
absl::Status CheckSystemRow(const internal::v1::SystemData& system);

}  // namespace closure::simulation

#endif  // CLOSURE_TESTS_SIMULATION_SCHEMA_RULES_H_
