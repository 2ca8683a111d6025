// SPDX-License-Identifier: Apache-2.0
#include "sandbox/sqlite_database.h"

#include <sqlite3.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"

namespace closure {
namespace {

constexpr int kBusyTimeoutMs = 5000;

// Deleted content is overwritten, so that what an account had is not left in free pages (R3).
constexpr char kPragmas[] = R"sql(
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA foreign_keys = ON;
  PRAGMA secure_delete = ON;
  PRAGMA trusted_schema = OFF;
)sql";

}  // namespace

bool SqliteRow::IsNull(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

int64_t SqliteRow::Integer(int column) const { return sqlite3_column_int64(statement_, column); }

std::string SqliteRow::Text(int column) const {
  const unsigned char* text = sqlite3_column_text(statement_, column);
  const int bytes = sqlite3_column_bytes(statement_, column);
  if (text == nullptr) return "";
  return std::string(reinterpret_cast<const char*>(text), static_cast<size_t>(bytes));
}

absl::StatusOr<std::unique_ptr<SqliteDatabase>> SqliteDatabase::Open(const std::string& path) {
  sqlite3* connection = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &connection,
                                   SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  std::unique_ptr<SqliteDatabase> database(new SqliteDatabase(connection));
  if (code != SQLITE_OK) {
    return absl::UnavailableError(fmt::format("sandbox: cannot open the database \"{}\": {}", path,
                                              connection == nullptr ? "out of memory" : sqlite3_errmsg(connection)));
  }
  sqlite3_busy_timeout(connection, kBusyTimeoutMs);
  const int used = sqlite3_exec(connection, kPragmas, nullptr, nullptr, nullptr);
  if (used == SQLITE_NOTADB || used == SQLITE_CORRUPT) {
    return absl::FailedPreconditionError(
        fmt::format("sandbox: the database \"{}\" is damaged: {}; remove it, and load the cloud files again", path,
                    sqlite3_errmsg(connection)));
  }
  if (used != SQLITE_OK) {
    return absl::UnavailableError(
        fmt::format("sandbox: cannot use the database \"{}\": {}", path, sqlite3_errmsg(connection)));
  }
  return database;
}

SqliteDatabase::~SqliteDatabase() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(connection_);
}

absl::Status SqliteDatabase::RunScript(const char* sql) {
  if (sqlite3_exec(connection_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return Error(sql);
  return absl::OkStatus();
}

absl::Status SqliteDatabase::Run(std::string_view sql, std::initializer_list<SqliteValue> values, OnRow on_row) {
  const absl::StatusOr<sqlite3_stmt*> prepared = Prepared(sql);
  if (!prepared.ok()) return prepared.status();
  sqlite3_stmt* const statement = *prepared;
  int parameter = 0;
  for (const SqliteValue& value : values) {
    ++parameter;
    if (const auto* number = std::get_if<int64_t>(&value.value_)) {
      sqlite3_bind_int64(statement, parameter, *number);
    } else if (const auto* text = std::get_if<std::string_view>(&value.value_)) {
      sqlite3_bind_text(statement, parameter, text->data() == nullptr ? "" : text->data(),
                        static_cast<int>(text->size()), SQLITE_STATIC);
    } else {
      sqlite3_bind_null(statement, parameter);
    }
  }
  int code = sqlite3_step(statement);
  for (; code == SQLITE_ROW; code = sqlite3_step(statement)) on_row(SqliteRow(statement));
  const absl::Status status = code == SQLITE_DONE ? absl::OkStatus() : Error(sql);
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  return status;
}

absl::StatusOr<sqlite3_stmt*> SqliteDatabase::Prepared(std::string_view sql) {
  if (const auto found = statements_.find(sql); found != statements_.end()) return found->second;
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(connection_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &statement,
                         nullptr) != SQLITE_OK) {
    return Error(sql);
  }
  statements_.emplace(sql, statement);
  return statement;
}

absl::Status SqliteDatabase::Error(std::string_view what) const {
  return absl::InternalError(fmt::format("sandbox: SQLite: {}, in: {}", sqlite3_errmsg(connection_), what));
}

SqliteTransaction::SqliteTransaction(SqliteDatabase& database) : database_(database) {
  status_ = database_.RunScript("BEGIN IMMEDIATE");
  open_ = status_.ok();
}

SqliteTransaction::~SqliteTransaction() {
  if (open_) database_.RunScript("ROLLBACK").IgnoreError();  // SQLite may have rolled back by itself
}

void SqliteTransaction::Run(std::string_view sql, std::initializer_list<SqliteValue> values) {
  Query(sql, values, [](const SqliteRow&) {});
}

void SqliteTransaction::Query(std::string_view sql, std::initializer_list<SqliteValue> values,
                              SqliteDatabase::OnRow on_row) {
  if (status_.ok()) status_ = database_.Run(sql, values, on_row);
}

int64_t SqliteTransaction::Number(std::string_view sql, std::initializer_list<SqliteValue> values) {
  int64_t number = 0;
  Query(sql, values, [&](const SqliteRow& row) { number = row.Integer(0); });
  return number;
}

absl::Status SqliteTransaction::Commit() {
  if (!status_.ok()) return status_;
  if (absl::Status status = database_.RunScript("COMMIT"); !status.ok()) return status;
  open_ = false;
  // What cannot be emptied now is overwritten by later commits; the deletion itself is done.
  if (empty_log_) database_.RunScript("PRAGMA wal_checkpoint(TRUNCATE)").IgnoreError();
  return absl::OkStatus();
}

}  // namespace closure
