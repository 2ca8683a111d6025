// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_STORAGE_SQLITE_DATABASE_FILE_H_
#define CLOSURE_STORAGE_SQLITE_DATABASE_FILE_H_

#include <sys/types.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace closure::sqlite {

// Whether there is a file at the path, without opening or changing anything. Errors: FAILED_PRECONDITION when it is a
// symbolic link, no plain file, another user's, or open to group or others; UNAVAILABLE when the file system refuses.
absl::StatusOr<bool> CheckDatabaseFile(const std::string& path);

// Whether no log with anything in it stands beside a database that is missing or empty, or that a rollback journal
// would empty. SQLite would remove it, with what was acknowledged. Errors: FAILED_PRECONDITION when there is one;
// UNAVAILABLE when the file system refuses.
absl::Status CheckIsNotLost(const std::string& path);

// Errors: FAILED_PRECONDITION when the directory is missing or there is a file at the path; UNAVAILABLE when the file
// system refuses.
absl::Status CheckIsFree(const std::string& path);

// Makes the entries of a file's directory durable. Errors: UNAVAILABLE.
absl::Status SyncDirectoryOf(const std::string& path);

// The user's name, or its number where it has none.
std::string UserName(uid_t id);

// A database file that this process alone uses: made if it is missing, readable by its owner only, and locked by
// PATH.lock until the object is destroyed. The lock is in a file of its own because closing any descriptor of the
// database would drop SQLite's locks.
class DatabaseFile {
 public:
  // Errors: FAILED_PRECONDITION when the directory is missing or the file is refused by the checks above; UNAVAILABLE
  // when another process has it, which may be ending, and when the file system refuses.
  static absl::StatusOr<std::unique_ptr<DatabaseFile>> Claim(const std::string& path);
  DatabaseFile(const DatabaseFile&) = delete;
  DatabaseFile& operator=(const DatabaseFile&) = delete;
  ~DatabaseFile();

 private:
  explicit DatabaseFile(int lock) : lock_(lock) {}
  const int lock_;
};

}  // namespace closure::sqlite

#endif  // CLOSURE_STORAGE_SQLITE_DATABASE_FILE_H_
