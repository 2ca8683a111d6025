// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_STORAGE_SQLITE_CLOSURE_ROWS_H_
#define CLOSURE_STORAGE_SQLITE_CLOSURE_ROWS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/closure_store.h"
#include "storage/sqlite/database.h"

// The tables closures and accounts. Threading and errors are those of Connection, and INTERNAL for a row that is not
// understood.
namespace closure::sqlite {

// What a commit compares with.
struct ClosureVersions {
  int64_t row = 0;
  int64_t version = 0;
  int64_t revision = 0;
  int64_t fence = 0;
  v1::Closure::State state = v1::Closure::STATE_UNSPECIFIED;
};

absl::StatusOr<std::optional<ClosureVersions>> FindClosure(Connection& connection, const ClosureKey& key);
// Writes all columns of a new closure; its row number. `bytes` are the data in serialized form.
absl::StatusOr<int64_t> InsertClosure(Connection& connection, const internal::v1::ClosureData& data,
                                      std::string_view bytes);
// Writes all columns of a closure that exists in this row.
absl::Status UpdateClosure(Connection& connection, int64_t row, const internal::v1::ClosureData& data,
                           std::string_view bytes);
// See ClosureStore::RecordProgress; whether anything changed. Errors besides: NOT_FOUND.
absl::StatusOr<bool> AddProgress(Connection& connection, const ClosureKey& key, int64_t scan_number,
                                 const v1::CheckerResult& result);

// Makes the account's row if there is none, and answers its highest fence.
absl::StatusOr<int64_t> EnsureAccount(Connection& connection, std::string_view account_id);
// Whether that was higher than the account's highest fence, which it then is.
absl::StatusOr<bool> RaiseFence(Connection& connection, std::string_view account_id, int64_t fence);
// Whether that was a change.
absl::StatusOr<bool> SetGate(Connection& connection, std::string_view account_id, int64_t closure_row,
                             v1::GateState state);

// What ClosureStore says of the methods with these names.
absl::StatusOr<internal::v1::ClosureData> LoadClosure(Connection& connection, const ClosureKey& key);
absl::StatusOr<std::string> LoadClosureBytes(Connection& connection, const ClosureKey& key);
absl::StatusOr<std::optional<internal::v1::ClosureData>> FindOpenClosure(Connection& connection,
                                                                         std::string_view account_id);
absl::StatusOr<std::vector<ClosureRow>> ListClosures(Connection& connection, const ClosureFilter& filter);
absl::StatusOr<std::vector<std::pair<v1::Closure::State, int64_t>>> CountClosures(Connection& connection);
absl::StatusOr<int64_t> LoadFence(Connection& connection, std::string_view account_id);
absl::StatusOr<GateRow> LoadGate(Connection& connection, std::string_view account_id);
absl::StatusOr<std::vector<GateRow>> ListGates(Connection& connection, int64_t after_revision, int limit);

}  // namespace closure::sqlite

#endif  // CLOSURE_STORAGE_SQLITE_CLOSURE_ROWS_H_
