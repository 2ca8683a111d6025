// SPDX-License-Identifier: Apache-2.0
// The silent period: what happens on entering it, and that nothing shortens or revokes it.
#include <catch2/catch.hpp>

#include "checkers/proto_time.h"
#include "fmt/format.h"
#include "tests/support/api_calls.h"
#include "tests/support/views.h"

namespace closure {
namespace {

using google::protobuf::Message;
using google::protobuf::MethodDescriptor;

constexpr char kAccount[] = "silent-1";
constexpr absl::Duration kWeek = absl::Hours(168);

struct Silent {
  RunningServer server;
  Owner owner{server, kAccount};

  explicit Silent(RunningServer::Options options = {}) : server(std::move(options)) {
    server.Load(CloudFileOf(
        kAccount,
        R"("funds": [{"currencyCode": "USD", "balance": "20.00", "debt": "5.00"}],)"
        R"("ramUsers": ["bot"], "sessions": [{"sessionId": "s-1", "identity": "root"}, {"sessionId": "s-2", "identity": "ram:bot"}])"));
    owner.GoToSilentPeriod();
  }
  // The period is not over just before its end, and is over at it.
  void CheckEndsAt(absl::Time end) {
    server.clock().Advance(end - server.clock().Now() - absl::Seconds(1));
    WaitUntilQuiet(server, owner.name());
    owner.Refresh();
    CHECK(owner.closure().state() == v1::Closure::SILENT_PERIOD);
    server.clock().Advance(absl::Seconds(1));
    owner.WaitFor({v1::Closure::CLOSED});
  }
};

TEST_CASE("entering the silent period logs the owner out, creates the role and forfeits the balance",
          "[R19][R22][R57][R59][D15]") {
  Silent silent;
  const sandbox::v1::ShowAccountResponse shown = silent.server.Show(kAccount);
  CHECK(shown.account().sessions().empty());
  REQUIRE(shown.service_linked_roles_size() == 1);
  CHECK(shown.service_linked_roles(0) == "AliyunServiceRoleForAccountDeletion");
  CHECK(ActsOf(silent.server, kAccount, "BillingService/ForfeitBalance").size() == 1);
  // A debt is voided with the account, not before.
  CHECK(ActsOf(silent.server, kAccount, "BillingService/VoidDebt").empty());
}

TEST_CASE("the role is there for the whole period and goes with the account", "[R59][R60]") {
  Silent silent;
  silent.server.clock().Advance(kWeek - absl::Seconds(1));
  CHECK(silent.server.Show(kAccount).service_linked_roles_size() == 1);
  silent.server.clock().Advance(absl::Seconds(1));
  silent.owner.WaitFor({v1::Closure::CLOSED});
  CHECK(silent.server.Show(kAccount).service_linked_roles().empty());
  const auto deleted = ActsOf(silent.server, kAccount, "AccountService/DeleteServiceLinkedRole");
  CHECK(deleted.size() == 1);
}

TEST_CASE("the owner can sign in to see the remaining time and do nothing else", "[R58][R61][R62]") {
  Silent silent;
  silent.server.clock().Advance(absl::Hours(24));
  CHECK(silent.server.Gate(kAccount, v1::CheckAccessRequest::SIGN_IN).allowed());
  CHECK(silent.server.Gate(kAccount, v1::CheckAccessRequest::VIEW_CLOSURE).allowed());
  CHECK_FALSE(silent.server.Gate(kAccount, v1::CheckAccessRequest::OTHER).allowed());
  CHECK(FromProto(silent.server.Gate(kAccount).silent_period_end_time()) ==
        FromProto(silent.owner.closure().silent_period_end_time()));
  silent.owner.Refresh();
  CHECK(FromProto(silent.owner.closure().silent_period_remaining()) == absl::Hours(144));
  CHECK(silent.owner.closure().allowed_actions().empty());
}

TEST_CASE("no call of the API shortens or revokes a silent period", "[R18][R63][R70]") {
  Silent silent;
  const absl::Time end = FromProto(silent.owner.closure().silent_period_end_time());
  for (const auto& methods : {ClosureMethods(), OperatorMethods()}) {
    for (const MethodDescriptor* method : methods) {
      for (const std::string& actor :
           {silent.owner.actor(), std::string("operator:ann"), std::string("operator:bob")}) {
        INFO(method->name() << " by " << actor);
        std::vector<std::string> names = {""};
        if (method->name() == "RetryTask") {
          for (const v1::Task& task : TasksOf(silent.server, silent.owner.name())) names.push_back(task.name());
        }
        for (const std::string& name : names) {
          const auto request = MakeRequest(method, silent.owner.closure());
          if (!name.empty()) SetText(*request, "name", name);
          SendBytes(silent.server, actor, method, request->SerializeAsString(),
                    method->name() == "WatchClosure" ? 1 : 1000);
        }
        WaitUntilQuiet(silent.server, silent.owner.name());
        silent.owner.Refresh();
        REQUIRE(silent.owner.closure().state() == v1::Closure::SILENT_PERIOD);
        REQUIRE(FromProto(silent.owner.closure().silent_period_end_time()) == end);
      }
    }
  }
  // What operators may have left on is switched off.
  Send(silent.server, "operator:ann", OperatorRequest<v1::ResumeIrreversibleRequest>());
  auto release = RequestOn<v1::ReleaseHoldRequest>(silent.owner.name());
  release.set_reason("a test");
  Send(silent.server, "operator:ann", release);
  silent.CheckEndsAt(end);
}

TEST_CASE("another configuration does not move the end of a silent period that has begun", "[R18][D16]") {
  int64_t hours = 168;
  Silent silent({.configure = [&hours](config::v1::ServerConfig& config) {
    config.mutable_policy()->mutable_silent_period()->set_seconds(hours * 3600);
  }});
  const absl::Time end = FromProto(silent.owner.closure().silent_period_end_time());
  CHECK(end - FromProto(silent.owner.closure().silent_period_start_time()) == kWeek);
  hours = GENERATE(24, 1000);
  silent.server.Restart();
  silent.owner.Refresh();
  CHECK(FromProto(silent.owner.closure().silent_period_end_time()) == end);
  silent.CheckEndsAt(end);
}

TEST_CASE("the policy of a closure is that of its creation", "[D16]") {
  int64_t hours = 168;
  RunningServer server({.configure = [&hours](config::v1::ServerConfig& config) {
    config.mutable_policy()->mutable_silent_period()->set_seconds(hours * 3600);
  }});
  server.Load(CloudFileOf(kAccount));
  server.Load(CloudFileOf("silent-2"));
  Owner before(server, kAccount);
  before.Create();
  hours = 24;
  server.Restart();
  before.Verify();
  before.Agree();
  before.WaitFor({v1::Closure::READY});
  before.GoToSilentPeriod();
  Owner after(server, "silent-2");
  after.GoToSilentPeriod();
  const auto length = [](const v1::Closure& closure) {
    return FromProto(closure.silent_period_end_time()) - FromProto(closure.silent_period_start_time());
  };
  CHECK(length(before.closure()) == kWeek);
  CHECK(length(after.closure()) == absl::Hours(24));
}

TEST_CASE("a silent period does not end before its entry acts are done", "[R57][R59]") {
  RunningServer server;
  server.Load(CloudFileOf(kAccount));
  server.SetFault("AccountService/TerminateSessions", sandbox::v1::SetFaultRequest::UNAVAILABLE_BEFORE);
  Owner owner(server, kAccount);
  owner.GoToScanResult();
  owner.Confirm();
  owner.WaitFor({v1::Closure::SILENT_PERIOD});
  server.clock().Advance(absl::Hours(200));
  WaitUntilQuiet(server, owner.name());
  owner.Refresh();
  CHECK(owner.closure().state() == v1::Closure::SILENT_PERIOD);
  server.SetFault("AccountService/TerminateSessions", sandbox::v1::SetFaultRequest::FAULT_UNSPECIFIED);
  RetryTasks(server, owner.name());
  owner.WaitFor({v1::Closure::CLOSED});
}

TEST_CASE("bills for past usage arrive while the account is frozen", "[R10]") {
  Silent silent;
  CHECK(silent.server.Show(kAccount).billing_frozen());
  IssueBill(silent.server, kAccount, "1.00 USD");
  CHECK(silent.server.Show(kAccount).account().bills_size() == 1);
  sandbox::v1::TopUpBalanceRequest top_up;
  top_up.set_account_id(kAccount);
  *top_up.mutable_amount() = Amount("1.00 USD");
  sandbox::v1::TopUpBalanceResponse response;
  CHECK(silent.server.sandbox().TopUpBalance(RunningServer::As("").get(), top_up, &response).error_code() ==
        grpc::StatusCode::FAILED_PRECONDITION);
}

}  // namespace
}  // namespace closure
