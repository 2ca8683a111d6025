// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/schema.h"

#include <fmt/format.h>

#include "protos/failpoint.h"
#include "storage/sqlite/database_file.h"
#include "storage/sqlite/durable_log.h"
#include "storage/sqlite/system_rows.h"
#include "storage/status_macros.h"

namespace closure::sqlite {
namespace {

// "CLSP" and "CLSD" in the file's header, where file(1) sees them too.
constexpr int32_t kProductionId = 0x434c5350;
constexpr int32_t kDevId = 0x434c5344;
constexpr std::string_view kDeploymentKey = "deployment";
constexpr std::string_view kKeyCheckKey = "secret_key_check";

int32_t IdOf(Deployment deployment) { return deployment == Deployment::kProduction ? kProductionId : kDevId; }
std::string_view NameOf(Deployment deployment) { return deployment == Deployment::kProduction ? "production" : "dev"; }

absl::Status Refused(std::string_view path, std::string_view why) {
  return absl::FailedPreconditionError(fmt::format("database {}: {}", path, why));
}

absl::Status WrongDeployment(std::string_view path, Deployment wanted) {
  if (wanted == Deployment::kProduction) {
    return Refused(path,
                   "was made by `closured dev`, whose clock can be moved, and is never opened in production; give "
                   "production a path of "
                   "its own, or open this one with `closured dev`");
  }
  return Refused(path,
                 "is a production database and is never opened by `closured dev`, which could move its clock; give "
                 "`closured dev` a "
                 "directory of its own");
}

absl::Status CheckMark(Connection& connection, std::string_view path, Deployment deployment) {
  CLOSURE_ASSIGN_OR_RETURN(const int64_t id, connection.ReadApplicationId());
  if (id != kProductionId && id != kDevId) return Refused(path, "is not a database of closured; give another path");
  if (id != IdOf(deployment)) return WrongDeployment(path, deployment);
  CLOSURE_ASSIGN_OR_RETURN(const std::string mark, ReadMeta(connection, kDeploymentKey));
  if (mark != NameOf(deployment))
    return Refused(path, fmt::format("has contradicting marks; its meta table says {}", mark));
  return absl::OkStatus();
}

absl::Status CheckVersion(std::string_view path, int64_t version) {
  const int64_t newest = static_cast<int64_t>(Migrations().size());
  if (version <= newest) return absl::OkStatus();
  return Refused(
      path,
      fmt::format("has schema version {}, this program knows up to {}; run the closured that wrote it, or a newer one",
                  version, newest));
}

absl::Status ApplyMigration(Connection& connection, const Migration& migration, Deployment deployment) {
  CLOSURE_ASSIGN_OR_RETURN(Transaction transaction, Transaction::BeginWrite(connection));
  CLOSURE_RETURN_IF_ERROR(connection.RunScript(migration.script));
  CLOSURE_RETURN_IF_ERROR(connection.Run("INSERT INTO schema_migrations (version, name) VALUES (?1, ?2)",
                                         migration.version, migration.name));
  CLOSURE_RETURN_IF_ERROR(connection.SetSchemaVersion(migration.version));
  if (migration.version == 1) {
    CLOSURE_RETURN_IF_ERROR(connection.SetApplicationId(IdOf(deployment)));
    CLOSURE_RETURN_IF_ERROR(WriteMeta(connection, kDeploymentKey, NameOf(deployment)));
  }
  Failpoint("schema.written");
  CLOSURE_RETURN_IF_ERROR(transaction.Commit());
  Failpoint("schema.durable");
  return absl::OkStatus();
}

// Whether nothing in the database means anything under one key only: codes and tombstones are made with closures, and
// no closure is ever removed.
absl::StatusOr<bool> IsFreeOfKey(Connection& connection) {
  Statement row = connection.Select("SELECT NOT EXISTS (SELECT 1 FROM closures)");
  CLOSURE_RETURN_IF_ERROR(row.Step().status());
  return row.Int(0) != 0;
}

}  // namespace

absl::Status PrepareSchema(Connection& connection, const std::string& path, Deployment deployment) {
  CLOSURE_ASSIGN_OR_RETURN(const bool empty, connection.IsEmpty());
  CLOSURE_ASSIGN_OR_RETURN(const int64_t version, connection.ReadSchemaVersion());
  if (!empty) {
    CLOSURE_RETURN_IF_ERROR(CheckMark(connection, path, deployment));
    CLOSURE_RETURN_IF_ERROR(CheckVersion(path, version));
    // Nothing is written to a file whose pages nobody compares.
    CLOSURE_RETURN_IF_ERROR(connection.CheckSealed());
  }
  CLOSURE_RETURN_IF_ERROR(connection.EnableWriteAheadLog());
  // What a killed process wrote last may stand in the log and not be synced, or not be on the disk although it was. It
  // is before anything is written behind it, which the start after the next crash relies on (log_end.h).
  {
    CLOSURE_ASSIGN_OR_RETURN(const Transaction nobody_writes, Transaction::BeginWrite(connection));
    CLOSURE_RETURN_IF_ERROR(MakeLogDurable(path, connection.CommittedFrames()));
  }
  // That there is a log, and that the journal with which a new database began is gone. SQLite tells nobody where it
  // could not.
  CLOSURE_RETURN_IF_ERROR(SyncDirectoryOf(path));
  Failpoint("start.log_durable");
  for (const Migration& migration : Migrations()) {
    if (migration.version > version) CLOSURE_RETURN_IF_ERROR(ApplyMigration(connection, migration, deployment));
  }
  return absl::OkStatus();
}

absl::Status BindToKey(Connection& connection, std::string_view path, std::string_view key_check) {
  const absl::StatusOr<std::string> bound = ReadMeta(connection, kKeyCheckKey);
  if (absl::IsNotFound(bound.status())) return WriteMeta(connection, kKeyCheckKey, key_check);
  CLOSURE_RETURN_IF_ERROR(bound.status());
  if (*bound == key_check) return absl::OkStatus();
  CLOSURE_ASSIGN_OR_RETURN(const bool free, IsFreeOfKey(connection));
  if (free) return WriteMeta(connection, kKeyCheckKey, key_check);
  return Refused(
      path,
      "was made with another secret key, without which closed accounts and open identity codes are not known "
      "again; put the key file that it was made with back from the backup, or name another database");
}

bool IsMark(std::string_view meta_key) { return meta_key == kDeploymentKey || meta_key == kKeyCheckKey; }

}  // namespace closure::sqlite
