// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SANDBOX_SQLITE_DATABASE_H_
#define CLOSURE_SANDBOX_SQLITE_DATABASE_H_

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

struct sqlite3;
struct sqlite3_stmt;

// The least of SQLite that the sandbox needs: one connection, transactions, statements that are prepared once. A text
// given to a statement need only live until the call returns.
namespace closure {

// What is bound to a parameter: NULL, an integer or a text.
class SqliteValue {
 public:
  SqliteValue(std::nullptr_t) {}                                                    // NOLINT: implicit
  SqliteValue(std::integral auto number) : value_(static_cast<int64_t>(number)) {}  // NOLINT: implicit
  SqliteValue(const std::string& text) : value_(std::string_view(text)) {}          // NOLINT: implicit
  SqliteValue(std::string_view text) : value_(text) {}                              // NOLINT: implicit
  SqliteValue(const char* text) : value_(std::string_view(text)) {}                 // NOLINT: implicit

 private:
  friend class SqliteDatabase;
  std::variant<std::nullptr_t, int64_t, std::string_view> value_;
};

// The row that a statement stands on; columns count from 0. It lives only within the callback it is given to.
class SqliteRow {
 public:
  bool IsNull(int column) const;
  int64_t Integer(int column) const;
  int32_t Integer32(int column) const { return static_cast<int32_t>(Integer(column)); }
  bool Boolean(int column) const { return Integer(column) != 0; }
  std::string Text(int column) const;

 private:
  friend class SqliteDatabase;
  explicit SqliteRow(sqlite3_stmt* statement) : statement_(statement) {}
  sqlite3_stmt* statement_;
};

// One connection. Not thread-safe: CloudDatabase locks.
class SqliteDatabase {
 public:
  using OnRow = absl::FunctionRef<void(const SqliteRow&)>;

  // Opens or makes the file; ":memory:" lives as long as the object. WAL, foreign keys on, deleted content overwritten.
  // A commit survives the end of the process; to survive the end of the machine is not asked of a pretended cloud.
  // Errors: UNAVAILABLE with SQLite's words and the path.
  static absl::StatusOr<std::unique_ptr<SqliteDatabase>> Open(const std::string& path);

  SqliteDatabase(const SqliteDatabase&) = delete;
  SqliteDatabase& operator=(const SqliteDatabase&) = delete;
  ~SqliteDatabase();

  // Runs several statements without parameters.
  // Errors: INTERNAL with SQLite's words.
  absl::Status RunScript(const char* sql);
  // Runs one statement and gives each row to on_row.
  // Errors: INTERNAL with SQLite's words.
  absl::Status Run(std::string_view sql, std::initializer_list<SqliteValue> values, OnRow on_row);

 private:
  explicit SqliteDatabase(sqlite3* connection) : connection_(connection) {}
  absl::StatusOr<sqlite3_stmt*> Prepared(std::string_view sql);
  absl::Status Error(std::string_view what) const;

  sqlite3* connection_;
  std::map<std::string, sqlite3_stmt*, std::less<>> statements_;
};

// One transaction; ends with Commit, or is rolled back. It keeps the first error: after it every call does nothing and
// reads no row, and Commit returns it. So whoever uses it reads and writes as if nothing could fail, and is believed
// only while status() is OK.
class SqliteTransaction {
 public:
  explicit SqliteTransaction(SqliteDatabase& database);
  SqliteTransaction(const SqliteTransaction&) = delete;
  SqliteTransaction& operator=(const SqliteTransaction&) = delete;
  ~SqliteTransaction();

  // Runs one statement.
  void Run(std::string_view sql, std::initializer_list<SqliteValue> values = {});
  // Gives each row of one statement to on_row, which must not run another one of the same text.
  void Query(std::string_view sql, std::initializer_list<SqliteValue> values, SqliteDatabase::OnRow on_row);
  // The first column of the first row; 0 where there is none.
  int64_t Number(std::string_view sql, std::initializer_list<SqliteValue> values);

  // Empties the write-ahead log into the file once this is committed, so that nothing deleted is left in it (R3).
  void EmptyLogAfterCommit() { empty_log_ = true; }

  // The first error, INTERNAL with SQLite's words; OK while there is none.
  const absl::Status& status() const { return status_; }
  // Errors: INTERNAL, the first that was met.
  absl::Status Commit();

 private:
  SqliteDatabase& database_;
  absl::Status status_;
  bool open_ = true;
  bool empty_log_ = false;
};

}  // namespace closure

#endif  // CLOSURE_SANDBOX_SQLITE_DATABASE_H_
