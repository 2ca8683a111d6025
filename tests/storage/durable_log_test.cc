// SPDX-License-Identifier: Apache-2.0
// What a failed sync left in the log and not on the disk; tests/io_faults cuts the power behind it.
#include "storage/sqlite/durable_log.h"

#include <sqlite3.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "storage/sqlite/sqlite_closure_store.h"
#include "tests/io_faults/fault_vfs.h"
#include "tests/storage/comes_true.h"
#include "tests/storage/file_bytes.h"
#include "tests/storage/log_in_memory.h"
#include "tests/storage/sample_commits.h"
#include "tests/storage/temporary_directory.h"
#include "tests/support/mark_watch.h"

namespace closure {
namespace {

using Image = std::vector<unsigned char>;

// More than are written at a time.
constexpr int kManyFrames = 40;

// A log of frames, of which the first is a transaction, and a part of one more, of no database.
struct SomeLog {
  TemporaryDirectory directory;
  std::string path = directory.Path("closure.db");
  std::string log = path + "-wal";
  Image bytes;

  explicit SomeLog(int frames = 3) {
    LogInMemory memory;
    for (int frame = 0; frame < frames; ++frame) memory.Append(/*commits=*/frame == 0);
    bytes = memory.bytes;
    bytes.resize(bytes.size() + 1000, 'x');
    WriteBytes(path, {});
    WriteBytes(log, bytes);
  }
};

// What is done to the log meanwhile: w for a write, t for a truncation, s for a sync; with one failure of reads.
std::string CallsOf(const SomeLog& some, std::int64_t flipped_read = 0, bool lasting = false) {
  FaultVfs vfs;
  std::string calls;
  vfs.SetDecide([&](FileCall call, std::int64_t number, FileRole role) {
    CHECK(role != FileRole::kDatabase);
    if (call == FileCall::kWrite) calls += "w";
    if (call == FileCall::kTruncate) calls += "t";
    if (call == FileCall::kSync) calls += "s";
    const bool flips =
        call == FileCall::kRead && flipped_read > 0 && (lasting ? number >= flipped_read : number == flipped_read);
    return flips ? FileFailure::kFlippedBit : FileFailure::kNone;
  });
  REQUIRE(sqlite::MakeLogDurable(some.path, /*committed_frames=*/1).ok());
  CHECK(ReadBytes(some.log) == some.bytes);
  return calls;
}

TEST_CASE("a log is written again as it is, the header before the rest, and each is synced", "[sqlite]") {
  const MarkWatch mark(Mark::kLogMadeDurable);
  CHECK(CallsOf(SomeLog()) == "wswts");
  CHECK(CallsOf(SomeLog(kManyFrames)) == "wswwwts");
  CHECK(mark.reached());
}

TEST_CASE("what is not sound is not written again, nor what follows it", "[sqlite]") {
  SomeLog some;
  const auto damage = [&some](std::size_t at) {
    some.bytes[at] ^= 1;
    WriteBytes(some.log, some.bytes);
  };
  SECTION("a frame") {
    damage(LogInMemory::FrameAt(1) + 100);
    CHECK(CallsOf(some) == "wswts");
  }
  SECTION("a frame behind many") {
    SomeLog many(kManyFrames);
    many.bytes[LogInMemory::FrameAt(16) + 100] ^= 1;
    WriteBytes(many.log, many.bytes);
    CHECK(CallsOf(many) == "wswwts");
  }
  SECTION("the header") {
    damage(20);
    CHECK(sqlite::MakeLogDurable(some.path, 0).ok());
  }
  SECTION("a log that is shorter than a header") {
    some.bytes.resize(31);
    WriteBytes(some.log, some.bytes);
    CHECK(sqlite::MakeLogDurable(some.path, 0).ok());
  }
  CHECK(ReadBytes(some.log) == some.bytes);
}

TEST_CASE("a log whose committed frames do not read as they were written is refused", "[sqlite]") {
  for (const std::int64_t wrong_from : {1, 2, 3, 4}) {
    const SomeLog some(kManyFrames);
    FaultVfs vfs;
    vfs.SetDecide([wrong_from](FileCall call, std::int64_t number, FileRole) {
      return call == FileCall::kRead && number >= wrong_from ? FileFailure::kFlippedBit : FileFailure::kNone;
    });
    INFO("from read " << wrong_from);
    const absl::Status made = sqlite::MakeLogDurable(some.path, kManyFrames);
    CHECK(absl::IsUnavailable(made));
    CHECK_THAT(std::string(made.message()), Catch::Contains("does not read as it was written"));
    vfs.SetDecide(nullptr);
    CHECK(ReadBytes(some.log) == some.bytes);
    CHECK(sqlite::MakeLogDurable(some.path, kManyFrames).ok());
    CHECK(absl::IsUnavailable(sqlite::MakeLogDurable(some.path, kManyFrames + 1)));
  }
}

TEST_CASE("a log with a transaction that was not found before is refused", "[sqlite]") {
  const SomeLog some;
  const absl::Status made = sqlite::MakeLogDurable(some.path, 0);
  CHECK(absl::IsUnavailable(made));
  CHECK_THAT(std::string(made.message()), Catch::Contains("a transaction that was not found before"));
  CHECK(ReadBytes(some.log) == some.bytes);
}

TEST_CASE("a log that cannot be made durable is an error that names it, whichever call fails", "[sqlite]") {
  const SomeLog some;
  for (const FileCall failing : {FileCall::kAccess, FileCall::kOpen, FileCall::kFileSize, FileCall::kRead,
                                 FileCall::kWrite, FileCall::kTruncate, FileCall::kSync}) {
    for (const std::int64_t number : {1, 2}) {
      const bool once = failing == FileCall::kAccess || failing == FileCall::kOpen || failing == FileCall::kFileSize ||
                        failing == FileCall::kTruncate;
      if (once && number > 1) continue;
      FaultVfs vfs;
      vfs.SetDecide([&](FileCall call, std::int64_t at, FileRole) {
        return call == failing && at == number ? FileFailure::kError : FileFailure::kNone;
      });
      INFO(FileCallName(failing) << " " << number);
      const absl::Status made = sqlite::MakeLogDurable(some.path, 3);
      CHECK(absl::IsUnavailable(made));
      CHECK_THAT(std::string(made.message()), Catch::Contains(some.log));
    }
  }
  CHECK(ReadBytes(some.log) == some.bytes);
}

TEST_CASE("a bit that reads get wrong, once or each time, is not written", "[sqlite]") {
  const MarkWatch mark(Mark::kReadAgain);
  CHECK(CallsOf(SomeLog(kManyFrames), 3) == "wswwwts");
  CHECK(mark.times() == 1);
  CHECK(CallsOf(SomeLog(kManyFrames), 3, /*lasting=*/true) == "wswts");
  CHECK(mark.times() == 1);
}

TEST_CASE("where there is no log, or an empty one, nothing is wrong", "[sqlite]") {
  const TemporaryDirectory directory;
  CHECK(sqlite::MakeLogDurable(directory.Path("closure.db"), 0).ok());
  CHECK_FALSE(std::filesystem::exists(directory.Path("closure.db-wal")));
  WriteBytes(directory.Path("closure.db-wal"), {});
  CHECK(sqlite::MakeLogDurable(directory.Path("closure.db"), 0).ok());
}

TEST_CASE("a store whose sync failed leaves its log, and one that is well does not", "[sqlite]") {
  const bool fails = GENERATE(false, true);
  const TemporaryDirectory directory;
  const std::string path = directory.Path("closure.db");
  FaultVfs vfs;
  auto store = SqliteClosureStore::Open({.path = path, .readers = 1});
  REQUIRE(store.ok());
  REQUIRE(LogComesEmpty(path));
  absl::Status made;
  const auto create = [&](const std::string& account_id) {
    (*store)->Apply(Creation({account_id, "c0"}), [&](absl::Status status) { made = std::move(status); });
    (*store)->Drain();
  };
  create("1001");
  REQUIRE(made.ok());
  vfs.SetDecide([&](FileCall call, std::int64_t, FileRole role) {
    return fails && call == FileCall::kSync && role == FileRole::kLog ? FileFailure::kError : FileFailure::kNone;
  });
  create("1002");
  CHECK(made.ok() == !fails);
  vfs.SetDecide(nullptr);
  *store = nullptr;
  CHECK(std::filesystem::exists(path + "-wal") == fails);
}

}  // namespace
}  // namespace closure
