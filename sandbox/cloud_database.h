// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SANDBOX_CLOUD_DATABASE_H_
#define CLOSURE_SANDBOX_CLOUD_DATABASE_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "sandbox/sqlite_database.h"

namespace closure {

// The file that the pretended cloud lives in. Thread-safe: transactions run one after the other.
class CloudDatabase {
 public:
  // Opens the file, or makes it with the tables of cloud_schema.h.
  // Errors: UNAVAILABLE when it cannot be opened, FAILED_PRECONDITION when it is no cloud or one of another version.
  static absl::StatusOr<std::unique_ptr<CloudDatabase>> Open(const std::string& path);

  // Runs body in one transaction, which is committed if body returns OK. Body must call nothing that comes back here.
  // Errors: body's, else INTERNAL with SQLite's words.
  absl::Status Transact(absl::FunctionRef<absl::Status(SqliteTransaction&)> body);

 private:
  explicit CloudDatabase(std::unique_ptr<SqliteDatabase> database) : database_(std::move(database)) {}

  absl::Mutex mutex_;
  const std::unique_ptr<SqliteDatabase> database_ ABSL_PT_GUARDED_BY(mutex_);
};

}  // namespace closure

#endif  // CLOSURE_SANDBOX_CLOUD_DATABASE_H_
