// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_STORAGE_SQLITE_BACKUP_H_
#define CLOSURE_STORAGE_SQLITE_BACKUP_H_

#include <string>

#include "absl/status/status.h"

namespace closure {

// Behind the name of a copy until it is finished; what is left of one that was killed is removed by the next.
inline constexpr char kUnfinished[] = ".unfinished";

// Copies a database of a SqliteClosureStore as it is at one moment, also while a server uses it, to a file that is not
// there yet (mode 0600), and reads the copy through: it can be opened in the place of the first. Takes the time that
// the file takes to be read, and little memory; writes of the server go on meanwhile. The file has its name once it is
// finished and synced.
// Errors: FAILED_PRECONDITION when there is no database at the path, or a file at that of the copy; UNAVAILABLE, as
// IsDamage when the database is damaged.
absl::Status BackUpDatabase(const std::string& path, const std::string& copy);

}  // namespace closure

#endif  // CLOSURE_STORAGE_SQLITE_BACKUP_H_
