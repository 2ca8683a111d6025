// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <iterator>
#include <string>

#include "absl/time/time.h"
#include "catch2/catch.hpp"
#include "tests/sandbox/cloud_fixture.h"
#include "tests/sandbox/temporary_folder.h"

namespace closure::test {
namespace {

using upstream::v1::Account;
using upstream::v1::ActResult;
using upstream::v1::GetAccountRequest;

constexpr char kRole[] = "AliyunServiceRoleForAccountDeletion";
constexpr char kFull[] = R"("displayName": "Unmistakable Name Of A", "organizationId": "org", "languageCode": "zh",
  "email": {"address": "unmistakable-mailbox@a.example"}, "phone": {"address": "+8613800000001"},
  "ramUsers": ["alice"], "sessions": [{"sessionId": "s1", "identity": "root"}, {"sessionId": "s2", "identity": "ram:alice"}],
  "thirdPartyBindings": [{"provider": "code-host", "subject": "octo"}],
  "funds": [{"currencyCode": "USD", "balance": "5.00"}],
  "bills": [{"billId": "b1", "amount": "1.00", "currencyCode": "USD"}],
  "lateBills": [{"bill": {"billId": "b2", "amount": "1.00", "currencyCode": "USD"}, "afterFreeze": "1s"}],
  "unbilledCharges": [{"chargeId": "c1", "amount": "1.00", "currencyCode": "USD"}],
  "creditNotes": [{"creditNoteId": "n1", "amount": "1.00", "currencyCode": "USD"}],
  "resources": [{"resourceId": "unmistakable-resource", "product": "ecs", "type": "instance", "chargeType": "PAY_AS_YOU_GO",
                 "state": "Running", "consoleUri": "https://x.example/"}],
  "domains": [{"domainName": "a.example"}], "icpFilings": [{"filingNumber": "1"}],
  "resourceDirectory": {"role": "MEMBER", "memberType": "CLOUD_ACCOUNT", "directoryId": "rd", "managementAccountId": "m"},
  "trusteeship": {"role": "ADMINISTRATOR", "memberAccountIds": ["z"]}, "reseller": {"partnerId": "p"})";

Answer<Account> Get(Cloud& cloud, const std::string& account_id) {
  return Ask(*cloud.account, &AccountStub::GetAccount, ForAccount<GetAccountRequest>(account_id));
}

int64_t Count(Cloud& cloud, const std::string& organization_id) {
  upstream::v1::CountAccountsRequest request;
  request.set_organization_id(organization_id);
  return Must(*cloud.account, &AccountStub::CountAccounts, request).count();
}

template <typename Request>
Request RoleRequest(const std::string& role_name, const std::string& key) {
  auto request = ActOn<Request>("a", key);
  request.set_role_name(role_name);
  return request;
}

TEST_CASE("an account is shown with its contact points and when they were changed", "[D9]") {
  Cloud cloud;
  cloud.LoadAccount("a", R"("displayName": "Ann", "languageCode": "zh",
    "email": {"address": "ann@a.example", "changedBeforeLoad": "3600s"}, "phone": {"address": "+8613800000001"})");
  const Account account = Get(cloud, "a").response;
  CHECK(account.state() == Account::ACTIVE);
  CHECK(account.display_name() == "Ann");
  CHECK(account.language_code() == "zh");
  CHECK(account.email().address() == "ann@a.example");
  CHECK(account.email().change_time().seconds() == absl::ToUnixSeconds(cloud.now - absl::Hours(1)));
  CHECK(account.phone().address() == "+8613800000001");
  CHECK(account.phone().change_time().seconds() == 1577836800);  // long ago
  CHECK_FALSE(account.frozen());
}

TEST_CASE("an account without telephone has none, and a suspended one says so", "[D9]") {
  Cloud cloud;
  cloud.LoadAccount("a", R"("state": "SUSPENDED", "email": {"address": "ann@a.example"})");
  CHECK(Get(cloud, "a").response.state() == Account::SUSPENDED);
  CHECK_FALSE(Get(cloud, "a").response.has_phone());
}

TEST_CASE("an unknown account is NOT_FOUND, a deleted one DELETED with nothing but its id", "[D17][R4]") {
  Cloud cloud;
  CHECK(Get(cloud, "a").code() == grpc::NOT_FOUND);
  cloud.LoadAccount("a", kFull);
  cloud.Delete("a", "delete");
  const auto answer = Get(cloud, "a");
  REQUIRE(answer.status.ok());
  Account only_id;
  only_id.set_account_id("a");
  only_id.set_state(Account::DELETED);
  CHECK(answer.response.SerializeAsString() == only_id.SerializeAsString());
}

TEST_CASE("every other read of an unknown account is NOT_FOUND, of a deleted one FAILED_PRECONDITION", "[D17]") {
  Cloud cloud;
  const auto expect = [&](grpc::StatusCode code) {
    CHECK(Ask(*cloud.billing, &BillingStub::ListFunds, ForAccount<upstream::v1::ListFundsRequest>("a")).code() == code);
    CHECK(Ask(*cloud.billing, &BillingStub::ListUnpaidBills, ForAccount<upstream::v1::ListUnpaidBillsRequest>("a"))
              .code() == code);
    CHECK(Ask(*cloud.billing, &BillingStub::ListUnbilledCharges,
              ForAccount<upstream::v1::ListUnbilledChargesRequest>("a"))
              .code() == code);
    CHECK(Ask(*cloud.billing, &BillingStub::ListCreditNotes, ForAccount<upstream::v1::ListCreditNotesRequest>("a"))
              .code() == code);
    CHECK(Ask(*cloud.resource, &ResourceStub::ListResources, ForAccount<upstream::v1::ListResourcesRequest>("a"))
              .code() == code);
    CHECK(Ask(*cloud.domain, &DomainStub::ListDomains, ForAccount<upstream::v1::ListDomainsRequest>("a")).code() ==
          code);
    CHECK(
        Ask(*cloud.domain, &DomainStub::ListIcpFilings, ForAccount<upstream::v1::ListIcpFilingsRequest>("a")).code() ==
        code);
    CHECK(Ask(*cloud.directory, &DirectoryStub::GetMembership, ForAccount<upstream::v1::GetMembershipRequest>("a"))
              .code() == code);
    CHECK(
        Ask(*cloud.trusteeship, &TrusteeshipStub::GetTrusteeship, ForAccount<upstream::v1::GetTrusteeshipRequest>("a"))
            .code() == code);
    CHECK(Ask(*cloud.trusteeship, &TrusteeshipStub::ListTrusteeshipMembers,
              ForAccount<upstream::v1::ListTrusteeshipMembersRequest>("a"))
              .code() == code);
    CHECK(Ask(*cloud.partner, &PartnerStub::GetResellerRelationship,
              ForAccount<upstream::v1::GetResellerRelationshipRequest>("a"))
              .code() == code);
  };
  expect(grpc::NOT_FOUND);
  cloud.LoadAccount("a", kFull);
  expect(grpc::OK);
  cloud.Delete("a", "delete");
  expect(grpc::FAILED_PRECONDITION);
}

TEST_CASE("accounts that are not deleted are counted, of one organization or of all", "[D14]") {
  Cloud cloud;
  cloud.LoadAccount("a", R"("organizationId": "org")");
  cloud.LoadAccount("b", R"("organizationId": "org", "state": "SUSPENDED")");
  cloud.LoadAccount("c");
  CHECK(Count(cloud, "") == 3);
  CHECK(Count(cloud, "org") == 2);
  CHECK(Count(cloud, "c") == 1);  // stands alone: its own organization
  CHECK(Count(cloud, "a") == 0);
  cloud.Delete("a", "delete");
  CHECK(Count(cloud, "") == 2);
  CHECK(Count(cloud, "org") == 1);
}

TEST_CASE("a frozen account takes no change of a contact point", "[D6]") {
  Cloud cloud;
  cloud.LoadAccount("a");
  auto change = ForAccount<sandbox::v1::ChangeContactPointRequest>("a");
  change.set_channel("sms");
  change.set_address("+8613900000000");
  Must(*cloud.account, &AccountStub::FreezeAccount, ActOn<upstream::v1::FreezeAccountRequest>("a", "freeze"));
  CHECK(Get(cloud, "a").response.frozen());
  CHECK(Ask(*cloud.control, &ControlStub::ChangeContactPoint, change).code() == grpc::FAILED_PRECONDITION);
  Must(*cloud.account, &AccountStub::ThawAccount, ActOn<upstream::v1::ThawAccountRequest>("a", "thaw"));
  cloud.now += absl::Hours(1);
  CHECK(Ask(*cloud.control, &ControlStub::ChangeContactPoint, change).status.ok());
  const Account account = Get(cloud, "a").response;
  CHECK_FALSE(account.frozen());
  CHECK(account.phone().address() == "+8613900000000");
  CHECK(account.phone().change_time().seconds() == absl::ToUnixSeconds(cloud.now));
}

TEST_CASE("every session ends, of root and of RAM users", "[R57]") {
  Cloud cloud;
  cloud.LoadAccount("a", kFull);
  Must(*cloud.account, &AccountStub::TerminateSessions, ActOn<upstream::v1::TerminateSessionsRequest>("a", "logout"));
  CHECK(cloud.Show("a").account().sessions_size() == 0);
  CHECK(cloud.Show("a").account().ram_users_size() == 1);
}

TEST_CASE("the service-linked role is created once and deleted, an absent one counts as deleted", "[R59][R60][D2]") {
  using upstream::v1::CreateServiceLinkedRoleRequest;
  using upstream::v1::DeleteServiceLinkedRoleRequest;
  Cloud cloud;
  cloud.LoadAccount("a");
  for (const char* key : {"create-1", "create-1", "create-2"}) {
    Must(*cloud.account, &AccountStub::CreateServiceLinkedRole,
         RoleRequest<CreateServiceLinkedRoleRequest>(kRole, key));
  }
  REQUIRE(cloud.Show("a").service_linked_roles_size() == 1);
  CHECK(cloud.Show("a").service_linked_roles(0) == kRole);
  for (const char* key : {"delete-1", "delete-2"}) {
    CHECK(Must(*cloud.account, &AccountStub::DeleteServiceLinkedRole,
               RoleRequest<DeleteServiceLinkedRoleRequest>(kRole, key))
              .outcome() == ActResult::DONE);
  }
  CHECK(cloud.Show("a").service_linked_roles_size() == 0);
  CHECK(Ask(*cloud.account, &AccountStub::CreateServiceLinkedRole,
            RoleRequest<CreateServiceLinkedRoleRequest>("Other", "k"))
            .code() == grpc::INVALID_ARGUMENT);
}

TEST_CASE("bindings to third-party accounts are deleted", "[R7]") {
  Cloud cloud;
  cloud.LoadAccount("a", kFull);
  Must(*cloud.account, &AccountStub::UnbindThirdParties, ActOn<upstream::v1::UnbindThirdPartiesRequest>("a", "unbind"));
  CHECK(cloud.Show("a").account().third_party_bindings_size() == 0);
}

TEST_CASE("deleting an account deletes all of it and nothing of another", "[R3][R5][R6][R65]") {
  Cloud cloud;
  cloud.LoadAccount("a", kFull);
  cloud.LoadAccount("b", kFull);
  const std::string before = cloud.Show("b").SerializeAsString();
  cloud.Delete("a", "delete", 4);
  const auto shown = cloud.Show("a");
  CHECK(shown.deleted());
  CHECK(shown.archived_rows() == 0);
  CHECK(shown.fence() == 4);
  REQUIRE(shown.acts_size() == 1);
  sandbox::v1::CloudAccount only_id;
  only_id.set_account_id("a");
  CHECK(shown.account().SerializeAsString() == only_id.SerializeAsString());
  CHECK(cloud.Show("b").SerializeAsString() == before);
}

TEST_CASE("nothing of a deleted account is left in the file", "[R3]") {
  const TemporaryFolder folder;
  const std::string path = folder.File("cloud.db");
  Cloud cloud(path);
  cloud.LoadAccount("a", kFull);
  cloud.LoadAccount("b");
  const auto in_file = [&](const std::string& text) {
    std::string content;
    for (const char* suffix : {"", "-wal"}) {
      std::ifstream file(path + suffix, std::ios::binary);
      content.append(std::istreambuf_iterator<char>(file), {});
    }
    return content.find(text) != std::string::npos;
  };
  CHECK(in_file("Unmistakable Name Of A"));
  cloud.Delete("a", "delete");
  CHECK_FALSE(in_file("Unmistakable Name Of A"));
  CHECK_FALSE(in_file("unmistakable-mailbox"));
  CHECK_FALSE(in_file("unmistakable-resource"));
}

}  // namespace
}  // namespace closure::test
