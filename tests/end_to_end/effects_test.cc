// SPDX-License-Identifier: Apache-2.0
// What closing an account does to it for good, what it leaves alone, and who may do it.
#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "sandbox/sqlite_database.h"
#include "tests/support/api_calls.h"
#include "tests/support/views.h"

namespace closure {
namespace {

constexpr char kId[] = "leaving";

// An account with something of all that does not block: sessions, users, bindings, small money, what has ended, and a
// member's relation.
void LoadLeaving(RunningServer& server) {
  server.Load(CloudFileOf(kId, R"("ramUsers": ["quentin-the-clerk"],
    "sessions": [{"sessionId": "s-1", "identity": "root"}, {"sessionId": "s-2", "identity": "ram:quentin-the-clerk"}],
    "thirdPartyBindings": [{"provider": "social", "subject": "binding-subject-4711"}],
    "funds": [{"currencyCode": "USD", "balance": "40.00"}, {"currencyCode": "EUR", "debt": "5.00"}],
    "resources": [{"resourceId": "i-ended-0815", "product": "ecs", "type": "instance", "displayName": "the old web server", "chargeType": "SUBSCRIPTION",
      "state": "Expired", "expireTime": "2020-06-30T00:00:00Z", "consoleUri": "https://ecs.console.example.com/i-ended-0815"}],
    "domains": [{"domainName": "ended-domain.example", "state": "expired", "expireTime": "2020-06-30T00:00:00Z"}],
    "trusteeship": {"role": "MEMBER", "administratorAccountId": "trusteeship-administrator"})"));
}

// Reads the cloud's own file.
class CloudFileView {
 public:
  explicit CloudFileView(const std::string& path) : path_(path) {
    auto database = SqliteDatabase::Open(path);
    REQUIRE(database.ok());
    database_ = *std::move(database);
  }

  // How many rows of an account there are in each table that has any.
  std::map<std::string, int64_t> RowsOf(const std::string& account_id) {
    SqliteTransaction tx(*database_);
    std::set<std::string> tables;
    tx.Query(
        "SELECT t.name FROM sqlite_schema AS t JOIN pragma_table_info(t.name) AS c WHERE t.type = 'table' AND c.name = "
        "'account_id' ORDER BY t.name",
        {}, [&](const SqliteRow& row) { tables.insert(row.Text(0)); });
    std::map<std::string, int64_t> rows;
    for (const std::string& table : tables) {
      const int64_t count = tx.Number(fmt::format("SELECT COUNT(*) FROM {} WHERE account_id = ?", table), {account_id});
      if (count > 0) rows[table] = count;
    }
    REQUIRE(tx.status().ok());
    REQUIRE(tables.size() > 15);
    return rows;
  }

  // Whether a text is anywhere in the file or its write-ahead log.
  bool Holds(const std::string& text) const {
    for (const char* suffix : {"", "-wal"}) {
      std::ifstream file(path_ + suffix, std::ios::binary);
      std::stringstream bytes;
      bytes << file.rdbuf();
      if (bytes.str().find(text) != std::string::npos) return true;
    }
    return false;
  }

 private:
  const std::string path_;
  std::unique_ptr<SqliteDatabase> database_;
};

// Through discard and silent period to the end.
void Close(Owner& owner) {
  owner.GoToSilentPeriod();
  owner.GoToEnd();
  REQUIRE(owner.closure().state() == v1::Closure::CLOSED);
  // Notices are out and nothing more happens.
  owner.WaitUntil([](const v1::Closure& closure) { return closure.has_personal_data_erase_time(); });
}

TEST_CASE("a closed account has no row left in the cloud, and its texts are overwritten",
          "[R2][R3][R5][R7][R60][R65]") {
  RunningServer server;
  LoadLeaving(server);
  CloudFileView cloud(server.cloud_database_path());
  REQUIRE(cloud.RowsOf(kId).count("third_party_bindings") == 1);
  const std::vector<std::string> texts = {"The leaving company", "quentin-the-clerk",  "binding-subject-4711",
                                          "i-ended-0815",        "the old web server", "ended-domain.example"};
  for (const std::string& text : texts) CHECK(cloud.Holds(text));
  Owner owner(server, kId);
  Close(owner);
  // What was done to it, that it is gone, and the messages to its owner are not the account.
  const std::set<std::string> kept = {"acts", "deleted_accounts", "fences", "inbox"};
  for (const auto& [table, count] : cloud.RowsOf(kId)) {
    INFO(table << ": " << count);
    CHECK(kept.count(table) == 1);
  }
  for (const std::string& text : texts) {
    INFO(text);
    CHECK_FALSE(cloud.Holds(text));
  }
  CHECK(ActsOf(server, kId, "AccountService/UnbindThirdParties").size() == 1);
  CHECK(server.Show(kId).deleted());
}

TEST_CASE("other accounts are as they were, byte for byte, whatever their relation to the one that is closed", "[R6]") {
  RunningServer server;
  server.LoadExample("matrix");
  server.LoadExample("demo");
  LoadLeaving(server);
  const std::vector<std::string> others = {
      "trusteeship-administrator", "trusteeship-member", "everything", "identities", "clean",
      "funds-two-currencies",      "1000000001",         "1000000003"};
  std::map<std::string, std::string> before;
  for (const std::string& other : others) before[other] = server.Show(other).SerializeAsString();
  Owner owner(server, kId);
  Close(owner);
  for (const std::string& other : others) {
    INFO(other);
    CHECK(server.Show(other).SerializeAsString() == before[other]);
    CHECK(server.Inbox(other).empty());
    CHECK(server.Gate(other).allowed());
  }
}

TEST_CASE("nobody signs in to a closed account, it cannot be closed again, and a new account is needed and works",
          "[R2][R4][D13]") {
  RunningServer server;
  LoadLeaving(server);
  Owner owner(server, kId);
  Close(owner);
  for (const auto action :
       {v1::CheckAccessRequest::SIGN_IN, v1::CheckAccessRequest::VIEW_CLOSURE, v1::CheckAccessRequest::OTHER}) {
    CHECK_FALSE(server.Gate(kId, action).allowed());
  }
  v1::CreateClosureRequest again;
  again.set_parent("accounts/leaving");
  again.set_channel(v1::EMAIL);
  again.set_request_id(NewRequestId());
  CHECK(Send(server, owner.actor(), again).reason() == v1::ACCOUNT_CLOSED);
  v1::PreviewClosureRequest preview;
  preview.set_account("accounts/leaving");
  CHECK(Send(server, owner.actor(), preview).reason() == v1::ACCOUNT_CLOSED);
  server.Load(CloudFileOf("returning"));
  CHECK(server.Gate("returning", v1::CheckAccessRequest::SIGN_IN).allowed());
  CHECK(server.Gate("returning").allowed());
}

TEST_CASE("a closed closure refuses everything that is asked of it", "[R2][R18][R63]") {
  RunningServer server;
  LoadLeaving(server);
  Owner owner(server, kId);
  Close(owner);
  CHECK(owner.closure().allowed_actions().empty());
  WaitUntilQuiet(server, owner.name());
  const std::string before = Sight(server, owner.name());
  int asked = 0;
  for (const auto* method : ClosureMethods()) {
    if (!IsMutation(method) || method->name() == "CreateClosure") continue;
    INFO(method->name());
    CHECK(Send(server, owner.actor(), *MakeRequest(method, owner.closure())).reason() == v1::STATE_NOT_ALLOWED);
    ++asked;
  }
  CHECK(asked == 7);
  CHECK(Sight(server, owner.name()) == before);
}

TEST_CASE(
    "a closure can be started at any time: with everything unsettled, at night, at weekends, and again after it ended",
    "[R1][R68]") {
  RunningServer server;
  server.LoadExample("matrix");
  Owner first(server, "everything");
  first.Create();
  first.Cancel();
  // From Wednesday noon on, every seven hours for a week.
  for (int hours = 0; hours < 7 * 24; hours += 7) {
    server.clock().Advance(absl::Hours(7));
    Owner owner(server, "everything");
    owner.Create();
    CHECK(owner.closure().state() == v1::Closure::IDENTITY_PENDING);
    owner.Cancel();
  }
}

TEST_CASE(
    "once the silent period has begun, what was released and forfeited is gone while the rest of the account still "
    "stands",
    "[R19][R23]") {
  RunningServer server;
  server.Load(CloudFileOf(kId, R"("funds": [{"currencyCode": "USD", "balance": "40.00"}],
    "resources": [{"resourceId": "i-1", "product": "ecs", "type": "instance", "chargeType": "SUBSCRIPTION", "state": "Running", "expireTime": "2099-12-31T00:00:00Z",
      "releasable": true, "consoleUri": "https://ecs.console.example.com/i-1"}],
    "thirdPartyBindings": [{"provider": "social", "subject": "u-1"}])"));
  Owner owner(server, kId);
  owner.GoToSilentPeriod();
  const auto shown = server.Show(kId);
  CHECK_FALSE(shown.deleted());
  CHECK(shown.account().resources().empty());
  CHECK(shown.account().third_party_bindings_size() == 1);
  CHECK(ActsOf(server, kId, "BillingService/ForfeitBalance").size() == 1);
}

// Every way to drive a closure is refused to this identity, and changes nothing.
void CheckMayNotDrive(RunningServer& server, const Owner& owner, const std::string& actor, grpc::StatusCode code,
                      v1::ErrorReason reason) {
  WaitUntilQuiet(server, owner.name());
  const std::string before = Sight(server, owner.name());
  int asked = 0;
  for (const auto* method : ClosureMethods()) {
    if (!IsMutation(method)) continue;
    INFO(actor << " " << method->name());
    const Reply reply = Send(server, actor, *MakeRequest(method, owner.closure()));
    CHECK(reply.status.error_code() == code);
    CHECK(reply.reason() == reason);
    ++asked;
  }
  CHECK(asked == 8);
  CHECK(Sight(server, owner.name()) == before);
}

TEST_CASE(
    "only the root identity of the account drives its closure: no RAM user, no role, no other account, no operator",
    "[R41][R42]") {
  RunningServer server;
  server.LoadExample("matrix");
  Owner owner(server, "identities");
  owner.GoToScanResult();
  const auto denied = grpc::StatusCode::PERMISSION_DENIED;
  CheckMayNotDrive(server, owner, "ram:alice@identities", denied, v1::ROOT_IDENTITY_REQUIRED);
  CheckMayNotDrive(server, owner, "operator:ann", denied, v1::ROOT_IDENTITY_REQUIRED);
  CheckMayNotDrive(server, owner, "root:clean", denied, v1::ACCOUNT_MISMATCH);
  CheckMayNotDrive(server, owner, "ram:alice@clean", denied, v1::ACCOUNT_MISMATCH);
  CheckMayNotDrive(server, owner, "role:auditor@identities", grpc::StatusCode::UNAUTHENTICATED, v1::IDENTITY_INVALID);
  CheckMayNotDrive(server, owner, "", grpc::StatusCode::UNAUTHENTICATED, v1::IDENTITY_MISSING);
  Close(owner);
}

TEST_CASE("a RAM user sees nothing of the closure, and an operator sees it", "[R41][R42]") {
  RunningServer server;
  server.LoadExample("matrix");
  Owner owner(server, "identities");
  owner.GoToScanResult();
  for (const auto* method : ClosureMethods()) {
    if (IsMutation(method) || method->name() == "GetAgreement") continue;
    INFO(method->name());
    const auto request = MakeRequest(method, owner.closure());
    CHECK(Send(server, "ram:alice@identities", *request).reason() == v1::ROOT_IDENTITY_REQUIRED);
    if (method->name() == "WatchClosure") continue;  // it would go on
    CHECK(Send(server, "operator:ann", *request).ok());
  }
}

}  // namespace
}  // namespace closure
