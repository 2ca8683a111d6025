// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/closure_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "storage/sqlite/columns.h"
#include "storage/status_macros.h"

namespace closure::sqlite {
namespace {

using internal::v1::ClosureData;

// Runs a statement that writes all columns of a closure; ?1 is its row number, or its account for a new one.
template <typename First>
absl::Status Write(Connection& connection, Sql sql, const First& first, const ClosureData& data,
                   std::string_view bytes) {
  const v1::Closure& closure = data.closure();
  return connection.Run(sql, first, data.closure_id(), data.organization_id(), data.language_code(),
                        v1::Closure::State_Name(closure.state()), data.version(), data.fence(), data.etag_number(),
                        closure.revision(), MicrosIf(closure.has_create_time(), closure.create_time()),
                        MicrosIf(closure.has_update_time(), closure.update_time()),
                        MicrosIf(closure.has_state_enter_time(), closure.state_enter_time()),
                        MicrosIf(closure.has_expire_time(), closure.expire_time()),
                        MicrosIf(closure.has_confirm_time(), closure.confirm_time()),
                        MicrosIf(closure.has_silent_period_start_time(), closure.silent_period_start_time()),
                        MicrosIf(closure.has_silent_period_end_time(), closure.silent_period_end_time()),
                        MicrosIf(closure.has_end_time(), closure.end_time()),
                        MicrosIf(closure.has_personal_data_erase_time(), closure.personal_data_erase_time()),
                        v1::Closure::Reason_Name(closure.reason()), closure.reason_text(),
                        v1::Closure::Cause_Name(closure.cause()), closure.cause_detail(), closure.has_hold() ? 1 : 0,
                        closure.hold().operator_(), closure.hold().reason(),
                        MicrosIf(closure.hold().has_create_time(), closure.hold().create_time()),
                        closure.scan().number(), closure.scan().clean() ? 1 : 0, closure.item_counts().must_handle(),
                        closure.item_counts().renounceable(), closure.item_counts().renounced(), Blob{bytes});
}

// Replaces the entry of the same checker, or adds it where its name belongs.
void PutResult(v1::Scan& scan, const v1::CheckerResult& result) {
  auto& checkers = *scan.mutable_checkers();
  const auto same = std::find_if(checkers.begin(), checkers.end(), [&result](const v1::CheckerResult& entry) {
    return entry.checker() == result.checker();
  });
  if (same != checkers.end()) {
    *same = result;
    return;
  }
  *checkers.Add() = result;
  std::sort(checkers.begin(), checkers.end(),
            [](const v1::CheckerResult& a, const v1::CheckerResult& b) { return a.checker() < b.checker(); });
}

// The columns closure_row, data.
absl::StatusOr<ClosureRow> ReadClosureRow(const Statement& row) {
  ClosureRow stored{.row = row.Int(0)};
  CLOSURE_RETURN_IF_ERROR(ParseStored(row.View(1), fmt::format("closure row {}", stored.row), stored.data));
  return stored;
}

// Hands over what is stored of a closure, in place.
template <typename Take>
absl::Status ReadClosureBytes(Connection& connection, const ClosureKey& key, const Take& take) {
  Statement row = connection.Select("SELECT data FROM closures WHERE account_id = ?1 AND closure_id = ?2",
                                    key.account_id, key.closure_id);
  CLOSURE_ASSIGN_OR_RETURN(const bool found, row.Step());
  if (!found) return absl::NotFoundError(fmt::format("{} does not exist", FormatClosureName(key)));
  return take(row.View(0));
}

using StateCount = std::pair<v1::Closure::State, int64_t>;

// The columns state, COUNT(*).
absl::StatusOr<StateCount> ReadStateCount(const Statement& row) {
  StateCount count{v1::Closure::STATE_UNSPECIFIED, row.Int(1)};
  CLOSURE_RETURN_IF_ERROR(ParseName(row, 0, &v1::Closure::State_Parse, count.first));
  return count;
}

// The columns account_id, gate_state, gate_revision, closure_id, silent_period_end_time.
absl::StatusOr<GateRow> ReadGate(const Statement& row) {
  GateRow gate;
  gate.account_id = row.Text(0);
  CLOSURE_RETURN_IF_ERROR(ParseName(row, 1, &v1::GateState_Parse, gate.state));
  gate.revision = row.Int(2);
  gate.closure_id = row.Text(3);
  if (!row.IsNull(4)) gate.silent_period_end = absl::FromUnixMicros(row.Int(4));
  return gate;
}

}  // namespace

absl::StatusOr<std::optional<ClosureVersions>> FindClosure(Connection& connection, const ClosureKey& key) {
  Statement row = connection.Select(
      R"sql(
      SELECT closure_row, version, revision, fence, state
      FROM closures
      WHERE account_id = ?1 AND closure_id = ?2
      )sql",
      key.account_id, key.closure_id);
  CLOSURE_ASSIGN_OR_RETURN(const bool found, row.Step());
  if (!found) return std::nullopt;
  ClosureVersions stored{.row = row.Int(0), .version = row.Int(1), .revision = row.Int(2), .fence = row.Int(3)};
  CLOSURE_RETURN_IF_ERROR(ParseName(row, 4, &v1::Closure::State_Parse, stored.state));
  return stored;
}

absl::StatusOr<int64_t> InsertClosure(Connection& connection, const ClosureData& data, std::string_view bytes) {
  CLOSURE_RETURN_IF_ERROR(Write(connection,
                                R"sql(
      INSERT INTO closures (
        account_id, closure_id, organization_id, language_code, state, version, fence, etag_number, revision,
        create_time, update_time, state_enter_time, expire_time, confirm_time, silent_period_start_time,
        silent_period_end_time, end_time, personal_data_erase_time, reason, reason_text, cause, cause_detail,
        held, hold_operator, hold_reason, hold_time, scan_number, scan_clean,
        must_handle_count, renounceable_count, renounced_count, data)
      VALUES (
        ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,
        ?10, ?11, ?12, ?13, ?14, ?15,
        ?16, ?17, ?18, ?19, ?20, ?21, ?22,
        ?23, ?24, ?25, ?26, ?27, ?28,
        ?29, ?30, ?31, ?32)
      )sql",
                                data.account_id(), data, bytes));
  return connection.last_insert_row();
}

absl::Status UpdateClosure(Connection& connection, int64_t row, const ClosureData& data, std::string_view bytes) {
  return Write(connection,
               R"sql(
      UPDATE OR FAIL closures
      SET organization_id = ?3, language_code = ?4, state = ?5, version = ?6, fence = ?7, etag_number = ?8,
        revision = ?9, create_time = ?10, update_time = ?11, state_enter_time = ?12, expire_time = ?13,
        confirm_time = ?14, silent_period_start_time = ?15, silent_period_end_time = ?16, end_time = ?17,
        personal_data_erase_time = ?18, reason = ?19, reason_text = ?20, cause = ?21, cause_detail = ?22,
        held = ?23, hold_operator = ?24, hold_reason = ?25, hold_time = ?26, scan_number = ?27, scan_clean = ?28,
        must_handle_count = ?29, renounceable_count = ?30, renounced_count = ?31, data = ?32
      WHERE closure_row = ?1 AND closure_id = ?2
      )sql",
               row, data, bytes);
}

absl::StatusOr<bool> AddProgress(Connection& connection, const ClosureKey& key, int64_t scan_number,
                                 const v1::CheckerResult& result) {
  CLOSURE_ASSIGN_OR_RETURN(const std::optional<ClosureVersions> stored, FindClosure(connection, key));
  if (!stored.has_value()) return absl::NotFoundError(fmt::format("{} does not exist", FormatClosureName(key)));
  CLOSURE_ASSIGN_OR_RETURN(ClosureData data, LoadClosure(connection, key));
  v1::Scan& scan = *data.mutable_closure()->mutable_scan();
  if (scan.number() != scan_number || scan.has_end_time()) return false;
  PutResult(scan, result);
  data.mutable_closure()->set_revision(stored->revision + 1);
  CLOSURE_RETURN_IF_ERROR(connection.Run("UPDATE OR FAIL closures SET revision = ?1, data = ?2 WHERE closure_row = ?3",
                                         data.closure().revision(), Blob{data.SerializeAsString()}, stored->row));
  return true;
}

absl::StatusOr<int64_t> EnsureAccount(Connection& connection, std::string_view account_id) {
  CLOSURE_RETURN_IF_ERROR(connection.Run(
      "INSERT INTO accounts (account_id, fence) VALUES (?1, 0) ON CONFLICT (account_id) DO NOTHING", account_id));
  return LoadFence(connection, account_id);
}

absl::StatusOr<bool> RaiseFence(Connection& connection, std::string_view account_id, int64_t fence) {
  CLOSURE_ASSIGN_OR_RETURN(
      const int64_t raised,
      connection.Change("UPDATE OR FAIL accounts SET fence = ?2 WHERE account_id = ?1 AND fence < ?2", account_id,
                        fence));
  return raised > 0;
}

absl::StatusOr<bool> SetGate(Connection& connection, std::string_view account_id, int64_t closure_row,
                             v1::GateState state) {
  const absl::StatusOr<int64_t> changed = connection.Change(R"sql(
      UPDATE OR FAIL accounts
      SET gate_state = ?2, gate_closure_row = ?3, gate_revision = 1 +
        (SELECT COALESCE (MAX (g.gate_revision), 0) FROM accounts AS g WHERE g.gate_revision > 0)
      WHERE account_id = ?1 AND (gate_state <> ?2 OR gate_closure_row IS NOT ?3)
      )sql",
                                                            account_id, v1::GateState_Name(state), closure_row);
  if (!changed.ok()) return changed.status();
  return *changed > 0;
}

absl::StatusOr<std::string> LoadClosureBytes(Connection& connection, const ClosureKey& key) {
  std::string bytes;
  CLOSURE_RETURN_IF_ERROR(ReadClosureBytes(connection, key, [&bytes](std::string_view stored) {
    bytes = stored;
    return absl::OkStatus();
  }));
  return bytes;
}

absl::StatusOr<ClosureData> LoadClosure(Connection& connection, const ClosureKey& key) {
  ClosureData data;
  CLOSURE_RETURN_IF_ERROR(ReadClosureBytes(
      connection, key, [&](std::string_view stored) { return ParseStored(stored, FormatClosureName(key), data); }));
  return data;
}

absl::StatusOr<std::optional<ClosureData>> FindOpenClosure(Connection& connection, std::string_view account_id) {
  Statement row = connection.Select(
      // As the condition of the index is written, or SQLite does not see that it may be used.
      R"sql(
      SELECT data
      FROM closures
      WHERE account_id = ?1 AND state <> 'CLOSED' AND state <> 'ABORTED' AND state <> 'CANCELLED' AND state <> 'EXPIRED'
      )sql",
      account_id);
  CLOSURE_ASSIGN_OR_RETURN(const bool found, row.Step());
  if (!found) return std::nullopt;
  ClosureData data;
  CLOSURE_RETURN_IF_ERROR(ParseStored(row.View(0), fmt::format("the open closure of account {}", account_id), data));
  return data;
}

absl::StatusOr<std::vector<ClosureRow>> ListClosures(Connection& connection, const ClosureFilter& filter) {
  const int64_t before = filter.before_row == 0 ? std::numeric_limits<int64_t>::max() : filter.before_row;
  const bool any_state = filter.state == v1::Closure::STATE_UNSPECIFIED;
  const std::string state = v1::Closure::State_Name(filter.state);
  if (!filter.account_id.empty()) {
    Statement rows = connection.Select(
        R"sql(
      SELECT closure_row, data
      FROM closures
      WHERE account_id = ?1 AND (?2 OR state = ?3) AND closure_row < ?4
      ORDER BY closure_row DESC LIMIT ?5
      )sql",
        filter.account_id, any_state ? 1 : 0, state, before, filter.limit);
    return ReadRows(std::move(rows), &ReadClosureRow);
  }
  if (!any_state) {
    Statement rows = connection.Select(R"sql(
      SELECT closure_row, data
      FROM closures
      WHERE state = ?1 AND closure_row < ?2
      ORDER BY closure_row DESC LIMIT ?3
      )sql",
                                       state, before, filter.limit);
    return ReadRows(std::move(rows), &ReadClosureRow);
  }
  Statement rows = connection.Select(
      R"sql(
      SELECT closure_row, data
      FROM closures
      WHERE closure_row < ?1
      ORDER BY closure_row DESC LIMIT ?2
      )sql",
      before, filter.limit);
  return ReadRows(std::move(rows), &ReadClosureRow);
}

absl::StatusOr<std::vector<StateCount>> CountClosures(Connection& connection) {
  CLOSURE_ASSIGN_OR_RETURN(
      std::vector<StateCount> counts,
      ReadRows(connection.Select("SELECT state, COUNT(*) FROM closures GROUP BY state ORDER BY state"),
               &ReadStateCount));
  std::sort(counts.begin(), counts.end());
  return counts;
}

absl::StatusOr<int64_t> LoadFence(Connection& connection, std::string_view account_id) {
  Statement row = connection.Select("SELECT fence FROM accounts WHERE account_id = ?1", account_id);
  CLOSURE_ASSIGN_OR_RETURN(const bool found, row.Step());
  return found ? row.Int(0) : 0;
}

absl::StatusOr<GateRow> LoadGate(Connection& connection, std::string_view account_id) {
  Statement row = connection.Select(
      R"sql(
      SELECT a.account_id, a.gate_state, a.gate_revision, c.closure_id, c.silent_period_end_time
      FROM accounts AS a LEFT JOIN closures AS c ON c.closure_row = a.gate_closure_row
      WHERE a.account_id = ?1
      )sql",
      account_id);
  CLOSURE_ASSIGN_OR_RETURN(const bool found, row.Step());
  if (!found) return GateRow{.account_id = std::string(account_id)};
  return ReadGate(row);
}

absl::StatusOr<std::vector<GateRow>> ListGates(Connection& connection, int64_t after_revision, int limit) {
  // The literal conditions choose the partial indexes.
  if (after_revision == 0) {
    Statement closing = connection.Select(
        R"sql(
      SELECT a.account_id, a.gate_state, a.gate_revision, c.closure_id, c.silent_period_end_time
      FROM accounts AS a LEFT JOIN closures AS c ON c.closure_row = a.gate_closure_row
      WHERE a.gate_state <> 'GATE_OPEN'
      ORDER BY a.gate_revision LIMIT ?1
      )sql",
        limit);
    return ReadRows(std::move(closing), &ReadGate);
  }
  Statement rows = connection.Select(
      R"sql(
      SELECT a.account_id, a.gate_state, a.gate_revision, c.closure_id, c.silent_period_end_time
      FROM accounts AS a LEFT JOIN closures AS c ON c.closure_row = a.gate_closure_row
      WHERE a.gate_revision > 0 AND a.gate_revision > ?1
      ORDER BY a.gate_revision LIMIT ?2
      )sql",
      after_revision, limit);
  return ReadRows(std::move(rows), &ReadGate);
}

}  // namespace closure::sqlite
