// SPDX-License-Identifier: Apache-2.0
// A commit at the very moment at which SQLite loses what comes after it (checkpoint_guard.h).
#include <sqlite3.h>

#include <catch2/catch.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "storage/sqlite/checkpoint_guard.h"
#include "storage/sqlite/checksum_vfs.h"
#include "storage/sqlite/database.h"
#include "tests/storage/file_bytes.h"
#include "tests/storage/temporary_directory.h"
#include "tests/support/mark_watch.h"

namespace closure {
namespace {

using sqlite::Connection;

// What happens once between a checkpoint's reading of how far the log goes and its reading of how much was copied.
// There SQLite gives back what it has mapped of the file, if its file system maps anything.
std::function<void()> between_reads;

int Fetch(sqlite3_file*, sqlite3_int64, int, void** page) {
  *page = nullptr;
  return SQLITE_OK;
}

int Unfetch(sqlite3_file*, sqlite3_int64, void*) {
  if (const auto happens = std::exchange(between_reads, nullptr)) happens();
  return SQLITE_OK;
}

int OpenMapping(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* opened_flags) {
  sqlite3_vfs& checked = *sqlite3_vfs_find(sqlite::kChecksumVfs);
  const int code = checked.xOpen(&checked, name, file, flags, opened_flags);
  if (code != SQLITE_OK || (flags & SQLITE_OPEN_MAIN_DB) == 0) return code;
  static sqlite3_io_methods methods;
  methods = *file->pMethods;
  methods.iVersion = 3;
  methods.xFetch = Fetch;
  methods.xUnfetch = Unfetch;
  file->pMethods = &methods;
  return code;
}

// The layer of the store, as it would be if it mapped files.
class MappingVfs {
 public:
  static constexpr char kName[] = "closure-mapping";
  MappingVfs() : vfs_(*sqlite3_vfs_find(sqlite::kChecksumVfs)) {
    vfs_.zName = kName;
    vfs_.xOpen = OpenMapping;
    sqlite3_vfs_register(&vfs_, /*makeDflt=*/0);
  }
  MappingVfs(const MappingVfs&) = delete;
  MappingVfs& operator=(const MappingVfs&) = delete;
  ~MappingVfs() { sqlite3_vfs_unregister(&vfs_); }

 private:
  sqlite3_vfs vfs_;
};

std::unique_ptr<Connection> Open(const std::string& path) {
  auto connection = Connection::Open(path, Connection::Access::kReadWrite);
  REQUIRE(connection.ok());
  return *std::move(connection);
}

void Insert(Connection& connection, int times) {
  for (int time = 0; time < times; ++time) REQUIRE(connection.Run("INSERT INTO facts (fact) VALUES ('a fact')").ok());
}

int64_t CountRows(Connection& connection) {
  sqlite::Statement rows = connection.Select("SELECT COUNT(*) FROM facts");
  REQUIRE(rows.Step().ok());
  return rows.Int(0);
}

TEST_CASE("nothing is lost when a commit begins the log anew while a checkpoint begins", "[sqlite]") {
  const TemporaryDirectory directory;
  const std::string path = directory.Path("closure.db");
  WriteBytes(path, {});
  const std::unique_ptr<Connection> writer = Open(path);
  REQUIRE(writer->EnableWriteAheadLog().ok());
  REQUIRE(writer->RunScript("CREATE TABLE facts (fact TEXT NOT NULL)").ok());
  const std::unique_ptr<Connection> first = Open(path);
  const MappingVfs mapping;
  sqlite3* second = nullptr;
  REQUIRE(sqlite3_open_v2(path.c_str(), &second, SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE, MappingVfs::kName) ==
          SQLITE_OK);
  REQUIRE(sqlite3_exec(second, "SELECT * FROM facts", nullptr, nullptr, nullptr) == SQLITE_OK);
  REQUIRE(CountRows(*first) == 0);
  Insert(*writer, 30);
  REQUIRE(first->Checkpoint().ok());
  // What empties the log goes on without waiting where somebody writes.
  const int mode = GENERATE(SQLITE_CHECKPOINT_PASSIVE, SQLITE_CHECKPOINT_TRUNCATE);
  REQUIRE(writer->RunScript("BEGIN IMMEDIATE").ok());

  const MarkWatch mark(Mark::kCheckpointBegunAnew);
  bool begun_anew = false;
  between_reads = [&] {
    Insert(*writer, 1);
    REQUIRE(writer->RunScript("COMMIT").ok());
    begun_anew = true;
  };
  CHECK(sqlite3_wal_checkpoint_v2(second, nullptr, mode, nullptr, nullptr) == SQLITE_BUSY_SNAPSHOT);
  REQUIRE(begun_anew);
  CHECK(mark.reached());
  int frames = 0;
  int copied = 0;
  CHECK(sqlite3_wal_checkpoint_v2(second, nullptr, SQLITE_CHECKPOINT_PASSIVE, &frames, &copied) == SQLITE_OK);
  CHECK(frames > 0);
  CHECK(copied == frames);
  REQUIRE(sqlite3_close(second) == SQLITE_OK);
  Insert(*writer, 5);
  const absl::StatusOr<bool> emptied = first->EmptyLog();
  REQUIRE(emptied.ok());
  REQUIRE(*emptied);
  CHECK(CountRows(*Open(path)) == 36);
}

}  // namespace
}  // namespace closure
