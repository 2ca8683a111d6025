// SPDX-License-Identifier: Apache-2.0
// PreviewClosure: what closing would take, before anything is started.
#include <catch2/catch.hpp>
#include <map>

#include "fmt/format.h"
#include "grpcpp/create_channel.h"
#include "tests/support/api_calls.h"
#include "tests/support/scripted_checker.h"
#include "tests/support/views.h"

namespace closure {
namespace {

absl::Time TimeOf(const char* text) {
  absl::Time time;
  std::string error;
  INFO(text);
  REQUIRE(absl::ParseTime(absl::RFC3339_full, text, &time, &error));
  return time;
}

// The range of an estimate, as a reader would say it: days, days, earliest, latest.
void CheckEstimate(const v1::ClosingEstimate& estimate, int days_min, int days_max, const char* earliest,
                   const char* latest) {
  CHECK(estimate.preparation_business_days_min() == days_min);
  CHECK(estimate.preparation_business_days_max() == days_max);
  CHECK(FromProto(estimate.earliest_close_time()) == TimeOf(earliest));
  CHECK(FromProto(estimate.latest_close_time()) == TimeOf(latest));
  CHECK_THAT(estimate.explanation(), Catch::Contains("silent period of 7 days"));
}

// The clock stands on Wednesday, 2026-07-01 09:00 UTC, which is 17:00 in Shanghai.
TEST_CASE("an account without workloads needs no business days, only the silent period", "[R13]") {
  RunningServer server;
  server.LoadExample("matrix");
  const v1::ClosurePlan plan = Owner(server, "clean").Preview();
  CHECK(plan.eligible());
  CheckEstimate(plan.estimate(), 0, 0, "2026-07-08T09:00:00Z", "2026-07-08T09:00:00Z");
  CHECK_THAT(plan.estimate().explanation(), Catch::Contains("a few minutes"));
}

TEST_CASE("workloads take two to five business days, and weekends do not count", "[R14][D16]") {
  RunningServer server;
  server.LoadExample("matrix");
  const v1::ClosurePlan plan = Owner(server, "resource-payg-releasable").Preview();
  CHECK_FALSE(plan.eligible());
  CheckEstimate(plan.estimate(), 2, 5, "2026-07-10T09:00:00Z", "2026-07-15T09:00:00Z");
}

TEST_CASE("domain names and ICP filings add seven to fifteen business days, with and without workloads", "[R15]") {
  RunningServer server;
  server.LoadExample("matrix");
  CheckEstimate(Owner(server, "domain-current").Preview().estimate(), 7, 15, "2026-07-17T09:00:00Z",
                "2026-07-29T09:00:00Z");
  CheckEstimate(Owner(server, "icp-filing").Preview().estimate(), 7, 15, "2026-07-17T09:00:00Z",
                "2026-07-29T09:00:00Z");
  CheckEstimate(Owner(server, "everything").Preview().estimate(), 9, 20, "2026-07-21T09:00:00Z",
                "2026-08-05T09:00:00Z");
}

TEST_CASE("holidays of the configured calendar and the configured silent period move the estimate", "[R14][D16]") {
  RunningServer server({.configure = [](config::v1::ServerConfig& config) {
    config.mutable_business_calendar()->set_time_zone("Europe/Berlin");
    config.mutable_business_calendar()->add_holidays("2026-07-02");
    config.mutable_policy()->mutable_silent_period()->set_seconds(86400);
  }});
  server.LoadExample("matrix");
  const v1::ClosingEstimate estimate = Owner(server, "resource-payg-releasable").Preview().estimate();
  CHECK(FromProto(estimate.earliest_close_time()) == TimeOf("2026-07-07T09:00:00Z"));
  CHECK(FromProto(estimate.latest_close_time()) == TimeOf("2026-07-10T09:00:00Z"));
  CHECK_THAT(estimate.explanation(), Catch::Contains("silent period of 1 day,"));
}

TEST_CASE("the plan says what to clear in which order and by whom, and names every item once", "[R32][R36][R39][R48]") {
  RunningServer server;
  server.LoadExample("demo");
  server.LoadExample("matrix");
  const v1::ClosurePlan plan = Owner(server, "1000000004").Preview();
  REQUIRE(plan.steps_size() == 4);
  CHECK(plan.steps(0).kind() == v1::DIRECTORY_CLOUD_ACCOUNT);
  CHECK(plan.steps(0).resolver() == v1::MANAGEMENT_ACCOUNT);
  CHECK(plan.steps(0).resolver_id() == "1000000009");
  CHECK(plan.steps(1).kind() == v1::RESELLER_CUSTOMER);
  CHECK(plan.steps(1).resolver() == v1::PARTNER);
  CHECK(plan.steps(1).order() == 1);
  CHECK(plan.steps(2).kind() == v1::DOMAIN_NAME);
  CHECK(plan.steps(3).kind() == v1::ICP_FILING);
  CHECK(plan.steps(3).order() == 2);

  std::vector<v1::BlockingItem> items;
  const v1::ClosurePlan everything = Owner(server, "everything").Preview(&items);
  std::map<std::string, int> named;
  int last_order = 0;
  for (const v1::PlanStep& step : everything.steps()) {
    CHECK(step.order() >= last_order);
    CHECK_FALSE(step.instructions().empty());
    last_order = step.order();
    for (const std::string& item : step.items()) ++named[item];
  }
  CHECK(named.size() == items.size());
  for (const v1::BlockingItem& item : items) CHECK(named[item.name()] == 1);
}

TEST_CASE("the checklist advises what to back up, which no scan checks, and answers what is often asked",
          "[R27][R28][R29][R43][R54][R69][R70]") {
  RunningServer server;
  server.LoadExample("matrix");
  std::vector<v1::BlockingItem> items;
  const v1::ClosurePlan plan = Owner(server, "resources-to-back-up").Preview(&items);
  std::map<std::string, v1::ChecklistEntry> entries;
  for (const v1::ChecklistEntry& entry : plan.checklist()) entries[entry.topic()] = entry;
  CHECK_THAT(entries["entry"].text(), Catch::Contains("Account Center > Security Settings > Close Account"));
  CHECK_THAT(entries["export_bills"].text(), Catch::Contains("bills, orders and invoices"));
  CHECK_THAT(entries["back_up_business_data"].text(),
             Catch::Contains("object storage files, database backups, disk snapshots"));
  CHECK_THAT(entries["export_configuration_and_logs"].text(), Catch::Contains("configuration and operation logs"));
  CHECK_THAT(entries["why_wait"].text(), Catch::Contains("Some products bill late"));
  CHECK_THAT(entries["can_i_revoke"].text(), Catch::Contains("Can I revoke? No."));
  CHECK_THAT(entries["balance_is_lost"].text(),
             Catch::Contains("A remaining balance cannot be withdrawn after closure"));
  for (const char* advice : {"export_bills", "back_up_business_data", "export_configuration_and_logs"})
    CHECK_FALSE(entries[advice].checked_by_scan());
  for (const char* checked :
       {"pay_bills", "handle_credit_notes", "clear_balance", "clear_debt", "release_pay_as_you_go_resources",
        "unsubscribe_subscriptions", "transfer_domain_names", "cancel_icp_filings", "leave_resource_directory",
        "remove_trusteeship_members", "end_reseller_relationship"}) {
    INFO(checked);
    CHECK(entries[checked].checked_by_scan());
  }
  for (const v1::BlockingItem& item : items) CHECK_THAT(item.instructions(), Catch::Contains("Back up what you need"));
}

// An account as the cloud has it, byte for byte.
std::string Bytes(RunningServer& server, const std::string& account_id) {
  return server.Show(account_id).SerializeAsString();
}

TEST_CASE("a preview starts nothing: no closure, no act, no message, and the account as it was") {
  RunningServer server;
  server.LoadExample("matrix");
  const std::string before = Bytes(server, "everything");
  Owner(server, "everything").Preview();
  CHECK(Bytes(server, "everything") == before);
  CHECK(server.Show("everything").acts().empty());
  CHECK(server.Show("everything").fence() == 0);
  CHECK(server.Inbox("everything").empty());
  CHECK(server.Gate("everything").allowed());
  v1::ListClosuresRequest list;
  list.set_parent("accounts/everything");
  v1::ListClosuresResponse closures;
  REQUIRE(server.closures().ListClosures(RunningServer::As("root:everything").get(), list, &closures).ok());
  CHECK(closures.closures().empty());
}

// One preview, and what it says.
struct PreviewCall {
  PreviewCall(RunningServer& server, const std::string& account_id, const std::string& actor)
      : context(RunningServer::As(actor)) {
    v1::PreviewClosureRequest request;
    request.set_account("accounts/" + account_id);
    reader = server.closures().PreviewClosure(context.get(), request);
  }
  // Reads to the end.
  grpc::Status Finish() {
    v1::PreviewClosureResponse response;
    while (reader->Read(&response)) responses.push_back(response);
    return reader->Finish();
  }

  std::unique_ptr<grpc::ClientContext> context;
  std::unique_ptr<grpc::ClientReader<v1::PreviewClosureResponse>> reader;
  std::vector<v1::PreviewClosureResponse> responses;
};

TEST_CASE("a preview streams how every checker fares, then the items, then the plan", "[R16]") {
  RunningServer server;
  server.LoadExample("matrix");
  PreviewCall preview(server, "everything", "root:everything");
  REQUIRE(preview.Finish().ok());
  std::map<std::string, std::vector<int>> statuses;
  REQUIRE(preview.responses.size() > 1);
  CHECK(preview.responses.back().has_plan());
  REQUIRE(preview.responses[preview.responses.size() - 2].has_items());
  for (std::size_t i = 0; i + 2 < preview.responses.size(); ++i) {
    REQUIRE(preview.responses[i].has_progress());
    statuses[preview.responses[i].progress().checker()].push_back(preview.responses[i].progress().status());
  }
  CHECK(statuses.size() == 6);
  for (const auto& [checker, seen] : statuses) {
    INFO(checker);
    CHECK(seen ==
          std::vector<int>{v1::CheckerResult::WAITING, v1::CheckerResult::RUNNING, v1::CheckerResult::ANSWERED});
  }
}

// A cloud file of one account with so many instances that keep it from closing.
std::string CloudOf(const std::string& account_id, int resources) {
  std::string rows;
  for (int i = 0; i < resources; ++i) {
    rows += fmt::format(
        R"({}{{"resourceId": "i-{:05}", "product": "ecs", "type": "instance", "displayName": "{:x>120}", "regionCode": "cn-hangzhou", "chargeType": "PAY_AS_YOU_GO", "state": "Running", "releasable": true, "consoleUri": "https://ecs.console.example.com/i"}})",
        i == 0 ? "" : ",", i, i);
  }
  return fmt::format(
      R"({{"accounts": [{{"accountId": "{}", "email": {{"address": "a@example.com"}}, "phone": {{"address": "+8613800000001"}}, "resources": [{}]}}]}})",
      account_id, rows);
}

TEST_CASE("a client that knows no limits reads the preview and the pages of an account with 10,000 instances",
          "[R16][R48]") {
  constexpr int kResources = 10'000;
  RunningServer server;
  server.Load(CloudOf("many", kResources));
  // A channel as every tutorial makes it.
  const auto stub =
      v1::ClosureService::NewStub(grpc::CreateChannel(server.server().address(), grpc::InsecureChannelCredentials()));
  v1::PreviewClosureRequest request;
  request.set_account("accounts/many");
  const auto context = RunningServer::As("root:many");
  const auto reader = stub->PreviewClosure(context.get(), request);
  v1::PreviewClosureResponse response;
  int items = 0;
  while (reader->Read(&response)) {
    CHECK(response.items().items_size() <= 500);
    CHECK(response.items().ByteSizeLong() < 1 << 20);
    items += response.items().items_size();
  }
  const grpc::Status status = reader->Finish();
  INFO(status.error_message());
  REQUIRE(status.ok());
  CHECK(items == kResources);
  CHECK(response.has_plan());
}

TEST_CASE("a preview passes the caller's trace context on to the checkers, and none that is malformed or comes twice",
          "[R48]") {
  const std::string context_of_trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  absl::Mutex mutex;
  std::vector<std::string> passed_on;
  const auto checker = std::make_shared<ScriptedChecker>(
      "vault", [&](const v1::CheckRequest& request, const CallOptions& options, Checker::CheckDone done) {
        {
          absl::MutexLock lock(&mutex);
          passed_on.push_back(options.traceparent);
        }
        std::move(done)(CheckAnswer{.as_of = FromProto(request.check_time())});
      });
  RunningServer server({.extra_checkers = {checker}});
  server.LoadExample("demo");
  v1::PreviewClosureRequest request;
  request.set_account("accounts/1000000001");
  const auto preview = [&](const std::vector<std::string>& traceparents) {
    const auto context = RunningServer::As("root:1000000001");
    for (const std::string& traceparent : traceparents) context->AddMetadata("traceparent", traceparent);
    const auto reader = server.closures().PreviewClosure(context.get(), request);
    v1::PreviewClosureResponse response;
    while (reader->Read(&response)) {
    }
    CHECK(reader->Finish().ok());
  };
  preview({context_of_trace});
  preview({});
  preview({"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0g"});
  preview({context_of_trace, context_of_trace});
  absl::MutexLock lock(&mutex);
  CHECK(passed_on == std::vector<std::string>{context_of_trace, "", "", ""});
}

TEST_CASE("a preview without every answer is not eligible and says that more may be found", "[R12][D5]") {
  RunningServer server;
  server.LoadExample("matrix");
  server.SetFault("DomainService/ListDomains", sandbox::v1::SetFaultRequest::UNAVAILABLE_BEFORE);
  std::vector<v1::BlockingItem> items;
  const v1::ClosurePlan plan = Owner(server, "clean").Preview(&items);
  CHECK_FALSE(plan.eligible());
  CHECK(items.empty());
  CHECK(ResultOf(plan.checkers(), "domains").status() == v1::CheckerResult::UNANSWERED);
  CHECK(ResultOf(plan.checkers(), "billing").status() == v1::CheckerResult::ANSWERED);
  CHECK_THAT(plan.estimate().explanation(), Catch::Contains("not every checker answered (domains)"));
  CHECK_FALSE(plan.estimate().has_earliest_close_time());
}

TEST_CASE("a preview says what start would refuse for the account itself, with the same reason", "[R12]") {
  RunningServer server;
  server.Load(CloudFileOf("susp", R"("state": "SUSPENDED")"));
  Owner owner(server, "susp");
  const v1::ClosurePlan plan = owner.Preview();
  CHECK_FALSE(plan.eligible());
  REQUIRE(plan.start_obstacles_size() == 1);
  CHECK(plan.start_obstacles(0).reason() == v1::ACCOUNT_NOT_ACTIVE);
  CHECK_FALSE(plan.estimate().has_earliest_close_time());
  CHECK_FALSE(plan.estimate().has_latest_close_time());
  CHECK_THAT(plan.estimate().explanation(), Catch::Contains("no closure can be started now"));
  v1::CreateClosureRequest create;
  create.set_parent("accounts/susp");
  create.set_channel(v1::EMAIL);
  create.set_request_id(NewRequestId());
  CHECK(Send(server, owner.actor(), create).reason() == plan.start_obstacles(0).reason());
  server.LoadExample("demo");
  CHECK(Owner(server, "1000000002").Preview().start_obstacles().empty());
}

TEST_CASE("a preview of an account that has an open closure says so, as start would", "[R12]") {
  RunningServer server;
  server.LoadExample("demo");
  Owner owner(server, "1000000002");
  CHECK(owner.Preview().eligible());
  owner.Create();
  const v1::ClosurePlan plan = owner.Preview();
  CHECK_FALSE(plan.eligible());
  REQUIRE(plan.start_obstacles_size() == 1);
  CHECK(plan.start_obstacles(0).reason() == v1::CLOSURE_ALREADY_OPEN);
  CHECK_THAT(plan.start_obstacles(0).detail(), Catch::Contains(owner.name()));
  owner.Cancel();
  CHECK(owner.Preview().eligible());
}

// Previews until the one before is over, which the server learns a little after its caller does.
grpc::Status PreviewOnceFree(RunningServer& server, const std::string& account_id) {
  const gpr_timespec deadline = gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_seconds(30, GPR_TIMESPAN));
  grpc::Status status;
  do {
    status = PreviewCall(server, account_id, "root:" + account_id).Finish();
  } while (ReasonIn(status) == v1::PREVIEW_IN_PROGRESS && gpr_time_cmp(gpr_now(GPR_CLOCK_MONOTONIC), deadline) < 0);
  return status;
}

TEST_CASE("one preview of an account runs at a time, and others are not in its way", "[R6][R16]") {
  const auto hold = std::make_shared<QuestionHold>("clean");
  RunningServer server({.extra_checkers = {std::make_shared<ScriptedChecker>("slow", hold->behaviour())}});
  server.LoadExample("matrix");
  PreviewCall first(server, "clean", "root:clean");
  REQUIRE(hold->WaitForQuestion());
  const grpc::Status second = PreviewCall(server, "clean", "root:clean").Finish();
  CHECK(second.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
  CHECK(ReasonIn(second) == v1::PREVIEW_IN_PROGRESS);
  CHECK(Owner(server, "funds-zero").Preview().eligible());
  hold->LetGo();
  CHECK(first.Finish().ok());
  CHECK(PreviewOnceFree(server, "clean").ok());
}

TEST_CASE("a preview ends with its caller: its checkers are told to stop, and another can run") {
  const auto hold = std::make_shared<QuestionHold>("clean");
  RunningServer server({.extra_checkers = {std::make_shared<ScriptedChecker>("slow", hold->behaviour())}});
  server.LoadExample("matrix");
  PreviewCall preview(server, "clean", "root:clean");
  REQUIRE(hold->WaitForQuestion());
  preview.context->TryCancel();
  CHECK(preview.Finish().error_code() == grpc::StatusCode::CANCELLED);
  CHECK(hold->WaitForCancel());
  hold->LetGo();
  CHECK(PreviewOnceFree(server, "clean").ok());
}

TEST_CASE("a preview answers the owner and operators, and nobody else", "[R41][R42]") {
  RunningServer server;
  server.LoadExample("matrix");
  CHECK(PreviewCall(server, "identities", "operator:ann").Finish().ok());
  CHECK(ReasonIn(PreviewCall(server, "identities", "ram:alice@identities").Finish()) == v1::ROOT_IDENTITY_REQUIRED);
  CHECK(ReasonIn(PreviewCall(server, "identities", "root:clean").Finish()) == v1::ACCOUNT_MISMATCH);
  CHECK(ReasonIn(PreviewCall(server, "unheard-of", "root:unheard-of").Finish()) == v1::ACCOUNT_NOT_FOUND);
}

}  // namespace
}  // namespace closure
