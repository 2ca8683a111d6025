// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/backup.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "storage/damage.h"
#include "storage/sqlite/database.h"
#include "storage/sqlite/sqlite_closure_store.h"
#include "tests/simulation/random_writes.h"
#include "tests/storage/comes_true.h"
#include "tests/storage/file_bytes.h"
#include "tests/storage/sample_commits.h"
#include "tests/storage/temporary_directory.h"
#include "tests/support/mark_watch.h"

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

// What a start finds.
std::vector<std::string> Stored(const std::string& path) {
  const auto store = SqliteClosureStore::Open({.path = path, .readers = 1});
  INFO(store.status());
  REQUIRE(store.ok());
  return Observe(**store);
}

// What a copy holds beside the pause that it begins with.
std::vector<std::string> Unpaused(const std::string& copy) {
  std::vector<std::string> lines = Stored(copy);
  CHECK_THAT(lines.at(0), Catch::StartsWith("system: version: ") && Catch::Contains("actor: \"system\"") &&
                              Catch::Contains("restored from a backup made at 2027-01-15T08:00:00Z"));
  lines.at(0) = "system: ";
  return lines;
}

TEST_CASE("a backup of a database in use holds all of it, what stands only in the log too", "[sqlite]") {
  Server server;
  for (int number = 1; number <= 20; ++number) server.Write(number);
  REQUIRE(!ReadBytes(server.path + "-wal").empty());
  const absl::Status made = BackUpDatabase(server.path, server.copy, kNow);
  INFO(made);
  REQUIRE(made.ok());
  CHECK((std::filesystem::status(server.copy).permissions() & std::filesystem::perms::all) ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
  for (const char* const beside : {"-wal", "-shm", "-journal"})
    CHECK_FALSE(std::filesystem::exists(server.copy + beside));
  const auto expected = Observe(*server.store);
  // The server goes on, and the copy stays as it is.
  server.Write(21);
  CHECK(Unpaused(server.copy) == expected);
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
  REQUIRE(BackUpDatabase(left, server.copy, kNow).ok());
  CHECK(ReadBytes(left) == database);
  CHECK(ReadBytes(left + "-wal") == log);
  CHECK(Unpaused(server.copy) == expected);
}

// A program that knows nothing of checksums in pages, as the sqlite3 shell.
struct Shell {
  sqlite3* database = nullptr;
  explicit Shell(const std::string& path) { REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK); }
  Shell(const Shell&) = delete;
  Shell& operator=(const Shell&) = delete;
  ~Shell() { sqlite3_close(database); }
};

TEST_CASE("a pause that was there when a backup was made is the one that it begins with", "[sqlite]") {
  Server server;
  Commit commit;
  commit.system = *server.store->LoadSystem();
  commit.system->set_version(commit.system->version() + 1);
  commit.system->mutable_pause()->set_reason("an incident");
  server.store->Apply(std::move(commit), [](const absl::Status& made) { CHECK(made.ok()); });
  server.store->Drain();
  REQUIRE(BackUpDatabase(server.path, server.copy, kNow).ok());
  CHECK(Stored(server.copy) == Observe(*server.store));
}

// A backup that was killed after it got its name has two.
TEST_CASE("a finished backup that still has its first name too is never written again", "[sqlite]") {
  Server server;
  server.Write(1);
  REQUIRE(BackUpDatabase(server.path, server.copy, kNow).ok());
  const std::string monday = server.directory.Path("monday.db");
  std::filesystem::rename(server.copy, monday);
  std::filesystem::create_hard_link(monday, server.copy + kUnfinished);
  const auto bytes = ReadBytes(monday);
  server.Write(2);
  REQUIRE(BackUpDatabase(server.path, server.copy, kNow).ok());
  CHECK(ReadBytes(monday) == bytes);
  CHECK_FALSE(std::filesystem::exists(server.copy + kUnfinished));
}

TEST_CASE("of two backups to one name the second is refused", "[sqlite]") {
  Server server;
  const int other = open((server.copy + kUnfinished).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  REQUIRE(other >= 0);
  REQUIRE(flock(other, LOCK_EX | LOCK_NB) == 0);
  const absl::Status made = BackUpDatabase(server.path, server.copy, kNow);
  CHECK(absl::IsUnavailable(made));
  CHECK_THAT(std::string(made.message()), Catch::Contains("another backup to this name is under way"));
  CHECK(std::filesystem::exists(server.copy + kUnfinished));
  CHECK_FALSE(std::filesystem::exists(server.copy));
  close(other);
  CHECK(BackUpDatabase(server.path, server.copy, kNow).ok());
}

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
  CHECK(Stored(server.copy) == Observe(*server.store));
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
  CHECK(Stored(left) == Observe(*server.store));
}

// It goes on from checksums that are not on the disk, and a start would find the end of the log there.
TEST_CASE("nothing is acknowledged behind what another program wrote beside a running store", "[sqlite]") {
  Server server;
  for (int number = 1; number <= 3; ++number) server.Write(number);
  {
    const Shell shell(server.path);
    REQUIRE(sqlite3_exec(shell.database,
                         "CREATE TABLE theirs (text TEXT); INSERT INTO theirs VALUES ('a'); "
                         "CREATE TABLE others (text TEXT); INSERT INTO others VALUES ('b');",
                         nullptr, nullptr, nullptr) == SQLITE_OK);
  }
  absl::Status outcome;
  server.store->Apply(Creation({"4", "c0"}), [&outcome](const absl::Status& made) { outcome = made; });
  server.store->Drain();
  CHECK(absl::IsUnavailable(outcome));
  CHECK_THAT(std::string(outcome.message()), Catch::Contains("data corruption"));
}

TEST_CASE("a backup that cannot be made leaves nothing behind and replaces nothing", "[sqlite]") {
  Server server;
  server.Write(1);
  SECTION("where there is a file") {
    WriteBytes(server.copy, {'m', 'i', 'n', 'e'});
    const absl::Status made = BackUpDatabase(server.path, server.copy, kNow);
    CHECK(absl::IsFailedPrecondition(made));
    CHECK_THAT(std::string(made.message()), Catch::Contains(server.copy) && Catch::Contains("there is a file already"));
    CHECK(ReadBytes(server.copy).size() == 4);
  }
  SECTION("where another database's log was left") {
    WriteBytes(server.copy + "-wal", {'o', 'l', 'd'});
    const absl::Status made = BackUpDatabase(server.path, server.copy, kNow);
    CHECK(absl::IsFailedPrecondition(made));
    CHECK_THAT(std::string(made.message()), Catch::Contains(server.copy + "-wal"));
  }
  SECTION("over the database itself") {
    const std::string path = server.copy + kUnfinished;
    server.store = nullptr;
    std::filesystem::rename(server.path, path);
    CHECK(absl::IsFailedPrecondition(BackUpDatabase(path, server.copy, kNow)));
    CHECK(SqliteClosureStore::Open({.path = path, .readers = 1}).ok());
  }
  SECTION("into a directory that is not there") {
    CHECK(absl::IsFailedPrecondition(BackUpDatabase(server.path, server.directory.Path("none/copy.db"), kNow)));
  }
  SECTION("of no database") {
    CHECK(absl::IsFailedPrecondition(BackUpDatabase(server.directory.Path("none.db"), server.copy, kNow)));
    CHECK_FALSE(std::filesystem::exists(server.copy));
  }
  SECTION("over what one left that was killed") {
    const MarkWatch mark(Mark::kBackupLeftoverRemoved);
    for (const char* const beside : {"", "-journal", "-wal", "-shm"})
      WriteBytes(server.copy + kUnfinished + beside, {'n', 'o', 't', 'h', 'i', 'n', 'g'});
    REQUIRE(BackUpDatabase(server.path, server.copy, kNow).ok());
    CHECK(mark.reached());
    CHECK(Unpaused(server.copy) == Observe(*server.store));
    for (const char* const beside : {"", "-journal", "-wal", "-shm"})
      CHECK_FALSE(std::filesystem::exists(server.copy + kUnfinished + beside));
  }
  SECTION("of a damaged one") {
    server.store = nullptr;
    auto bytes = ReadBytes(server.path);
    bytes.at(4096 * 2 + 5) ^= 1;
    WriteBytes(server.path, bytes);
    const absl::Status made = BackUpDatabase(server.path, server.copy, kNow);
    CHECK(IsDamage(made));
    CHECK_THAT(std::string(made.message()), Catch::Contains(server.path));
    CHECK_FALSE(std::filesystem::exists(server.copy));
    CHECK_FALSE(std::filesystem::exists(server.copy + kUnfinished));
  }
}

TEST_CASE("a backup takes little memory, however large the database", "[sqlite]") {
  Server server;
  server.store = nullptr;
  constexpr int64_t kRoom = 12 << 20;
  {
    const auto large = sqlite::Connection::Open(server.path, sqlite::Connection::Access::kReadWrite);
    REQUIRE(large.ok());
    REQUIRE((*large)
                ->RunScript(R"sql(
        PRAGMA journal_mode = DELETE;
        PRAGMA cache_spill = ON;
        CREATE TABLE notes (text TEXT NOT NULL) STRICT;
        WITH RECURSIVE many (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < 40)
        INSERT INTO notes SELECT hex(zeroblob(400000)) FROM many)sql")
                .ok());
  }
  REQUIRE(std::filesystem::file_size(server.path) > 2 * kRoom);
  sqlite3_memory_highwater(/*resetFlag=*/1);
  const absl::Status made = BackUpDatabase(server.path, server.copy, kNow);
  INFO(made);
  REQUIRE(made.ok());
  CHECK(sqlite3_memory_highwater(/*resetFlag=*/0) < kRoom);
  CHECK(std::filesystem::file_size(server.copy) == std::filesystem::file_size(server.path));
}

}  // namespace
}  // namespace closure
