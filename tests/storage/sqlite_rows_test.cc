// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "storage/sqlite/sqlite_closure_store.h"
#include "tests/storage/conformance.h"
#include "tests/storage/temporary_directory.h"

// What an operator sees in SQL, and what the database refuses from one.
namespace closure {
namespace {

using sqlite::Connection;
using sqlite::Statement;
using State = v1::Closure;

const ClosureKey kKey{.account_id = "1001", .closure_id = "c1"};

// A store with one closure in its silent period, and a connection beside it as an operator has it.
class OpenDatabase {
 public:
  OpenDatabase() : store_({.name = "sqlite", .make_place = [this] { return std::make_unique<Place>(path_); }}) {
    store_.Create(kKey,
                  {State::AGREEMENT_PENDING, State::CHECKING, State::READY, State::CONFIRMING, State::SILENT_PERIOD});
    auto connection = Connection::Open(path_, Connection::Access::kReadWrite);
    REQUIRE(connection.ok());
    connection_ = *std::move(connection);
  }

  TestStore& store() { return store_; }
  Connection& sql() { return *connection_; }

 private:
  class Place final : public StorePlace {
   public:
    explicit Place(std::string path) : path_(std::move(path)) {}
    absl::StatusOr<std::unique_ptr<ClosureStore>> Open() override { return SqliteClosureStore::Open({.path = path_}); }

   private:
    const std::string path_;
  };

  const TemporaryDirectory directory_;
  const std::string path_ = directory_.Path("closure.db");
  TestStore store_;
  std::unique_ptr<Connection> connection_;
};

std::string Time(bool present, const google::protobuf::Timestamp& time) {
  return present ? std::to_string(time.seconds() * 1'000'000 + time.nanos() / 1000) : "NULL";
}

// Each column of a closure's row as the serialized closure has it.
std::vector<std::pair<std::string, std::string>> ColumnsOf(const internal::v1::ClosureData& data) {
  const v1::Closure& c = data.closure();
  return {{"account_id", data.account_id()},
          {"closure_id", data.closure_id()},
          {"organization_id", data.organization_id()},
          {"language_code", data.language_code()},
          {"state", State::State_Name(c.state())},
          {"version", std::to_string(data.version())},
          {"fence", std::to_string(data.fence())},
          {"etag_number", std::to_string(data.etag_number())},
          {"revision", std::to_string(c.revision())},
          {"create_time", Time(c.has_create_time(), c.create_time())},
          {"update_time", Time(c.has_update_time(), c.update_time())},
          {"state_enter_time", Time(c.has_state_enter_time(), c.state_enter_time())},
          {"expire_time", Time(c.has_expire_time(), c.expire_time())},
          {"confirm_time", Time(c.has_confirm_time(), c.confirm_time())},
          {"silent_period_start_time", Time(c.has_silent_period_start_time(), c.silent_period_start_time())},
          {"silent_period_end_time", Time(c.has_silent_period_end_time(), c.silent_period_end_time())},
          {"end_time", Time(c.has_end_time(), c.end_time())},
          {"personal_data_erase_time", Time(c.has_personal_data_erase_time(), c.personal_data_erase_time())},
          {"reason", State::Reason_Name(c.reason())},
          {"reason_text", c.reason_text()},
          {"cause", State::Cause_Name(c.cause())},
          {"cause_detail", c.cause_detail()},
          {"held", c.has_hold() ? "1" : "0"},
          {"hold_operator", c.hold().operator_()},
          {"hold_reason", c.hold().reason()},
          {"hold_time", Time(c.hold().has_create_time(), c.hold().create_time())},
          {"scan_number", std::to_string(c.scan().number())},
          {"scan_clean", c.scan().clean() ? "1" : "0"},
          {"must_handle_count", std::to_string(c.item_counts().must_handle())},
          {"renounceable_count", std::to_string(c.item_counts().renounceable())},
          {"renounced_count", std::to_string(c.item_counts().renounced())}};
}

void CheckColumns(Connection& sql) {
  Statement row = sql.Select(
      "SELECT data, account_id, closure_id, organization_id, language_code, state, version, fence, etag_number, "
      "revision, "
      "create_time, update_time, state_enter_time, expire_time, confirm_time, silent_period_start_time, "
      "silent_period_end_time, "
      "end_time, personal_data_erase_time, reason, reason_text, cause, cause_detail, held, hold_operator, hold_reason, "
      "hold_time, "
      "scan_number, scan_clean, must_handle_count, renounceable_count, renounced_count FROM closures");
  REQUIRE(*row.Step());
  internal::v1::ClosureData data;
  REQUIRE(data.ParseFromString(row.Text(0)));
  int column = 0;
  for (const auto& [name, value] : ColumnsOf(data)) {
    ++column;
    INFO(name);
    CHECK((row.IsNull(column) ? "NULL" : row.Text(column)) == value);
  }
}

TEST_CASE("the columns of a closure agree with its serialized form after every kind of write", "[sqlite]") {
  OpenDatabase database;
  CheckColumns(database.sql());
  Commit commit = Decision(database.store().Load(kKey));
  v1::Closure& closure = *commit.closure->mutable_closure();
  closure.set_reason(State::TOO_EXPENSIVE);
  closure.set_reason_text("太贵");
  closure.set_cause(State::HALTED);
  closure.set_cause_detail("detail");
  closure.mutable_hold()->set_operator_("operator:ann");
  closure.mutable_hold()->set_reason("court order");
  closure.mutable_scan()->set_number(3);
  closure.mutable_scan()->set_clean(true);
  closure.mutable_item_counts()->set_must_handle(1);
  closure.mutable_item_counts()->set_renounceable(2);
  closure.mutable_item_counts()->set_renounced(3);
  for (auto* time : {closure.mutable_expire_time(), closure.mutable_confirm_time(), closure.mutable_end_time(),
                     closure.mutable_personal_data_erase_time(), closure.mutable_hold()->mutable_create_time()}) {
    *time = TimestampOf(kNow + absl::Microseconds(123'456));
  }
  commit.closure->set_organization_id("org");
  commit.closure->set_language_code("zh");
  REQUIRE(database.store().Apply(std::move(commit)).ok());
  CheckColumns(database.sql());
  REQUIRE(database.store().RecordProgress(kKey, 3, NewResult("billing", v1::CheckerResult::RUNNING)).ok());
  CheckColumns(database.sql());
}

TEST_CASE("the columns of the system agree with its serialized form", "[sqlite]") {
  OpenDatabase database;
  Commit commit;
  internal::v1::SystemData& system = commit.system.emplace();
  system.set_version(1);
  system.set_admissions(4);
  system.mutable_pause()->set_actor("operator:ann");
  system.mutable_pause()->set_reason("drill");
  *system.mutable_pause()->mutable_create_time() = TimestampOf(kNow);
  system.mutable_breaker()->set_reason("too many");
  *system.mutable_breaker()->mutable_create_time() = TimestampOf(kNow + absl::Seconds(1));
  system.mutable_clock_jump()->set_reason("forward");
  *system.mutable_clock_jump()->mutable_create_time() = TimestampOf(kNow + absl::Seconds(2));
  *system.mutable_clock()->mutable_wall_time() = TimestampOf(kNow + absl::Seconds(3));
  REQUIRE(database.store().Apply(std::move(commit)).ok());
  Statement row = database.sql().Select(
      "SELECT version, pause_time, pause_actor, pause_reason, breaker_time, breaker_reason, clock_jump_time, "
      "clock_jump_reason, "
      "admissions, clock_wall_time, data FROM system");
  REQUIRE(*row.Step());
  const int64_t now = absl::ToUnixMicros(kNow);
  CHECK(row.Int(0) == 1);
  CHECK(row.Int(1) == now);
  CHECK(row.Text(2) == "operator:ann");
  CHECK(row.Text(3) == "drill");
  CHECK(row.Int(4) == now + 1'000'000);
  CHECK(row.Text(5) == "too many");
  CHECK(row.Int(6) == now + 2'000'000);
  CHECK(row.Text(7) == "forward");
  // The store counts them itself, in the column alone.
  CHECK(row.Int(8) == 0);
  CHECK(row.Int(9) == now + 3'000'000);
  internal::v1::SystemData data;
  REQUIRE(data.ParseFromString(row.Text(10)));
  CHECK(data.admissions() == 0);
}

TEST_CASE("the database itself refuses an operator's edits of what must never change", "[sqlite][R2][R18][S5]") {
  OpenDatabase database;
  const std::string before = database.store().Load(kKey).SerializeAsString();
  const char* edit =
      GENERATE("UPDATE transitions SET actor = 'root:1' WHERE number = 2", "DELETE FROM transitions WHERE number = 6",
               "INSERT OR REPLACE INTO transitions SELECT closure_row, 2, from_state, event, to_state, create_time, "
               "'x', detail, "
               "previous_hash, hash FROM transitions WHERE number = 2",
               "INSERT INTO transitions SELECT closure_row, 9, from_state, event, to_state, create_time, actor, "
               "detail, previous_hash, "
               "hash FROM transitions WHERE number = 6",
               "UPDATE closures SET silent_period_end_time = silent_period_end_time - 1",
               "UPDATE closures SET silent_period_end_time = NULL, silent_period_start_time = NULL",
               "UPDATE closures SET state = 'FINAL_CHECK'", "UPDATE closures SET state = 'CANCELLED'",
               "UPDATE closures SET state = 'DELETING'", "UPDATE closures SET state = 'GONE'",
               "UPDATE closures SET version = version + 2", "UPDATE closures SET version = version - 1",
               "UPDATE closures SET fence = fence - 1", "UPDATE closures SET account_id = '1002'",
               "UPDATE closures SET revision = 0", "DELETE FROM closures", "DELETE FROM accounts",
               "UPDATE accounts SET fence = 0");
  const absl::Status status = database.sql().RunScript(edit);
  INFO(edit << ": " << status.ToString());
  CHECK(absl::IsInvalidArgument(status));
  CHECK(database.store().Load(kKey).SerializeAsString() == before);
}

TEST_CASE("the database itself keeps what was ended, consented, used and closed", "[sqlite][R2][R4][D13][S5]") {
  OpenDatabase database;
  Commit commit = Decision(database.store().Load(kKey), State::RESTORING);
  commit.gate = v1::GATE_CLOSED;
  commit.tombstone = "t";
  commit.consents.emplace_back().set_kind(v1::Consent::AGREEMENT);
  commit.add_tasks.push_back(NewTask(kKey, "k"));
  REQUIRE(database.store().Apply(std::move(commit)).ok());
  REQUIRE(database.store().Apply(Decision(database.store().Load(kKey), State::ABORTED)).ok());
  const char* edit =
      GENERATE("UPDATE closures SET state = 'BLOCKED'", "UPDATE closures SET state = 'CLOSED'",
               "UPDATE accounts SET gate_state = 'GATE_OPEN'", "DELETE FROM tombstones",
               "UPDATE tombstones SET tombstone = x'00'", "DELETE FROM consents", "UPDATE consents SET actor = 'x'",
               "UPDATE tasks SET closure_row = 77", "UPDATE tasks SET due_time = 'soon'");
  const absl::Status status = database.sql().RunScript(edit);
  INFO(edit << ": " << status.ToString());
  CHECK(absl::IsInvalidArgument(status));
}

TEST_CASE("a connection is hardened", "[sqlite]") {
  OpenDatabase database;
  Connection& sql = database.sql();
  const auto number = [](Statement row) {
    REQUIRE(*row.Step());
    return row.Int(0);
  };
  CHECK(number(sql.Select("PRAGMA foreign_keys")) == 1);
  CHECK(number(sql.Select("PRAGMA synchronous")) == 3);
  CHECK(number(sql.Select("PRAGMA mmap_size")) == 0);
  CHECK(number(sql.Select("PRAGMA secure_delete")) == 1);
  CHECK(number(sql.Select("PRAGMA trusted_schema")) == 0);
  CHECK(number(sql.Select("PRAGMA cell_size_check")) == 1);
  CHECK(number(sql.Select("PRAGMA wal_autocheckpoint")) == 0);
  CHECK(number(sql.Select("PRAGMA busy_timeout")) == 5000);
  {
    Statement mode = sql.Select("PRAGMA journal_mode");
    REQUIRE(*mode.Step());
    CHECK(mode.Text(0) == "wal");
  }
  CHECK_FALSE(sql.RunScript("ATTACH ':memory:' AS other").ok());
  CHECK_FALSE(sql.RunScript("SELECT \"no such column\"").ok());
  CHECK_FALSE(sql.RunScript("UPDATE sqlite_schema SET sql = ''").ok());
  sql.AllowRowsOnly();
  for (const char* statement :
       {"DROP TRIGGER transitions_are_not_updated", "CREATE TABLE t (a TEXT)", "PRAGMA foreign_keys = OFF"}) {
    CHECK_FALSE(sql.RunScript(statement).ok());
  }
  CHECK(sql.RunScript("UPDATE tasks SET attempts = 0").ok());
}

TEST_CASE("the sweep reads the index of what is ready, and no other row", "[sqlite]") {
  OpenDatabase database;
  std::string plan;
  Statement row = database.sql().Select(
      "EXPLAIN QUERY PLAN SELECT t.task_id FROM tasks AS t CROSS JOIN closures AS c ON c.closure_row = t.closure_row "
      "WHERE t.parked = 'PARKED_UNSPECIFIED' AND t.lease_until IS NULL AND t.due_time <= 5 ORDER BY t.due_time, "
      "t.task_id LIMIT 9");
  while (*row.Step()) plan += row.Text(3) + "; ";
  CHECK(plan == "SEARCH t USING INDEX tasks_ready (due_time<?); SEARCH c USING INTEGER PRIMARY KEY (rowid=?); ");
}

}  // namespace
}  // namespace closure
