// SPDX-License-Identifier: Apache-2.0
// What a disk wrote wrong into the log and reported as written must not reach the database in part.
#include "storage/sqlite/checkpoint_guard.h"

#include <sqlite3.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "storage/sqlite/page_checksum.h"
#include "storage/sqlite/sqlite_closure_store.h"
#include "tests/io_faults/fault_vfs.h"
#include "tests/simulation/random_writes.h"
#include "tests/storage/comes_true.h"
#include "tests/storage/file_bytes.h"
#include "tests/storage/log_in_memory.h"
#include "tests/storage/sample_commits.h"
#include "tests/storage/temporary_directory.h"
#include "tests/support/mark_watch.h"

namespace closure {
namespace {

using sqlite::kFrameHeaderBytes;
using sqlite::kLogHeaderBytes;

// Two transactions of two frames each, and how far the wal-index has them committed and copied.
struct IndexedLog {
  LogInMemory log;
  std::array<std::uint32_t, 64> index = {};

  explicit IndexedLog(std::uint32_t copied = 0, std::uint32_t committed = 4) {
    for (int frame = 0; frame < 4; ++frame) log.Append(frame % 2 == 1);
    index[4] = committed;
    std::memcpy(&index[8], sqlite::SaltsOfLog(log.bytes).data(), sqlite::kSaltBytes);
    index[24] = copied;
  }
  void Damage(std::size_t byte) { log.bytes[byte] ^= 1; }
  int Check() { return sqlite::CheckBeforeCopying(log, index.data()); }
};

TEST_CASE("a log that is as it was written may be copied", "[sqlite]") {
  for (std::uint32_t committed = 0; committed <= 4; ++committed) {
    for (std::uint32_t copied = 0; copied <= committed; ++copied) {
      INFO(copied << " of " << committed);
      IndexedLog indexed(copied, committed);
      CHECK(indexed.Check() == SQLITE_OK);
      CHECK(indexed.log.reads == static_cast<int>(1 + (copied > 0 ? 1 : 0) + committed - copied));
    }
  }
}

TEST_CASE("whatever is wrong in what a checkpoint may copy keeps it from copying anything", "[sqlite]") {
  std::vector<std::size_t> places;
  for (std::size_t byte = 0; byte < kLogHeaderBytes; ++byte) places.push_back(byte);
  for (std::size_t frame = 0; frame < 4; ++frame) {
    for (std::size_t byte = 0; byte < kFrameHeaderBytes; ++byte) places.push_back(LogInMemory::FrameAt(frame) + byte);
    places.push_back(LogInMemory::FrameAt(frame) + kFrameHeaderBytes);
    places.push_back(LogInMemory::FrameAt(frame + 1) - 1);
  }
  for (const std::size_t place : places) {
    INFO("byte " << place);
    IndexedLog indexed;
    indexed.Damage(place);
    CHECK(indexed.Check() == SQLITE_IOERR_DATA);
  }
}

TEST_CASE("an older log, which the disk did not overwrite with this one, is not copied", "[sqlite]") {
  for (const std::size_t salt : {8, 9}) {
    IndexedLog indexed;
    indexed.index.at(salt) ^= 1U;
    CHECK(indexed.Check() == SQLITE_IOERR_DATA);
  }
}

TEST_CASE("what is copied already or not committed yet does not matter", "[sqlite]") {
  IndexedLog indexed(/*copied=*/2, /*committed=*/3);
  indexed.Damage(LogInMemory::FrameAt(0) + kFrameHeaderBytes);
  indexed.Damage(LogInMemory::FrameAt(1) + kFrameHeaderBytes);
  indexed.Damage(LogInMemory::FrameAt(3) + kFrameHeaderBytes);
  CHECK(indexed.Check() == SQLITE_OK);
  // What follows the copied goes on from its checksum, which stands in the last sixteen bytes of its header.
  indexed.Damage(LogInMemory::FrameAt(1) + kFrameHeaderBytes - 1);
  CHECK(indexed.Check() == SQLITE_IOERR_DATA);
}

TEST_CASE("a read that fails says so, and a log that ends early is damaged", "[sqlite]") {
  for (int read = 0; read < 4; ++read) {
    INFO("read " << read);
    IndexedLog indexed(/*copied=*/2);
    indexed.log.failing_read = read;
    CHECK(indexed.Check() == SQLITE_IOERR_READ);
  }
  for (const std::size_t size :
       {std::size_t{0}, kLogHeaderBytes - 1, kLogHeaderBytes, LogInMemory::FrameAt(3), LogInMemory::FrameAt(4) - 1}) {
    IndexedLog indexed;
    indexed.log.bytes.resize(size);
    CHECK(indexed.Check() == SQLITE_IOERR_DATA);
  }
}

// A store in which the disk writes one frame wrong of the last transaction, counted from 1, and reports success.
struct WronglyWritten {
  TemporaryDirectory directory;
  std::string path = directory.Path("closure.db");
  std::vector<std::string> before;
  // How many frames the last transaction has; the header of the log is written before them.
  int frames = -1;
  // What operators were told.
  std::string warning;

  // Closes the store after that, which makes a checkpoint. The log holds nothing else: a page that stands in it twice
  // would be read from there at a start, whatever has reached the database.
  explicit WronglyWritten(int frame) {
    FaultVfs vfs;
    auto store = Open();
    Create(**store, "1001");
    *store = nullptr;
    store = Open();
    REQUIRE(LogComesEmpty(path));
    before = simulation::Observe(**store);
    vfs.SetDecide([&](FileCall call, std::int64_t, FileRole role) {
      const bool written = call == FileCall::kWrite && role == FileRole::kLog;
      return written && ++frames == frame ? FileFailure::kFlippedBit : FileFailure::kNone;
    });
    Create(**store, "1002");
    vfs.SetDecide(nullptr);
    *store = nullptr;
  }

  absl::StatusOr<std::unique_ptr<SqliteClosureStore>> Open() {
    auto store = SqliteClosureStore::Open(
        {.path = path, .readers = 1, .tell_damage = [this](std::string_view text) { warning = text; }});
    INFO(store.status());
    REQUIRE(store.ok());
    return store;
  }

  static void Create(SqliteClosureStore& store, const std::string& account_id) {
    store.Apply(Creation({account_id, "c0"}), [](const absl::Status& made) { CHECK(made.ok()); });
    store.Drain();
  }
};

TEST_CASE("of a transaction that was written wrong nothing reaches the database", "[sqlite]") {
  int frames = 1;
  for (int frame = 1; frame <= frames; ++frame) {
    const MarkWatch mark(Mark::kCheckpointRefused);
    WronglyWritten wrong(frame);
    INFO("frame " << frame << " of " << wrong.frames);
    frames = wrong.frames;
    CHECK(mark.reached());
    // Or nobody would know that the last transaction is missing after the next start.
    CHECK_THAT(wrong.warning, Catch::Contains("data corruption") && Catch::Contains("what was written last may be"));
    CHECK(simulation::Observe(**wrong.Open()) == wrong.before);
  }
  CHECK(frames >= 3);
}

}  // namespace
}  // namespace closure
