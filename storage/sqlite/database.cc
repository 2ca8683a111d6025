// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/database.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <new>
#include <vector>

#include "storage/damage.h"
#include "storage/sqlite/checksum_vfs.h"
#include "storage/sqlite/heap.h"
#include "storage/status_macros.h"

namespace closure::sqlite {
namespace {

constexpr int kBusyMillis = 5000;
constexpr int64_t kWalKeptBytes = 64 << 20;

struct Limit {
  int id;
  int value;
};
// What our own statements and rows need, with room; a forged file gets no further than this.
constexpr Limit kLimits[] = {
    {SQLITE_LIMIT_LENGTH, 1'000'000},   {SQLITE_LIMIT_SQL_LENGTH, 100'000}, {SQLITE_LIMIT_COLUMN, 64},
    {SQLITE_LIMIT_EXPR_DEPTH, 64},      {SQLITE_LIMIT_COMPOUND_SELECT, 4},  {SQLITE_LIMIT_VDBE_OP, 25'000},
    {SQLITE_LIMIT_FUNCTION_ARG, 8},     {SQLITE_LIMIT_ATTACHED, 0},         {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 64},
    {SQLITE_LIMIT_VARIABLE_NUMBER, 64}, {SQLITE_LIMIT_TRIGGER_DEPTH, 4},    {SQLITE_LIMIT_WORKER_THREADS, 0},
};

struct Switch {
  int id;
  int value;
};
constexpr Switch kSwitches[] = {
    {SQLITE_DBCONFIG_DEFENSIVE, 1},
    {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
    {SQLITE_DBCONFIG_DQS_DML, 0},
    {SQLITE_DBCONFIG_DQS_DDL, 0},
    {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
    {SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0},
    {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
    {SQLITE_DBCONFIG_ENABLE_TRIGGER, 1},
    {SQLITE_DBCONFIG_ENABLE_FKEY, 1},
};

// EXTRA is FULL, and makes durable that the first transaction's rollback journal is gone: if it came back it would
// empty the database, and SQLite would remove the log. The heap limit counts where SQLite's own heap does (heap.h).
// Pages are not spilled before the commit: a frame of the log that is written twice has no valid checksum until then
// (checksum_vfs.h).
static_assert(kHeapBytesMax == 536870912);
constexpr const char* kPragmas =
    "PRAGMA foreign_keys = ON;"
    "PRAGMA recursive_triggers = ON;"
    "PRAGMA synchronous = EXTRA;"
    "PRAGMA wal_autocheckpoint = 0;"
    "PRAGMA mmap_size = 0;"
    "PRAGMA cache_spill = OFF;"
    "PRAGMA secure_delete = ON;"
    "PRAGMA trusted_schema = OFF;"
    "PRAGMA cell_size_check = ON;"
    "PRAGMA temp_store = MEMORY;"
    "PRAGMA hard_heap_limit = 536870912;";

bool IsCorruption(int code) {
  return (code & 0xff) == SQLITE_CORRUPT || code == SQLITE_NOTADB || code == SQLITE_IOERR_DATA;
}

bool IsFailedSync(int code) { return code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC; }

absl::StatusCode StatusCodeOf(int code) {
  switch (code & 0xff) {
    case SQLITE_CONSTRAINT:
      return code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY || code == SQLITE_CONSTRAINT_ROWID
                 ? absl::StatusCode::kAlreadyExists
                 : absl::StatusCode::kInvalidArgument;
    case SQLITE_TOOBIG:
      return absl::StatusCode::kInvalidArgument;
    case SQLITE_ERROR:
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
    case SQLITE_SCHEMA:
    case SQLITE_AUTH:
    case SQLITE_MISMATCH:
      return absl::StatusCode::kInternal;
    default:
      return absl::StatusCode::kUnavailable;
  }
}

// What SQLite does not get nobody gets, unless it is at its own limit: the process ends then as for any allocation that
// fails, if it is one that does (std::set_new_handler).
void EndIfMemoryRanOut() {
  const std::new_handler end = std::get_new_handler();
  if (end != nullptr && HeapBytes() < kHeapBytesMax / 2) end();
}

// A sqlite3 authorizer.
int DenyAllButRows(void*, int action, const char*, const char*, const char*, const char*) {
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_INSERT:
    case SQLITE_UPDATE:
    case SQLITE_DELETE:
    case SQLITE_FUNCTION:
    case SQLITE_TRANSACTION:
    case SQLITE_SAVEPOINT:
      return SQLITE_OK;
    default:
      return SQLITE_DENY;
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(const std::string& path, Access access) {
  std::unique_ptr<Connection> connection(new Connection());
  const int how = access == Access::kReadWrite ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
  UseCountedHeap();
  RegisterChecksumVfs();
  const int code = sqlite3_open_v2(path.c_str(), &connection->database_,
                                   how | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, kChecksumVfs);
  absl::Status status = code == SQLITE_OK ? connection->Configure() : connection->Failure(code);
  if (!status.ok()) return status;
  return connection;
}

absl::StatusOr<std::unique_ptr<Connection>> Connection::OpenSealed(const std::string& path, Access access) {
  CLOSURE_ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection, Open(path, access));
  CLOSURE_RETURN_IF_ERROR(connection->CheckSealed());
  return connection;
}

Connection::~Connection() {
  for (const auto& [literal, statement] : statements_) sqlite3_finalize(statement);
  // A log without anything in it is nobody's loss, and should not be left behind by a start that is refused.
  if (database_ != nullptr && IsLogEmpty()) RemoveLogAtClose();
  sqlite3_close(database_);
}

absl::Status Connection::Configure() {
  UpdateLogStays();
  for (const Switch& entry : kSwitches) {
    if (const int code = sqlite3_db_config(database_, entry.id, entry.value, nullptr); code != SQLITE_OK)
      return Failure(code);
  }
  for (const Limit& limit : kLimits) sqlite3_limit(database_, limit.id, limit.value);
  // Counts for a file that is new; others keep what they were made with.
  int reserve = kPageReserveBytes;
  sqlite3_file_control(database_, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserve);
  sqlite3_busy_timeout(database_, kBusyMillis);
  CLOSURE_RETURN_IF_ERROR(RunScript(kPragmas));
  CLOSURE_ASSIGN_OR_RETURN(page_bytes_, ReadInt("PRAGMA page_size"));
  sqlite3_wal_hook(database_, &Connection::OnWalGrown, this);
  return absl::OkStatus();
}

int Connection::OnWalGrown(void* connection, sqlite3*, const char*, int pages) {
  auto* self = static_cast<Connection*>(connection);
  self->wal_bytes_ = pages * self->page_bytes_;
  return SQLITE_OK;
}

absl::Status Connection::Failure(int code) {
  if ((code & 0xff) == SQLITE_NOMEM || code == SQLITE_IOERR_NOMEM) EndIfMemoryRanOut();
  const char* text = database_ == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(database_);
  const std::string finding = fmt::format("{} (SQLite result {})", text, code);
  // SQLite has no words of its own for a page whose checksum is wrong.
  if (code == SQLITE_IOERR_DATA) return Damaged("a page is not what was written");
  if (IsCorruption(code)) return Damaged(finding);
  if (IsFailedSync(code)) {
    return KeepDamage(absl::UnavailableError(fmt::format(
        "store(sqlite): {}: what was written may not have reached the disk, so nothing more is written before "
        "the next start: {}",
        FilePath(), finding)));
  }
  if ((code & 0xff) == SQLITE_IOERR)
    return absl::UnavailableError(fmt::format("store(sqlite): {0} or {0}-wal: {1}", FilePath(), finding));
  return {StatusCodeOf(code), fmt::format("store(sqlite): {}", finding)};
}

std::string Connection::FilePath() const {
  const char* const path = database_ == nullptr ? nullptr : sqlite3_db_filename(database_, "main");
  return path == nullptr ? "the database" : path;
}

absl::Status Connection::KeepDamage(absl::Status status) {
  if (damage_.ok()) damage_ = status;
  UpdateLogStays();
  return status;
}

bool Connection::IsLogEmpty() const {
  sqlite3_file* log = nullptr;
  sqlite3_int64 bytes = 0;
  return sqlite3_file_control(database_, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) == SQLITE_OK && log != nullptr &&
         log->pMethods != nullptr && log->pMethods->xFileSize(log, &bytes) == SQLITE_OK && bytes == 0;
}

void Connection::RemoveLogAtClose() {
  remove_log_ = true;
  UpdateLogStays();
}

void Connection::UpdateLogStays() {
  if (database_ == nullptr) return;
  const bool stays = !remove_log_ || !damage_.ok();
  sqlite3_db_config(database_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, stays ? 1 : 0, nullptr);
}

absl::Status Connection::Damaged(std::string_view finding) {
  return KeepDamage(DamageError(fmt::format(
      "store(sqlite): {0}: data corruption in it or in its log: {1}. Stop the server if it runs, and copy {0} and {0}-wal "
      "aside. Start once more, for the disk may have erred; if it starts, pause it at once (closurectl operator pause), "
      "for what was written last may be missing, make a backup, which reads everything through, and if that is made, go "
      "on as after a restored backup. If damage is found again, put the last good backup in the place of {0}, move "
      "{0}-wal and {0}-shm away, and start: installation.md, Backup",
      FilePath(), finding)));
}

Statement Connection::Prepare(Sql sql) {
  sqlite3_stmt*& statement = statements_[sql.text];
  if (statement == nullptr) {
    const int code = sqlite3_prepare_v3(database_, sql.text, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) return {*this, nullptr, Failure(code)};
  } else if (sqlite3_stmt_busy(statement) != 0) {
    return {*this, nullptr,
            absl::InternalError(fmt::format("store(sqlite): a statement is used within itself: {}", sql.text))};
  }
  return {*this, statement, absl::OkStatus()};
}

absl::Status Connection::RunScript(const char* script) {
  const int code = sqlite3_exec(database_, script, nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : Failure(code);
}

int64_t Connection::changed_rows() const { return sqlite3_changes64(database_); }
int64_t Connection::total_changes() const { return sqlite3_total_changes64(database_); }
int64_t Connection::last_insert_row() const { return sqlite3_last_insert_rowid(database_); }
bool Connection::in_transaction() const { return sqlite3_get_autocommit(database_) == 0; }

absl::StatusOr<int64_t> Connection::ReadInt(Sql sql) {
  Statement statement = Select(sql);
  CLOSURE_ASSIGN_OR_RETURN(const bool row, statement.Step());
  return row ? statement.Int(0) : 0;
}

absl::StatusOr<int64_t> Connection::ReadApplicationId() { return ReadInt("PRAGMA application_id"); }
absl::StatusOr<int64_t> Connection::ReadSchemaVersion() { return ReadInt("PRAGMA user_version"); }

absl::Status Connection::SetApplicationId(int32_t id) {
  return RunScript(fmt::format("PRAGMA application_id = {}", id).c_str());
}

absl::Status Connection::SetSchemaVersion(int32_t version) {
  return RunScript(fmt::format("PRAGMA user_version = {}", version).c_str());
}

absl::StatusOr<bool> Connection::IsEmpty() {
  CLOSURE_ASSIGN_OR_RETURN(const int64_t tables, ReadInt("SELECT COUNT(*) FROM sqlite_schema"));
  return tables == 0;
}

absl::Status Connection::CheckSealed() {
  int sealed = 0;
  sqlite3_file_control(database_, "main", kIsSealedControl, &sealed);
  if (sealed != 0) return absl::OkStatus();
  return Damaged("the header of the file is not that of a database whose pages have checksums");
}

absl::Status Connection::CheckFile() {
  // What was read before is read again.
  sqlite3_db_release_memory(database_);
  Statement statement = Select("PRAGMA quick_check(1)");
  CLOSURE_ASSIGN_OR_RETURN(const bool row, statement.Step());
  if (row && statement.View(0) == "ok") return absl::OkStatus();
  return Damaged(row ? statement.View(0) : "no answer");
}

absl::Status Connection::EnableWriteAheadLog() {
  {
    Statement statement = Select("PRAGMA journal_mode = WAL");
    CLOSURE_ASSIGN_OR_RETURN(bool row, statement.Step());
    if (!row || statement.View(0) != "wal") {
      return absl::UnavailableError("store(sqlite): this file system does not allow a write-ahead log");
    }
    // It is told before it is committed, and a commit that fails would leave the rollback journal in force.
    CLOSURE_ASSIGN_OR_RETURN(row, statement.Step());
    if (row) return absl::InternalError("store(sqlite): the journal's mode was answered twice");
  }
  return RunScript(fmt::format("PRAGMA journal_size_limit = {}", kWalKeptBytes).c_str());
}

absl::Status Connection::Checkpoint() {
  int frames_moved = 0;
  const int code = sqlite3_wal_checkpoint_v2(database_, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, &frames_moved);
  if (code == SQLITE_OK) moved_bytes_ = frames_moved * page_bytes_;
  // Another connection is at it.
  if (code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY) return absl::OkStatus();
  return Failure(code);
}

absl::StatusOr<bool> Connection::EmptyLog() {
  sqlite3_busy_timeout(database_, 0);
  const int code = sqlite3_wal_checkpoint_v2(database_, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  sqlite3_busy_timeout(database_, kBusyMillis);
  if ((code & 0xff) == SQLITE_BUSY) return false;
  if (code != SQLITE_OK) return Failure(code);
  return true;
}

absl::Status Connection::CopyTo(Connection& copy) {
  sqlite3_backup* const backup = sqlite3_backup_init(copy.database_, "main", database_, "main");
  if (backup == nullptr) return copy.Failure(sqlite3_errcode(copy.database_));
  sqlite3_backup_step(backup, /*nPage=*/-1);
  const int code = sqlite3_backup_finish(backup);
  if (code == SQLITE_OK) return absl::OkStatus();
  // Which of the two failed SQLite tells only of pages: what was read was not what was written.
  if (code == SQLITE_IOERR_DATA) return Damaged("a page is not what was written");
  const std::string finding = fmt::format("{} (SQLite result {})", sqlite3_errstr(code), code);
  if (IsCorruption(code)) return Damaged(finding);
  return absl::UnavailableError(fmt::format("store(sqlite): {} or {}: {}", FilePath(), copy.FilePath(), finding));
}

absl::Status Connection::CachePages(int64_t bytes) {
  return RunScript(fmt::format("PRAGMA cache_size = -{}", bytes / 1024).c_str());  // in KiB where it is negative
}

absl::Status Connection::LimitSize(int64_t bytes) {
  return RunScript(fmt::format("PRAGMA max_page_count = {}", bytes / page_bytes_).c_str());
}

void Connection::AllowRowsOnly() { sqlite3_set_authorizer(database_, &DenyAllButRows, nullptr); }

}  // namespace closure::sqlite
