// SPDX-License-Identifier: Apache-2.0
// Faults that were found and mended and that show only with a real store; each keeps its test.
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>
#include <vector>

#include "checkers/upstream_call.h"
#include "fmt/format.h"
#include "tests/support/running_server.h"

namespace closure {
namespace {

// Freezes at its second call; the first is refused with a long message that is not ASCII, as a Chinese system words it.
class ChineseParticipant final : public Participant {
 public:
  ChineseParticipant() {
    description_.set_name("erasure");
    for (const v1::ParticipantPhase phase : {v1::FREEZE, v1::THAW, v1::RESTORE}) {
      auto& stage = *description_.add_stages();
      stage.set_phase(phase);
      stage.set_stage(1);
    }
  }
  const v1::ParticipantDescription& description() const override { return description_; }
  void Perform(const v1::PerformRequest& /*request*/, const CallOptions& /*options*/, Done done) override {
    if (calls_++ > 0) {
      v1::PerformResponse response;
      response.set_outcome(v1::PerformResponse::DONE);
      return std::move(done)(response);
    }
    std::string words;
    for (int i = 0; i < 120; ++i) words += "维";
    std::move(done)(FromUpstream("participant(erasure)", grpc::Status(grpc::StatusCode::UNAVAILABLE, words)));
  }

 private:
  v1::ParticipantDescription description_;
  std::atomic<int> calls_ = 0;
};

TEST_CASE("an upstream's error in any language leaves the closure readable") {
  RunningServer::Options options;
  options.extra_participants.push_back({.participant = std::make_shared<ChineseParticipant>()});
  RunningServer server(options);
  server.LoadExample("demo");
  Owner owner(server, "1000000002");
  owner.GoToScanResult();
  owner.Confirm();
  owner.WaitUntil([](const v1::Closure& closure) {
    for (const auto& each : closure.participants()) {
      if (each.participant() == "erasure" && !each.last_error().empty()) return true;
    }
    return false;
  });
  server.clock().Advance(absl::Minutes(1));
  owner.WaitFor({v1::Closure::SILENT_PERIOD});
}

TEST_CASE("a thousand releases of one closure settle together", "[R52][D15]") {
  constexpr int kResources = 1000;
  RunningServer server;
  std::string resources;
  for (int i = 0; i < kResources; ++i) {
    resources += fmt::format(
        R"({}{{"resourceId": "i-{}", "product": "ecs", "type": "instance", "chargeType": "PAY_AS_YOU_GO", "state": "Running",)"
        R"("releasable": true, "consoleUri": "https://ecs.console.example.com/i"}})",
        i == 0 ? "" : ",", i);
  }
  server.Load(fmt::format(
      R"({{"accounts": [{{"accountId": "many", "email": {{"address": "a@example.com"}}, "resources": [{}]}}]}})",
      resources));
  Owner owner(server, "many");
  owner.GoToScanResult();
  REQUIRE(owner.closure().item_counts().renounceable() == kResources);
  // The clock stands still, so a result that is not committed would never come back.
  owner.DiscardAll();
  CHECK(owner.closure().state() == v1::Closure::READY);
  CHECK(server.Show("many").account().resources().empty());
}

std::string OneAccount(const std::string& id) {
  return fmt::format(R"({{"accounts": [{{"accountId": "{}", "email": {{"address": "a@example.com"}}}}]}})", id);
}

std::vector<v1::Task> TasksOfKind(RunningServer& server, v1::Task::Kind kind) {
  v1::ListTasksResponse response;
  REQUIRE(server.operators().ListTasks(RunningServer::As("operator:ann").get(), {}, &response).ok());
  std::vector<v1::Task> tasks;
  for (const v1::Task& task : response.tasks()) {
    if (task.kind() == kind) tasks.push_back(task);
  }
  return tasks;
}

TEST_CASE("every command of many at once is answered, and once") {
  RunningServer server;
  server.Load(OneAccount("a-1"));
  Owner owner(server, "a-1");
  owner.Create();
  constexpr int kThreads = 8;
  constexpr int kCalls = 300;
  std::atomic<int> answered = 0;
  std::vector<std::thread> threads;
  for (int number = 0; number < kThreads; ++number) {
    threads.emplace_back([&server, &owner, &answered] {
      for (int call = 0; call < kCalls; ++call) {
        // Refused at once, without a commit: the queue of the closure is empty again and again.
        v1::RecheckRequest request;
        request.set_name(owner.name());
        request.set_request_id(NewRequestId());
        v1::Closure closure;
        const grpc::Status status =
            server.closures().Recheck(RunningServer::As(owner.actor()).get(), request, &closure);
        if (status.error_code() == grpc::StatusCode::FAILED_PRECONDITION) ++answered;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(answered == kThreads * kCalls);
}

TEST_CASE("scans that wait for their turn hold up nothing else", "[D6]") {
  RunningServer::Options options;
  options.configure = [](config::v1::ServerConfig& config) {
    config.mutable_limits()->set_scans_max(1);
    config.mutable_limits()->set_tasks_max(2);
  };
  RunningServer server(options);
  for (const std::string id : {"a-1", "a-2", "a-3"}) server.Load(OneAccount(id));
  server.SetFault("BillingService/ListFunds", sandbox::v1::SetFaultRequest::HANG);
  for (const std::string id : {"a-1", "a-2"}) {
    Owner owner(server, id);
    owner.Create();
    owner.Verify();
    owner.Agree();
  }
  Owner third(server, "a-3");
  third.Create();
  CHECK(third.Code().size() == 6);
}

TEST_CASE("a wall clock that is set back does not keep an account frozen", "[D6]") {
  RunningServer server;
  server.Load(OneAccount("a-1"));
  Owner owner(server, "a-1");
  owner.GoToScanResult();
  server.SetFault("BillingService/FreezeBilling", sandbox::v1::SetFaultRequest::UNAVAILABLE_BEFORE, 1);
  owner.Confirm();
  owner.WaitUntil([](const v1::Closure& closure) {
    for (const auto& progress : closure.participants()) {
      if (!progress.last_error().empty()) return true;
    }
    return false;
  });
  server.clock().JumpWall(-absl::Hours(24));
  owner.WaitFor({v1::Closure::BLOCKED});
  CHECK(owner.closure().cause() == v1::Closure::HALTED);
  CHECK_FALSE(server.Show("a-1").billing_frozen());
}

TEST_CASE("a wall clock that is set back does not lengthen the five minutes after Confirm", "[D6]") {
  RunningServer server;
  server.Load(OneAccount("a-1"));
  Owner owner(server, "a-1");
  owner.GoToScanResult();
  server.SetFault("BillingService/FreezeBilling", sandbox::v1::SetFaultRequest::UNAVAILABLE_BEFORE);
  owner.Confirm();
  server.clock().JumpWall(-absl::Hours(24));
  server.clock().Advance(absl::Minutes(5));
  owner.WaitFor({v1::Closure::BLOCKED});
  CHECK(owner.closure().cause() == v1::Closure::CONFIRM_TIMED_OUT);
}

TEST_CASE("a code that has expired is not sent any more", "[R44][D16]") {
  RunningServer server;
  server.Load(OneAccount("a-1"));
  server.SetFault("MessagingService/SendMail", sandbox::v1::SetFaultRequest::UNAVAILABLE_BEFORE);
  Owner owner(server, "a-1");
  owner.Create();
  const auto has_failed = [](const std::vector<v1::Task>& tasks) { return !tasks.empty() && tasks[0].attempts() > 0; };
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!has_failed(TasksOfKind(server, v1::Task::SEND_CODE))) REQUIRE(std::chrono::steady_clock::now() < give_up);
  server.clock().Advance(absl::Minutes(10));
  server.SetFault("MessagingService/SendMail", sandbox::v1::SetFaultRequest::FAULT_UNSPECIFIED);
  // A try that was under way may fail once more; its next comes within five minutes.
  while (!TasksOfKind(server, v1::Task::SEND_CODE).empty()) {
    REQUIRE(std::chrono::steady_clock::now() < give_up);
    server.clock().Advance(absl::Minutes(5));
  }
  CHECK(server.Inbox("a-1").empty());
}

}  // namespace
}  // namespace closure
