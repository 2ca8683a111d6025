// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "catch2/catch.hpp"
#include "fmt/format.h"
#include "tests/sandbox/cloud_fixture.h"

namespace closure::test {
namespace {

using upstream::v1::ActResult;
using upstream::v1::ForfeitBalanceRequest;
using upstream::v1::FreezeBillingRequest;
using upstream::v1::SealBillingRequest;
using upstream::v1::TerminateSessionsRequest;
using upstream::v1::ThawBillingRequest;

constexpr char kFunds[] = R"("funds": [{"currencyCode": "USD", "balance": "100.00"}])";

ForfeitBalanceRequest Forfeit(const std::string& amount, const std::string& key, int64_t fence) {
  auto request = ActOn<ForfeitBalanceRequest>("a", key, fence);
  *request.mutable_expected_amount() = Usd(amount);
  return request;
}

TEST_CASE("a repeated key answers the first result, does nothing more and is counted", "[D15]") {
  Cloud cloud;
  cloud.LoadAccount("a", R"("sessions": [{"sessionId": "s1", "identity": "root"}])");
  const auto request = ActOn<TerminateSessionsRequest>("a", "k1");
  const ActResult first = Must(*cloud.account, &AccountStub::TerminateSessions, request);
  CHECK(first.outcome() == ActResult::DONE);
  const ActResult second = Must(*cloud.account, &AccountStub::TerminateSessions, request);
  CHECK(second.SerializeAsString() == first.SerializeAsString());
  const auto shown = cloud.Show("a");
  REQUIRE(shown.acts_size() == 1);
  CHECK(shown.acts(0).method() == "closure.upstream.v1.AccountService/TerminateSessions");
  CHECK(shown.acts(0).idempotency_key() == "k1");
  CHECK(shown.acts(0).calls() == 2);
  CHECK(shown.acts(0).outcome() == "DONE");
  CHECK(shown.acts(0).detail() == "ended 1 sessions");
}

TEST_CASE("a repeated freeze after a thaw under the same key freezes nothing", "[D6]") {
  Cloud cloud;
  cloud.LoadAccount("a");
  CHECK(cloud.Freeze("a", "freeze", 1) == ActResult::DONE);
  Must(*cloud.billing, &BillingStub::ThawBilling, ActOn<ThawBillingRequest>("a", "thaw", 2));
  CHECK(cloud.Freeze("a", "freeze", 1) == ActResult::DONE);
  CHECK_FALSE(cloud.Show("a").billing_frozen());
}

TEST_CASE("an act with a lower fence is refused and changes nothing", "[D6]") {
  Cloud cloud;
  cloud.LoadAccount("a");
  CHECK(cloud.Freeze("a", "freeze-1", 5) == ActResult::DONE);
  const ActResult late = Must(*cloud.billing, &BillingStub::ThawBilling, ActOn<ThawBillingRequest>("a", "thaw-0", 4));
  CHECK(late.outcome() == ActResult::FENCED);
  CHECK(late.detail().find("5") != std::string::npos);
  CHECK(cloud.Show("a").billing_frozen());
  CHECK(cloud.Show("a").fence() == 5);
}

TEST_CASE("what the fence refused is done later under the same key and the current fence", "[D6]") {
  Cloud cloud;
  cloud.LoadAccount("a");
  cloud.Freeze("a", "freeze-1", 5);
  CHECK(Must(*cloud.billing, &BillingStub::SealBilling, ActOn<SealBillingRequest>("a", "seal", 4)).outcome() ==
        ActResult::FENCED);
  CHECK_FALSE(cloud.Show("a").billing_sealed());
  CHECK(Must(*cloud.billing, &BillingStub::SealBilling, ActOn<SealBillingRequest>("a", "seal", 6)).outcome() ==
        ActResult::DONE);
  const auto shown = cloud.Show("a");
  CHECK(shown.billing_sealed());
  CHECK(shown.fence() == 6);
  CHECK(shown.acts(1).outcome() == "DONE");
  CHECK(shown.acts(1).fence() == 6);
  CHECK(shown.acts(1).calls() == 2);
}

TEST_CASE("what was refused because the facts moved is done later under the same key", "[D11][D15]") {
  Cloud cloud;
  cloud.LoadAccount("a", kFunds);
  CHECK(Must(*cloud.billing, &BillingStub::ForfeitBalance, Forfeit("99.00", "k", 1)).outcome() ==
        ActResult::FACTS_MOVED);
  CHECK(Must(*cloud.billing, &BillingStub::ForfeitBalance, Forfeit("100.00", "k", 1)).outcome() == ActResult::DONE);
  CHECK(cloud.Show("a").account().funds(0).balance() == "0.00");
  const auto act = cloud.Show("a").acts(0);
  CHECK(act.outcome() == "DONE");
  CHECK(FormatMoney(act.amount()) == "100.00 USD");
}

TEST_CASE("a fence is per account", "[R6]") {
  Cloud cloud;
  cloud.LoadAccount("a");
  cloud.LoadAccount("b");
  cloud.Freeze("a", "ka", 9);
  CHECK(cloud.Freeze("b", "kb", 1) == ActResult::DONE);
  CHECK(cloud.Show("b").fence() == 1);
}

TEST_CASE("a fence is never reset, not by loading the account again", "[D6]") {
  Cloud cloud;
  cloud.LoadAccount("a");
  cloud.Freeze("a", "k1", 9);
  cloud.LoadAccount("a");
  CHECK_FALSE(cloud.Show("a").billing_frozen());
  CHECK(cloud.Freeze("a", "k2", 8) == ActResult::FENCED);
  CHECK(cloud.Freeze("a", "k3", 9) == ActResult::DONE);
}

TEST_CASE("a repetition with a higher fence raises it, one with a lower fence does not lower it", "[D6]") {
  Cloud cloud;
  cloud.LoadAccount("a");
  cloud.Freeze("a", "k1", 1);
  CHECK(cloud.Freeze("a", "k1", 7) == ActResult::DONE);
  CHECK(cloud.Freeze("a", "k1", 1) == ActResult::DONE);
  CHECK(cloud.Freeze("a", "k2", 6) == ActResult::FENCED);
}

TEST_CASE("one key cannot be used for two things of an account", "[D15]") {
  Cloud cloud;
  const auto instance = [](const std::string& id) {
    return fmt::format(R"({{"resourceId": "{0}", "displayName": "{0}", "product": "ecs", "type": "instance", )"
                       R"("regionCode": "eu-1", "chargeType": "PAY_AS_YOU_GO", "state": "RUNNING", )"
                       R"("releasable": true, "consoleUri": "https://console.example.com/{0}"}})",
                       id);
  };
  cloud.LoadAccount("a", fmt::format(R"("resources": [{}, {}])", instance("r-1"), instance("r-2")));
  const auto release = [&](const std::string& id) {
    auto request = ActOn<upstream::v1::ReleaseResourceRequest>("a", "k1");
    request.set_resource_id(id);
    request.set_expected_charge_type(upstream::v1::Resource::PAY_AS_YOU_GO);
    request.set_expected_state("RUNNING");
    return Ask(*cloud.resource, &ResourceStub::ReleaseResource, request);
  };
  CHECK(release("r-1").code() == grpc::OK);
  CHECK(release("r-2").code() == grpc::INVALID_ARGUMENT);
  CHECK(release("r-1").code() == grpc::OK);
  CHECK(cloud.Show("a").account().resources_size() == 1);
}

TEST_CASE("one key cannot be used for two methods or accounts of one system", "[D15]") {
  Cloud cloud;
  cloud.LoadAccount("a");
  cloud.LoadAccount("b");
  cloud.Freeze("a", "k1");
  const auto other_method = Ask(*cloud.billing, &BillingStub::SealBilling, ActOn<SealBillingRequest>("a", "k1"));
  CHECK(other_method.code() == grpc::INVALID_ARGUMENT);
  CHECK(other_method.status.error_message().find("k1") != std::string::npos);
  const auto other_account = Ask(*cloud.billing, &BillingStub::FreezeBilling, ActOn<FreezeBillingRequest>("b", "k1"));
  CHECK(other_account.code() == grpc::INVALID_ARGUMENT);
  CHECK_FALSE(cloud.Show("b").billing_frozen());
  // Another system has keys of its own.
  CHECK(Must(*cloud.account, &AccountStub::TerminateSessions, ActOn<TerminateSessionsRequest>("a", "k1")).outcome() ==
        ActResult::DONE);
}

TEST_CASE("an act on an account that was never known is NOT_FOUND, and not remembered", "[D17]") {
  Cloud cloud;
  const auto request = ActOn<FreezeBillingRequest>("nobody", "k");
  CHECK(Ask(*cloud.billing, &BillingStub::FreezeBilling, request).code() == grpc::NOT_FOUND);
  cloud.LoadAccount("nobody");
  CHECK(Must(*cloud.billing, &BillingStub::FreezeBilling, request).outcome() == ActResult::DONE);
}

TEST_CASE("after deletion a new act answers ACCOUNT_DELETED, and a stored one its first result", "[D17][R65]") {
  Cloud cloud;
  cloud.LoadAccount("a");
  cloud.Freeze("a", "freeze", 1);
  CHECK(cloud.Delete("a", "delete", 3) == ActResult::DONE);
  CHECK(cloud.Delete("a", "delete", 3) == ActResult::DONE);
  CHECK(cloud.Delete("a", "delete-again", 3) == ActResult::ACCOUNT_DELETED);
  CHECK(cloud.Freeze("a", "freeze", 1) == ActResult::DONE);
  CHECK(cloud.Freeze("a", "freeze-2", 4) == ActResult::ACCOUNT_DELETED);
}

TEST_CASE("a malformed act is refused and names what is wrong", "[D15]") {
  Cloud cloud;
  cloud.LoadAccount("a");
  auto no_account = ActOn<FreezeBillingRequest>("a", "k");
  no_account.mutable_act()->clear_account_id();
  auto other_closure = ActOn<FreezeBillingRequest>("a", "k");
  other_closure.mutable_act()->set_closure("accounts/b/closures/c-1");
  auto no_key = ActOn<FreezeBillingRequest>("a", "");
  auto long_key = ActOn<FreezeBillingRequest>("a", std::string(256, 'k'));
  auto control_key = ActOn<FreezeBillingRequest>("a", "k\n");
  auto no_fence = ActOn<FreezeBillingRequest>("a", "k", 0);
  for (const auto& request : {no_account, other_closure, no_key, long_key, control_key, no_fence}) {
    const auto answer = Ask(*cloud.billing, &BillingStub::FreezeBilling, request);
    CHECK(answer.code() == grpc::INVALID_ARGUMENT);
    CHECK(answer.status.error_message().find("act.") != std::string::npos);
  }
  CHECK(Ask(*cloud.billing, &BillingStub::FreezeBilling, ActOn<FreezeBillingRequest>("a", std::string(255, 'k')))
            .status.ok());
}

}  // namespace
}  // namespace closure::test
