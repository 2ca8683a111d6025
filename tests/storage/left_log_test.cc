// SPDX-License-Identifier: Apache-2.0
// A log with what was acknowledged, beside whatever a start may meet.
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "storage/sqlite/backup.h"
#include "storage/sqlite/sqlite_closure_store.h"
#include "tests/storage/comes_true.h"
#include "tests/storage/file_bytes.h"
#include "tests/storage/open_store.h"
#include "tests/storage/sample_commits.h"
#include "tests/storage/temporary_directory.h"

namespace closure {
namespace {

using Catch::Matchers::Contains;

const ClosureKey kKey{.account_id = "1001", .closure_id = "c1"};

// What a killed process left: a database, and a log with what it wrote last.
class LeftByKill {
 public:
  LeftByKill() {
    const auto store = MustOpen({.path = before_, .key_check = "key"});
    REQUIRE(LogComesEmpty(before_));
    store->Apply(Creation(kKey), [](const absl::Status& made) { REQUIRE(made.ok()); });
    store->Drain();
    for (const char* const ending : {"", "-wal"}) std::filesystem::copy_file(before_ + ending, path + ending);
    log = ReadBytes(path + "-wal");
    REQUIRE(!log.empty());
  }

 private:
  const TemporaryDirectory directory_;
  const std::string before_ = directory_.Path("before.db");

 public:
  const std::string path = directory_.Path("closure.db");
  std::vector<unsigned char> log;
};

TEST_CASE("a start that is refused leaves the log of a killed process as it is", "[sqlite]") {
  const LeftByKill left;
  SECTION("because the database is of another deployment") {
    CHECK_THAT(Refusal({.path = left.path, .deployment = Deployment::kDev}), Contains("production database"));
  }
  SECTION("because it was made with another key") {
    CHECK_THAT(Refusal({.path = left.path, .key_check = "other"}), Contains("another secret key"));
  }
  CHECK(ReadBytes(left.path + "-wal") == left.log);
  CHECK(MustOpen({.path = left.path, .key_check = "key"})->LoadClosure(kKey).ok());
}

TEST_CASE("a log beside a database that is missing, empty or to be emptied is never lost", "[sqlite]") {
  const LeftByKill left;
  SECTION("missing") { std::filesystem::remove(left.path); }
  SECTION("empty") { std::filesystem::resize_file(left.path, 0); }
  const std::string log = left.path + "-wal";
  std::string why = "is missing or empty, but its log " + log + " is not";
  SECTION("to be emptied") {
    WriteBytes(left.path + "-journal", {1});
    why = "has a log " + log + " and a rollback journal " + left.path + "-journal";
  }
  for (int start = 0; start < 2; ++start) CHECK_THAT(Refusal({.path = left.path}), Contains(why));
  CHECK(BackUpDatabase(left.path, left.path + ".copy", absl::UnixEpoch()).code() ==
        absl::StatusCode::kFailedPrecondition);
  CHECK(ReadBytes(left.path + "-wal") == left.log);
}

TEST_CASE("a start that is refused leaves nothing beside a database that was closed in order", "[sqlite]") {
  const TemporaryDirectory directory;
  const std::string path = directory.Path("closure.db");
  MustOpen({.path = path});
  CHECK_FALSE(Refusal({.path = path, .deployment = Deployment::kDev}).empty());
  CHECK_FALSE(std::filesystem::exists(path + "-wal"));
  CHECK_FALSE(std::filesystem::exists(path + "-shm"));
}

}  // namespace
}  // namespace closure
