// SPDX-License-Identifier: Apache-2.0
#include "bench/store/raw_database.h"

#include "storage/sqlite/heap.h"

namespace closure::bench {
namespace {

// What a program would set that is to lose nothing, and 16 MiB of pages. The log is moved into the file by SQLite
// itself, every 1,000 pages, unless there is somebody else to do it (raw_checkpoints.h).
constexpr const char* kPragmas =
    "PRAGMA journal_mode = WAL;"
    "PRAGMA synchronous = FULL;"
    "PRAGMA cache_size = -16384;"
    "PRAGMA ignore_check_constraints = ON;"
    "PRAGMA foreign_keys = OFF;";

}  // namespace

absl::StatusOr<std::unique_ptr<RawDatabase>> RawDatabase::Open(const std::string& path) {
  sqlite::UseCountedHeap();  // as the store does
  std::unique_ptr<RawDatabase> database(new RawDatabase());
  if (sqlite3_open_v2(path.c_str(), &database->database_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr) !=
          SQLITE_OK ||
      sqlite3_db_config(database->database_, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr) != SQLITE_OK ||
      sqlite3_exec(database->database_, kPragmas, nullptr, nullptr, nullptr) != SQLITE_OK) {
    return database->Failure();
  }
  return database;
}

RawDatabase::~RawDatabase() {
  for (const auto& [literal, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(database_);
}

absl::Status RawDatabase::Failure() { return absl::InternalError(sqlite3_errmsg(database_)); }

sqlite3_stmt* RawDatabase::Prepare(const char* sql) {
  sqlite3_stmt*& statement = statements_[sql];
  if (statement == nullptr) sqlite3_prepare_v3(database_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  return statement;
}

absl::Status RawDatabase::RunAndReset(sqlite3_stmt* statement) {
  const int code = sqlite3_step(statement);
  const absl::Status status = code == SQLITE_DONE ? absl::OkStatus() : Failure();
  sqlite3_reset(statement);
  return status;
}

absl::StatusOr<internal::v1::ClosureData> RawDatabase::LoadClosure(const std::string& account_id,
                                                                   const std::string& closure_id) {
  internal::v1::ClosureData data;
  bool found = false;
  CLOSURE_RETURN_IF_ERROR(Query(
      "SELECT data FROM closures WHERE account_id = ?1 AND closure_id = ?2",
      [&](sqlite3_stmt* row) {
        found = data.ParseFromArray(sqlite3_column_blob(row, 0), sqlite3_column_bytes(row, 0));
      },
      account_id, closure_id));
  if (!found) return absl::NotFoundError(closure_id);
  return data;
}

}  // namespace closure::bench
