// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/backup.h"

#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "absl/status/statusor.h"
#include "storage/sqlite/database.h"
#include "storage/sqlite/database_file.h"
#include "storage/status_macros.h"

namespace closure {
namespace {

using sqlite::Connection;

absl::Status Copy(const std::string& path, const std::string& copy) {
  CLOSURE_ASSIGN_OR_RETURN(const std::unique_ptr<Connection> from,
                           Connection::Open(path, Connection::Access::kReadOnly));
  CLOSURE_RETURN_IF_ERROR(from->CheckSealed());
  CLOSURE_ASSIGN_OR_RETURN(const std::unique_ptr<Connection> to,
                           Connection::Open(copy, Connection::Access::kReadWrite));
  CLOSURE_RETURN_IF_ERROR(from->CopyTo(*to));
  CLOSURE_RETURN_IF_ERROR(to->CheckSealed());
  return to->CheckFile();
}

}  // namespace

absl::Status BackUpDatabase(const std::string& path, const std::string& copy) {
  CLOSURE_ASSIGN_OR_RETURN(const bool exists, sqlite::CheckDatabaseFile(path));
  if (!exists) return absl::FailedPreconditionError(fmt::format("database {}: is not there", path));
  CLOSURE_RETURN_IF_ERROR(sqlite::MakeDatabaseFile(copy));
  absl::Status copied = Copy(path, copy);
  std::error_code ignored;
  if (!copied.ok()) std::filesystem::remove(copy, ignored);
  return copied;
}

}  // namespace closure
