// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/backup.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>

#include "absl/status/statusor.h"
#include "storage/damage.h"
#include "storage/sqlite/database.h"
#include "storage/sqlite/database_file.h"
#include "storage/status_macros.h"

namespace closure {
namespace {

using sqlite::Connection;

// With everything that SQLite may have put beside it.
void Remove(const std::string& unfinished) {
  for (const char* const beside : {"", "-journal", "-wal", "-shm"}) {
    std::error_code ignored;
    std::filesystem::remove(unfinished + beside, ignored);
  }
}

// Opens a new file for a copy that is larger than memory: pages are written before the end, which they are sealed for
// only once there is a first page that says so.
absl::StatusOr<std::unique_ptr<Connection>> OpenForCopy(const std::string& path) {
  CLOSURE_ASSIGN_OR_RETURN(std::unique_ptr<Connection> to, Connection::Open(path, Connection::Access::kReadWrite));
  CLOSURE_RETURN_IF_ERROR(to->SetSchemaVersion(1));
  CLOSURE_RETURN_IF_ERROR(to->CheckSealed());
  CLOSURE_RETURN_IF_ERROR(to->RunScript("PRAGMA cache_spill = ON"));
  return to;
}

absl::Status Copy(const std::string& path, const std::string& unfinished) {
  CLOSURE_ASSIGN_OR_RETURN(const std::unique_ptr<Connection> from,
                           Connection::Open(path, Connection::Access::kReadOnly));
  CLOSURE_RETURN_IF_ERROR(from->CheckSealed());
  CLOSURE_ASSIGN_OR_RETURN(const std::unique_ptr<Connection> to, OpenForCopy(unfinished));
  return from->CopyTo(*to);
}

// Over a connection that has written nothing.
absl::Status ReadThrough(const std::string& unfinished) {
  CLOSURE_ASSIGN_OR_RETURN(const std::unique_ptr<Connection> copy,
                           Connection::Open(unfinished, Connection::Access::kReadWrite));
  CLOSURE_RETURN_IF_ERROR(copy->CheckSealed());
  return copy->CheckFile();
}

absl::Status Finish(const std::string& unfinished, const std::string& copy) {
  if (renameat2(AT_FDCWD, unfinished.c_str(), AT_FDCWD, copy.c_str(), RENAME_NOREPLACE) == 0)
    return sqlite::SyncDirectoryOf(copy);
  return absl::UnavailableError(fmt::format("it cannot be given its name: {}", std::strerror(errno)));
}

absl::Status CopyAndFinish(const std::string& path, const std::string& unfinished, const std::string& copy) {
  CLOSURE_RETURN_IF_ERROR(sqlite::MakeDatabaseFile(unfinished));
  CLOSURE_RETURN_IF_ERROR(Copy(path, unfinished));
  if (const absl::Status read = ReadThrough(unfinished); !read.ok())
    return absl::UnavailableError("what was read is not what was written; is its disk failing?");
  return Finish(unfinished, copy);
}

}  // namespace

absl::Status BackUpDatabase(const std::string& path, const std::string& copy) {
  CLOSURE_ASSIGN_OR_RETURN(const bool exists, sqlite::CheckDatabaseFile(path));
  if (!exists) return absl::FailedPreconditionError(fmt::format("database {}: is not there", path));
  CLOSURE_RETURN_IF_ERROR(sqlite::CheckIsFree(copy));
  const std::string unfinished = copy + kUnfinished;
  Remove(unfinished);
  const absl::Status copied = CopyAndFinish(path, unfinished, copy);
  Remove(unfinished);
  if (copied.ok() || IsDamage(copied)) return copied;
  return {copied.code(), fmt::format("the copy {} was not made, and database {} was not touched: {}", copy, path,
                                     std::string(copied.message()))};
}

}  // namespace closure
