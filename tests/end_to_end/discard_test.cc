// SPDX-License-Identifier: Apache-2.0
// Giving up what can be renounced: the risk prompt, the choice, and what becomes of it.
#include <catch2/catch.hpp>

#include "checkers/proto_time.h"
#include "tests/support/mark_watch.h"
#include "tests/support/views.h"

namespace closure {
namespace {

constexpr char kNote[] = "A remaining balance cannot be withdrawn after the account is closed.";
constexpr char kId[] = "giving-up";

std::string Machine(std::string_view state) {
  return fmt::format(
      R"({{"resourceId": "i-1", "product": "ecs", "type": "instance", "regionCode": "cn-hangzhou", "displayName": "web",
    "chargeType": "PAY_AS_YOU_GO", "state": "{}", "releasable": true, "consoleUri": "https://ecs.console.example.com/i-1"}})",
      state);
}

// An account with a balance of 40.00 USD, a debt of 5.00 EUR and an instance.
void LoadAccount(RunningServer& server, std::string_view state = "Running", std::string_view more = "") {
  server.Load(CloudFileOf(
      kId, fmt::format(
               R"("funds": [{{"currencyCode": "USD", "balance": "40.00"}}, {{"currencyCode": "EUR", "debt": "5.00"}}],
    "resources": [{}]{}{})",
               Machine(state), more.empty() ? "" : ", ", more)));
}

std::string FundsText(RunningServer& server, const std::string& account_id) {
  std::string text;
  const sandbox::v1::ShowAccountResponse shown = server.Show(account_id);
  for (const auto& funds : shown.account().funds()) {
    text += fmt::format("{} {}/{};", funds.currency_code(), funds.balance(), funds.debt());
  }
  return text;
}

// Discards the items with these native ids, and waits for the scan that follows.
void Discard(RunningServer& server, Owner& owner, const std::vector<std::string>& native_ids) {
  std::vector<v1::BlockingItem> selected;
  for (const std::string& native_id : native_ids) selected.push_back(ItemOf(owner.Items(), native_id));
  const grpc::Status status = TryDiscard(server, owner, DiscardRequestFor(owner, selected));
  INFO(status.error_message());
  REQUIRE(status.ok());
  owner.WaitFor({v1::Closure::BLOCKED, v1::Closure::READY});
}

TEST_CASE(
    "the risk prompt names what will be lost and repeats that a balance cannot be withdrawn, before Discard and before "
    "Confirm",
    "[R5][R18][R19][R22][R53][R54]") {
  RunningServer server;
  LoadAccount(server);
  Owner owner(server, kId);
  owner.GoToScanResult();
  const v1::RiskPrompt discard = owner.closure().risk_prompt();
  CHECK_THAT(discard.text(), Catch::Contains(kNote) && Catch::Contains("40.00 USD") && Catch::Contains("5.00 EUR") &&
                                 Catch::Contains("web") && Catch::Contains("Resources are released at once"));
  owner.DiscardAll();
  const v1::RiskPrompt confirm = owner.closure().risk_prompt();
  CHECK_THAT(confirm.text(), Catch::Contains(kNote) && Catch::Contains("40.00 USD") && Catch::Contains("5.00 EUR") &&
                                 Catch::Contains("permanent and cannot be undone") &&
                                 Catch::Contains("neither revoked nor shortened") &&
                                 Catch::Contains("balances that were forfeited are gone"));
  CHECK_THAT(confirm.text(), !Catch::Contains("web"));
  CHECK(discard.digest() != confirm.digest());
}

TEST_CASE("the risk prompt speaks the owner's language", "[R53][R54][D9]") {
  RunningServer server;
  server.LoadExample("matrix");
  Owner owner(server, "language-zh");
  owner.GoToScanResult();
  CHECK_THAT(owner.closure().risk_prompt().text(),
             Catch::Contains("账号注销后，剩余余额无法提现。") && Catch::Contains("88.88 CNY"));
}

TEST_CASE("nothing is discarded or confirmed unless the present risk prompt is acknowledged", "[R19][R53]") {
  RunningServer server;
  LoadAccount(server);
  Owner owner(server, kId);
  owner.GoToScanResult();
  const std::string before = server.Show(kId).SerializeAsString();
  const std::string old_digest = owner.closure().risk_prompt().digest();
  for (const std::string& digest : {std::string(), std::string(64, '0')}) {
    v1::DiscardItemsRequest request = DiscardRequestFor(owner, owner.Items());
    request.set_risk_digest(digest);
    CHECK(ReasonIn(TryDiscard(server, owner, request)) == v1::RISK_NOT_ACKNOWLEDGED);
  }
  const std::string etag = owner.closure().etag();
  owner.Refresh();
  CHECK(owner.closure().etag() == etag);
  CHECK(server.Show(kId).SerializeAsString() == before);

  owner.DiscardAll();
  for (const std::string& digest : {std::string(), old_digest}) {
    v1::ConfirmClosureRequest request = owner.ConfirmRequest();
    request.set_risk_digest(digest);
    v1::Closure ignored;
    const grpc::Status status =
        server.closures().ConfirmClosure(RunningServer::As(owner.actor()).get(), request, &ignored);
    CHECK(ReasonIn(status) == v1::RISK_NOT_ACKNOWLEDGED);
  }
  CHECK(server.Gate(kId).allowed());
}

TEST_CASE("what was acknowledged is kept with its text, when and by whom", "[R53]") {
  RunningServer server;
  LoadAccount(server);
  Owner owner(server, kId);
  owner.GoToScanResult();
  const v1::RiskPrompt prompt = owner.closure().risk_prompt();
  server.clock().Advance(absl::Minutes(3));
  owner.DiscardAll();
  v1::GetClosureRecordRequest request;
  request.set_name(owner.name());
  v1::ClosureRecord record;
  REQUIRE(server.closures().GetClosureRecord(RunningServer::As(owner.actor()).get(), request, &record).ok());
  REQUIRE(record.consents_size() == 2);
  const v1::Consent& consent = record.consents(1);
  CHECK(consent.kind() == v1::Consent::DISCARD_RISK);
  CHECK(consent.text() == prompt.text());
  CHECK(consent.digest() == prompt.digest());
  CHECK(consent.actor() == "root:giving-up");
  CHECK(FromProto(consent.create_time()) == server.clock().Now());
}

TEST_CASE("the owner chooses which items to discard, and the others stay", "[R51][R52]") {
  RunningServer server;
  LoadAccount(server);
  Owner owner(server, kId);
  owner.GoToScanResult();
  Discard(server, owner, {"balance/USD"});
  CHECK(owner.closure().state() == v1::Closure::BLOCKED);
  CHECK(owner.closure().item_counts().renounced() == 1);
  CHECK(owner.closure().item_counts().renounceable() == 2);
  CHECK(ItemOf(owner.Items(), "balance/USD").resolution() == v1::BlockingItem::RENOUNCED);
  CHECK(ItemOf(owner.Items(), "debt/EUR").resolution() == v1::BlockingItem::OPEN);
  CHECK(server.Show(kId).account().resources_size() == 1);
  const v1::BlockingItem renounced = ItemOf(owner.Items(), "balance/USD");
  CHECK(ReasonIn(TryDiscard(server, owner, DiscardRequestFor(owner, {renounced}))) == v1::ITEM_NOT_OPEN);
  owner.DiscardAll();
  CHECK(owner.closure().state() == v1::Closure::READY);
}

TEST_CASE("one item that has to be handled by hand refuses the whole selection", "[R49][R52]") {
  RunningServer server;
  LoadAccount(server, "Running", R"("bills": [{"billId": "b-1", "amount": "1.00", "currencyCode": "USD"}])");
  Owner owner(server, kId);
  owner.GoToScanResult();
  const grpc::Status status = TryDiscard(server, owner, DiscardRequestFor(owner, owner.Items()));
  CHECK(status.error_code() == grpc::StatusCode::FAILED_PRECONDITION);
  CHECK(ReasonIn(status) == v1::ITEM_NOT_RENOUNCEABLE);
  CHECK_THAT(status.error_message(), Catch::Contains("b-1") || Catch::Contains("Pay the bill"));
  owner.Refresh();
  CHECK(owner.closure().state() == v1::Closure::BLOCKED);
  CHECK(owner.closure().renunciations().empty());
  CHECK(server.Show(kId).account().resources_size() == 1);
}

TEST_CASE("a resource is released at once and does not come back when the closure is cancelled",
          "[R19][R51][D3][D15]") {
  RunningServer server;
  LoadAccount(server);
  Owner owner(server, kId);
  owner.GoToScanResult();
  Discard(server, owner, {"resource/i-1"});
  CHECK(server.Show(kId).account().resources().empty());
  CHECK(ActsOf(server, kId, "ResourceService/ReleaseResource").size() == 1);
  const v1::BlockingItem gone = ItemOf(owner.Items(true), "resource/i-1");
  CHECK(gone.resolution() == v1::BlockingItem::RESOLVED);
  CHECK(gone.resolution_detail() == "it was discarded in this closure");
  owner.Cancel();
  CHECK(server.Show(kId).account().resources().empty());
}

TEST_CASE("a balance is forfeited on entering the silent period, and a debt is voided as the first stage of deletion",
          "[R19][R23][R24][D15]") {
  RunningServer server;
  LoadAccount(server);
  Owner owner(server, kId);
  owner.GoToScanResult();
  const absl::Time renounced = server.clock().Now();
  owner.DiscardAll();
  REQUIRE(owner.closure().renunciations_size() == 2);
  CHECK(FundsText(server, kId) == "EUR 0.00/5.00;USD 40.00/0.00;");
  server.clock().Advance(absl::Minutes(5));
  owner.GoToSilentPeriod();
  CHECK(FundsText(server, kId) == "EUR 0.00/5.00;USD 0.00/0.00;");
  for (const v1::Renunciation& renunciation : owner.closure().renunciations()) {
    CHECK(FromProto(renunciation.create_time()) == renounced);
    const bool balance = renunciation.kind() == v1::BALANCE;
    CHECK(renunciation.status() == (balance ? v1::Renunciation::EXECUTED : v1::Renunciation::RECORDED));
    if (balance) CHECK(FromProto(renunciation.execute_time()) == server.clock().Now());
  }
  CHECK(ActsOf(server, kId, "BillingService/VoidDebt").empty());
  owner.GoToEnd();
  CHECK(owner.closure().state() == v1::Closure::CLOSED);
  std::vector<std::string> ends;
  const sandbox::v1::ShowAccountResponse shown = server.Show(kId);
  for (const auto& act : shown.acts()) {
    const std::string method = act.method().substr(act.method().rfind('/') + 1);
    if (method == "VoidDebt" || method == "PurgeData" || method == "UnbindThirdParties" || method == "DeleteAccount")
      ends.push_back(method);
  }
  REQUIRE(ends.size() == 4);
  CHECK(ends.front() == "VoidDebt");
  CHECK(ends.back() == "DeleteAccount");
  for (const v1::Renunciation& renunciation : owner.closure().renunciations())
    CHECK(renunciation.status() == v1::Renunciation::EXECUTED);
}

// Money that was renounced and not executed is the owner's and owed still.
void CheckDropped(RunningServer& server, const Owner& owner) {
  CHECK(owner.closure().renunciations_size() == 2);
  for (const v1::Renunciation& renunciation : owner.closure().renunciations())
    CHECK(renunciation.status() == v1::Renunciation::DROPPED);
  CHECK(FundsText(server, kId) == "EUR 0.00/5.00;USD 40.00/0.00;");
  CHECK(ActsOf(server, kId, "BillingService/ForfeitBalance").empty());
  CHECK(ActsOf(server, kId, "BillingService/VoidDebt").empty());
}

TEST_CASE("cancel, expiry and abort drop what was renounced and not executed", "[D3][D15]") {
  RunningServer server;
  LoadAccount(
      server, "Running",
      R"("lateBills": [{"bill": {"billId": "late", "amount": "9.00", "currencyCode": "USD"}, "afterFreeze": "3600s"}])");
  Owner owner(server, kId);
  owner.GoToScanResult();
  owner.DiscardAll();
  REQUIRE(owner.closure().state() == v1::Closure::READY);
  SECTION("cancel") {
    owner.Cancel();
    CheckDropped(server, owner);
  }
  SECTION("expiry") {
    server.clock().Advance(absl::Hours(720));
    owner.WaitFor({v1::Closure::EXPIRED});
    CheckDropped(server, owner);
  }
  SECTION("abort keeps the debt and does not give back the balance") {
    owner.GoToSilentPeriod();
    owner.GoToEnd();
    CHECK(owner.closure().state() == v1::Closure::ABORTED);
    CHECK(FundsText(server, kId) == "EUR 0.00/5.00;USD 0.00/0.00;");
    for (const v1::Renunciation& renunciation : owner.closure().renunciations()) {
      CHECK(renunciation.status() ==
            (renunciation.kind() == v1::BALANCE ? v1::Renunciation::EXECUTED : v1::Renunciation::DROPPED));
    }
  }
}

TEST_CASE("an item whose facts were seen to move is refused with the old fingerprint and taken with the new one",
          "[R52][D11]") {
  RunningServer server;
  LoadAccount(server);
  Owner owner(server, kId);
  owner.GoToScanResult();
  v1::BlockingItem shown = ItemOf(owner.Items(), "balance/USD");
  TopUp(server, kId, "1.00 USD");
  owner.Recheck();
  const grpc::Status status = TryDiscard(server, owner, DiscardRequestFor(owner, {shown}));
  CHECK(ReasonIn(status) == v1::FINGERPRINT_MISMATCH);
  CHECK(owner.closure().renunciations().empty());
  const v1::BlockingItem now = ItemOf(owner.Items(), "balance/USD");
  CHECK(FormatMoney(now.amount()) == "41.00 USD");
  Discard(server, owner, {"balance/USD"});
  CHECK(FormatMoney(owner.closure().renunciations(0).amount()) == "41.00 USD");
}

TEST_CASE("money whose facts moved unseen is not renounced: the scan after the discard shows the new amount",
          "[D11][D15]") {
  RunningServer server;
  LoadAccount(server);
  Owner owner(server, kId);
  owner.GoToScanResult();
  TopUp(server, kId, "1.00 USD");
  owner.DiscardAll();
  CHECK(owner.closure().state() == v1::Closure::BLOCKED);
  const v1::BlockingItem item = ItemOf(owner.Items(), "balance/USD");
  CHECK(item.resolution() == v1::BlockingItem::OPEN);
  CHECK(item.change() == v1::BlockingItem::CHANGED);
  CHECK(FormatMoney(item.amount()) == "41.00 USD");
  CHECK(ItemOf(owner.Items(), "debt/EUR").resolution() == v1::BlockingItem::RENOUNCED);
}

TEST_CASE("a balance that grows after the scan is found by the one after Confirm, and nothing is forfeited",
          "[R12][D6][D11]") {
  RunningServer server;
  LoadAccount(server);
  Owner owner(server, kId);
  owner.GoToScanResult();
  owner.DiscardAll();
  REQUIRE(owner.closure().state() == v1::Closure::READY);
  TopUp(server, kId, "1000.00 USD");
  owner.Confirm();
  owner.WaitFor({v1::Closure::BLOCKED});
  CHECK(owner.closure().cause() == v1::Closure::RESCAN_NOT_CLEAN);
  CHECK(ItemOf(owner.Items(), "balance/USD").disposition() == v1::MUST_HANDLE);
  CHECK(ActsOf(server, kId, "BillingService/ForfeitBalance").empty());
  CHECK(FundsText(server, kId) == "EUR 0.00/5.00;USD 1040.00/0.00;");
}

TEST_CASE("a resource whose facts moved unseen is not released, and the owner sees the new facts", "[R52][D11]") {
  RunningServer server;
  LoadAccount(server, "Stopped");
  Owner owner(server, kId);
  owner.GoToScanResult();
  const v1::BlockingItem shown = ItemOf(owner.Items(), "resource/i-1");
  LoadAccount(server, "Running");
  owner.DiscardAll();
  CHECK(owner.closure().state() == v1::Closure::BLOCKED);
  CHECK(server.Show(kId).account().resources_size() == 1);
  const v1::BlockingItem item = ItemOf(owner.Items(), "resource/i-1");
  CHECK(item.native_state() == "Running");
  CHECK(item.change() == v1::BlockingItem::CHANGED);
  CHECK(item.fingerprint() != shown.fingerprint());
  owner.DiscardAll();
  CHECK(owner.closure().state() == v1::Closure::READY);
  CHECK(server.Show(kId).account().resources().empty());
}

TEST_CASE("a release without an answer is given up after ten minutes, and the scan tells whether it happened",
          "[D5][D15]") {
  RunningServer server;
  LoadAccount(server);
  Owner owner(server, kId);
  owner.GoToScanResult();
  const v1::BlockingItem machine = ItemOf(owner.Items(), "resource/i-1");
  const auto fault =
      GENERATE(sandbox::v1::SetFaultRequest::UNAVAILABLE_BEFORE, sandbox::v1::SetFaultRequest::UNAVAILABLE_AFTER);
  const MarkWatch mark(Mark::kReleaseRetried);
  server.SetFault("ResourceService/ReleaseResource", fault);
  REQUIRE(TryDiscard(server, owner, DiscardRequestFor(owner, {machine})).ok());
  owner.WaitFor({v1::Closure::DISCARDING});
  while (!mark.reached()) owner.Refresh();  // it was asked for once
  server.clock().Advance(absl::Minutes(10));
  owner.WaitFor({v1::Closure::BLOCKED});
  const bool released = fault == sandbox::v1::SetFaultRequest::UNAVAILABLE_AFTER;
  CHECK(ItemOf(owner.Items(true), "resource/i-1").resolution() ==
        (released ? v1::BlockingItem::RESOLVED : v1::BlockingItem::OPEN));
  CHECK(server.Show(kId).account().resources_size() == (released ? 0 : 1));
  CHECK(mark.reached());
  server.SetFault("ResourceService/ReleaseResource", sandbox::v1::SetFaultRequest::FAULT_UNSPECIFIED);
  owner.DiscardAll();
  CHECK(owner.closure().state() == v1::Closure::READY);
  CHECK(ActsOf(server, kId, "ResourceService/ReleaseResource").size() == 1);
}

}  // namespace
}  // namespace closure
