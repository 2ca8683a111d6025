// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/backup.h"

#include <sqlite3.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "storage/damage.h"
#include "storage/sqlite/database.h"
#include "storage/sqlite/sqlite_closure_store.h"
#include "tests/simulation/random_writes.h"
#include "tests/storage/comes_true.h"
#include "tests/storage/file_bytes.h"
#include "tests/storage/sample_commits.h"
#include "tests/storage/temporary_directory.h"

namespace closure {
namespace {

using simulation::Observe;

struct Server {
  TemporaryDirectory directory;
  std::string path = directory.Path("closure.db");
  std::string copy = directory.Path("copy.db");
  std::unique_ptr<SqliteClosureStore> store = *SqliteClosureStore::Open({.path = path, .readers = 1});

  Server() { REQUIRE(LogComesEmpty(path)); }
  void Write(int number) {
    store->Apply(Creation({std::to_string(number), "c0"}), [](const absl::Status& made) { CHECK(made.ok()); });
    store->Drain();
  }
};

TEST_CASE("a backup of a database in use holds all of it, what stands only in the log too", "[sqlite]") {
  Server server;
  for (int number = 1; number <= 20; ++number) server.Write(number);
  REQUIRE(!ReadBytes(server.path + "-wal").empty());
  const absl::Status made = BackUpDatabase(server.path, server.copy);
  INFO(made);
  REQUIRE(made.ok());
  CHECK((std::filesystem::status(server.copy).permissions() & std::filesystem::perms::all) ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
  for (const char* const beside : {"-wal", "-shm", "-journal"})
    CHECK_FALSE(std::filesystem::exists(server.copy + beside));
  const auto expected = Observe(*server.store);
  // The server goes on, and the copy stays as it is.
  server.Write(21);
  const auto copied = SqliteClosureStore::Open({.path = server.copy, .readers = 1});
  INFO(copied.status());
  REQUIRE(copied.ok());
  CHECK(Observe(**copied) == expected);
}

TEST_CASE("a backup of what a killed process left holds what its log holds, and changes neither", "[sqlite]") {
  Server server;
  for (int number = 1; number <= 20; ++number) server.Write(number);
  const auto expected = Observe(*server.store);
  const std::string left = server.directory.Path("left.db");
  std::filesystem::copy(server.path, left);
  std::filesystem::copy(server.path + "-wal", left + "-wal");
  REQUIRE(!ReadBytes(left + "-wal").empty());
  const auto database = ReadBytes(left);
  const auto log = ReadBytes(left + "-wal");
  REQUIRE(BackUpDatabase(left, server.copy).ok());
  CHECK(ReadBytes(left) == database);
  CHECK(ReadBytes(left + "-wal") == log);
  CHECK(Observe(**SqliteClosureStore::Open({.path = server.copy, .readers = 1})) == expected);
}

// A program that knows nothing of checksums in pages, as the sqlite3 shell.
struct Shell {
  sqlite3* database = nullptr;
  explicit Shell(const std::string& path) { REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK); }
  Shell(const Shell&) = delete;
  Shell& operator=(const Shell&) = delete;
  ~Shell() { sqlite3_close(database); }
};

TEST_CASE("what another program copies of a database in use can be opened", "[sqlite]") {
  Server server;
  for (int number = 1; number <= 20; ++number) server.Write(number);
  REQUIRE(!ReadBytes(server.path + "-wal").empty());
  WriteBytes(server.copy, {});
  {
    const Shell from(server.path);
    const Shell to(server.copy);
    sqlite3_backup* const backup = sqlite3_backup_init(to.database, "main", from.database, "main");
    REQUIRE(backup != nullptr);
    CHECK(sqlite3_backup_step(backup, -1) == SQLITE_DONE);
    sqlite3_backup_finish(backup);
  }
  std::filesystem::permissions(server.copy, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  const auto copied = SqliteClosureStore::Open({.path = server.copy, .readers = 1});
  INFO(copied.status());
  REQUIRE(copied.ok());
  CHECK(Observe(**copied) == Observe(*server.store));
}

TEST_CASE("a log that another program moves into the database after a crash does no harm", "[sqlite]") {
  Server server;
  for (int number = 1; number <= 20; ++number) server.Write(number);
  const std::string left = server.directory.Path("left.db");
  std::filesystem::copy(server.path, left);
  std::filesystem::copy(server.path + "-wal", left + "-wal");
  REQUIRE(!ReadBytes(left + "-wal").empty());
  {
    // As the last to close it, it empties the log.
    const Shell shell(left);
    REQUIRE(sqlite3_exec(shell.database, "SELECT COUNT(*) FROM closures", nullptr, nullptr, nullptr) == SQLITE_OK);
  }
  CHECK_FALSE(std::filesystem::exists(left + "-wal"));
  const auto store = SqliteClosureStore::Open({.path = left, .readers = 1});
  INFO(store.status());
  REQUIRE(store.ok());
  CHECK(Observe(**store) == Observe(*server.store));
}

TEST_CASE("a backup that cannot be made leaves nothing behind and replaces nothing", "[sqlite]") {
  Server server;
  server.Write(1);
  SECTION("where there is a file") {
    WriteBytes(server.copy, {'m', 'i', 'n', 'e'});
    const absl::Status made = BackUpDatabase(server.path, server.copy);
    CHECK(absl::IsFailedPrecondition(made));
    CHECK_THAT(std::string(made.message()), Catch::Contains(server.copy) && Catch::Contains("there is a file already"));
    CHECK(ReadBytes(server.copy).size() == 4);
  }
  SECTION("into a directory that is not there") {
    CHECK(absl::IsFailedPrecondition(BackUpDatabase(server.path, server.directory.Path("none/copy.db"))));
  }
  SECTION("of no database") {
    CHECK(absl::IsFailedPrecondition(BackUpDatabase(server.directory.Path("none.db"), server.copy)));
    CHECK_FALSE(std::filesystem::exists(server.copy));
  }
  SECTION("over what one left that was killed") {
    for (const char* const beside : {"", "-journal", "-wal", "-shm"})
      WriteBytes(server.copy + kUnfinished + beside, {'n', 'o', 't', 'h', 'i', 'n', 'g'});
    REQUIRE(BackUpDatabase(server.path, server.copy).ok());
    CHECK(Observe(**SqliteClosureStore::Open({.path = server.copy, .readers = 1})) == Observe(*server.store));
    for (const char* const beside : {"", "-journal", "-wal", "-shm"})
      CHECK_FALSE(std::filesystem::exists(server.copy + kUnfinished + beside));
  }
  SECTION("of a damaged one") {
    server.store = nullptr;
    auto bytes = ReadBytes(server.path);
    bytes.at(4096 * 2 + 5) ^= 1;
    WriteBytes(server.path, bytes);
    const absl::Status made = BackUpDatabase(server.path, server.copy);
    CHECK(IsDamage(made));
    CHECK_THAT(std::string(made.message()), Catch::Contains(server.path));
    CHECK_FALSE(std::filesystem::exists(server.copy));
    CHECK_FALSE(std::filesystem::exists(server.copy + kUnfinished));
  }
}

TEST_CASE("a backup takes little memory, however large the database", "[sqlite]") {
  const TemporaryDirectory directory;
  const std::string path = directory.Path("large.db");
  const std::string copy = directory.Path("copy.db");
  WriteBytes(path, {});
  std::filesystem::permissions(path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  constexpr int64_t kRoom = 12 << 20;
  {
    const auto large = sqlite::Connection::Open(path, sqlite::Connection::Access::kReadWrite);
    REQUIRE(large.ok());
    REQUIRE((*large)
                ->RunScript(R"sql(
        PRAGMA cache_spill = ON;
        CREATE TABLE notes (text TEXT NOT NULL) STRICT;
        WITH RECURSIVE many (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < 40)
        INSERT INTO notes SELECT hex(zeroblob(400000)) FROM many)sql")
                .ok());
  }
  REQUIRE(std::filesystem::file_size(path) > 2 * kRoom);
  sqlite3_memory_highwater(/*resetFlag=*/1);
  const absl::Status made = BackUpDatabase(path, copy);
  INFO(made);
  REQUIRE(made.ok());
  CHECK(sqlite3_memory_highwater(/*resetFlag=*/0) < kRoom);
  CHECK(std::filesystem::file_size(copy) == std::filesystem::file_size(path));
}

}  // namespace
}  // namespace closure
