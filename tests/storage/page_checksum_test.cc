// SPDX-License-Identifier: Apache-2.0
// A disk that gives back other bits than it was given.
#include "storage/sqlite/page_checksum.h"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <filesystem>
#include <random>
#include <vector>

#include "storage/sqlite/sqlite_closure_store.h"
#include "tests/io_faults/fault_vfs.h"
#include "tests/simulation/random_writes.h"
#include "tests/storage/file_bytes.h"
#include "tests/storage/temporary_directory.h"
#include "tests/support/mark_watch.h"
#include "tests/support/random_seed.h"

namespace closure {
namespace {

using simulation::Observe;
using sqlite::Connection;

constexpr std::size_t kPageBytes = 4096;
constexpr int kWrites = 60;

absl::StatusOr<std::unique_ptr<SqliteClosureStore>> Open(const std::string& path) {
  return SqliteClosureStore::Open({.path = path, .readers = 1, .scrub = false});
}

void WriteSome(SqliteClosureStore& store) {
  simulation::RandomWrites writes(7);
  for (int i = 0; i < kWrites; ++i) {
    simulation::Send(store, writes.Next(store), [](const std::string&) {});
    store.Drain();
  }
}

// Closed, with some of everything in it; answers what a start finds.
std::vector<std::string> MakeDatabase(const std::string& path) {
  {
    const auto store = Open(path);
    REQUIRE(store.ok());
    WriteSome(**store);
  }
  const auto store = Open(path);
  REQUIRE(store.ok());
  return Observe(**store);
}

bool IsRefused(const std::string& line) { return line.find("data corruption") != std::string::npos; }

// A start with damage is refused with words that say so; or each answer is right, or refused. Answers whether anything
// was refused.
bool CheckFound(const std::string& path, const std::vector<std::string>& expected) {
  const auto store = Open(path);
  if (!store.ok()) {
    CHECK(!store.status().message().empty());
    CHECK((absl::IsUnavailable(store.status()) || absl::IsFailedPrecondition(store.status())));
    return true;
  }
  bool is_refused = false;
  for (const std::string& line : Observe(**store)) {
    if (IsRefused(line))
      is_refused = true;
    else  // what is refused may leave lines out
      CHECK(std::ranges::find(expected, line) != expected.end());
  }
  return is_refused;
}

TEST_CASE("a bit that flips anywhere in a database at rest is found where it is read, or is in nothing that is used",
          "[sqlite][random]") {
  const unsigned seed = RandomSeed();
  INFO(kSeedVariable << "=" << seed);
  std::mt19937 random(seed);
  const TemporaryDirectory directory;
  const std::string path = directory.Path("closure.db");
  const std::vector<std::string> expected = MakeDatabase(path);
  const std::vector<unsigned char> sound = ReadBytes(path);
  constexpr int kFlips = 150;
  int refused = 0;
  for (int flip = 0; flip < kFlips; ++flip) {
    std::vector<unsigned char> damaged = sound;
    const std::size_t at = random() % damaged.size();
    damaged[at] = static_cast<unsigned char>(damaged[at] ^ (1U << (random() % 8)));
    INFO("a bit of byte " << at << " of " << damaged.size());
    WriteBytes(path, damaged);
    if (CheckFound(path, expected)) ++refused;
  }
  CHECK(refused > kFlips / 2);
}

TEST_CASE("a page that lies at another's place is found", "[sqlite]") {
  const TemporaryDirectory directory;
  const std::string path = directory.Path("closure.db");
  MakeDatabase(path);
  const MarkWatch mark(Mark::kPageDamaged);
  std::vector<unsigned char> bytes = ReadBytes(path);
  REQUIRE(bytes.size() > 4 * kPageBytes);
  std::swap_ranges(bytes.begin() + 2 * kPageBytes, bytes.begin() + 3 * kPageBytes, bytes.begin() + 3 * kPageBytes);
  WriteBytes(path, bytes);
  const auto connection = Connection::Open(path, Connection::Access::kReadOnly);
  REQUIRE(connection.ok());
  const absl::Status found = (*connection)->CheckFile();
  CHECK_THAT(std::string(found.message()), Catch::Contains("data corruption"));
  CHECK(mark.reached());
}

TEST_CASE("what the sqlite3 shell backs up of a server that is stopped can be opened", "[sqlite]") {
  const TemporaryDirectory directory;
  const std::string path = directory.Path("closure.db");
  const std::string copy = directory.Path("copy.db");
  const std::vector<std::string> expected = MakeDatabase(path);
  sqlite3* from = nullptr;
  sqlite3* to = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &from) == SQLITE_OK);
  REQUIRE(sqlite3_open(copy.c_str(), &to) == SQLITE_OK);
  sqlite3_backup* const backup = sqlite3_backup_init(to, "main", from, "main");
  REQUIRE(backup != nullptr);
  CHECK(sqlite3_backup_step(backup, -1) == SQLITE_DONE);
  sqlite3_backup_finish(backup);
  sqlite3_close(from);
  sqlite3_close(to);
  std::filesystem::permissions(copy, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  const auto store = Open(copy);
  INFO(store.status());
  REQUIRE(store.ok());
  CHECK(Observe(**store) == expected);
}

TEST_CASE("a page of the log that is not what was written is not believed", "[sqlite]") {
  const TemporaryDirectory directory;
  const std::string path = directory.Path("notes.db");
  WriteBytes(path, {});
  const auto writer = Connection::Open(path, Connection::Access::kReadWrite);
  REQUIRE(writer.ok());
  REQUIRE((*writer)->EnableWriteAheadLog().ok());
  REQUIRE((*writer)->RunScript("CREATE TABLE notes (text TEXT NOT NULL) STRICT").ok());
  const auto reads = [&path] {
    const auto reader = Connection::Open(path, Connection::Access::kReadOnly);
    return reader.ok() ? (*reader)->IsEmpty().status() : reader.status();
  };
  REQUIRE(reads().ok());
  // The same bit of every page.
  const std::string log = path + "-wal";
  std::vector<unsigned char> bytes = ReadBytes(log);
  REQUIRE(bytes.size() > kPageBytes);
  constexpr std::size_t kFrame = sqlite::kFrameHeaderBytes + kPageBytes;
  for (std::size_t at = sqlite::kLogHeaderBytes + sqlite::kFrameHeaderBytes + 200; at < bytes.size(); at += kFrame)
    bytes[at] ^= 0x10;
  Overwrite(log, 0, bytes);
  const MarkWatch mark(Mark::kLogPageDamaged);
  CHECK_THAT(std::string(reads().message()), Catch::Contains("data corruption"));
  CHECK(mark.reached());
}

TEST_CASE("nothing is acknowledged in a log whose header the disk did not write", "[sqlite]") {
  const TemporaryDirectory directory;
  const std::string path = directory.Path("closure.db");
  FaultVfs vfs;
  WriteBytes(path, {});
  const auto open = [&path] {
    auto connection = Connection::Open(path, Connection::Access::kReadWrite);
    REQUIRE(connection.ok());
    return *std::move(connection);
  };
  auto writer = open();
  REQUIRE(writer->EnableWriteAheadLog().ok());
  REQUIRE(writer->RunScript("CREATE TABLE notes (text TEXT NOT NULL) STRICT").ok());
  REQUIRE(writer->Run("INSERT INTO notes VALUES ('kept')").ok());
  // All of it is in the database, so that the next commit begins the log anew.
  REQUIRE(writer->Checkpoint().ok());
  int writes = 0;
  vfs.SetDecide([&writes](FileCall call, std::int64_t, FileRole role) {
    const bool is_header = call == FileCall::kWrite && role == FileRole::kLog && ++writes == 1;
    return is_header ? FileFailure::kLost : FileFailure::kNone;
  });
  CHECK(absl::IsUnavailable(writer->Run("INSERT INTO notes VALUES ('refused')")));
  CHECK(writes > 0);
  vfs.SetDecide(nullptr);
  writer = nullptr;
  const auto reader = open();
  sqlite::Statement notes = reader->Select("SELECT group_concat(text) FROM notes");
  REQUIRE(notes.Step().ok());
  CHECK(notes.Text(0) == "kept");
}

// The checksum of a page as docs/storage.md has it, byte by byte.
uint64_t ChecksumByTheBook(const std::vector<unsigned char>& page, uint64_t number) {
  const auto mix = [](uint64_t sum, uint64_t word) {
    const uint64_t x = (sum ^ word) * 0x9e3779b97f4a7c15U;
    return x ^ (x >> 32);
  };
  uint64_t sums[4];
  for (uint64_t sum = 0; sum < 4; ++sum) sums[sum] = mix(sum, number);
  for (std::size_t at = 0; at < page.size() - 8; at += 8) {
    uint64_t word = 0;
    for (std::size_t byte = at; byte < at + 8; ++byte) {
      const bool left_out = number == 1 && ((byte >= 18 && byte < 20) || (byte >= 24 && byte < 28) ||
                                            (byte >= 40 && byte < 44) || (byte >= 92 && byte < 100));
      if (!left_out) word |= uint64_t{page[byte]} << (8 * (byte - at));
    }
    uint64_t& sum = sums[at / 8 % 4];
    sum = mix(sum, word);
  }
  return mix(mix(mix(mix(0, sums[0]), sums[1]), sums[2]), sums[3]);
}

// That of a frame as sqlite.org/fileformat2.html (4.2) has it.
sqlite::LogChecksum FrameByTheBook(sqlite::LogChecksum sum, const std::vector<unsigned char>& bytes, bool big_endian) {
  const auto word = [&](std::size_t at) {
    uint32_t value = 0;
    for (std::size_t byte = 0; byte < 4; ++byte)
      value |= uint32_t{bytes[at + byte]} << (8 * (big_endian ? 3 - byte : byte));
    return value;
  };
  for (std::size_t at = 0; at < bytes.size(); at += 8) {
    sum.first += word(at) + sum.second;
    sum.second += word(at + 4) + sum.first;
  }
  return sum;
}

TEST_CASE("checksums of pages and frames are what the documents say, in either order of bytes", "[sqlite][random]") {
  std::mt19937_64 random(RandomSeed());
  for (const std::size_t bytes : {std::size_t{512}, kPageBytes}) {
    for (const int64_t number : {1, 2, 77}) {
      std::vector<unsigned char> page(bytes);
      for (unsigned char& byte : page) byte = static_cast<unsigned char>(random());
      sqlite::SealPage(page, number);
      uint64_t sealed = 0;
      for (std::size_t byte = 0; byte < 8; ++byte) sealed |= uint64_t{page[bytes - 8 + byte]} << (8 * byte);
      CHECK(sealed == ChecksumByTheBook(page, static_cast<uint64_t>(number)));
      for (const bool big_endian : {false, true}) {
        const sqlite::LogForm form{.page_bytes = static_cast<int64_t>(bytes), .big_endian = big_endian};
        const sqlite::LogChecksum before{static_cast<uint32_t>(random()), static_cast<uint32_t>(random())};
        std::vector<unsigned char> header(sqlite::kFrameHeaderBytes);
        for (unsigned char& byte : header) byte = static_cast<unsigned char>(random());
        std::vector<unsigned char> covered(header.begin(), header.begin() + 8);
        covered.insert(covered.end(), page.begin(), page.end());
        CHECK(sqlite::FrameChecksum(form, before, header, page) == FrameByTheBook(before, covered, big_endian));
      }
    }
  }
}

TEST_CASE("a bit that flips in two words of a page is seen, wherever they are", "[sqlite][random]") {
  std::vector<unsigned char> page(512);
  std::mt19937 random(RandomSeed());
  for (unsigned char& byte : page) byte = static_cast<unsigned char>(random());
  sqlite::SealPage(page, 5);
  const std::size_t covered = page.size() - 8;
  for (const std::size_t bit : {std::size_t{0}, std::size_t{31}, std::size_t{63}}) {
    const auto flip = [&](std::size_t word) { page[word + bit / 8] ^= static_cast<unsigned char>(1U << (bit % 8)); };
    for (std::size_t first = 0; first < covered; first += 8) {
      for (std::size_t second = first + 8; second < covered; second += 8) {
        flip(first);
        flip(second);
        INFO("bit " << bit << " of the words at " << first << " and " << second);
        REQUIRE_FALSE(sqlite::IsSealedPage(page, 5));
        flip(first);
        flip(second);
      }
    }
  }
}

TEST_CASE("a sealed page is that page at that place, and nothing else", "[sqlite][random]") {
  std::vector<unsigned char> page(kPageBytes, 0);
  CHECK_FALSE(sqlite::IsSealedPage(page, 5));  // what a disk gives back that lost it
  std::mt19937 random(RandomSeed());
  for (unsigned char& byte : page) byte = static_cast<unsigned char>(random());
  for (const int64_t number : {int64_t{1}, int64_t{2}, int64_t{1'000'000}}) {
    sqlite::SealPage(page, number);
    CHECK(sqlite::IsSealedPage(page, number));
    CHECK_FALSE(sqlite::IsSealedPage(page, number + 1));
    for (std::size_t at = 0; at < page.size(); ++at) {
      page[at] ^= 1;
      const bool counter = number == 1 && ((at >= 18 && at < 20) || (at >= 24 && at < 28) || (at >= 40 && at < 44) ||
                                           (at >= 92 && at < 100));
      CHECK(sqlite::IsSealedPage(page, number) == counter);
      page[at] ^= 1;
    }
  }
}

}  // namespace
}  // namespace closure
