// SPDX-License-Identifier: Apache-2.0
// Transaction and Savepoint of database.h.
#include "storage/sqlite/database.h"
#include "storage/status_macros.h"

namespace closure::sqlite {

absl::StatusOr<Transaction> Transaction::BeginWrite(Connection& connection) {
  CLOSURE_RETURN_IF_ERROR(connection.Run("BEGIN IMMEDIATE"));
  return Transaction(connection);
}

absl::StatusOr<Transaction> Transaction::BeginRead(Connection& connection) {
  CLOSURE_RETURN_IF_ERROR(connection.Run("BEGIN"));
  return Transaction(connection);
}

Transaction::~Transaction() {
  // SQLite itself may have rolled back.
  if (connection_ != nullptr && connection_->in_transaction()) connection_->Run("ROLLBACK").IgnoreError();
}

absl::Status Transaction::Commit() {
  CLOSURE_RETURN_IF_ERROR(connection_->Run("COMMIT"));
  connection_ = nullptr;
  return absl::OkStatus();
}

absl::StatusOr<Savepoint> Savepoint::Begin(Connection& connection) {
  CLOSURE_RETURN_IF_ERROR(connection.Run("SAVEPOINT one_write"));
  return Savepoint(connection);
}

Savepoint::~Savepoint() {
  if (connection_ == nullptr || !connection_->in_transaction()) return;
  connection_->Run("ROLLBACK TO one_write").IgnoreError();
  connection_->Run("RELEASE one_write").IgnoreError();
}

absl::Status Savepoint::Keep() {
  CLOSURE_RETURN_IF_ERROR(connection_->Run("RELEASE one_write"));
  connection_ = nullptr;
  return absl::OkStatus();
}

}  // namespace closure::sqlite
