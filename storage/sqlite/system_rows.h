// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_STORAGE_SQLITE_SYSTEM_ROWS_H_
#define CLOSURE_STORAGE_SQLITE_SYSTEM_ROWS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "storage/closure_store.h"
#include "storage/sqlite/database.h"

// The small tables: system, admissions, tombstones, codes, requests and meta. Threading and errors are those of
// Connection, and INTERNAL for a row that is not understood.
namespace closure::sqlite {

// The stored version is to be one less (CheckSystemVersion). Admissions stay as they are (AddAdmission).
absl::Status UpdateSystem(Connection& connection, internal::v1::SystemData next);
// Errors besides: ABORTED when the stored version is another.
absl::Status CheckSystemVersion(Connection& connection, int64_t version);
// Errors besides: ABORTED when so many are stored already.
absl::Status CheckAdmissions(Connection& connection, int64_t admissions_max);
absl::StatusOr<internal::v1::SystemData> LoadSystem(Connection& connection);

// Counts it in the system's row as well.
absl::Status AddAdmission(Connection& connection, int64_t closure_row, std::string_view organization_id,
                          absl::Time time);
absl::StatusOr<int64_t> CountAdmissions(Connection& connection, std::string_view organization_id, absl::Time since);

// A tombstone that is there already stays as it is.
absl::Status AddTombstone(Connection& connection, std::string_view tombstone);
absl::StatusOr<bool> HasTombstone(Connection& connection, std::string_view tombstone);

absl::Status AddCodes(Connection& connection, std::string_view account_id, const std::vector<absl::Time>& times);
// Of admissions, codes and requests; see Commit::clock_went_back.
absl::Status SetBackCounted(Connection& connection, absl::Time now);
absl::StatusOr<int> CountCodes(Connection& connection, std::string_view account_id, absl::Time since);

// closure_row: the closure that it is about, if there is one. Errors besides: ALREADY_EXISTS when the request id is
// known.
absl::Status AddRequest(Connection& connection, const RequestRecord& request, std::optional<int64_t> closure_row);
absl::StatusOr<std::optional<RequestRecord>> FindRequest(Connection& connection, std::string_view account_id,
                                                         std::string_view request_id);
// Each forgets at most kForgottenRowsMax rows that are older than `before`; of request ids only those about no closure.
absl::Status ForgetCodes(Connection& connection, absl::Time before);
absl::Status ForgetAdmissions(Connection& connection, absl::Time before);
absl::Status ForgetSystemRequests(Connection& connection, absl::Time before);
absl::Status EraseResponses(Connection& connection, int64_t closure_row);
absl::Status ForgetRequests(Connection& connection, int64_t closure_row);

// Errors besides: NOT_FOUND.
absl::StatusOr<std::string> ReadMeta(Connection& connection, std::string_view key);
absl::Status WriteMeta(Connection& connection, std::string_view key, std::string_view value);

}  // namespace closure::sqlite

#endif  // CLOSURE_STORAGE_SQLITE_SYSTEM_ROWS_H_
