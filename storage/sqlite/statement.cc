// SPDX-License-Identifier: Apache-2.0
// Statement of database.h.
#include <sqlite3.h>

#include "storage/sqlite/database.h"

namespace closure::sqlite {

Statement::Statement(Statement&& other) noexcept
    : connection_(other.connection_),
      statement_(std::exchange(other.statement_, nullptr)),
      status_(std::move(other.status_)) {}

Statement::~Statement() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

void (*Statement::DestructorOf(Bytes bytes))(void*) {
  return bytes == Bytes::kCopied ? SQLITE_TRANSIENT : SQLITE_STATIC;
}

void Statement::CheckBind(int code) {
  if (code != SQLITE_OK && status_.ok()) status_ = connection_.Failure(code);
}

void Statement::Bind(int index, int64_t value, Bytes /*bytes*/) {
  if (statement_ != nullptr) CheckBind(sqlite3_bind_int64(statement_, index, value));
}

void Statement::Bind(int index, std::string_view text, Bytes bytes) {
  if (statement_ == nullptr) return;
  // A null pointer would bind NULL.
  const char* data = text.data() == nullptr ? "" : text.data();
  CheckBind(sqlite3_bind_text64(statement_, index, data, text.size(), DestructorOf(bytes), SQLITE_UTF8));
}

void Statement::Bind(int index, Blob blob, Bytes bytes) {
  if (statement_ == nullptr) return;
  const char* data = blob.bytes.data() == nullptr ? "" : blob.bytes.data();
  CheckBind(sqlite3_bind_blob64(statement_, index, data, blob.bytes.size(), DestructorOf(bytes)));
}

void Statement::Bind(int index, std::optional<int64_t> value, Bytes bytes) {
  if (value.has_value()) {
    Bind(index, *value, bytes);
  } else if (statement_ != nullptr) {
    CheckBind(sqlite3_bind_null(statement_, index));
  }
}

absl::StatusOr<bool> Statement::Step() {
  if (!status_.ok()) return status_;
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  status_ = connection_.Failure(code);
  return status_;
}

absl::Status Statement::Run() {
  absl::StatusOr<bool> row = Step();
  if (row.ok() && *row) return absl::InternalError("store(sqlite): a statement answered a row where none was expected");
  return row.status();
}

bool Statement::IsNull(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

int64_t Statement::Int(int column) const { return sqlite3_column_int64(statement_, column); }

std::string Statement::Text(int column) const { return std::string(View(column)); }

std::string_view Statement::View(int column) const {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  const int size = sqlite3_column_bytes(statement_, column);
  return data == nullptr ? std::string_view() : std::string_view(data, static_cast<size_t>(size));
}

}  // namespace closure::sqlite
