// SPDX-License-Identifier: Apache-2.0
#include "catch2/catch.hpp"
#include "tests/sandbox/cloud_fixture.h"

namespace closure::test {
namespace {

using upstream::v1::Membership;
using upstream::v1::Trusteeship;

Membership MembershipOf(Cloud& cloud, std::string_view account_id) {
  return Must(*cloud.directory, &DirectoryStub::GetMembership,
              ForAccount<upstream::v1::GetMembershipRequest>(account_id));
}

Trusteeship TrusteeshipOf(Cloud& cloud, std::string_view account_id) {
  return Must(*cloud.trusteeship, &TrusteeshipStub::GetTrusteeship,
              ForAccount<upstream::v1::GetTrusteeshipRequest>(account_id));
}

TEST_CASE("an account in no relation says so in every service", "[R38][R39]") {
  Cloud cloud;
  cloud.LoadAccount("a");
  CHECK(MembershipOf(cloud, "a").role() == Membership::NONE);
  CHECK(TrusteeshipOf(cloud, "a").role() == Trusteeship::NONE);
  CHECK(Must(*cloud.partner, &PartnerStub::GetResellerRelationship,
             ForAccount<upstream::v1::GetResellerRelationshipRequest>("a"))
            .partner_id()
            .empty());
  CHECK(Must(*cloud.trusteeship, &TrusteeshipStub::ListTrusteeshipMembers,
             ForAccount<upstream::v1::ListTrusteeshipMembersRequest>("a"))
            .member_account_ids_size() == 0);
}

TEST_CASE("a directory has its management account and two kinds of member", "[R35][R36]") {
  Cloud cloud;
  cloud.LoadAccount("m", R"("resourceDirectory": {"role": "MANAGEMENT", "directoryId": "rd"})");
  cloud.LoadAccount("r",
                    R"("resourceDirectory": {"role": "MEMBER", "memberType": "RESOURCE_ACCOUNT", "directoryId": "rd",
                                                  "managementAccountId": "m"})");
  CHECK(MembershipOf(cloud, "m").role() == Membership::MANAGEMENT);
  CHECK(MembershipOf(cloud, "m").management_account_id() == "m");
  CHECK(MembershipOf(cloud, "r").role() == Membership::MEMBER);
  CHECK(MembershipOf(cloud, "r").member_type() == Membership::RESOURCE_ACCOUNT);
  CHECK(MembershipOf(cloud, "r").management_account_id() == "m");
}

TEST_CASE("one account can be in every relation at once", "[R40]") {
  Cloud cloud;
  cloud.LoadAccount("a", R"("resourceDirectory": {"role": "MEMBER", "memberType": "CLOUD_ACCOUNT", "directoryId": "rd",
                                                  "managementAccountId": "m"},
    "trusteeship": {"role": "ADMINISTRATOR", "memberAccountIds": ["z", "b"]},
    "reseller": {"partnerId": "p-1", "partnerName": "Partner"})");
  CHECK(MembershipOf(cloud, "a").member_type() == Membership::CLOUD_ACCOUNT);
  CHECK(TrusteeshipOf(cloud, "a").role() == Trusteeship::ADMINISTRATOR);
  const auto members = Must(*cloud.trusteeship, &TrusteeshipStub::ListTrusteeshipMembers,
                            ForAccount<upstream::v1::ListTrusteeshipMembersRequest>("a"));
  REQUIRE(members.member_account_ids_size() == 2);
  CHECK(members.member_account_ids(0) == "b");
  const auto reseller = Must(*cloud.partner, &PartnerStub::GetResellerRelationship,
                             ForAccount<upstream::v1::GetResellerRelationshipRequest>("a"));
  CHECK(reseller.partner_id() == "p-1");
  CHECK(reseller.partner_name() == "Partner");
}

TEST_CASE("domains and filings are listed in order with the states that were loaded", "[R33][R34]") {
  Cloud cloud;
  cloud.LoadAccount("a", R"("domains": [{"domainName": "z.example", "state": "pendingTransfer"},
                                        {"domainName": "b.example", "expireTime": "2020-01-01T00:00:00Z"}],
    "icpFilings": [{"filingNumber": "2", "state": "CancellationPending"}, {"filingNumber": "1", "entityName": "E"}])");
  const auto domains = Must(*cloud.domain, &DomainStub::ListDomains, ForAccount<upstream::v1::ListDomainsRequest>("a"));
  REQUIRE(domains.domains_size() == 2);
  CHECK(domains.domains(0).domain_name() == "b.example");
  CHECK(domains.domains(0).state() == "ok");
  CHECK(domains.domains(0).expire_time().seconds() == 1577836800);
  CHECK(domains.domains(1).state() == "pendingTransfer");
  CHECK_FALSE(domains.domains(1).has_expire_time());
  const auto filings =
      Must(*cloud.domain, &DomainStub::ListIcpFilings, ForAccount<upstream::v1::ListIcpFilingsRequest>("a"));
  REQUIRE(filings.filings_size() == 2);
  CHECK(filings.filings(0).entity_name() == "E");
  CHECK(filings.filings(0).state() == "InForce");
  CHECK(filings.filings(1).state() == "CancellationPending");
}

TEST_CASE("when a relation is settled it ends on both of its sides", "[R35][R37]") {
  Cloud cloud;
  cloud.LoadAccount("m", R"("resourceDirectory": {"role": "MANAGEMENT", "directoryId": "rd"},
                            "trusteeship": {"role": "ADMINISTRATOR", "memberAccountIds": ["r"]})");
  cloud.LoadAccount("r",
                    R"("resourceDirectory": {"role": "MEMBER", "memberType": "RESOURCE_ACCOUNT", "directoryId": "rd",
                                                  "managementAccountId": "m"},
                            "trusteeship": {"role": "MEMBER", "administratorAccountId": "m"})");
  const auto settled =
      Must(*cloud.control, &ControlStub::SettleAccount, ForAccount<sandbox::v1::SettleAccountRequest>("m"));
  CHECK(settled.actions_size() == 2);
  for (const char* id : {"m", "r"}) {
    CHECK(MembershipOf(cloud, id).role() == Membership::NONE);
    CHECK(TrusteeshipOf(cloud, id).role() == Trusteeship::NONE);
  }
}

}  // namespace
}  // namespace closure::test
