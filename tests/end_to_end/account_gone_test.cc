// SPDX-License-Identifier: Apache-2.0
// Accounts that vanish by another path: only an explicit DELETED counts, at whatever state the closure is.
#include <sqlite3.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "tests/end_to_end/last_to_freeze.h"
#include "tests/support/api_calls.h"
#include "tests/support/views.h"

namespace closure {
namespace {

constexpr char kAccount[] = "gone-1";

struct Doomed {
  RunningServer server;
  Owner owner{server, kAccount};

  explicit Doomed(RunningServer::Options options = {}) : server(std::move(options)) {
    server.Load(CloudFileOf(kAccount, R"("funds": [{"currencyCode": "USD", "balance": "20.00", "debt": "5.00"}])"));
  }
  void CheckGone(v1::Closure::State end) {
    owner.WaitFor({end});
    CHECK(owner.closure().cause() == v1::Closure::ACCOUNT_GONE);
    owner.WaitUntil([](const v1::Closure& closure) { return closure.has_personal_data_erase_time(); });
    for (const v1::Renunciation& each : owner.closure().renunciations())
      CHECK(each.status() != v1::Renunciation::RECORDED);
    CHECK(server.Gate(kAccount).gate_state() == v1::GATE_OPEN);
    for (const char* method : {"BillingService/VoidDebt", "ResourceService/PurgeData"})
      CHECK(ActsOf(server, kAccount, method).empty());
  }
};

TEST_CASE("before Confirm a scan that finds the account deleted cancels the closure", "[D17]") {
  Doomed doomed;
  const bool discarding = GENERATE(false, true);
  doomed.owner.GoToScanResult();
  DeleteElsewhere(doomed.server, kAccount);
  if (discarding) {
    REQUIRE(TryDiscard(doomed.server, doomed.owner, DiscardRequestFor(doomed.owner, doomed.owner.Items())).ok());
  } else {
    REQUIRE(Send(doomed.server, doomed.owner.actor(), RequestOn<v1::RecheckRequest>(doomed.owner.name())).ok());
  }
  doomed.CheckGone(v1::Closure::CANCELLED);
  int notices = 0;
  for (const auto& message : doomed.server.Inbox(kAccount))
    notices += message.body().find("another path") != std::string::npos ? 1 : 0;
  CHECK(notices == 2);
}

TEST_CASE("after Confirm a freeze that finds the account deleted restores what was frozen", "[D17]") {
  Doomed doomed;
  doomed.owner.GoToScanResult();
  doomed.owner.DiscardAll();
  DeleteElsewhere(doomed.server, kAccount);
  doomed.owner.Confirm();
  doomed.CheckGone(v1::Closure::ABORTED);
}

std::vector<std::string> EventsOf(RunningServer& server, const Owner& owner) {
  v1::ListTransitionsRequest request;
  request.set_parent(owner.name());
  const auto response = Send(server, owner.actor(), request).As<v1::ListTransitionsResponse>();
  std::vector<std::string> events;
  for (const v1::Transition& transition : response.transitions()) events.push_back(transition.event());
  return events;
}

TEST_CASE("a rescan that finds the account deleted restores it", "[D17][D6]") {
  const auto last = std::make_shared<LastToFreeze>();
  RunningServer::Options options;
  options.extra_participants.push_back({.participant = last});
  Doomed doomed(options);
  doomed.owner.GoToScanResult();
  doomed.owner.DiscardAll();
  doomed.owner.Confirm();
  REQUIRE(last->WaitForTurn());
  DeleteElsewhere(doomed.server, kAccount);
  last->LetGo();
  doomed.CheckGone(v1::Closure::ABORTED);
  // It was no freeze that found it: they were all done, and the rescan had begun.
  const std::vector<std::string> events = EventsOf(doomed.server, doomed.owner);
  const auto frozen = std::find(events.begin(), events.end(), "frozen");
  REQUIRE(frozen != events.end());
  CHECK(std::find(frozen, events.end(), "account_gone") != events.end());
  CHECK(doomed.owner.closure().scan().phase() == v1::CONFIRM);
}

TEST_CASE("an account that goes during the silent period is restored at its end", "[D17]") {
  Doomed doomed;
  doomed.owner.GoToSilentPeriod();
  DeleteElsewhere(doomed.server, kAccount);
  doomed.server.clock().Advance(absl::Hours(168));
  doomed.CheckGone(v1::Closure::ABORTED);
  CHECK(doomed.owner.closure().has_silent_period_end_time());
}

TEST_CASE("an account that goes at the final check is restored", "[D17]") {
  Doomed doomed;
  doomed.owner.GoToSilentPeriod();
  doomed.server.SetFault("BillingService/ListFunds", sandbox::v1::SetFaultRequest::UNAVAILABLE_BEFORE);
  doomed.server.clock().Advance(absl::Hours(168));
  doomed.owner.WaitFor({v1::Closure::FINAL_CHECK});
  WaitUntilQuiet(doomed.server, doomed.owner.name());
  DeleteElsewhere(doomed.server, kAccount);
  RetryTasks(doomed.server, doomed.owner.name());
  doomed.CheckGone(v1::Closure::ABORTED);
}

// Makes the account system forget the account, as if it had never been: it then answers NOT_FOUND.
void Forget(RunningServer& server) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(server.cloud_path().c_str(), &database) == SQLITE_OK);
  sqlite3_busy_timeout(database, 10'000);
  const std::string sql = fmt::format("DELETE FROM accounts WHERE account_id = '{}'", kAccount);
  CHECK(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(database);
}

TEST_CASE("an account that goes while its owner does nothing is noticed when the closure would expire", "[D17]") {
  Doomed doomed;
  doomed.server.SetFault("DomainService/ListDomains", sandbox::v1::SetFaultRequest::FAULT_UNSPECIFIED);
  doomed.owner.GoToScanResult();
  DeleteElsewhere(doomed.server, kAccount);
  doomed.server.clock().Advance(absl::Hours(24 * 30));
  doomed.CheckGone(v1::Closure::CANCELLED);
}

TEST_CASE("an account that is not found is not gone", "[D17][D5]") {
  Doomed doomed;
  doomed.owner.GoToScanResult();
  Forget(doomed.server);
  doomed.owner.Recheck();
  CHECK(doomed.owner.closure().state() == v1::Closure::BLOCKED);
  CHECK(doomed.owner.closure().cause() == v1::Closure::CAUSE_UNSPECIFIED);
  CHECK(ResultOf(doomed.owner.closure().scan().checkers(), "billing").status() == v1::CheckerResult::UNANSWERED);
}

TEST_CASE("an account that is not found at the final check is waited for", "[D17][D5]") {
  Doomed doomed;
  doomed.owner.GoToSilentPeriod();
  Forget(doomed.server);
  doomed.server.clock().Advance(absl::Hours(168));
  for (int i = 0; i < 5; ++i) {
    doomed.owner.WaitFor({v1::Closure::FINAL_CHECK});
    WaitUntilQuiet(doomed.server, doomed.owner.name());
    doomed.server.clock().Advance(absl::Hours(1));
  }
  doomed.owner.Refresh();
  CHECK(doomed.owner.closure().state() == v1::Closure::FINAL_CHECK);
}

}  // namespace
}  // namespace closure
