// SPDX-License-Identifier: Apache-2.0
#include "sandbox/cloud_database.h"

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "catch2/catch.hpp"

namespace closure::test {
namespace {

int64_t FenceCount(CloudDatabase& database) {
  int64_t count = -1;
  CHECK(database
            .Transact([&](SqliteTransaction& tx) {
              count = tx.Number("SELECT COUNT(*) FROM fences", {});
              return absl::OkStatus();
            })
            .ok());
  return count;
}

void InsertFence(SqliteTransaction& tx, const std::string& account_id, int64_t fence) {
  tx.Run("INSERT INTO fences (account_id, fence) VALUES (?, ?)", {account_id, fence});
}

TEST_CASE("a transaction whose body returns an error leaves nothing", "[D5]") {
  const auto database = CloudDatabase::Open(":memory:").value();
  const absl::Status status = database->Transact([](SqliteTransaction& tx) {
    InsertFence(tx, "a", 1);
    return absl::NotFoundError("why");
  });
  CHECK(status == absl::NotFoundError("why"));
  CHECK(FenceCount(*database) == 0);
}

TEST_CASE("what was decided on rows that could not be read is never answered, not even NOT_FOUND", "[D5][D17]") {
  const auto database = CloudDatabase::Open(":memory:").value();
  for (const absl::Status& decided : {absl::OkStatus(), absl::NotFoundError("there is no account")}) {
    const absl::Status status = database->Transact([&](SqliteTransaction& tx) {
      InsertFence(tx, "a", 1);
      CHECK(tx.Number("SELECT no_such_column FROM accounts", {}) == 0);
      InsertFence(tx, "b", 1);
      return decided;
    });
    CHECK(status.code() == absl::StatusCode::kInternal);
    CHECK(std::string(status.message()).find("no_such_column") != std::string::npos);
    CHECK(FenceCount(*database) == 0);
  }
}

TEST_CASE("texts and numbers come back as they were bound", "[R26]") {
  const auto database = CloudDatabase::Open(":memory:").value();
  const std::string text("with a \0 byte, a ' and 户", 26);
  CHECK(database
            ->Transact([&](SqliteTransaction& tx) {
              tx.Query("SELECT ?, ?, ?, ?", {text, INT64_MIN, true, nullptr}, [&](const SqliteRow& row) {
                CHECK(row.Text(0) == text);
                CHECK(row.Integer(1) == INT64_MIN);
                CHECK(row.Boolean(2));
                CHECK(row.IsNull(3));
                CHECK(row.Text(3).empty());
              });
              return absl::OkStatus();
            })
            .ok());
}

}  // namespace
}  // namespace closure::test
