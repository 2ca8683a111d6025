// SPDX-License-Identifier: Apache-2.0
// Damage in what nobody reads.
#include "storage/sqlite/scrubber.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "absl/synchronization/notification.h"
#include "storage/damage.h"
#include "storage/sqlite/page_checksum.h"
#include "tests/io_faults/fault_vfs.h"
#include "tests/storage/comes_true.h"
#include "tests/storage/file_bytes.h"
#include "tests/storage/open_store.h"
#include "tests/storage/sample_commits.h"
#include "tests/storage/temporary_directory.h"
#include "tests/support/mark_watch.h"

namespace closure {
namespace {

using Catch::Matchers::Contains;
using sqlite::Connection;
using sqlite::Scrubber;

constexpr std::size_t kPageBytes = 4096;
constexpr int kClosures = 30;

void Create(SqliteClosureStore& store, const ClosureKey& key, absl::Status& answer) {
  store.Apply(Creation(key), [&answer](absl::Status status) { answer = std::move(status); });
  store.Drain();
}

// A database with some closures, closed.
void MakeDatabase(const std::string& path) {
  const auto store = MustOpen({.path = path, .scrub = false});
  for (int number = 0; number < kClosures; ++number) {
    absl::Status made;
    Create(*store, {std::to_string(1001 + number), "c1"}, made);
    REQUIRE(made.ok());
  }
}

// Begins with the page, from 0.
void DamagePage(const std::string& path, std::size_t page) {
  Overwrite(path, page * kPageBytes + 1000, std::vector<unsigned char>(8, 0xa5));
}

// What a disk gives back that lost it.
void LosePage(const std::string& path, std::size_t page) {
  Overwrite(path, page * kPageBytes, std::vector<unsigned char>(kPageBytes, 0));
}

std::unique_ptr<Connection> OpenRaw(const std::string& path) {
  auto connection = Connection::Open(path, Connection::Access::kReadOnly);
  REQUIRE(connection.ok());
  return *std::move(connection);
}

// Writes to the log, and moves nothing by itself.
std::unique_ptr<Connection> OpenWriter(const std::string& path) {
  auto connection = Connection::Open(path, Connection::Access::kReadWrite);
  REQUIRE(connection.ok());
  REQUIRE((*connection)->EnableWriteAheadLog().ok());
  return *std::move(connection);
}

// Goes over a file again and again, and keeps what it is told.
class Scrub {
 public:
  explicit Scrub(std::unique_ptr<Connection> connection)
      : scrubber_(std::move(connection), {.pages = 3,
                                          .pause = absl::ZeroDuration(),
                                          .first = absl::ZeroDuration(),
                                          .rest = absl::ZeroDuration(),
                                          .found = [this](const absl::Status& status) { Tell(status); }}) {}

  absl::Status WaitForFinding() {
    told_.WaitForNotification();
    return finding_;
  }
  bool HasFinding() const { return told_.HasBeenNotified(); }

 private:
  void Tell(const absl::Status& status) {
    if (told_.HasBeenNotified()) return;
    finding_ = status;
    told_.Notify();
  }

  absl::Status finding_;
  absl::Notification told_;
  Scrubber scrubber_;
};

TEST_CASE("damage in any page is found although nobody reads it", "[sqlite]") {
  const TemporaryDirectory directory;
  const std::string path = directory.Path("closure.db");
  MakeDatabase(path);
  const auto sound = ReadBytes(path);
  REQUIRE(sound.size() > 20 * kPageBytes);
  const auto damage = GENERATE(&DamagePage, &LosePage);
  // The first page is read without this too.
  for (std::size_t page = 1; page < sound.size() / kPageBytes; ++page) {
    INFO("page " << page);
    WriteBytes(path, sound);
    auto connection = OpenRaw(path);
    damage(path, page);
    Scrub scrub(std::move(connection));
    CHECK(IsDamage(scrub.WaitForFinding()));
  }
}

TEST_CASE("damage that comes about later is found by a later pass", "[sqlite]") {
  const TemporaryDirectory directory;
  const std::string path = directory.Path("closure.db");
  MakeDatabase(path);
  Scrub scrub(OpenRaw(path));
  CHECK_FALSE(scrub.HasFinding());
  DamagePage(path, std::filesystem::file_size(path) / kPageBytes - 1);
  CHECK(IsDamage(scrub.WaitForFinding()));
}

TEST_CASE("a page whose newer version stands in the log is none that is damaged", "[sqlite]") {
  const TemporaryDirectory directory;
  const std::string path = directory.Path("closure.db");
  MakeDatabase(path);
  const auto writer = OpenWriter(path);
  REQUIRE(writer->RunScript("UPDATE meta SET value = value || ' and more' WHERE key = 'deployment'").ok());
  // Only the one of the table that was written is in the log.
  const std::size_t pages = std::filesystem::file_size(path) / kPageBytes;
  const MarkWatch doubted(Mark::kPageDoubted);
  int passed = 0;
  const auto sound = ReadBytes(path);
  for (std::size_t page = 1; page < pages; ++page) {
    Overwrite(path, 0, sound);
    auto connection = OpenRaw(path);
    DamagePage(path, page);
    const int64_t before = doubted.times();
    const Scrub scrub(std::move(connection));
    // Doubted again, so a whole pass lies between; or found.
    REQUIRE(ComesTrue([&] { return scrub.HasFinding() || doubted.times() > before + 1; }));
    if (!scrub.HasFinding()) ++passed;
  }
  CHECK(passed == 1);
}

TEST_CASE("a file that was cut off is damaged", "[sqlite]") {
  const TemporaryDirectory directory;
  const std::string path = directory.Path("closure.db");
  MakeDatabase(path);
  const bool is_logged = GENERATE(false, true);
  std::unique_ptr<Connection> writer;
  if (is_logged) {
    // From here on the number of pages is the one that the log tells.
    writer = OpenWriter(path);
    REQUIRE(writer->RunScript("UPDATE meta SET value = value || ' and more' WHERE key = 'deployment'").ok());
  }
  auto connection = OpenRaw(path);
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - kPageBytes);
  Scrub scrub(std::move(connection));
  CHECK(IsDamage(scrub.WaitForFinding()));
}

// A database whose last page is free.
void MakeFreePages(const std::string& path) {
  MakeDatabase(path);
  const auto writer = OpenWriter(path);
  REQUIRE(writer
              ->RunScript("INSERT INTO meta VALUES ('large', hex(randomblob(20000)));"
                          "DELETE FROM meta WHERE key = 'large'")
              .ok());
  REQUIRE(writer->EmptyLog().value());
}

TEST_CASE("damage in a free page is told, and is no damage of what is stored", "[sqlite]") {
  const TemporaryDirectory directory;
  const std::string path = directory.Path("closure.db");
  MakeFreePages(path);
  const bool is_logged = GENERATE(false, true);
  const auto writer = OpenWriter(path);
  if (is_logged)
    REQUIRE(writer->RunScript("UPDATE meta SET value = value || ' and more' WHERE key = 'deployment'").ok());
  const std::size_t last = std::filesystem::file_size(path) / kPageBytes - 1;
  const auto damage = GENERATE(&DamagePage, &LosePage);
  damage(path, last);
  Scrub scrub(OpenRaw(path));
  const absl::Status found = scrub.WaitForFinding();
  CHECK(absl::IsUnavailable(found));
  CHECK_FALSE(IsDamage(found));
  CHECK_THAT(std::string(found.message()), Contains("1 free pages of the database"));
}

TEST_CASE("a list of free pages that is none is damage", "[sqlite]") {
  const TemporaryDirectory directory;
  const std::string path = directory.Path("closure.db");
  MakeFreePages(path);
  const std::size_t last = std::filesystem::file_size(path) / kPageBytes - 1;
  std::vector<unsigned char> page = ReadBytes(path);
  page.resize(kPageBytes);
  // A first page behind the end of the database, and a first page though there is none.
  const auto [at, byte] = GENERATE(std::pair{35, 0xff}, std::pair{39, 0});
  page[static_cast<std::size_t>(at)] = static_cast<unsigned char>(byte);
  sqlite::SealPage(page, 1);
  Overwrite(path, 0, page);
  DamagePage(path, last);
  Scrub scrub(OpenRaw(path));
  const absl::Status found = scrub.WaitForFinding();
  CHECK(IsDamage(found));
  CHECK_THAT(std::string(found.message()), Contains("the list of free pages is none"));
}

TEST_CASE("damage that nobody met is told, and nothing is written any more", "[sqlite]") {
  const TemporaryDirectory directory;
  const std::string path = directory.Path("closure.db");
  MakeDatabase(path);
  DamagePage(path, std::filesystem::file_size(path) / kPageBytes - 1);
  absl::Notification told;
  std::string damage;
  const auto store = MustOpen({.path = path, .tell_damage = [&](std::string_view what) {
                                 damage = what;
                                 told.Notify();
                               }});
  told.WaitForNotification();
  CHECK_THAT(damage, Contains(path + ": data corruption"));
  absl::Status answer;
  Create(*store, {"2001", "c1"}, answer);
  CHECK(absl::IsUnavailable(answer));
  CHECK_THAT(std::string(answer.message()), Contains("data corruption"));
}

TEST_CASE("a file that cannot be read is told, and gone over again", "[sqlite]") {
  const TemporaryDirectory directory;
  const std::string path = directory.Path("closure.db");
  MakeDatabase(path);
  FaultVfs vfs;
  std::atomic<bool> fails = false;
  Scrub scrub(OpenRaw(path));
  vfs.SetDecide([&fails](FileCall call, int64_t, FileRole) {
    return fails && call == FileCall::kRead ? FileFailure::kError : FileFailure::kNone;
  });
  fails = true;
  const absl::Status told = scrub.WaitForFinding();
  CHECK(absl::IsUnavailable(told));
  CHECK_FALSE(IsDamage(told));
  fails = false;
  const MarkWatch doubted(Mark::kPageDoubted);
  DamagePage(path, 5);
  CHECK(ComesTrue([&doubted] { return doubted.reached(); }));
}

}  // namespace
}  // namespace closure
