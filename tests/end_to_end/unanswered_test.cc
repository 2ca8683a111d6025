// SPDX-License-Identifier: Apache-2.0
// Checkers that do not answer, and those that are configured to matter less: silence is never a pass (D5).
#include <algorithm>
#include <catch2/catch.hpp>

#include "server/config.h"
#include "tests/support/api_calls.h"
#include "tests/support/scripted_checker.h"
#include "tests/support/views.h"

namespace closure {
namespace {

using Result = v1::CheckerResult;

config::v1::CheckerConfig& ConfigOf(config::v1::ServerConfig& config, const std::string& checker) {
  config::v1::CheckerConfig& added = *config.add_checkers();
  added.set_name(checker);
  return added;
}

Result ResultIn(const Owner& owner, const std::string& checker) {
  return ResultOf(owner.closure().scan().checkers(), checker);
}

TEST_CASE("a silent checker takes nothing from the others: their items are listed, and what it found before stays",
          "[R48][D5]") {
  RunningServer server;
  server.LoadExample("matrix");
  Owner owner(server, "everything");
  owner.GoToScanResult();
  CHECK(owner.Items().size() == 13);
  Settle(server, "everything");
  server.SetFault("DomainService/ListDomains", sandbox::v1::SetFaultRequest::UNAVAILABLE_BEFORE);
  owner.Recheck();
  CHECK(owner.closure().state() == v1::Closure::BLOCKED);
  CHECK(ResultIn(owner, "domains").fault() == Result::FAILED);
  // Domain and filing are gone in truth, but nobody said so; the rest is settled up to what can be discarded.
  const std::vector<v1::BlockingItem> items = owner.Items();
  CHECK(items.size() == 5);
  CHECK(OnlyItem(items, v1::DOMAIN_NAME).change() == v1::BlockingItem::UNCHANGED);
  CHECK(OnlyItem(items, v1::ICP_FILING).resolution() == v1::BlockingItem::OPEN);
  CHECK(OnlyItem(items, v1::PAY_AS_YOU_GO_RESOURCE).change() == v1::BlockingItem::UNCHANGED);
  server.SetFault("DomainService/ListDomains", sandbox::v1::SetFaultRequest::FAULT_UNSPECIFIED);
  owner.Recheck();
  CHECK(owner.Items().size() == 3);
}

TEST_CASE("a checker that hangs past its deadline did not answer, whatever else answered", "[R12][R16][D5]") {
  bool impatient = true;
  RunningServer server({.configure = [&](config::v1::ServerConfig& config) {
    if (impatient) ConfigOf(config, "domains").mutable_deadline()->set_nanos(100'000'000);
  }});
  server.LoadExample("matrix");
  server.SetFault("DomainService/ListIcpFilings", sandbox::v1::SetFaultRequest::HANG);
  Owner owner(server, "bill-unpaid");
  owner.GoToScanResult();
  CHECK(owner.closure().state() == v1::Closure::BLOCKED);
  CHECK(ResultIn(owner, "domains").status() == Result::UNANSWERED);
  CHECK(ResultIn(owner, "domains").fault() == Result::TIMED_OUT);
  CHECK_FALSE(ResultIn(owner, "domains").detail().empty());
  CHECK(OnlyItem(owner.Items(), v1::UNPAID_BILL).native_id() == "bill/bill-2020-01");
  Settle(server, "bill-unpaid");
  owner.Recheck();
  CHECK(owner.Items().empty());
  CHECK(owner.closure().state() == v1::Closure::BLOCKED);
  server.SetFault("DomainService/ListIcpFilings", sandbox::v1::SetFaultRequest::FAULT_UNSPECIFIED);
  impatient = false;
  server.Restart();
  owner.Recheck();
  CHECK(owner.closure().state() == v1::Closure::READY);
}

TEST_CASE("an answer that comes after the deadline is not taken for one", "[D5]") {
  const auto hold = std::make_shared<QuestionHold>("clean");
  RunningServer server({.configure =
                            [](config::v1::ServerConfig& config) {
                              ConfigOf(config, "slow").mutable_deadline()->set_nanos(100'000'000);
                            },
                        .extra_checkers = {std::make_shared<ScriptedChecker>("slow", hold->behaviour())}});
  server.LoadExample("matrix");
  Owner owner(server, "clean");
  owner.GoToScanResult();
  REQUIRE(owner.closure().state() == v1::Closure::BLOCKED);
  CHECK(ResultIn(owner, "slow").fault() == Result::TIMED_OUT);
  CHECK(hold->WaitForCancel());
  WaitUntilQuiet(server, owner.name());
  owner.Refresh();
  const v1::Closure before = owner.closure();
  hold->LetGo();
  owner.Refresh();
  CHECK(owner.closure().SerializeAsString() == before.SerializeAsString());
}

v1::ReportedItem With(const std::function<void(v1::ReportedItem&)>& change) {
  v1::ReportedItem item = SoundItem("1");
  change(item);
  return item;
}

TEST_CASE("an answer that breaks the contract in one item is no answer at all", "[D5]") {
  std::vector<v1::ReportedItem> reported;
  RunningServer server(
      {.extra_checkers = {std::make_shared<ScriptedChecker>(
           "vault", [&](const v1::CheckRequest& request, const CallOptions& options, Checker::CheckDone done) {
             Reports(reported)(request, options, std::move(done));
           })}});
  server.LoadExample("matrix");
  Owner owner(server, "clean");
  owner.GoToScanResult();
  REQUIRE(owner.closure().state() == v1::Closure::READY);
  const std::vector<v1::ReportedItem> bad = {
      With([](v1::ReportedItem& item) { item.clear_native_id(); }),
      With([](v1::ReportedItem& item) { item.set_process_uri("http://console.example.com/"); }),
      With([](v1::ReportedItem& item) { item.set_why(std::string(501, 'x')); }),
      With([](v1::ReportedItem& item) { item.set_display_name("a\xff"); }),
      With([](v1::ReportedItem& item) { item.clear_disposition(); }),
      With([](v1::ReportedItem& item) { item.set_resolver(v1::PARTNER); }),
      With([](v1::ReportedItem& item) {
        item.set_kind(v1::DEBT);
        *item.mutable_amount() = Amount("1 USD");
      }),
      With([](v1::ReportedItem& item) { *item.mutable_amount() = Amount("0 USD"); }),
      SoundItem("2"),  // twice
  };
  for (const v1::ReportedItem& item : bad) {
    INFO(item.ShortDebugString());
    reported = {SoundItem("2"), item};
    owner.Recheck();
    CHECK(owner.closure().state() == v1::Closure::BLOCKED);
    CHECK(ResultIn(owner, "vault").fault() == Result::MALFORMED);
    CHECK_FALSE(ResultIn(owner, "vault").detail().empty());
    CHECK(owner.Items().empty());
  }
  reported = {SoundItem("2"), SoundItem("3")};
  owner.Recheck();
  CHECK(ResultIn(owner, "vault").status() == Result::ANSWERED);
  CHECK(owner.Items().size() == 2);
}

TEST_CASE("an answer with more items than the checker may report is too much", "[D5][D16]") {
  int items_max = 1;
  RunningServer server(
      {.configure = [&](config::v1::ServerConfig& config) { ConfigOf(config, "domains").set_max_items(items_max); }});
  server.LoadExample("matrix");
  Owner owner(server, "domains-mixed");
  owner.GoToScanResult();
  CHECK(ResultIn(owner, "domains").fault() == Result::TOO_MUCH);
  CHECK(owner.Items().empty());
  CHECK(owner.closure().state() == v1::Closure::BLOCKED);
  items_max = 2;
  server.Restart();
  owner.Recheck();
  CHECK(ResultIn(owner, "domains").status() == Result::ANSWERED);
  CHECK(owner.Items().size() == 2);
}

TEST_CASE("the silence of an advisory checker does not block, and its items do", "[D5]") {
  RunningServer server(
      {.configure = [](config::v1::ServerConfig& config) { ConfigOf(config, "domains").set_advisory(true); }});
  server.LoadExample("matrix");
  Owner blocked(server, "domain-current");
  blocked.GoToScanResult();
  CHECK(blocked.closure().state() == v1::Closure::BLOCKED);
  server.SetFault("DomainService/ListDomains", sandbox::v1::SetFaultRequest::UNAVAILABLE_BEFORE);
  Owner owner(server, "clean");
  owner.GoToScanResult();
  CHECK(owner.closure().state() == v1::Closure::READY);
  CHECK(ResultIn(owner, "domains").status() == Result::UNANSWERED);
  CHECK_FALSE(ResultIn(owner, "domains").required());
  owner.GoToSilentPeriod();
  owner.GoToEnd();
  CHECK(owner.closure().state() == v1::Closure::CLOSED);
}

TEST_CASE("a disabled checker is skipped with who disabled it and why, and does not block", "[D5]") {
  RunningServer server({.configure = [](config::v1::ServerConfig& config) {
    ConfigOf(config, "domains").mutable_disabled()->set_by("ann");
    config.mutable_checkers(0)->mutable_disabled()->set_why("the registrar is being moved");
  }});
  server.LoadExample("matrix");
  Owner owner(server, "domain-current");
  owner.GoToScanResult();
  CHECK(owner.closure().state() == v1::Closure::READY);
  CHECK(owner.closure().scan().checkers_size() == 6);
  CHECK(ResultIn(owner, "domains").status() == Result::SKIPPED);
  CHECK_THAT(ResultIn(owner, "domains").detail(),
             Catch::Contains("ann") && Catch::Contains("the registrar is being moved"));
}

TEST_CASE("which checkers are required is the configuration at the start of the scan", "[D5]") {
  bool advisory = false;
  RunningServer server(
      {.configure = [&](config::v1::ServerConfig& config) { ConfigOf(config, "domains").set_advisory(advisory); }});
  server.LoadExample("matrix");
  server.SetFault("DomainService/ListDomains", sandbox::v1::SetFaultRequest::UNAVAILABLE_BEFORE);
  Owner owner(server, "clean");
  owner.GoToScanResult();
  CHECK(owner.closure().state() == v1::Closure::BLOCKED);
  advisory = true;
  server.Restart();
  owner.Refresh();
  CHECK(owner.closure().state() == v1::Closure::BLOCKED);
  owner.Recheck();
  CHECK(owner.closure().state() == v1::Closure::READY);
}

TEST_CASE("a checker that is silent after Confirm blocks the closure again, and nothing is lost", "[D5][D6]") {
  RunningServer server;
  server.LoadExample("matrix");
  Owner owner(server, "limit-balance-1000-00-usd");
  owner.GoToScanResult();
  owner.DiscardAll();
  server.SetFault("PartnerService/GetResellerRelationship", sandbox::v1::SetFaultRequest::UNAVAILABLE_BEFORE);
  owner.Confirm();
  owner.WaitFor({v1::Closure::BLOCKED});
  CHECK(owner.closure().cause() == v1::Closure::RESCAN_NOT_CLEAN);
  CHECK_THAT(owner.closure().cause_detail(), Catch::Contains("reseller did not answer"));
  CHECK(owner.closure().item_counts().renounced() == 1);
  CHECK(ActsOf(server, "limit-balance-1000-00-usd", "BillingService/ForfeitBalance").empty());
  CHECK_FALSE(server.Show("limit-balance-1000-00-usd").billing_frozen());
  CHECK(server.Gate("limit-balance-1000-00-usd").allowed());
}

// What the checker "vault" does when it is asked in the final check; before that it finds nothing.
ScriptedChecker::Behaviour InFinal(ScriptedChecker::Behaviour behaviour) {
  return [behaviour = std::move(behaviour)](const v1::CheckRequest& request, const CallOptions& options,
                                            Checker::CheckDone done) {
    (request.phase() == v1::FINAL ? behaviour : Reports({}))(request, options, std::move(done));
  };
}

v1::Closure EndWithVault(RunningServer& server) {
  server.LoadExample("matrix");
  Owner owner(server, "clean");
  owner.GoToSilentPeriod();
  owner.GoToEnd();
  CHECK(owner.closure().scan().phase() == v1::FINAL);
  CHECK(ResultIn(owner, "billing").status() == Result::ANSWERED);
  return owner.closure();
}

TEST_CASE("the final check asks the checkers that take part in it, and billing always", "[R66][D10]") {
  const auto finds = InFinal(Reports({SoundItem("1")}));
  SECTION("what one that takes part finds aborts the closure") {
    RunningServer server({.extra_checkers = {std::make_shared<ScriptedChecker>("vault", finds)}});
    const v1::Closure closure = EndWithVault(server);
    CHECK(closure.state() == v1::Closure::ABORTED);
    CHECK(closure.cause() == v1::Closure::FINAL_CHECK_PROBLEM);
  }
  SECTION("one that does not is skipped, and the record says so") {
    const std::vector<v1::CheckPhase> phases = {v1::SCAN, v1::CONFIRM};
    RunningServer server({.extra_checkers = {std::make_shared<ScriptedChecker>("vault", finds, phases)}});
    const v1::Closure closure = EndWithVault(server);
    CHECK(closure.state() == v1::Closure::CLOSED);
    const Result vault = ResultOf(closure.scan().checkers(), "vault");
    CHECK(vault.status() == Result::SKIPPED);
    CHECK_THAT(vault.detail(), Catch::Contains("takes no part in FINAL"));
  }
}

TEST_CASE("a required checker that is silent in the final check is asked again until it answers", "[R12][D5][D10]") {
  RunningServer server;
  server.LoadExample("matrix");
  Owner owner(server, "clean");
  owner.GoToSilentPeriod();
  server.SetFault("BillingService/ListUnpaidBills", sandbox::v1::SetFaultRequest::UNAVAILABLE_BEFORE);
  server.clock().Advance(absl::Hours(168));
  owner.WaitUntil([](const v1::Closure& closure) {
    return closure.state() == v1::Closure::FINAL_CHECK &&
           std::any_of(closure.scan().checkers().begin(), closure.scan().checkers().end(),
                       [](const Result& result) { return result.status() == Result::UNANSWERED; });
  });
  CHECK(ResultIn(owner, "billing").fault() == Result::FAILED);
  WaitUntilQuiet(server, owner.name());
  server.clock().Advance(absl::Hours(24));
  WaitUntilQuiet(server, owner.name());
  owner.Refresh();
  CHECK(owner.closure().state() == v1::Closure::FINAL_CHECK);
  CHECK_FALSE(server.Show("clean").deleted());
  server.SetFault("BillingService/ListUnpaidBills", sandbox::v1::SetFaultRequest::FAULT_UNSPECIFIED);
  server.clock().Advance(absl::Minutes(5));
  owner.WaitFor({v1::Closure::CLOSED, v1::Closure::ABORTED});
  CHECK(owner.closure().state() == v1::Closure::CLOSED);
}

TEST_CASE("billing can be neither disabled nor advisory, in production nor in trials", "[D5]") {
  for (const ServerMode mode : {ServerMode::kProduction, ServerMode::kDev}) {
    config::v1::ServerConfig disabled;
    config::v1::Disabled& why = *ConfigOf(disabled, "billing").mutable_disabled();
    why.set_by("ann");
    why.set_why("it is slow");
    CHECK_THAT(std::string(ValidateConfig(WithDefaults(disabled), mode).message()),
               Catch::Contains("billing can be neither disabled nor advisory"));
    config::v1::ServerConfig advisory;
    ConfigOf(advisory, "billing").set_advisory(true);
    CHECK_THAT(std::string(ValidateConfig(WithDefaults(advisory), mode).message()),
               Catch::Contains("billing can be neither disabled nor advisory"));
  }
}

}  // namespace
}  // namespace closure
