// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_BENCH_STORE_RAW_DATABASE_H_
#define CLOSURE_BENCH_STORE_RAW_DATABASE_H_

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "closure/internal/v1/closure_data.pb.h"
#include "storage/status_macros.h"

namespace closure::bench {

// SQLite with as little around it as a program can have: statements that are kept, values bound in place. For
// yardsticks. Used by one thread at a time.
class RawDatabase {
 public:
  struct Blob {
    std::string_view bytes;
  };

  // Opens a database of the store's with a write-ahead log and FULL synchronization, and keeps as many of its pages as
  // the store's writing connection. Runs none of its triggers and no CHECK. Writes nothing by itself.
  static absl::StatusOr<std::unique_ptr<RawDatabase>> Open(const std::string& path);
  RawDatabase(const RawDatabase&) = delete;
  RawDatabase& operator=(const RawDatabase&) = delete;
  ~RawDatabase();

  // Runs a statement, which is a literal, to its end.
  template <typename... Values>
  absl::Status Run(const char* sql, const Values&... values) {
    sqlite3_stmt* const statement = Prepare(sql);
    int index = 0;
    (Bind(statement, ++index, values), ...);
    return RunAndReset(statement);
  }
  // Runs `work`, which answers an absl::Status, in a transaction, of which nothing is left where either fails.
  template <typename Work>
  absl::Status Transact(Work work) {
    CLOSURE_RETURN_IF_ERROR(Run("BEGIN IMMEDIATE"));
    absl::Status status = work();
    if (status.ok()) status = Run("COMMIT");
    if (!status.ok()) Run("ROLLBACK").IgnoreError();
    return status;
  }
  // Calls `on_row` with the statement at each row.
  template <typename OnRow, typename... Values>
  absl::Status Query(const char* sql, OnRow on_row, const Values&... values) {
    sqlite3_stmt* const statement = Prepare(sql);
    int index = 0;
    (Bind(statement, ++index, values), ...);
    int code = sqlite3_step(statement);
    for (; code == SQLITE_ROW; code = sqlite3_step(statement)) on_row(statement);
    const absl::Status status = code == SQLITE_DONE ? absl::OkStatus() : Failure();
    sqlite3_reset(statement);
    return status;
  }
  static std::string Text(sqlite3_stmt* row, int column) {
    const auto* data = static_cast<const char*>(sqlite3_column_blob(row, column));
    return data == nullptr ? "" : std::string(data, static_cast<size_t>(sqlite3_column_bytes(row, column)));
  }
  absl::StatusOr<internal::v1::ClosureData> LoadClosure(const std::string& account_id, const std::string& closure_id);
  // For what is no statement, such as checkpoints.
  sqlite3* handle() { return database_; }

 private:
  RawDatabase() = default;

  sqlite3_stmt* Prepare(const char* sql);
  absl::Status RunAndReset(sqlite3_stmt* statement);
  absl::Status Failure();

  // The values outlive the run.
  static void Bind(sqlite3_stmt* statement, int index, int64_t value) { sqlite3_bind_int64(statement, index, value); }
  static void Bind(sqlite3_stmt* statement, int index, std::string_view text) {
    sqlite3_bind_text(statement, index, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
  }
  static void Bind(sqlite3_stmt* statement, int index, Blob blob) {
    sqlite3_bind_blob(statement, index, blob.bytes.data(), static_cast<int>(blob.bytes.size()), SQLITE_STATIC);
  }
  static void Bind(sqlite3_stmt* statement, int index, std::optional<int64_t> value) {
    if (value.has_value()) {
      Bind(statement, index, *value);
    } else {
      sqlite3_bind_null(statement, index);
    }
  }

  sqlite3* database_ = nullptr;
  // By the address of the literal.
  std::unordered_map<const void*, sqlite3_stmt*> statements_;
};

}  // namespace closure::bench

#endif  // CLOSURE_BENCH_STORE_RAW_DATABASE_H_
