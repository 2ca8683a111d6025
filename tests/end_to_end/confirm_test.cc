// SPDX-License-Identifier: Apache-2.0
// Confirm Deletion: what it needs, and that only a clean scan of the frozen account begins the silent period.
#include <catch2/catch.hpp>

#include "checkers/proto_time.h"
#include "fmt/format.h"
#include "tests/support/api_calls.h"
#include "tests/support/scripted_checker.h"
#include "tests/support/views.h"

namespace closure {
namespace {

using grpc::StatusCode;

constexpr char kAccount[] = "confirm-1";
constexpr absl::Duration kLimit = absl::Minutes(5);

// A checker that is held at the rescan after Confirm, and finds nothing at any other time.
std::shared_ptr<Checker> HeldAtConfirm(const std::shared_ptr<QuestionHold>& hold) {
  return std::make_shared<ScriptedChecker>(
      "slow", [hold](const v1::CheckRequest& request, const CallOptions& options, Checker::CheckDone done) {
        if (request.phase() == v1::CONFIRM) return hold->behaviour()(request, options, std::move(done));
        std::move(done)(CheckAnswer{.items = {}, .as_of = FromProto(request.check_time())});
      });
}

// A closure that is ready; a balance of 20 USD is renounced.
struct Ready {
  RunningServer server;
  Owner owner{server, kAccount};

  explicit Ready(RunningServer::Options options = {}) : server(std::move(options)) {
    server.Load(CloudFileOf(kAccount, R"("funds": [{"currencyCode": "USD", "balance": "20.00"}])"));
    owner.GoToScanResult();
    owner.DiscardAll();
    REQUIRE(owner.closure().state() == v1::Closure::READY);
  }
  Reply Confirm(const v1::ConfirmClosureRequest& request) { return Send(server, owner.actor(), request); }
  // The account is as it was before Confirm, and nothing is lost.
  void CheckNothingLost(v1::Closure::Cause cause) {
    WaitUntilQuiet(server, owner.name());
    owner.Refresh();
    CHECK(owner.closure().state() == v1::Closure::BLOCKED);
    CHECK(v1::Closure::Cause_Name(owner.closure().cause()) == v1::Closure::Cause_Name(cause));
    CHECK_FALSE(owner.closure().has_silent_period_start_time());
    REQUIRE(owner.closure().renunciations_size() == 1);
    CHECK(owner.closure().renunciations(0).status() == v1::Renunciation::RECORDED);
    CHECK(ActsOf(server, kAccount, "BillingService/ForfeitBalance").empty());
    const sandbox::v1::ShowAccountResponse shown = server.Show(kAccount);
    CHECK_FALSE(shown.account_frozen());
    CHECK_FALSE(shown.billing_frozen());
    CHECK_FALSE(shown.resources_frozen());
    CHECK(shown.service_linked_roles().empty());
    CHECK(server.Gate(kAccount).gate_state() == v1::GATE_OPEN);
  }
};

TEST_CASE("a passed check makes the account ready, and a reason and a consent confirm it", "[R19][R47][R55][D4]") {
  Ready ready;
  const v1::RiskPrompt prompt = ready.owner.closure().risk_prompt();
  CHECK_THAT(prompt.text(), Catch::Contains("20"));
  CHECK_THAT(prompt.text(), Catch::Contains("cannot be withdrawn"));
  v1::ConfirmClosureRequest request = ready.owner.ConfirmRequest();
  request.set_reason(v1::Closure::SWITCHING_PROVIDER);
  request.set_reason_text("Nearer to our customers.");
  const auto confirmed = ready.Confirm(request).As<v1::Closure>();
  CHECK(confirmed.reason() == v1::Closure::SWITCHING_PROVIDER);
  CHECK(confirmed.reason_text() == "Nearer to our customers.");
  v1::GetClosureRecordRequest get;
  get.set_name(ready.owner.name());
  const auto record = Send(ready.server, ready.owner.actor(), get).As<v1::ClosureRecord>();
  const v1::Consent& consent = record.consents(record.consents_size() - 1);
  CHECK(consent.kind() == v1::Consent::CONFIRM_RISK);
  CHECK(consent.digest() == prompt.digest());
  CHECK(consent.text() == prompt.text());
  CHECK(consent.actor() == ready.owner.actor());
}

TEST_CASE("a confirmation without a reason, the risk's digest or the present etag is refused", "[R19][R53][D4]") {
  Ready ready;
  const std::string before = Sight(ready.server, ready.owner.name());
  const v1::ConfirmClosureRequest good = ready.owner.ConfirmRequest();
  v1::ConfirmClosureRequest request = good;
  request.clear_reason();
  const Reply without = ready.Confirm(request);
  CheckRefused(without, StatusCode::INVALID_ARGUMENT, v1::REASON_MISSING, {"reason"});
  CHECK(without.fields() == std::vector<std::string>{"reason"});
  request = good;
  request.clear_risk_digest();
  CheckRefused(ready.Confirm(request), StatusCode::FAILED_PRECONDITION, v1::RISK_NOT_ACKNOWLEDGED,
               {ready.owner.name()});
  request.set_risk_digest(std::string(64, 'a'));
  CheckRefused(ready.Confirm(request), StatusCode::FAILED_PRECONDITION, v1::RISK_NOT_ACKNOWLEDGED, {"another prompt"});
  request = good;
  request.clear_etag();
  CheckRefused(ready.Confirm(request), StatusCode::INVALID_ARGUMENT, v1::FIELD_MISSING, {"etag"});
  request.set_etag("\"1\"");
  const Reply stale = ready.Confirm(request);
  CheckRefused(stale, StatusCode::ABORTED, v1::ETAG_MISMATCH, {good.etag()});
  CHECK(stale.metadata()["etag"] == good.etag());
  request.set_etag(std::string(101, 'x'));
  CheckRefused(ready.Confirm(request), StatusCode::INVALID_ARGUMENT, v1::FIELD_INVALID, {"etag"});
  CHECK(Sight(ready.server, ready.owner.name()) == before);
  CHECK(ready.Confirm(good).ok());
}

TEST_CASE("a scan is good for thirty minutes", "[D16]") {
  Ready ready;
  const bool late = GENERATE(false, true);
  ready.server.clock().Advance(late ? absl::Minutes(30) : absl::Minutes(30) - absl::Seconds(1));
  const std::string before = Sight(ready.server, ready.owner.name());
  const Reply reply = ready.Confirm(ready.owner.ConfirmRequest());
  if (!late) {
    CHECK(reply.ok());
    return;
  }
  CheckRefused(reply, StatusCode::FAILED_PRECONDITION, v1::SCAN_NOT_FRESH, {ready.owner.name(), "recheck"});
  CHECK(Sight(ready.server, ready.owner.name()) == before);
  ready.owner.Recheck();
  CHECK(ready.Confirm(ready.owner.ConfirmRequest()).ok());
}

TEST_CASE("Confirm freezes the account and scans it once more before the silent period begins", "[D6][R56]") {
  const auto hold = std::make_shared<QuestionHold>(kAccount);
  Ready ready({.extra_checkers = {HeldAtConfirm(hold)}});
  const int64_t scans = ready.owner.closure().scan().number();
  ready.owner.Confirm();
  REQUIRE(hold->WaitForQuestion());
  ready.owner.Refresh();
  CHECK(ready.owner.closure().state() == v1::Closure::CONFIRMING);
  CHECK(ready.owner.closure().scan().phase() == v1::CONFIRM);
  CHECK(ready.owner.closure().scan().number() == scans + 1);
  const sandbox::v1::ShowAccountResponse frozen = ready.server.Show(kAccount);
  CHECK(frozen.account_frozen());
  CHECK(frozen.billing_frozen());
  CHECK(frozen.resources_frozen());
  CHECK(ActsOf(ready.server, kAccount, "BillingService/ForfeitBalance").empty());
  hold->LetGo();
  ready.owner.WaitFor({v1::Closure::SILENT_PERIOD});
}

TEST_CASE("the silent period begins within five minutes of Confirm or not at all", "[R17][R56][D6]") {
  const auto hold = std::make_shared<QuestionHold>(kAccount);
  Ready ready({.extra_checkers = {HeldAtConfirm(hold)}});
  const bool late = GENERATE(false, true);
  ready.owner.Confirm();
  REQUIRE(hold->WaitForQuestion());
  ready.server.clock().Advance(late ? kLimit : kLimit - absl::Seconds(1));
  if (late) {
    ready.owner.WaitFor({v1::Closure::BLOCKED});
    ready.CheckNothingLost(v1::Closure::CONFIRM_TIMED_OUT);
    // An answer that comes too late begins nothing.
    hold->LetGo();
    ready.owner.Recheck();
    CHECK(ready.owner.closure().state() == v1::Closure::READY);
    CHECK(ready.owner.closure().cause() == v1::Closure::CAUSE_UNSPECIFIED);
    CHECK(ready.owner.closure().cause_detail().empty());
    CHECK(ready.server.Gate(kAccount).gate_state() == v1::GATE_OPEN);
    return;
  }
  hold->LetGo();
  ready.owner.WaitFor({v1::Closure::SILENT_PERIOD});
  const v1::Closure& closure = ready.owner.closure();
  CHECK(FromProto(closure.silent_period_start_time()) - FromProto(closure.confirm_time()) <= kLimit);
}

TEST_CASE("a freeze that hangs is thawed after five minutes, and Confirm can be given again", "[D6][R17]") {
  Ready ready;
  ready.server.SetFault("BillingService/FreezeBilling", sandbox::v1::SetFaultRequest::HANG);
  ready.owner.Confirm();
  ready.owner.WaitUntil([](const v1::Closure& closure) {
    const auto& all = closure.participants();
    return std::count_if(all.begin(), all.end(),
                         [](const auto& each) { return each.status() == v1::ParticipantProgress::DONE; }) +
               1 ==
           all.size();
  });
  CHECK(ready.server.Gate(kAccount).gate_state() == v1::GATE_CLOSING);
  ready.server.clock().Advance(kLimit - absl::Seconds(1));
  ready.owner.Refresh();
  CHECK(ready.owner.closure().state() == v1::Closure::CONFIRMING);
  ready.server.clock().Advance(absl::Seconds(1));
  ready.owner.WaitFor({v1::Closure::BLOCKED});
  ready.CheckNothingLost(v1::Closure::CONFIRM_TIMED_OUT);
  CHECK_FALSE(ready.owner.closure().has_hold());
  ready.server.SetFault("BillingService/FreezeBilling", sandbox::v1::SetFaultRequest::FAULT_UNSPECIFIED);
  ready.owner.Recheck();
  ready.owner.GoToSilentPeriod();
  CHECK(ready.server.Show(kAccount).billing_frozen());
}

TEST_CASE("a freeze that was done without an answer is thawed all the same", "[D6]") {
  Ready ready;
  ready.server.SetFault("BillingService/FreezeBilling", sandbox::v1::SetFaultRequest::UNAVAILABLE_AFTER);
  ready.owner.Confirm();
  WaitUntilQuiet(ready.server, ready.owner.name());
  CHECK(ready.server.Show(kAccount).billing_frozen());
  ready.server.clock().Advance(kLimit);
  ready.owner.WaitFor({v1::Closure::BLOCKED});
  ready.CheckNothingLost(v1::Closure::CONFIRM_TIMED_OUT);
}

TEST_CASE("the account stays gated until every participant has thawed", "[D6][R62]") {
  Ready ready;
  ready.server.SetFault("BillingService/FreezeBilling", sandbox::v1::SetFaultRequest::UNAVAILABLE_BEFORE);
  ready.server.SetFault("BillingService/ThawBilling", sandbox::v1::SetFaultRequest::UNAVAILABLE_BEFORE);
  ready.owner.Confirm();
  ready.server.clock().Advance(kLimit);
  ready.owner.WaitFor({v1::Closure::THAWING});
  WaitUntilQuiet(ready.server, ready.owner.name());
  CHECK(ready.server.Gate(kAccount).gate_state() == v1::GATE_CLOSING);
  ready.server.SetFault("BillingService/ThawBilling", sandbox::v1::SetFaultRequest::FAULT_UNSPECIFIED);
  RetryTasks(ready.server, ready.owner.name());
  ready.owner.WaitFor({v1::Closure::BLOCKED});
  ready.CheckNothingLost(v1::Closure::CONFIRM_TIMED_OUT);
}

TEST_CASE("what the rescan finds blocks the closure again", "[D6][R12]") {
  Ready ready;
  IssueBill(ready.server, kAccount, "36.20 USD");
  ready.owner.Confirm();
  ready.owner.WaitFor({v1::Closure::BLOCKED});
  ready.CheckNothingLost(v1::Closure::RESCAN_NOT_CLEAN);
  const v1::BlockingItem bill = OnlyItem(ready.owner.Items(), v1::UNPAID_BILL);
  CHECK(bill.change() == v1::BlockingItem::NEW);
  CHECK(ready.owner.closure().item_counts().must_handle() == 1);
  CHECK(ready.owner.closure().item_counts().renounced() == 1);
  Settle(ready.server, kAccount);
  ready.owner.Recheck();
  ready.owner.GoToSilentPeriod();
}

TEST_CASE("a checker that does not answer the rescan blocks the closure again", "[D5][D6]") {
  Ready ready;
  ready.server.SetFault("DomainService/ListDomains", sandbox::v1::SetFaultRequest::UNAVAILABLE_BEFORE);
  ready.owner.Confirm();
  ready.owner.WaitFor({v1::Closure::BLOCKED});
  ready.CheckNothingLost(v1::Closure::RESCAN_NOT_CLEAN);
  CHECK_THAT(ready.owner.closure().cause_detail(), Catch::Contains("domains"));
  CHECK(ResultOf(ready.owner.closure().scan().checkers(), "domains").status() == v1::CheckerResult::UNANSWERED);
}

TEST_CASE("at Confirm a checker has no longer than what is left of the time", "[D6]") {
  Ready ready({.configure = [](config::v1::ServerConfig& config) {
    config.mutable_policy()->mutable_confirm_limit()->set_seconds(1);
  }});
  ready.server.SetFault("DomainService/ListDomains", sandbox::v1::SetFaultRequest::HANG);
  ready.owner.Confirm();
  // The clock of the closure stands still; it is the checker's own deadline that ends the scan.
  ready.owner.WaitFor({v1::Closure::BLOCKED});
  ready.CheckNothingLost(v1::Closure::RESCAN_NOT_CLEAN);
  CHECK(ResultOf(ready.owner.closure().scan().checkers(), "domains").fault() == v1::CheckerResult::TIMED_OUT);
}

}  // namespace
}  // namespace closure
