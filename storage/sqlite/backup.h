// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_STORAGE_SQLITE_BACKUP_H_
#define CLOSURE_STORAGE_SQLITE_BACKUP_H_

#include <string>

#include "absl/status/status.h"

namespace closure {

// Copies a database of a SqliteClosureStore as it is at one moment, also while a server uses it, to a file that is not
// there yet (mode 0600), and reads the copy through: it can be opened in the place of the first. Takes the time that
// the file takes to be read; writes of the server go on meanwhile. A copy that was not finished is removed.
// Errors: FAILED_PRECONDITION when there is no database at the path, or a file at that of the copy; UNAVAILABLE, as
// IsDamage when the database is damaged.
absl::Status BackUpDatabase(const std::string& path, const std::string& copy);

}  // namespace closure

#endif  // CLOSURE_STORAGE_SQLITE_BACKUP_H_
