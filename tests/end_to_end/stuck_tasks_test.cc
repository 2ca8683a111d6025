// SPDX-License-Identifier: Apache-2.0
// Work that fails: it is tried again for ever, and operators see it.
#include <catch2/catch.hpp>

#include "fmt/format.h"
#include "tests/support/api_calls.h"
#include "tests/support/mark_watch.h"
#include "tests/support/views.h"

namespace closure {
namespace {

constexpr char kAccount[] = "stuck-1";
constexpr char kAnn[] = "operator:ann";

std::vector<v1::Task> StuckTasks(RunningServer& server) {
  v1::ListTasksRequest request;
  request.set_stuck_only(true);
  const auto response = Send(server, kAnn, request).As<v1::ListTasksResponse>();
  return {response.tasks().begin(), response.tasks().end()};
}

TEST_CASE("what fails for a quarter of an hour is shown as stuck, and a retry helps when the cause is gone",
          "[operators]") {
  RunningServer server;
  server.Load(CloudFileOf(kAccount));
  Owner owner(server, kAccount);
  GoToStuckFinalCheck(server, owner);
  WaitUntilQuiet(server, owner.name());
  CHECK(StuckTasks(server).empty());
  server.clock().Advance(absl::Minutes(15) - absl::Seconds(1));
  WaitUntilQuiet(server, owner.name());
  CHECK(StuckTasks(server).empty());
  server.clock().Advance(absl::Minutes(6));
  WaitUntilQuiet(server, owner.name());
  const std::vector<v1::Task> stuck = StuckTasks(server);
  REQUIRE(stuck.size() == 1);
  CHECK(stuck[0].stuck());
  CHECK(stuck[0].kind() == v1::Task::PARTICIPANT);
  CHECK(stuck[0].closure() == owner.name());
  CHECK(stuck[0].subject() == "billing");
  CHECK(stuck[0].attempts() == 3);
  CHECK_THAT(stuck[0].last_error(), Catch::Contains("UNAVAILABLE"));
  CHECK(stuck[0].has_first_failure_time());
  CHECK(StatusOf(server).tasks_stuck() == 1);
  owner.Refresh();
  REQUIRE(owner.closure().participants_size() == 1);
  CHECK(owner.closure().participants(0).attempts() == 3);
  CHECK_THAT(owner.closure().participants(0).last_error(), Catch::Contains("UNAVAILABLE"));
  // It is still the same act: under the same key it is done once.
  server.SetFault("BillingService/SealBilling", sandbox::v1::SetFaultRequest::FAULT_UNSPECIFIED);
  auto retry = RequestOn<v1::RetryTaskRequest>(stuck[0].name());
  retry.set_reason("billing works again");
  CHECK(Send(server, kAnn, retry).As<v1::Task>().idempotency_key() == stuck[0].idempotency_key());
  owner.WaitFor({v1::Closure::CLOSED});
  CHECK(ActsOf(server, kAccount, "BillingService/SealBilling").size() == 1);
  CHECK(StuckTasks(server).empty());
}

TEST_CASE("what must happen is retried by itself until it does", "[R67][D5]") {
  RunningServer server;
  server.Load(CloudFileOf(kAccount));
  const std::string method =
      GENERATE(as<std::string>(), "BillingService/SealBilling", "DomainService/ListDomains",
               "ResourceService/PurgeData", "AccountService/DeleteAccount", "BillingService/UnsealBilling");
  const bool aborts = method == "BillingService/UnsealBilling";
  const MarkWatch mark(method == "DomainService/ListDomains" ? Mark::kFinalCheckRetried : Mark::kParticipantRetried);
  Owner owner(server, kAccount);
  owner.GoToSilentPeriod();
  if (aborts) IssueBill(server, kAccount, "250.00 USD");
  server.SetFault(method, sandbox::v1::SetFaultRequest::UNAVAILABLE_BEFORE, 12);
  server.clock().Advance(absl::Hours(168));
  int rounds = 0;
  for (owner.WaitFor({v1::Closure::FINAL_CHECK, v1::Closure::DELETING, v1::Closure::RESTORING}); rounds < 30;
       ++rounds) {
    WaitUntilQuiet(server, owner.name());
    owner.Refresh();
    if (owner.closure().has_end_time()) break;
    server.clock().Advance(absl::Minutes(6));
  }
  INFO(method << " after " << rounds << " rounds");
  CHECK(owner.closure().state() == (aborts ? v1::Closure::ABORTED : v1::Closure::CLOSED));
  CHECK(rounds > 3);
  CHECK(mark.times() >= 3);
}

TEST_CASE("a code and a notice that are not accepted are sent again, and arrive once", "[R44][R64]") {
  RunningServer server;
  server.Load(CloudFileOf(kAccount));
  const MarkWatch code(Mark::kCodeRetried);
  const MarkWatch notice(Mark::kNoticeRetried);
  server.SetFault("MessagingService/SendMail", sandbox::v1::SetFaultRequest::UNAVAILABLE_BEFORE, 1);
  Owner owner(server, kAccount);
  owner.Create();
  WaitUntilQuiet(server, owner.name());
  CHECK(code.times() == 1);
  server.clock().Advance(absl::Minutes(1));
  WaitUntilQuiet(server, owner.name());
  owner.Verify();
  // It was accepted, and nobody heard of it.
  server.SetFault("MessagingService/SendMail", sandbox::v1::SetFaultRequest::UNAVAILABLE_AFTER, 1);
  owner.Cancel();
  WaitUntilQuiet(server, owner.name());
  CHECK(notice.times() == 1);
  server.clock().Advance(absl::Minutes(1));
  WaitUntilQuiet(server, owner.name());
  int codes = 0;
  int notices = 0;
  for (const sandbox::v1::InboxMessage& message : server.Inbox(kAccount)) {
    if (message.channel() != "email") continue;
    ++(message.idempotency_key().find("/code/") != std::string::npos ? codes : notices);
  }
  CHECK(codes == 1);
  CHECK(notices == 1);
}

TEST_CASE("a retry of work that waits for a hold goes on waiting", "[operators]") {
  RunningServer server;
  server.Load(CloudFileOf(kAccount));
  Owner owner(server, kAccount);
  owner.GoToSilentPeriod();
  auto hold = RequestOn<v1::HoldClosureRequest>(owner.name());
  hold.set_reason("a test");
  REQUIRE(Send(server, kAnn, hold).ok());
  server.clock().Advance(absl::Hours(168));
  WaitUntilQuiet(server, owner.name());
  RetryTasks(server, owner.name());
  WaitUntilQuiet(server, owner.name());
  owner.Refresh();
  CHECK(owner.closure().state() == v1::Closure::SILENT_PERIOD);
}

TEST_CASE("a retry of work that waits for a pause says that it goes on waiting, and the status counts it",
          "[operators]") {
  RunningServer server;
  server.Load(CloudFileOf(kAccount));
  Owner owner(server, kAccount);
  owner.GoToSilentPeriod();
  REQUIRE(Send(server, kAnn, OperatorRequest<v1::PauseIrreversibleRequest>()).ok());
  server.clock().Advance(absl::Hours(168));
  WaitUntilQuiet(server, owner.name());
  CHECK(StatusOf(server).tasks_parked() == 1);
  CHECK(StatusOf(server).tasks_due() == 0);
  std::string parked;
  for (const v1::Task& task : TasksOf(server, owner.name())) {
    if (task.parked() == v1::Task::PAUSE) parked = task.name();
  }
  REQUIRE_FALSE(parked.empty());
  auto retry = RequestOn<v1::RetryTaskRequest>(parked);
  retry.set_reason("a test");
  CHECK(Send(server, kAnn, retry).As<v1::Task>().parked() == v1::Task::PAUSE);
  WaitUntilQuiet(server, owner.name());
  REQUIRE(Send(server, kAnn, OperatorRequest<v1::ResumeIrreversibleRequest>()).ok());
  owner.WaitFor({v1::Closure::CLOSED});
  CHECK(StatusOf(server).tasks_parked() == 0);
  // A repetition is answered as the call was, although the pause is over and the task is done.
  CHECK(Send(server, kAnn, retry).As<v1::Task>().parked() == v1::Task::PAUSE);
}

}  // namespace
}  // namespace closure
