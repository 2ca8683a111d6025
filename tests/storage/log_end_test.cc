// SPDX-License-Identifier: Apache-2.0
// A crash leaves a log that ends anywhere in what was not synced; a start has to tell that from damage.
#include "storage/sqlite/log_end.h"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <filesystem>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "storage/damage.h"
#include "storage/sqlite/page_checksum.h"
#include "storage/sqlite/sqlite_closure_store.h"
#include "tests/simulation/random_writes.h"
#include "tests/storage/comes_true.h"
#include "tests/storage/file_bytes.h"
#include "tests/storage/sample_commits.h"
#include "tests/storage/temporary_directory.h"
#include "tests/support/mark_watch.h"
#include "tests/support/random_seed.h"

namespace closure {
namespace {

using simulation::Observe;

constexpr int kClosures = 40;
constexpr std::size_t kFrameBytes = sqlite::kFrameHeaderBytes + 4096;
using Lines = std::vector<std::string>;
using Image = std::vector<unsigned char>;

absl::StatusOr<std::unique_ptr<SqliteClosureStore>> Open(const std::string& path) {
  return SqliteClosureStore::Open({.path = path, .readers = 1});
}

// Where the transactions of a log begin, and where the last one ends; behind it lie at most frames of an older log.
std::vector<std::size_t> FindTransactions(const Image& log) {
  std::vector<std::size_t> bounds = {sqlite::kLogHeaderBytes};
  for (std::size_t at = sqlite::kLogHeaderBytes; at + kFrameBytes <= log.size(); at += kFrameBytes) {
    const sqlite::Bytes frame = sqlite::Bytes(log).subspan(at);
    if (!std::ranges::equal(sqlite::SaltsOfLog(log), sqlite::SaltsOfFrame(frame))) break;
    if (sqlite::ReadFrameWords(frame).pages_after_commit != 0) bounds.push_back(at + kFrameBytes);
  }
  return bounds;
}

// The last one.
struct LastTransaction {
  std::size_t begin;
  std::size_t end;
};

LastTransaction FindLast(const Image& log) {
  const std::vector<std::size_t> bounds = FindTransactions(log);
  REQUIRE(bounds.size() > 2);
  return {bounds[bounds.size() - 2], bounds.back()};
}

void Flip(Image& image, std::size_t byte, unsigned bit) {
  image[byte] = static_cast<unsigned char>(image[byte] ^ (1U << bit));
}

// What a process leaves that is killed: a database and its log; and what a start finds in them, and would have found
// before the last write.
struct Crashed {
  TemporaryDirectory directory;
  std::string path = directory.Path("closure.db");
  Image database;
  Image log;
  Lines before;
  Lines after;

  // A closure for each of so many accounts, each in a transaction of its own.
  explicit Crashed(int closures) {
    const auto store = Open(path);
    REQUIRE(store.ok());
    REQUIRE(LogComesEmpty(path));
    for (int number = 0; number < closures; ++number) {
      before = std::exchange(after, Observe(**store));
      (*store)->Apply(Creation({std::to_string(1001 + number), "c0"}),
                      [](const absl::Status& made) { CHECK(made.ok()); });
      (*store)->Drain();
    }
    before = std::exchange(after, Observe(**store));
    database = ReadBytes(path);
    log = ReadBytes(path + "-wal");
  }

  // A start with this log.
  absl::StatusOr<std::unique_ptr<SqliteClosureStore>> OpenWith(const Image& other) const {
    std::filesystem::remove(path + "-shm");
    WriteBytes(path, database);
    WriteBytes(path + "-wal", other);
    return Open(path);
  }
};

void CheckRefused(const Crashed& crashed, const Image& damaged, std::size_t at) {
  INFO("a bit of byte " << at << " of " << damaged.size());
  const auto store = crashed.OpenWith(damaged);
  REQUIRE_FALSE(store.ok());
  CHECK(IsDamage(store.status()));
}

TEST_CASE("a bit of the log that flips before its last transaction is found at the start", "[sqlite][random]") {
  const unsigned seed = RandomSeed();
  INFO(kSeedVariable << "=" << seed);
  std::mt19937 random(seed);
  const Crashed crashed(kClosures);
  const std::size_t end = FindLast(crashed.log).begin;
  REQUIRE(end > 20 * kFrameBytes);
  const MarkWatch mark(Mark::kLogEndDamaged);
  constexpr int kFlips = 150;
  for (int flip = 0; flip < kFlips; ++flip) {
    Image damaged = crashed.log;
    const std::size_t at = random() % end;
    Flip(damaged, at, random() % 8);
    CheckRefused(crashed, damaged, at);
  }
  CHECK(mark.reached());
}

TEST_CASE("a block of the log that is overwritten before its last transactions is found at the start",
          "[sqlite][random]") {
  const unsigned seed = RandomSeed();
  INFO(kSeedVariable << "=" << seed);
  std::mt19937 random(seed);
  const Crashed crashed(kClosures);
  const std::vector<std::size_t> bounds = FindTransactions(crashed.log);
  REQUIRE(bounds.size() > 4);
  // Behind it the end of one more transaction is needed, where a frame's header lies in two sectors.
  const std::size_t end = bounds[bounds.size() - 4];
  constexpr std::size_t kBlock = 4096;
  for (std::size_t at = 0; at + kBlock <= end; at += kBlock) {
    for (const bool zeros : {true, false}) {
      Image damaged = crashed.log;
      const auto anything = [&] { return zeros ? 0 : static_cast<unsigned char>(random()); };
      std::generate_n(damaged.begin() + static_cast<std::ptrdiff_t>(at), kBlock, anything);
      CheckRefused(crashed, damaged, at);
    }
  }
}

TEST_CASE("every bit of the log's header, and of the headers around the end of the last transaction but one, counts",
          "[sqlite]") {
  const Crashed crashed(3);
  const std::size_t end = FindLast(crashed.log).begin;
  std::vector<std::size_t> headers = {end - kFrameBytes, end - 2 * kFrameBytes};
  for (std::size_t byte = 0; byte < sqlite::kLogHeaderBytes; ++byte) headers.push_back(byte);
  for (const std::size_t begin : headers) {
    const std::size_t bytes = begin < sqlite::kLogHeaderBytes ? 1 : sqlite::kFrameHeaderBytes;
    for (std::size_t at = begin; at < begin + bytes; ++at) {
      for (unsigned bit = 0; bit < 8; ++bit) {
        Image damaged = crashed.log;
        Flip(damaged, at, bit);
        // Where nothing says any more that a transaction ended, see log_end.h.
        const bool says_end = begin + kFrameBytes != end ||
                              sqlite::ReadFrameWords(sqlite::Bytes(damaged).subspan(begin)).pages_after_commit != 0;
        if (says_end) CheckRefused(crashed, damaged, at);
      }
    }
  }
}

TEST_CASE("a log that a crash tore is opened, without the transaction that was torn at most", "[sqlite][random]") {
  const unsigned seed = RandomSeed();
  INFO(kSeedVariable << "=" << seed);
  std::mt19937 random(seed);
  const Crashed older(kClosures + 10);
  const Crashed crashed(kClosures);
  const LastTransaction last = FindLast(crashed.log);
  const MarkWatch mark(Mark::kLogEndTorn);
  constexpr int kTears = 100;
  int whole = 0;
  for (int tear = 0; tear < kTears; ++tear) {
    Image torn = crashed.log;
    if (tear % 2 == 0) {
      torn.resize(last.begin + random() % (last.end - last.begin));
    } else {
      // Sectors that were never written, in any order: there is what an older log left, or nothing.
      constexpr std::size_t kSector = 512;
      for (std::size_t sector = last.begin / kSector * kSector; sector < last.end; sector += kSector) {
        if (random() % 3 != 0) continue;
        const std::size_t begin = std::max(sector, last.begin);
        for (std::size_t at = begin; at < std::min(sector + kSector, last.end); ++at)
          torn[at] = tear % 4 == 1 ? older.log.at(at) : 0;
      }
    }
    const auto store = crashed.OpenWith(torn);
    INFO("tear " << tear << ": " << store.status());
    REQUIRE(store.ok());
    const Lines found = Observe(**store);
    if (found == crashed.after) ++whole;
    CHECK((found == crashed.before || found == crashed.after));
  }
  CHECK(whole < kTears);
  CHECK(mark.reached());
}

TEST_CASE("frames of an older log behind the end of the newer one are no damage", "[sqlite]") {
  const Crashed older(kClosures);
  const Crashed newer(kClosures / 2);
  Image both = newer.log;
  both.resize(FindLast(newer.log).end);
  const std::size_t kept = older.log.size() - (older.log.size() - sqlite::kLogHeaderBytes) % kFrameBytes;
  both.insert(both.end(), older.log.begin() + sqlite::kLogHeaderBytes, older.log.begin() + static_cast<long>(kept));
  SECTION("behind the whole log") {
    const auto store = newer.OpenWith(both);
    REQUIRE(store.ok());
    CHECK(Observe(**store) == newer.after);
  }
  SECTION("behind a torn one") {
    std::fill_n(both.begin() + static_cast<long>(FindLast(newer.log).begin) + 100, 1000, 0x55);
    const auto store = newer.OpenWith(both);
    REQUIRE(store.ok());
    CHECK(Observe(**store) == newer.before);
  }
}

// The database with all transactions of the log in it.
Image Checkpointed(const Crashed& crashed) {
  constexpr std::size_t kPageBytes = kFrameBytes - sqlite::kFrameHeaderBytes;
  Image database = crashed.database;
  for (std::size_t at = sqlite::kLogHeaderBytes; at < FindLast(crashed.log).end; at += kFrameBytes) {
    const std::span<const unsigned char> frame = std::span(crashed.log).subspan(at, kFrameBytes);
    const std::size_t page = sqlite::ReadFrameWords(frame).page;
    database.resize(std::max(database.size(), page * kPageBytes));
    std::ranges::copy(frame.subspan(sqlite::kFrameHeaderBytes),
                      database.begin() + static_cast<long>((page - 1) * kPageBytes));
  }
  return database;
}

// SQLite begins a log anew at its header, and then counts one more in its first half.
TEST_CASE("a log of which half a new header was written is opened where the database has all of it", "[sqlite]") {
  Crashed crashed(kClosures);
  Image log = crashed.log;
  ++log[15];
  CheckRefused(crashed, log, 15);
  crashed.database = Checkpointed(crashed);
  const MarkWatch mark(Mark::kLogEndTorn);
  const auto store = crashed.OpenWith(log);
  INFO(store.status());
  REQUIRE(store.ok());
  CHECK(mark.reached());
  CHECK(Observe(**store) == crashed.after);
}

// A transaction that failed was overwritten by a shorter one, and so the log has its salts behind its end.
TEST_CASE("frames of a failed transaction behind the end of the log are no damage", "[sqlite]") {
  const Crashed crashed(kClosures);
  const LastTransaction last = FindLast(crashed.log);
  REQUIRE(last.end - last.begin >= 3 * kFrameBytes);
  Image log = crashed.log;
  const auto frame = [&log](std::size_t at) { return std::span(log).subspan(at, kFrameBytes); };
  // The shorter one writes again what stands in the frame before it.
  const std::size_t before = last.begin - kFrameBytes;
  std::ranges::copy(frame(before), frame(last.begin).begin());
  const sqlite::LogForm form = sqlite::ReadLogForm(log);
  const auto page = frame(last.begin).subspan(sqlite::kFrameHeaderBytes);
  sqlite::WriteChecksumOfFrame(
      sqlite::FrameChecksum(form, sqlite::ChecksumOfFrame(frame(before)), frame(last.begin), page), frame(last.begin));
  REQUIRE(FindTransactions(log).size() == FindTransactions(crashed.log).size() + 1);
  const auto store = crashed.OpenWith(log);
  INFO(store.status());
  REQUIRE(store.ok());
  CHECK(Observe(**store) == crashed.before);
}

}  // namespace
}  // namespace closure
