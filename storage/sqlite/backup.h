// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_STORAGE_SQLITE_BACKUP_H_
#define CLOSURE_STORAGE_SQLITE_BACKUP_H_

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace closure {

// Behind the name of a copy until it is finished; what is left of one that was killed is removed by the next.
inline constexpr char kUnfinished[] = ".unfinished";

// Copies a database of a SqliteClosureStore as it is at one moment, also while a server uses it, to a file that is not
// there yet (mode 0600), and reads the copy through: it can be opened in the place of the first. Takes the time that
// the file takes to be read, and little memory; writes of the server go on meanwhile. The file has its name once it is
// finished and synced. In the copy irreversible work is paused, with a reason that names `now`: a server that is
// restored from it begins nothing that cannot be taken back before an operator resumes it.
// Errors: FAILED_PRECONDITION when there is no database at the path, or a file at that of the copy; UNAVAILABLE, as
// IsDamage when the database is damaged.
absl::Status BackUpDatabase(const std::string& path, const std::string& copy, absl::Time now);

}  // namespace closure

#endif  // CLOSURE_STORAGE_SQLITE_BACKUP_H_
