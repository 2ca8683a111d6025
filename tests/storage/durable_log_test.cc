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
#include "tests/storage/sample_commits.h"
#include "tests/storage/temporary_directory.h"
#include "tests/support/mark_watch.h"

namespace closure {
namespace {

using Image = std::vector<unsigned char>;

// A log of some size, of no database.
struct SomeLog {
  TemporaryDirectory directory;
  std::string path = directory.Path("closure.db");
  std::string log = path + "-wal";
  Image bytes = Image(200'001);

  SomeLog() {
    for (std::size_t at = 0; at < bytes.size(); ++at) bytes[at] = static_cast<unsigned char>(at * 7);
    WriteBytes(path, {});
    WriteBytes(log, bytes);
  }
};

TEST_CASE("a log is written again as it is, the header before the rest, and each is synced", "[sqlite]") {
  const SomeLog some;
  FaultVfs vfs;
  std::string calls;
  vfs.SetDecide([&](FileCall call, std::int64_t, FileRole role) {
    CHECK(role != FileRole::kDatabase);
    if (call == FileCall::kWrite) calls += "w";
    if (call == FileCall::kTruncate) calls += "t";
    if (call == FileCall::kSync) calls += "s";
    return FileFailure::kNone;
  });
  const MarkWatch mark(Mark::kLogMadeDurable);
  REQUIRE(sqlite::MakeLogDurable(some.path).ok());
  CHECK(mark.reached());
  CHECK(calls == "wswwwwts");
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
      const absl::Status made = sqlite::MakeLogDurable(some.path);
      CHECK(absl::IsUnavailable(made));
      CHECK_THAT(std::string(made.message()), Catch::Contains(some.log));
    }
  }
  CHECK(ReadBytes(some.log) == some.bytes);
}

TEST_CASE("a bit that one read got wrong is not written", "[sqlite]") {
  const SomeLog some;
  FaultVfs vfs;
  vfs.SetDecide([](FileCall call, std::int64_t at, FileRole) {
    return call == FileCall::kRead && at == 3 ? FileFailure::kFlippedBit : FileFailure::kNone;
  });
  const absl::Status made = sqlite::MakeLogDurable(some.path);
  CHECK(absl::IsUnavailable(made));
  CHECK_THAT(std::string(made.message()), Catch::Contains("does not read the same twice"));
  CHECK(ReadBytes(some.log) == some.bytes);
}

TEST_CASE("where there is no log, or an empty one, nothing is wrong", "[sqlite]") {
  const TemporaryDirectory directory;
  CHECK(sqlite::MakeLogDurable(directory.Path("closure.db")).ok());
  CHECK_FALSE(std::filesystem::exists(directory.Path("closure.db-wal")));
  WriteBytes(directory.Path("closure.db-wal"), {});
  CHECK(sqlite::MakeLogDurable(directory.Path("closure.db")).ok());
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
