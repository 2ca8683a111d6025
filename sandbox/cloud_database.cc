// SPDX-License-Identifier: Apache-2.0
#include "sandbox/cloud_database.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "sandbox/cloud_schema.h"

namespace closure {
namespace {

absl::Status PrepareTables(SqliteDatabase& database, const std::string& path) {
  SqliteTransaction tx(database);
  const int64_t application_id = tx.Number("PRAGMA application_id", {});
  const int64_t version = tx.Number("PRAGMA user_version", {});
  const int64_t tables = tx.Number("SELECT COUNT(*) FROM sqlite_schema", {});
  if (absl::Status status = tx.Commit(); !status.ok()) return status;
  if (application_id == kCloudApplicationId && version == kCloudSchemaVersion) return absl::OkStatus();
  if (application_id == kCloudApplicationId || tables > 0) {
    return absl::FailedPreconditionError(fmt::format(
        "sandbox: \"{}\" is not a cloud of version {}; remove the file, or name another", path, kCloudSchemaVersion));
  }
  const std::string script = fmt::format("BEGIN IMMEDIATE; {} COMMIT;", kCloudSchema);
  return database.RunScript(script.c_str());
}

}  // namespace

absl::StatusOr<std::unique_ptr<CloudDatabase>> CloudDatabase::Open(const std::string& path) {
  absl::StatusOr<std::unique_ptr<SqliteDatabase>> database = SqliteDatabase::Open(path);
  if (!database.ok()) return database.status();
  if (absl::Status status = PrepareTables(**database, path); !status.ok()) return status;
  return std::unique_ptr<CloudDatabase>(new CloudDatabase(*std::move(database)));
}

absl::Status CloudDatabase::Transact(absl::FunctionRef<absl::Status(SqliteTransaction&)> body) {
  absl::MutexLock lock(&mutex_);
  SqliteTransaction tx(*database_);
  const absl::Status status = body(tx);
  if (!tx.status().ok()) return tx.status();  // first, because body decided on rows that could not be read
  return status.ok() ? tx.Commit() : status;
}

}  // namespace closure
