// SPDX-License-Identifier: Apache-2.0
// A crash leaves a log that ends anywhere in what was not synced; a start has to tell that from damage.
#include "storage/sqlite/log_end.h"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <filesystem>
#include <random>
#include <utility>
#include <vector>

#include "storage/damage.h"
#include "storage/sqlite/page_checksum.h"
#include "storage/sqlite/sqlite_closure_store.h"
#include "tests/simulation/random_writes.h"
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

// Where the last transaction of a log begins and ends; behind it lie at most frames of an older log.
struct LastTransaction {
  std::size_t begin = sqlite::kLogHeaderBytes;
  std::size_t end = sqlite::kLogHeaderBytes;
};

LastTransaction FindLast(const Image& log) {
  LastTransaction last;
  for (std::size_t at = sqlite::kLogHeaderBytes; at + kFrameBytes <= log.size(); at += kFrameBytes) {
    const sqlite::Bytes frame = sqlite::Bytes(log).subspan(at);
    if (!std::ranges::equal(sqlite::SaltsOfLog(log), sqlite::SaltsOfFrame(frame))) break;
    const bool commits = sqlite::ReadLogChecksum(frame).second != 0;
    if (commits) last = {last.end, at + kFrameBytes};
  }
  return last;
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

TEST_CASE("a bit of the log that flips before its last transaction is found at the start", "[sqlite][random]") {
  const unsigned seed = RandomSeed();
  INFO(kSeedVariable << "=" << seed);
  std::mt19937 random(seed);
  const Crashed crashed(kClosures);
  REQUIRE(FindLast(crashed.log).begin > 20 * kFrameBytes);
  const MarkWatch mark(Mark::kLogEndDamaged);
  constexpr int kFlips = 200;
  for (int flip = 0; flip < kFlips; ++flip) {
    Image damaged = crashed.log;
    // The log's header is looked at in every way.
    const std::size_t end = flip < 64 ? sqlite::kLogHeaderBytes : FindLast(crashed.log).begin;
    const std::size_t at = random() % end;
    damaged[at] = static_cast<unsigned char>(damaged[at] ^ (1U << (random() % 8)));
    INFO("a bit of byte " << at << " of " << damaged.size());
    const auto store = crashed.OpenWith(damaged);
    REQUIRE_FALSE(store.ok());
    CHECK(IsDamage(store.status()));
  }
  CHECK(mark.reached());
}

TEST_CASE("a log that a crash tore is opened, without the transaction that was torn at most", "[sqlite][random]") {
  const unsigned seed = RandomSeed();
  INFO(kSeedVariable << "=" << seed);
  std::mt19937 random(seed);
  const Crashed crashed(kClosures);
  const LastTransaction last = FindLast(crashed.log);
  REQUIRE(last.end > last.begin);
  constexpr int kTears = 100;
  int whole = 0;
  for (int tear = 0; tear < kTears; ++tear) {
    Image torn = crashed.log;
    if (tear % 2 == 0) {
      torn.resize(last.begin + random() % (last.end - last.begin));
    } else {
      // Sectors that were never written, in any order.
      constexpr std::size_t kSector = 512;
      for (std::size_t at = last.begin; at < last.end; at += kSector) {
        if (random() % 3 == 0) std::fill_n(torn.begin() + static_cast<long>(at), std::min(kSector, last.end - at), 0);
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

}  // namespace
}  // namespace closure
