// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/page_judge.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <initializer_list>
#include <set>

#include "storage/sqlite/page_checksum.h"
#include "tests/storage/log_in_memory.h"
#include "tests/support/mark_watch.h"

namespace closure {
namespace {

using sqlite::JudgePages;
using sqlite::LogState;
using sqlite::PageVerdicts;
using Pages = std::vector<int64_t>;
using PageBytes = std::span<unsigned char>;

constexpr std::size_t kPageBytes = LogInMemory::kPageBytes;
constexpr uint32_t kPages = 8;
// The list of free pages: one that names two.
constexpr uint32_t kTrunk = 5;
constexpr uint32_t kFree[] = {6, 7};

void WriteWord(uint32_t word, PageBytes page, std::size_t at) {
  for (std::size_t i = 0; i < 4; ++i) page[at + i] = static_cast<unsigned char>(word >> (24 - 8 * i));
}

void WriteFirstPage(PageBytes page, uint32_t first_free, uint32_t count) {
  WriteWord(first_free, page, 32);
  WriteWord(count, page, 36);
}

void WriteTrunk(PageBytes page, uint32_t next, std::initializer_list<uint32_t> numbers) {
  WriteWord(next, page, 0);
  WriteWord(static_cast<uint32_t>(numbers.size()), page, 4);
  std::size_t at = 8;
  for (const uint32_t number : numbers) {
    WriteWord(number, page, at);
    at += 4;
  }
}

// A database file, in which each page is compared with its checksum when it is read.
class DatabaseInMemory : public sqlite3_file {
 public:
  DatabaseInMemory() : sqlite3_file{Methods()}, bytes(kPages * kPageBytes) {
    WriteFirstPage(Page(1), kTrunk, 3);
    WriteTrunk(Page(kTrunk), 0, {kFree[0], kFree[1]});
    for (int64_t number = 1; number <= kPages; ++number) Seal(number);
  }

  PageBytes Page(int64_t number) {
    return PageBytes(bytes).subspan(static_cast<std::size_t>(number - 1) * kPageBytes, kPageBytes);
  }
  void Seal(int64_t number) { sqlite::SealPage(Page(number), number); }
  void Damage(int64_t number) { Page(number)[1000] ^= 1; }

  std::vector<unsigned char> bytes;
  // Pages that cannot be read.
  std::set<int64_t> refused;

 private:
  static int Read(sqlite3_file* file, void* to, int size, sqlite3_int64 offset) {
    auto& database = *static_cast<DatabaseInMemory*>(file);
    const int64_t number = offset / static_cast<int64_t>(kPageBytes) + 1;
    if (database.refused.contains(number)) return SQLITE_IOERR_READ;
    if (offset + size > std::ssize(database.bytes)) return SQLITE_IOERR_SHORT_READ;
    const PageBytes page = database.Page(number);
    std::ranges::copy(page, static_cast<unsigned char*>(to));
    return sqlite::IsSealedPage(page, number) ? SQLITE_OK : SQLITE_IOERR_DATA;
  }
  static const sqlite3_io_methods* Methods() {
    static const sqlite3_io_methods kMethods = [] {
      sqlite3_io_methods methods = {};
      methods.iVersion = 1;
      methods.xRead = Read;
      return methods;
    }();
    return &kMethods;
  }
};

struct Scene {
  DatabaseInMemory database;
  LogInMemory log;
  LogState state;
  std::function<bool()> shall_end;
  PageVerdicts verdicts;

  int Judge(const Pages& doubtful) {
    return JudgePages({.database = &database,
                       .log = &log,
                       .page_bytes = kPageBytes,
                       .pages = kPages,
                       .log_state = [this] { return state; },
                       .shall_end = shall_end},
                      doubtful, verdicts);
  }
  // The page of the last frame.
  PageBytes LastLogged() { return PageBytes(log.bytes).last(kPageBytes); }
};

TEST_CASE("a page that is needed and not what was written is damaged, and a free one is not needed", "[sqlite]") {
  Scene scene;
  REQUIRE(scene.Judge({2, 3, 6}) == SQLITE_OK);
  CHECK(scene.verdicts.damaged.empty());
  CHECK(scene.verdicts.unneeded.empty());
  scene.database.Damage(3);
  scene.database.Damage(6);
  std::ranges::fill(scene.database.Page(4), static_cast<unsigned char>(0));
  std::ranges::fill(scene.database.Page(7), static_cast<unsigned char>(0));
  REQUIRE(scene.Judge({2, 3, 4, 6, 7}) == SQLITE_OK);
  CHECK(scene.verdicts.damaged == Pages{3, 4});
  CHECK(scene.verdicts.unneeded == Pages{6, 7});
  CHECK(scene.verdicts.unreadable.empty());
}

TEST_CASE("a page behind the end of a file that was cut off is damaged", "[sqlite]") {
  Scene scene;
  scene.database.bytes.resize(6 * kPageBytes);
  REQUIRE(scene.Judge({7, 8, 9}) == SQLITE_OK);
  CHECK(scene.verdicts.damaged == Pages{8});
  CHECK(scene.verdicts.unneeded == Pages{7});
}

TEST_CASE("a page that cannot be read hides no damage of another", "[sqlite]") {
  Scene scene;
  scene.database.refused = {2};
  scene.database.Damage(3);
  REQUIRE(scene.Judge({2, 3}) == SQLITE_OK);
  CHECK(scene.verdicts.unreadable == Pages{2});
  CHECK(scene.verdicts.damaged == Pages{3});
}

TEST_CASE("what stands in the log excuses a page until it is copied", "[sqlite]") {
  Scene scene;
  scene.database.Damage(3);
  scene.log.Append(true, 2, kPages);
  scene.log.Append(true, 3, kPages);
  scene.state = {.copied = 0, .committed = 2};
  REQUIRE(scene.Judge({3}) == SQLITE_OK);
  CHECK(scene.verdicts.damaged.empty());
  scene.state = {.copied = 1, .committed = 2};
  REQUIRE(scene.Judge({3}) == SQLITE_OK);
  CHECK(scene.verdicts.damaged.empty());
  scene.state = {.copied = 2, .committed = 2};
  REQUIRE(scene.Judge({3}) == SQLITE_OK);
  CHECK(scene.verdicts.damaged == Pages{3});
  // A frame that is not committed says nothing.
  scene.state = {.copied = 0, .committed = 1};
  REQUIRE(scene.Judge({3}) == SQLITE_OK);
  CHECK(scene.verdicts.damaged == Pages{3});
}

TEST_CASE("the newest list of free pages counts, and the newest size", "[sqlite]") {
  Scene scene;
  scene.database.Damage(3);
  scene.log.Append(false, 1);
  WriteFirstPage(scene.LastLogged(), kTrunk, 4);
  scene.log.Append(true, kTrunk, kPages + 2);
  WriteTrunk(scene.LastLogged(), 0, {6, 7, 3});
  scene.state = {.copied = 0, .committed = 2};
  // There are ten by now, and the last two are in the file or nowhere.
  REQUIRE(scene.Judge({3, 9, 11}) == SQLITE_OK);
  CHECK(scene.verdicts.unneeded == Pages{3});
  CHECK(scene.verdicts.damaged == Pages{9});
}

TEST_CASE("a list of free pages that is none is told, and a damaged page of it", "[sqlite]") {
  Scene scene;
  scene.database.Damage(3);
  SECTION("it names more than there are") { WriteFirstPage(scene.database.Page(1), kTrunk, 2); }
  SECTION("it ends before all are named") { WriteFirstPage(scene.database.Page(1), kTrunk, 4); }
  SECTION("it begins behind the end") { WriteFirstPage(scene.database.Page(1), kPages + 1, 3); }
  SECTION("it goes on for ever") { WriteTrunk(scene.database.Page(kTrunk), kTrunk, {6, 7}); }
  SECTION("it names more than a page holds") {
    WriteFirstPage(scene.database.Page(1), kTrunk, 5000);
    WriteWord(4999, scene.database.Page(kTrunk), 4);
  }
  scene.database.Seal(1);
  scene.database.Seal(kTrunk);
  CHECK(scene.Judge({3}) == SQLITE_CORRUPT);
  CHECK(scene.verdicts.damaged.empty());
  // Nobody asks for it where all pages are sound.
  CHECK(scene.Judge({2}) == SQLITE_OK);
  scene.database.Damage(kTrunk);
  scene.database.Seal(1);
  WriteFirstPage(scene.database.Page(1), kTrunk, 3);
  scene.database.Seal(1);
  CHECK(scene.Judge({3}) == SQLITE_IOERR_DATA);
}

TEST_CASE("a log that begins anew meanwhile, or is cut off, calls nothing sound damaged", "[sqlite]") {
  const bool is_cut = GENERATE(false, true);
  const MarkWatch began_anew(Mark::kLogBeganAnew);
  int reads = 1;
  for (int change_at = 0; change_at < reads; ++change_at) {
    INFO((is_cut ? "cut off" : "begun anew") << " before read " << change_at);
    Scene scene;
    scene.database.Damage(6);
    // The list as it was before the one in the file.
    scene.log.Append(false, 1);
    WriteFirstPage(scene.LastLogged(), 0, 0);
    scene.log.Append(true, kTrunk, kPages);
    scene.log.Append(true, 2, kPages);
    scene.state = {.copied = 3, .committed = 3};
    scene.log.on_read = [&] {
      if (scene.log.reads != change_at) return;
      if (is_cut) {
        scene.state = {};
        scene.log.bytes.clear();
        return;
      }
      LogInMemory anew(0x87654321);
      anew.Append(true, 3, kPages);
      // Behind it leftovers of the log before.
      std::ranges::copy(anew.bytes, scene.log.bytes.begin());
      scene.state = {.copied = 0, .committed = 1};
    };
    REQUIRE(scene.Judge({3, 6}) == SQLITE_OK);
    CHECK(scene.verdicts.damaged.empty());
    CHECK(scene.verdicts.unneeded == Pages{6});
    reads = scene.log.reads;
  }
  CHECK(reads >= 3);
  CHECK(began_anew.reached());
}

TEST_CASE("a log that begins anew at each look leaves pages unjudged", "[sqlite]") {
  Scene scene;
  scene.database.Damage(3);
  scene.log.on_read = [&scene] { scene.log.bytes[16] ^= static_cast<unsigned char>(1 + scene.log.reads); };
  CHECK(scene.Judge({3}) == SQLITE_BUSY);
  CHECK(scene.verdicts.damaged.empty());
}

TEST_CASE("a log that cannot be read leaves pages unjudged", "[sqlite]") {
  Scene scene;
  scene.database.Damage(3);
  scene.log.Append(true, 2, kPages);
  scene.state = {.copied = 0, .committed = 2};
  CHECK(scene.Judge({3}) == SQLITE_IOERR_SHORT_READ);
  CHECK(scene.verdicts.damaged.empty());
}

TEST_CASE("looking at pages ends when it is to end", "[sqlite]") {
  Scene scene;
  scene.database.Damage(3);
  int asked = 0;
  scene.shall_end = [&asked] { return ++asked == 2; };
  CHECK(scene.Judge(Pages(1998, 3)) == SQLITE_OK);
  CHECK(asked == 1);
  asked = 0;
  CHECK(scene.Judge(Pages(2000, 3)) == SQLITE_INTERRUPT);
  CHECK(scene.verdicts.damaged.empty());
}

}  // namespace
}  // namespace closure
