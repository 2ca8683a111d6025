// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "absl/synchronization/notification.h"
#include "catch2/catch.hpp"
#include "fmt/format.h"
#include "sandbox/fault_table.h"
#include "tests/sandbox/cloud_fixture.h"

namespace closure::test {
namespace {

using sandbox::v1::SetFaultRequest;
using upstream::v1::ListFundsRequest;
using upstream::v1::SealBillingRequest;

constexpr char kSeal[] = "closure.upstream.v1.BillingService/SealBilling";
constexpr char kListFunds[] = "closure.upstream.v1.BillingService/ListFunds";

Answer<upstream::v1::ActResult> Seal(Cloud& cloud, const std::string& account_id, const std::string& key) {
  return Ask(*cloud.billing, &BillingStub::SealBilling, ActOn<SealBillingRequest>(account_id, key));
}

TEST_CASE("a method that fails before does nothing, and one that fails after has done it", "[D5]") {
  Cloud cloud;
  cloud.LoadAccount("a");
  cloud.SetFault(kSeal, SetFaultRequest::UNAVAILABLE_BEFORE);
  CHECK(Seal(cloud, "a", "k").code() == grpc::UNAVAILABLE);
  CHECK_FALSE(cloud.Show("a").billing_sealed());
  CHECK(cloud.Show("a").acts_size() == 0);
  cloud.SetFault(kSeal, SetFaultRequest::UNAVAILABLE_AFTER);
  CHECK(Seal(cloud, "a", "k").code() == grpc::UNAVAILABLE);
  CHECK(cloud.Show("a").billing_sealed());
  cloud.SetFault(kSeal, SetFaultRequest::FAULT_UNSPECIFIED);
  CHECK(Seal(cloud, "a", "k").response.outcome() == upstream::v1::ActResult::DONE);
  CHECK(cloud.Show("a").acts(0).calls() == 2);
}

TEST_CASE("a fault lasts as many calls as it says, and replaces the one before", "[D5]") {
  Cloud cloud;
  cloud.LoadAccount("a");
  cloud.SetFault(kSeal, SetFaultRequest::MALFORMED);
  cloud.SetFault(kSeal, SetFaultRequest::UNAVAILABLE_BEFORE, 2);
  CHECK(Seal(cloud, "a", "k").code() == grpc::UNAVAILABLE);
  CHECK(Seal(cloud, "a", "k").code() == grpc::UNAVAILABLE);
  CHECK(Seal(cloud, "a", "k").status.ok());
}

TEST_CASE("a method that the cloud does not have is refused with the one that was meant and those that there are",
          "[sandbox]") {
  FaultTable table;
  SetFaultRequest fault;
  fault.set_fault(SetFaultRequest::HANG);
  fault.set_method("closure.upstream.v1.BillingService/ListFund");
  const std::string near(table.Set(fault).message());
  CHECK(near.find("did you mean \"closure.upstream.v1.BillingService/ListFunds\"? ") != std::string::npos);
  CHECK(near.find("Its service has the methods: ") != std::string::npos);
  CHECK(near.find("SealBilling") != std::string::npos);
  CHECK(near.find("DomainService") == std::string::npos);
  fault.set_method("rubbish");
  const std::string far(table.Set(fault).message());
  CHECK(far.find("did you mean") == std::string::npos);
  CHECK(far.find("The services are: AccountService, BillingService, DomainService") != std::string::npos);
}

TEST_CASE("the page about the sandbox lists every method that can play a fault", "[sandbox]") {
  std::ifstream file(CLOSURE_SOURCE_DIR "/docs/sandbox.md");
  std::stringstream page;
  page << file.rdbuf();
  for (const std::string& method : ServedMethods()) {
    const std::string name = method.substr(method.find('/') + 1);
    INFO(method);
    CHECK(page.str().find(fmt::format("`{}`", name)) != std::string::npos);
  }
}

TEST_CASE("a fault for one account touches no other and no other method", "[R6]") {
  Cloud cloud;
  cloud.LoadAccount("a");
  cloud.LoadAccount("b");
  cloud.SetFault(kSeal, SetFaultRequest::UNAVAILABLE_BEFORE, 1, "a");
  CHECK(Seal(cloud, "b", "kb").status.ok());
  CHECK(cloud.Freeze("a", "freeze") == upstream::v1::ActResult::DONE);
  CHECK(Seal(cloud, "a", "ka").code() == grpc::UNAVAILABLE);
  CHECK(Seal(cloud, "a", "ka").status.ok());
}

TEST_CASE("a malformed answer means nothing, and is never what a clean account answers", "[D5]") {
  Cloud cloud;
  cloud.LoadAccount("a");
  for (const char* method : {kListFunds, kSeal, "closure.upstream.v1.AccountService/CountAccounts",
                             "closure.upstream.v1.PartnerService/GetResellerRelationship",
                             "closure.upstream.v1.TrusteeshipService/ListTrusteeshipMembers",
                             "closure.upstream.v1.ResourceDirectoryService/GetMembership"}) {
    cloud.SetFault(method, SetFaultRequest::MALFORMED);
  }
  const auto funds = Must(*cloud.billing, &BillingStub::ListFunds, ForAccount<ListFundsRequest>("a"));
  REQUIRE(funds.funds_size() == 1);
  CHECK(funds.funds(0).ByteSizeLong() == 0);
  CHECK(Seal(cloud, "a", "k").response.outcome() == upstream::v1::ActResult::OUTCOME_UNSPECIFIED);
  CHECK_FALSE(cloud.Show("a").billing_sealed());
  CHECK(Must(*cloud.account, &AccountStub::CountAccounts, upstream::v1::CountAccountsRequest()).count() == -1);
  const auto reseller = Must(*cloud.partner, &PartnerStub::GetResellerRelationship,
                             ForAccount<upstream::v1::GetResellerRelationshipRequest>("a"));
  CHECK(reseller.partner_id().empty());
  CHECK_FALSE(reseller.partner_name().empty());
  CHECK(Must(*cloud.trusteeship, &TrusteeshipStub::ListTrusteeshipMembers,
             ForAccount<upstream::v1::ListTrusteeshipMembersRequest>("a"))
            .member_account_ids(0)
            .empty());
  CHECK(Must(*cloud.directory, &DirectoryStub::GetMembership, ForAccount<upstream::v1::GetMembershipRequest>("a"))
            .role() == upstream::v1::Membership::ROLE_UNSPECIFIED);
}

TEST_CASE("a call that hangs ends when its caller gives up, and holds nothing up", "[D5]") {
  Cloud cloud;
  cloud.LoadAccount("a");
  cloud.SetFault(kListFunds, SetFaultRequest::HANG);
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<absl::Notification>> ended;
  std::vector<grpc::Status> statuses(8);
  const auto request = ForAccount<ListFundsRequest>("a");
  std::vector<upstream::v1::ListFundsResponse> responses(8);
  for (size_t i = 0; i < 8; ++i) {  // more than there are threads to serve
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    ended.push_back(std::make_unique<absl::Notification>());
    cloud.billing->async()->ListFunds(contexts[i].get(), &request, &responses[i], [&, i](grpc::Status status) {
      statuses[i] = status;
      ended[i]->Notify();
    });
  }
  CHECK(cloud.Freeze("a", "freeze") == upstream::v1::ActResult::DONE);
  for (size_t i = 0; i < 8; ++i) {
    CHECK_FALSE(ended[i]->HasBeenNotified());
    contexts[i]->TryCancel();
    ended[i]->WaitForNotification();
    CHECK(statuses[i].error_code() == grpc::CANCELLED);
  }
  grpc::ClientContext short_context;
  short_context.set_deadline(gpr_time_from_millis(50, GPR_TIMESPAN));
  upstream::v1::ListFundsResponse response;
  CHECK(cloud.billing->ListFunds(&short_context, request, &response).error_code() == grpc::DEADLINE_EXCEEDED);
  cloud.SetFault(kListFunds, SetFaultRequest::FAULT_UNSPECIFIED);
  CHECK(Ask(*cloud.billing, &BillingStub::ListFunds, request).status.ok());
}

TEST_CASE("calls that hang are released when the sandbox stops", "[D5]") {
  Cloud cloud;
  cloud.LoadAccount("a");
  cloud.SetFault(kListFunds, SetFaultRequest::HANG);
  grpc::ClientContext context;
  const auto request = ForAccount<ListFundsRequest>("a");
  upstream::v1::ListFundsResponse response;
  absl::Notification ended;
  grpc::Status status;
  cloud.billing->async()->ListFunds(&context, &request, &response, [&](grpc::Status ended_with) {
    status = ended_with;
    ended.Notify();
  });
  cloud.Freeze("a", "freeze");  // a later call was answered: the server is at work
  cloud.sandbox->Stop();
  ended.WaitForNotification();
  CHECK(status.error_code() == grpc::UNAVAILABLE);
}

TEST_CASE("a fault is for a method that the cloud serves", "[D5]") {
  Cloud cloud;
  SetFaultRequest request;
  request.set_fault(SetFaultRequest::HANG);
  for (const char* method :
       {"", "SealBilling", "closure.upstream.v1.BillingService/Seal", "/closure.upstream.v1.BillingService/SealBilling",
        "closure.sandbox.v1.SandboxService/SetFault", "closure.v1.ClosureService/GetClosure"}) {
    request.set_method(method);
    CHECK(Ask(*cloud.control, &ControlStub::SetFault, request).code() == grpc::INVALID_ARGUMENT);
  }
  request.set_method("closure.v1.ParticipantService/Perform");
  CHECK(Ask(*cloud.control, &ControlStub::SetFault, request).status.ok());
  request.set_calls(-1);
  CHECK(Ask(*cloud.control, &ControlStub::SetFault, request).code() == grpc::INVALID_ARGUMENT);
  request.set_calls(0);
  request.set_fault(static_cast<SetFaultRequest::Fault>(77));
  CHECK(Ask(*cloud.control, &ControlStub::SetFault, request).code() == grpc::INVALID_ARGUMENT);
}

}  // namespace
}  // namespace closure::test
