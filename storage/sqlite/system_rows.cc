// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/system_rows.h"

#include <fmt/format.h>

#include "storage/sqlite/columns.h"
#include "storage/status_macros.h"

namespace closure::sqlite {
absl::Status UpdateSystem(Connection& connection, internal::v1::SystemData next) {
  next.clear_admissions();
  return connection.Run(
      R"sql(
      UPDATE system
      SET version = ?1, pause_time = ?2, pause_actor = ?3, pause_reason = ?4, breaker_time = ?5, breaker_reason = ?6,
        clock_jump_time = ?7, clock_jump_reason = ?8, clock_wall_time = ?9, data = ?10
      WHERE system_row = 1
      )sql",
      next.version(), MicrosIf(next.pause().has_create_time(), next.pause().create_time()), next.pause().actor(),
      next.pause().reason(), MicrosIf(next.breaker().has_create_time(), next.breaker().create_time()),
      next.breaker().reason(), MicrosIf(next.clock_jump().has_create_time(), next.clock_jump().create_time()),
      next.clock_jump().reason(), MicrosIf(next.clock().has_wall_time(), next.clock().wall_time()),
      Blob{next.SerializeAsString()});
}

absl::Status CheckSystemVersion(Connection& connection, int64_t version) {
  Statement row = connection.Select("SELECT version FROM system WHERE system_row = 1");
  CLOSURE_ASSIGN_OR_RETURN(const bool found, row.Step());
  if (!found) return NotUnderstood("the system's row is missing");
  if (row.Int(0) == version) return absl::OkStatus();
  return absl::AbortedError(fmt::format("the system has version {}, not {}", row.Int(0), version));
}

absl::Status CheckAdmissions(Connection& connection, int64_t admissions_max) {
  Statement row = connection.Select("SELECT admissions FROM system WHERE system_row = 1");
  CLOSURE_ASSIGN_OR_RETURN(const bool found, row.Step());
  if (!found) return NotUnderstood("the system's row is missing");
  if (row.Int(0) < admissions_max) return absl::OkStatus();
  return absl::AbortedError(fmt::format("{} silent periods were ended, of at most {}", row.Int(0), admissions_max));
}

absl::StatusOr<internal::v1::SystemData> LoadSystem(Connection& connection) {
  Statement row = connection.Select("SELECT data, admissions FROM system WHERE system_row = 1");
  CLOSURE_ASSIGN_OR_RETURN(const bool found, row.Step());
  if (!found) return NotUnderstood("the system's row is missing");
  internal::v1::SystemData data;
  CLOSURE_RETURN_IF_ERROR(ParseStored(row.View(0), "the system's row", data));
  data.set_admissions(row.Int(1));
  return data;
}

absl::Status AddAdmission(Connection& connection, int64_t closure_row, std::string_view organization_id,
                          absl::Time time) {
  CLOSURE_RETURN_IF_ERROR(
      connection.Run("INSERT INTO admissions (closure_row, organization_id, admit_time) VALUES (?1, ?2, ?3)",
                     closure_row, organization_id, Micros(time)));
  return connection.Run("UPDATE system SET admissions = admissions + 1 WHERE system_row = 1");
}

absl::StatusOr<int64_t> CountAdmissions(Connection& connection, std::string_view organization_id, absl::Time since) {
  Statement row =
      organization_id.empty()
          ? connection.Select("SELECT COUNT(*) FROM admissions WHERE admit_time >= ?1", Micros(since))
          : connection.Select("SELECT COUNT(*) FROM admissions WHERE organization_id = ?1 AND admit_time >= ?2",
                              organization_id, Micros(since));
  CLOSURE_RETURN_IF_ERROR(row.Step().status());
  return row.Int(0);
}

absl::Status AddTombstone(Connection& connection, std::string_view tombstone) {
  return connection.Run("INSERT INTO tombstones (tombstone) VALUES (?1) ON CONFLICT (tombstone) DO NOTHING",
                        Blob{tombstone});
}

absl::StatusOr<bool> HasTombstone(Connection& connection, std::string_view tombstone) {
  Statement row = connection.Select("SELECT 1 FROM tombstones WHERE tombstone = ?1", Blob{tombstone});
  return row.Step();
}

absl::Status AddCodes(Connection& connection, std::string_view account_id, const std::vector<absl::Time>& times) {
  for (const absl::Time time : times) {
    CLOSURE_RETURN_IF_ERROR(
        connection.Run("INSERT INTO codes (account_id, create_time) VALUES (?1, ?2)", account_id, Micros(time)));
  }
  return absl::OkStatus();
}

absl::Status SetBackCounted(Connection& connection, absl::Time now) {
  CLOSURE_RETURN_IF_ERROR(connection.Run("UPDATE admissions SET admit_time = ?1 WHERE admit_time > ?1", Micros(now)));
  CLOSURE_RETURN_IF_ERROR(connection.Run("UPDATE codes SET create_time = ?1 WHERE create_time > ?1", Micros(now)));
  return connection.Run("UPDATE requests SET create_time = ?1 WHERE create_time > ?1", Micros(now));
}

absl::StatusOr<int> CountCodes(Connection& connection, std::string_view account_id, absl::Time since) {
  Statement row = connection.Select("SELECT COUNT(*) FROM codes WHERE account_id = ?1 AND create_time >= ?2",
                                    account_id, Micros(since));
  CLOSURE_RETURN_IF_ERROR(row.Step().status());
  return static_cast<int>(row.Int(0));
}

absl::Status AddRequest(Connection& connection, const RequestRecord& request, std::optional<int64_t> closure_row) {
  const absl::Status status = connection.Run(
      R"sql(
      INSERT INTO requests (account_id, request_id, closure_row, body_hash, response, create_time)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6)
      )sql",
      request.account_id, request.request_id, closure_row, Blob{request.body_hash}, Blob{request.response},
      Micros(request.time));
  if (!absl::IsAlreadyExists(status)) return status;
  return absl::AlreadyExistsError(fmt::format("the request id {} is known", request.request_id));
}

absl::StatusOr<std::optional<RequestRecord>> FindRequest(Connection& connection, std::string_view account_id,
                                                         std::string_view request_id) {
  Statement row = connection.Select(
      R"sql(
      SELECT r.body_hash, r.response, r.create_time, c.closure_id
      FROM requests AS r LEFT JOIN closures AS c ON c.closure_row = r.closure_row
      WHERE r.account_id = ?1 AND r.request_id = ?2
      )sql",
      account_id, request_id);
  CLOSURE_ASSIGN_OR_RETURN(const bool found, row.Step());
  if (!found) return std::nullopt;
  return RequestRecord{.account_id = std::string(account_id),
                       .request_id = std::string(request_id),
                       .body_hash = row.Text(0),
                       .response = row.Text(1),
                       .time = absl::FromUnixMicros(row.Int(2)),
                       .closure_id = row.IsNull(3) ? "" : row.Text(3)};
}

absl::Status EraseResponses(Connection& connection, int64_t closure_row) {
  return connection.Run("UPDATE requests SET response = x'' WHERE closure_row = ?1", closure_row);
}

absl::Status ForgetRequests(Connection& connection, int64_t closure_row) {
  return connection.Run("DELETE FROM requests WHERE closure_row = ?1", closure_row);
}

absl::Status ForgetCodes(Connection& connection, absl::Time before) {
  // Rows are numbered as they come, so the oldest are found without an index on the time.
  return connection.Run(
      R"sql(
      DELETE FROM codes
      WHERE code_row IN (SELECT code_row FROM codes ORDER BY code_row LIMIT ?2) AND create_time < ?1
      )sql",
      Micros(before), kForgottenRowsMax);
}

absl::Status ForgetAdmissions(Connection& connection, absl::Time before) {
  return connection.Run(
      R"sql(
      DELETE FROM admissions
      WHERE closure_row IN (SELECT closure_row FROM admissions WHERE admit_time < ?1 ORDER BY admit_time LIMIT ?2)
      )sql",
      Micros(before), kForgottenRowsMax);
}

absl::Status ForgetSystemRequests(Connection& connection, absl::Time before) {
  return connection.Run(
      R"sql(
      DELETE FROM requests
      WHERE request_row IN (SELECT request_row FROM requests WHERE closure_row IS NULL ORDER BY request_row LIMIT ?2)
        AND account_id = '' AND create_time < ?1
      )sql",
      Micros(before), kForgottenRowsMax);
}

absl::StatusOr<std::string> ReadMeta(Connection& connection, std::string_view key) {
  Statement row = connection.Select("SELECT value FROM meta WHERE key = ?1", key);
  CLOSURE_ASSIGN_OR_RETURN(const bool found, row.Step());
  if (!found) return absl::NotFoundError(fmt::format("store(sqlite): there is no meta key {}", key));
  return row.Text(0);
}

absl::Status WriteMeta(Connection& connection, std::string_view key, std::string_view value) {
  return connection.Run(
      "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value", key,
      value);
}

}  // namespace closure::sqlite
