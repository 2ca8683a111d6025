// SPDX-License-Identifier: Apache-2.0
// The thread that empties the write-ahead log, when the file system or the file itself fails it.
#include "storage/sqlite/checkpointer.h"

#include <signal.h>
#include <sys/resource.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>

#include "absl/synchronization/notification.h"
#include "storage/damage.h"
#include "storage/sqlite/commit_queue.h"
#include "storage/sqlite/reader_pool.h"
#include "storage/sqlite/sqlite_closure_store.h"
#include "tests/storage/comes_true.h"
#include "tests/storage/file_bytes.h"
#include "tests/storage/temporary_directory.h"
#include "tests/support/mark_watch.h"

namespace closure {
namespace {

using sqlite::Checkpointer;
using sqlite::Connection;

std::unique_ptr<Connection> OpenRaw(const std::string& path) {
  auto connection = Connection::Open(path, Connection::Access::kReadWrite);
  REQUIRE(connection.ok());
  REQUIRE((*connection)->ReadSchemaVersion().ok());
  return *std::move(connection);
}

// While it lives no file of this process grows beyond a size.
class SmallFiles {
 public:
  explicit SmallFiles(rlim_t bytes) {
    REQUIRE(getrlimit(RLIMIT_FSIZE, &before_) == 0);
    signal(SIGXFSZ, SIG_IGN);
    const rlimit small{bytes, before_.rlim_max};
    REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
  }
  ~SmallFiles() {
    setrlimit(RLIMIT_FSIZE, &before_);
    signal(SIGXFSZ, SIG_DFL);
  }

 private:
  rlimit before_ = {};
};

// A database with a table `notes`, and connections of the test's own.
class Files {
 public:
  Files() {
    REQUIRE(SqliteClosureStore::Open({.path = path}).ok());
    REQUIRE(OpenRaw(path)->RunScript("CREATE TABLE notes (text TEXT NOT NULL) STRICT").ok());
    auto opened = sqlite::ReaderPool::Open(path, 1);
    REQUIRE(opened.ok());
    readers = *std::move(opened);
  }
  std::uintmax_t log_bytes() const { return std::filesystem::file_size(path + "-wal"); }

  const TemporaryDirectory directory;
  const std::string path = directory.Path("notes.db");
  std::unique_ptr<sqlite::ReaderPool> readers;
};

constexpr char kManyNotes[] =
    "WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < 100) "
    "INSERT INTO notes SELECT hex(zeroblob(4000)) FROM numbers";

TEST_CASE("a log that cannot be emptied is told once and tried again until it can", "[sqlite][D12]") {
  Files files;
  const auto writer = OpenRaw(files.path);
  const std::uintmax_t before = std::filesystem::file_size(files.path);
  REQUIRE(writer->RunScript(kManyNotes).ok());
  REQUIRE(files.log_bytes() > 0);
  std::atomic<int> warnings{0};
  std::string warning;
  absl::Notification warned;
  const auto warn = [&](std::string_view what) {
    if (++warnings > 1) return;
    warning = what;
    warned.Notify();
  };
  Checkpointer::Options options;
  options.retry_first = absl::Milliseconds(1);
  options.retry_max = absl::Milliseconds(2);
  options.warn = warn;
  options.warn_after = absl::Milliseconds(5);
  const MarkWatch mark(Mark::kLogEmptiedLater);
  Checkpointer checkpointer(OpenRaw(files.path), *files.readers, options);
  {
    const SmallFiles small(before);
    checkpointer.RequestEmptyLog();
    REQUIRE(warned.WaitForNotificationWithTimeout(absl::Seconds(30)));
    CHECK(files.log_bytes() > 0);
  }
  CHECK_THAT(warning, Catch::Contains("erased personal data") && Catch::Contains("tried again"));
  CHECK(ComesTrue([&] { return files.log_bytes() == 0; }));
  CHECK(warnings == 1);
  CHECK(checkpointer.damage().ok());
  checkpointer.Stop();
  CHECK(mark.reached());
}

TEST_CASE("what is newly erased does not wait for the next try of what was erased before", "[sqlite][D12]") {
  Files files;
  const std::uintmax_t before = std::filesystem::file_size(files.path);
  const auto writer = OpenRaw(files.path);
  REQUIRE(writer->RunScript(kManyNotes).ok());
  absl::Notification failed;
  Checkpointer::Options options;
  options.retry_first = options.retry_max = absl::Hours(1);
  options.warn = [&failed](std::string_view) { failed.Notify(); };
  options.warn_after = absl::ZeroDuration();
  Checkpointer checkpointer(OpenRaw(files.path), *files.readers, options);
  {
    const SmallFiles small(before);
    checkpointer.RequestEmptyLog();
    REQUIRE(failed.WaitForNotificationWithTimeout(absl::Seconds(30)));
  }
  REQUIRE(files.log_bytes() > 0);
  checkpointer.RequestEmptyLog();
  CHECK(ComesTrue([&] { return files.log_bytes() == 0; }));
  checkpointer.Stop();
}

// One write, and what it was answered.
absl::Status Write(sqlite::CommitQueue& commits) {
  absl::Status answer;
  commits.Add({.run = [](Connection& connection) -> sqlite::CommitQueue::Result {
                 if (absl::Status status = connection.Run("UPDATE system SET admissions = admissions + 1");
                     !status.ok())
                   return status;
                 return std::nullopt;
               },
               .done = [&answer](absl::Status status) { answer = std::move(status); }});
  commits.Drain();
  return answer;
}

TEST_CASE("damage that only the checkpoints meet stops every write", "[sqlite]") {
  Files files;
  const std::uintmax_t before = std::filesystem::file_size(files.path);
  REQUIRE(OpenRaw(files.path)->RunScript(kManyNotes).ok());
  {
    const auto connection = OpenRaw(files.path);
    REQUIRE(*connection->EmptyLog());
  }
  Checkpointer checkpointer(OpenRaw(files.path), *files.readers, {});
  sqlite::CommitQueue commits(OpenRaw(files.path), checkpointer);
  REQUIRE(Write(commits).ok());
  // Somebody cuts off what the notes are in, behind SQLite's back; the pages of `system` are still there.
  std::filesystem::resize_file(files.path, before);
  checkpointer.RequestEmptyLog();
  REQUIRE(ComesTrue([&] { return !checkpointer.damage().ok(); }));
  const absl::Status refused = Write(commits);
  CHECK(absl::IsUnavailable(refused));
  CHECK_THAT(std::string(refused.message()), Catch::Contains("data corruption"));
}

TEST_CASE("a log that went wrong after it was written stops the running server, with the database as it was",
          "[sqlite]") {
  Files files;
  Checkpointer checkpointer(OpenRaw(files.path), *files.readers, {});
  sqlite::CommitQueue commits(OpenRaw(files.path), checkpointer);
  checkpointer.RequestEmptyLog();
  REQUIRE(ComesTrue([&] { return files.log_bytes() == 0; }));
  const std::vector<unsigned char> database = ReadBytes(files.path);
  REQUIRE(Write(commits).ok());
  const std::vector<unsigned char> log = ReadBytes(files.path + "-wal");
  Overwrite(files.path + "-wal", log.size() - 1, {static_cast<unsigned char>(log.back() ^ 1)});
  const MarkWatch mark(Mark::kCheckpointRefused);
  checkpointer.Request();
  REQUIRE(ComesTrue([&] { return !checkpointer.damage().ok(); }));
  CHECK(mark.reached());
  CHECK(ReadBytes(files.path) == database);
  CHECK(absl::IsUnavailable(Write(commits)));
}

TEST_CASE("after damage that a writer or a reader met the log stays as it is", "[sqlite]") {
  Files files;
  Checkpointer checkpointer(OpenRaw(files.path), *files.readers, {});
  checkpointer.RequestEmptyLog();
  REQUIRE(ComesTrue([&] { return files.log_bytes() == 0; }));
  sqlite::CommitQueue commits(OpenRaw(files.path), checkpointer);
  REQUIRE(Write(commits).ok());
  const MarkWatch mark(Mark::kCheckpointsHalted);
  commits.RefuseWrites(DamageError("a page is not what was written"));
  checkpointer.RequestEmptyLog();
  CHECK(ComesTrue([&] { return mark.reached(); }));
  CHECK(files.log_bytes() > 0);
  CHECK(absl::IsUnavailable(Write(commits)));
}

}  // namespace
}  // namespace closure
