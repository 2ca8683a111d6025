// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_STORAGE_SQLITE_DATABASE_H_
#define CLOSURE_STORAGE_SQLITE_DATABASE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/sqlite/page_judge.h"

struct sqlite3;
struct sqlite3_stmt;

// The smallest wrapper around SQLite that the store needs: a hardened connection, prepared statements that are kept,
// transactions and savepoints, and result codes as absl::Status. All PRAGMAs are in here.
//
// Errors of every call, by SQLite's result code:
//   UNAVAILABLE       busy, full, I/O, no memory; corruption (IsDamage of storage/damage.h); a sync that failed. After
//                     the last two nothing is written any more (see Connection::damage)
//   ALREADY_EXISTS    a UNIQUE or PRIMARY KEY constraint
//   INVALID_ARGUMENT  any other constraint, a trigger that refused, a value above the limit of 1,000,000 bytes
//   INTERNAL          a statement that SQLite does not understand: a fault of this program, or a foreign schema
//
// Threading: a Connection and its Statements are used by one thread at a time.
namespace closure::sqlite {

// The text of a statement. Only a literal converts to it, so that no statement is ever put together at run time.
struct Sql {
  consteval Sql(const char* literal)
      : text(literal) {}  // NOLINT(google-explicit-constructor): literals are meant to convert
  const char* text;
};

// Binds bytes as a BLOB; std::string_view alone binds as TEXT.
struct Blob {
  std::string_view bytes;
};

class Connection;

// A prepared statement in use. When it goes out of scope it is reset and can be selected again; until then the same
// literal cannot.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  // Goes to the next row; false when there is none.
  absl::StatusOr<bool> Step();
  // Goes to the end; for statements that answer no rows.
  absl::Status Run();

  // Columns of the present row, from 0.
  bool IsNull(int column) const;
  int64_t Int(int column) const;
  std::string Text(int column) const;
  // Text or bytes in place, valid until the next Step.
  std::string_view View(int column) const;

 private:
  friend class Connection;
  Statement(Connection& connection, sqlite3_stmt* statement, absl::Status status)
      : connection_(connection), statement_(statement), status_(std::move(status)) {}

  // Whether the bytes of a value are copied, or outlive the statement's use.
  enum class Bytes { kCopied, kBorrowed };
  void Bind(int index, int64_t value, Bytes bytes);
  void Bind(int index, std::string_view text, Bytes bytes);
  void Bind(int index, Blob blob, Bytes bytes);
  void Bind(int index, std::optional<int64_t> value, Bytes bytes);
  // For SQLite: what it does with a value's bytes.
  static void (*DestructorOf(Bytes bytes))(void*);
  void CheckBind(int code);

  Connection& connection_;
  sqlite3_stmt* statement_;
  // What preparing or binding said; Step answers it.
  absl::Status status_;
};

class Connection {
 public:
  enum class Access { kReadWrite, kReadOnly };

  // Opens an existing file. Errors: UNAVAILABLE.
  static absl::StatusOr<std::unique_ptr<Connection>> Open(const std::string& path, Access access);
  // The same, of a file whose pages are compared with their checksums. Errors besides: those of CheckSealed.
  static absl::StatusOr<std::unique_ptr<Connection>> OpenSealed(const std::string& path, Access access);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  // A statement with its parameters ?1, ?2 ... bound, prepared at its first use.
  template <typename... Values>
  Statement Select(Sql sql, const Values&... values) {
    return SelectWith(Statement::Bytes::kCopied, sql, values...);
  }
  // Runs a statement that answers no rows; the number of rows that it changed, those of triggers not counted.
  template <typename... Values>
  absl::StatusOr<int64_t> Change(Sql sql, const Values&... values) {
    if (absl::Status status = Run(sql, values...); !status.ok()) return status;
    return changed_rows();
  }
  template <typename... Values>
  absl::Status Run(Sql sql, const Values&... values) {
    // The values live until the statement has run.
    return SelectWith(Statement::Bytes::kBorrowed, sql, values...).Run();
  }
  // Runs several statements: migrations, which are part of this program.
  absl::Status RunScript(const char* script);
  int64_t last_insert_row() const;
  // How many rows this connection ever changed, those of triggers and of transactions that were rolled back too.
  int64_t total_changes() const;
  bool in_transaction() const;

  // What the file is marked with; both 0 in a new file.
  absl::StatusOr<int64_t> ReadApplicationId();
  absl::StatusOr<int64_t> ReadSchemaVersion();
  absl::Status SetApplicationId(int32_t id);
  absl::Status SetSchemaVersion(int32_t version);
  // Whether the file holds no table at all.
  absl::StatusOr<bool> IsEmpty();

  // Reads the whole database through, in one transaction. Errors: UNAVAILABLE, as IsDamage with the first finding when
  // the file is damaged.
  absl::Status CheckFile();
  // How many pages the database has.
  absl::StatusOr<int64_t> CountPages();
  // Compares `count` pages of the file, `first` (from 1) and those behind it, with their checksums, past SQLite:
  // without its locks, and without those that stand in the log. Answers those that do not fit or cannot be read. It is
  // no damage while a newer version stands in the log, or is just being copied from there, or while the page is free.
  std::vector<int64_t> FindDoubtful(int64_t first, int64_t count);
  // Looks at doubtful pages once more, as of one moment, until `shall_end` says true. Errors: UNAVAILABLE, as IsDamage
  // when one is damaged.
  absl::StatusOr<PageVerdicts> JudgeDoubtful(std::span<const int64_t> pages, std::function<bool()> shall_end);
  // Whether every page that this connection reads is compared with its checksum (checksum_vfs.h). Errors: UNAVAILABLE,
  // as IsDamage, when it is not, because the file's header cannot be trusted.
  absl::Status CheckSealed();
  // How many frames of the log are committed, at this moment; 0 where this connection knows of no log.
  int64_t CommittedFrames();
  // Write-ahead log with one fsync a commit; checkpoints are made by Checkpoint alone.
  absl::Status EnableWriteAheadLog();
  // Moves what the log holds into the file, as far as readers allow, without waiting for anybody. Needs a connection
  // that has read.
  absl::Status Checkpoint();
  // Moves all of the log into the file and cuts it to nothing; false while somebody else uses the log. Waits for
  // nobody. Needs a connection that has read.
  absl::StatusOr<bool> EmptyLog();
  // The commit that is being made erases something, so that the log is to be emptied after it (D12).
  void MarkErasure() { erased_ = true; }
  // Whether there was one since the last call.
  bool TakeErasure() { return std::exchange(erased_, false); }
  // The size of the write-ahead log after the last commit of this connection, in bytes.
  int64_t wal_bytes() const { return wal_bytes_; }
  // How much of the log is in the file, as this connection's last checkpoint left it, in the same measure.
  int64_t moved_bytes() const { return moved_bytes_; }
  // Copies the whole database, of one moment, into a file that is empty. Errors: UNAVAILABLE; as IsDamage when this one
  // is damaged.
  absl::Status CopyTo(Connection& copy);
  // How many bytes of pages this connection keeps in memory; two megabytes without this.
  absl::Status CachePages(int64_t bytes);
  // Lets the database grow no further than this; a write beyond it is UNAVAILABLE.
  absl::Status LimitSize(int64_t bytes);
  // From now on this connection prepares nothing but reads and changes of rows: no schema changes, no PRAGMA, no
  // ATTACH.
  void AllowRowsOnly();

  // When this connection is closed as the last one, the log is moved into the file and removed. Without it a log that
  // holds anything stays as it is, and is read at the next start: a start that fails, which may have read little of it,
  // removes none (ADR 23). After damage it stays all the same: a checkpoint that is tried again after a failed sync
  // would take for written what is not.
  void RemoveLogAtClose();

  // OK, or the first error after which the file must not be written any more: corruption, or an fsync that failed.
  const absl::Status& damage() const { return damage_; }

 private:
  friend class Statement;
  Connection() = default;

  template <typename... Values>
  Statement SelectWith([[maybe_unused]] Statement::Bytes bytes, Sql sql, const Values&... values) {
    Statement statement = Prepare(sql);
    int index = 0;
    (statement.Bind(++index, values, bytes), ...);
    return statement;
  }
  absl::Status Configure();
  void UpdateLogStays();
  // Whether there is a log with nothing in it.
  bool IsLogEmpty() const;
  // A file of this connection, by the control that asks SQLite for it.
  sqlite3_file* File(int control);
  // What a control of ours sets.
  int64_t Ask(int control);
  Statement Prepare(Sql sql);
  int64_t changed_rows() const;
  absl::StatusOr<int64_t> ReadInt(Sql sql);
  // The status of the last call, which failed with this code.
  absl::Status Failure(int code);
  // For people.
  std::string FilePath() const;
  // Corruption, with what was found, and what to do about it (storage/damage.h).
  absl::Status Damaged(std::string_view finding);
  // Answers the status; damage() answers the first one from now on.
  absl::Status KeepDamage(absl::Status status);
  static int OnWalGrown(void* connection, sqlite3* database, const char* schema, int pages);

  sqlite3* database_ = nullptr;
  // By the address of the literal.
  absl::flat_hash_map<const void*, sqlite3_stmt*> statements_;
  int64_t page_bytes_ = 0;
  int64_t wal_bytes_ = 0;
  int64_t moved_bytes_ = 0;
  bool erased_ = false;
  bool remove_log_ = false;
  absl::Status damage_;
};

// A transaction; rolled back when it goes out of scope without Commit.
class Transaction {
 public:
  // Takes the write lock at once. Errors: UNAVAILABLE.
  static absl::StatusOr<Transaction> BeginWrite(Connection& connection);
  // Several reads of one state of the database.
  static absl::StatusOr<Transaction> BeginRead(Connection& connection);
  Transaction(Transaction&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  // Errors: UNAVAILABLE; whether it is durable is then unknown.
  absl::Status Commit();

 private:
  explicit Transaction(Connection& connection) : connection_(&connection) {}
  Connection* connection_;
};

// A part of a transaction that can fail on its own; undone when it goes out of scope without Keep.
class Savepoint {
 public:
  static absl::StatusOr<Savepoint> Begin(Connection& connection);
  Savepoint(Savepoint&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
  Savepoint& operator=(Savepoint&&) = delete;
  ~Savepoint();

  absl::Status Keep();

 private:
  explicit Savepoint(Connection& connection) : connection_(&connection) {}
  Connection* connection_;
};

}  // namespace closure::sqlite

#endif  // CLOSURE_STORAGE_SQLITE_DATABASE_H_
