// SPDX-License-Identifier: Apache-2.0
// What a preview shows.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/client/fake_server.h"
#include "tests/client/run_closurectl.h"

namespace closure {
namespace {

using Catch::Contains;
using nlohmann::json;

// Runs a command against the server.
Outcome On(const FakeServer& server, std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"--server", server.address()});
  return RunClosurectl(arguments);
}

}  // namespace

TEST_CASE("a preview that is not eligible is exit code 3 and shows the plan", "[R12]") {
  FakeServer server;
  v1::ClosurePlan plan;
  plan.set_account(kAccountName);
  server.SetPlan(plan, {MakeItem("billing-1", v1::MUST_HANDLE), MakeItem("billing-2", v1::RENOUNCEABLE)});
  const Outcome outcome = On(server, {"preview", kAccount});
  CHECK(outcome.code == 3);
  CHECK_THAT(outcome.out, Contains("cannot be closed yet") && Contains("1000.01 USD"));
  CHECK_THAT(outcome.err, Contains("billing ANSWERED") && Contains("Nothing was started"));
  const json told = json::parse(On(server, {"preview", kAccount, "-o", "json"}).out);
  CHECK(told.at("eligible") == false);
  CHECK(told.at("account") == kAccountName);
  CHECK(told.at("items").at(1).at("disposition") == "RENOUNCEABLE");
  CHECK(server.Calls("CreateClosure") == 0);
}

TEST_CASE("a preview says of each item why it blocks and where to handle it, as a started closure would",
          "[R12][R49][R50]") {
  FakeServer server;
  v1::ClosurePlan plan;
  plan.set_account(kAccountName);
  server.SetPlan(plan, {MakeItem("billing-1", v1::MUST_HANDLE), MakeItem("billing-2", v1::RENOUNCEABLE)});
  CHECK_THAT(On(server, {"preview", kAccount}).out,
             Contains("RENOUNCEABLE BALANCE: billing-2 (1000.01 USD)\n  why:     money is left\n") &&
                 Contains("process: https://console.example.com/billing\n"));
}

TEST_CASE("a preview's checklist keeps tasks, advice and answers apart", "[R54][R69]") {
  FakeServer server;
  v1::ClosurePlan plan;
  plan.set_account(kAccountName);
  const auto add = [&plan](const std::string& topic, const std::string& text, bool checked) {
    v1::ChecklistEntry* entry = plan.add_checklist();
    entry->set_topic(topic);
    entry->set_text(text);
    entry->set_checked_by_scan(checked);
  };
  add("can_i_revoke", "Can I revoke? No.", false);
  add("entry", "Where does it start?", false);
  add("pay_bills", "Pay all bills.", true);
  add("balance_is_lost", "A balance is lost.", false);
  add("why_wait", "Why wait? Bills come late.", false);
  server.SetPlan(plan);
  const std::string blocked = On(server, {"preview", kAccount}).out;
  CHECK_THAT(blocked,
             Contains("\nTo do, checked by the scan:\n- Pay all bills.\n\nAdvice:\n- A balance is lost.\n\n"
                      "Questions:\n- Can I revoke? No.\n- Where does it start?\n- Why wait? Bills come late.\n") &&
                 !Contains("not checked"));
  plan.set_eligible(true);
  server.SetPlan(plan);
  const Outcome clean = On(server, {"preview", kAccount});
  CHECK_THAT(clean.out, Catch::StartsWith("accounts/1000000001 can be closed") && !Contains("Pay all bills."));
  CHECK_THAT(clean.err, Contains(" preview 1000000001 --checklist\n"));
  CHECK_THAT(On(server, {"preview", kAccount, "--checklist"}).out, Contains("- Pay all bills.\n"));
  CHECK(json::parse(On(server, {"preview", kAccount, "-o", "json"}).out).at("checklist").size() == 5);
}

TEST_CASE("a preview begins with the verdict and says for each length of preparation when the account can be closed",
          "[R12]") {
  FakeServer server;
  v1::ClosurePlan plan;
  plan.set_account(kAccountName);
  v1::ClosingEstimate& estimate = *plan.mutable_estimate();
  estimate.set_preparation_business_days_min(2);
  estimate.set_preparation_business_days_max(5);
  estimate.mutable_earliest_close_time()->set_seconds(kCreateSeconds);
  estimate.mutable_latest_close_time()->set_seconds(kCreateSeconds + 5 * 86'400);
  server.SetPlan(plan);
  CHECK_THAT(On(server, {"preview", kAccount}).out,
             Catch::StartsWith("accounts/1000000001 cannot be closed yet.\n"
                               "Preparation usually takes 2 to 5 business days.\n"
                               "The account can then be closed at 2026-01-01T00:00:00Z to 2026-01-06T00:00:00Z.\n"));
}

TEST_CASE("a preview that takes too long names the checkers that are still asked") {
  FakeServer server;
  server.FailNext("PreviewClosure.plan", grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED, "late"));
  const Outcome outcome = On(server, {"preview", kAccount});
  CHECK(outcome.code == 6);
  CHECK_THAT(outcome.err, Contains("(still asked: resources); nothing was started") && Contains("--timeout") &&
                              !Contains("may have been done"));
}

TEST_CASE("a preview with items in the way leads to the closure in which they are handled and discarded", "[R12]") {
  FakeServer server;
  v1::ClosurePlan plan;
  plan.set_account(kAccountName);
  plan.add_steps()->set_disposition(v1::RENOUNCEABLE);
  server.SetPlan(plan);
  const Outcome owner = On(server, {"preview", kAccount});
  CHECK(owner.code == 3);
  CHECK_THAT(owner.err, Contains(" close 1000000001\n") && Contains(" preview 1000000001\n"));
  CHECK_THAT(On(server, {"preview", kAccount, "--as", "operator:ann"}).err,
             !Contains(" close 1000000001") && Contains(" preview 1000000001\n"));
}

TEST_CASE("a preview of an account whose closure cannot be started is exit code 3 and says why", "[R12]") {
  FakeServer server;
  v1::ClosurePlan plan;
  plan.set_account(kAccountName);
  v1::StartObstacle& obstacle = *plan.add_start_obstacles();
  obstacle.set_reason(v1::ACCOUNT_NOT_ACTIVE);
  obstacle.set_detail("accounts/1000000001 is SUSPENDED; only an active account can be closed");
  server.SetPlan(plan);
  const Outcome outcome = On(server, {"preview", kAccount});
  CHECK(outcome.code == 3);
  CHECK_THAT(outcome.out,
             Catch::StartsWith("accounts/1000000001 cannot be closed yet.\n"
                               "No closure can be started (ACCOUNT_NOT_ACTIVE): accounts/1000000001 is SUSPENDED; only "
                               "an active account can be closed.\n"));
  CHECK_THAT(outcome.err, !Contains(" close 1000000001"));
}

TEST_CASE("a preview that a required checker left open gives no length of preparation", "[R12][D5]") {
  FakeServer server;
  v1::ClosurePlan plan;
  plan.set_account(kAccountName);
  plan.mutable_estimate()->set_explanation("not every checker answered (resources)");
  server.SetPlan(plan);
  CHECK_THAT(On(server, {"preview", kAccount}).out,
             Contains("When the account can be closed is not known: not every checker answered (resources)\n") &&
                 !Contains("Preparation"));
}

TEST_CASE("an eligible preview is exit code 0, and jsonl streams it") {
  FakeServer server;
  v1::ClosurePlan plan;
  plan.set_account(kAccountName);
  plan.set_eligible(true);
  server.SetPlan(plan);
  CHECK(On(server, {"preview", kAccount}).code == 0);
  const Outcome lines = On(server, {"preview", kAccount, "-o", "jsonl"});
  CHECK(std::count(lines.out.begin(), lines.out.end(), '\n') == 2);
}

TEST_CASE("a preview of an account with an open closure begins with that closure, and gives no verdict", "[R12][R61]") {
  FakeServer server;
  v1::ClosurePlan plan;
  plan.set_account(kAccountName);
  for (const v1::Closure::State state : {v1::Closure::READY, v1::Closure::SILENT_PERIOD}) {
    CAPTURE(v1::Closure::State_Name(state));
    const bool ready = state == v1::Closure::READY;
    server.SetClosure(MakeClosure(state));
    server.SetPlan(plan, {MakeItem("billing-1", v1::RENOUNCEABLE)});
    for (const auto& arguments : {std::vector<std::string>{"preview", kAccount}, {"close", kAccount, "--dry-run"}}) {
      const Outcome outcome = On(server, arguments);
      CHECK(outcome.code == 3);
      CHECK_THAT(
          outcome.out,
          Catch::StartsWith("accounts/1000000001: a closure is open: " + v1::Closure::State_Name(state) + ".\nNext: "));
      CHECK_THAT(outcome.out, Contains(ready ? " confirm " : " watch ") && Contains("would find 1 item(s)"));
      CHECK((outcome.out.find("settle it") != std::string::npos) == ready);
      CHECK_THAT(outcome.out, !Contains("can be closed") && !Contains("cannot be closed yet"));
      CHECK_THAT(outcome.err, !Contains("Nothing was started"));
    }
  }
  CHECK_THAT(On(server, {"preview", kAccount}).out, !Contains("renounced already"));
  v1::Closure renounced = MakeClosure(v1::Closure::READY);
  renounced.mutable_item_counts()->set_renounced(1);
  server.SetClosure(renounced);
  plan.add_checklist()->set_text("Export your data.");
  server.SetPlan(plan, {MakeItem("billing-1", v1::RENOUNCEABLE)});
  CHECK_THAT(On(server, {"preview", kAccount}).out, Contains("renounced already") && !Contains("Export your data."));
  CHECK_THAT(On(server, {"preview", kAccount, "--checklist"}).out, Contains("Export your data."));
  plan.add_checkers()->set_status(v1::CheckerResult::UNANSWERED);
  plan.mutable_checkers(0)->set_required(true);
  server.SetPlan(plan);
  CHECK_THAT(
      On(server, {"preview", kAccount}).out,
      Contains("would find nothing that stands in the way; 1 checker(s) did not answer, which blocks as well.\n"));
  server.SetClosure(MakeClosure(v1::Closure::CANCELLED));
  CHECK_THAT(On(server, {"preview", kAccount}).out, Contains("cannot be closed yet"));
}

}  // namespace closure
