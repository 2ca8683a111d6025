// SPDX-License-Identifier: Apache-2.0
// The three checkers of relations between accounts: resource directory, finance trusteeship and reseller.
#include <string>

#include "absl/strings/match.h"
#include "catch2/catch.hpp"
#include "checkers/answer_fault.h"
#include "checkers/reseller/reseller_checker.h"
#include "checkers/resource_directory/resource_directory_checker.h"
#include "checkers/trusteeship/trusteeship_checker.h"
#include "fmt/format.h"
#include "tests/checkers/fake_cloud.h"

namespace closure {
namespace {

using testing::Ask;
using testing::FakeCloud;
namespace up = upstream::v1;

absl::StatusOr<CheckAnswer> AskAbout(const up::Membership& membership) {
  FakeCloud cloud;
  std::string account_id;
  cloud.directory.membership = [&](const up::GetMembershipRequest& request, up::Membership* answer) {
    account_id = request.account_id();
    *answer = membership;
    return grpc::Status::OK;
  };
  ResourceDirectoryChecker checker(cloud.upstreams().resource_directory, {});
  absl::StatusOr<CheckAnswer> answer = Ask(checker);
  CHECK(account_id == "1000000001");
  return answer;
}

up::Membership Member(up::Membership::MemberType type) {
  up::Membership membership;
  membership.set_role(up::Membership::MEMBER);
  membership.set_member_type(type);
  membership.set_directory_id("rd-1");
  membership.set_management_account_id("1000000009");
  return membership;
}

TEST_CASE("a management account must disable its resource directory itself", "[R35]") {
  up::Membership membership;
  membership.set_role(up::Membership::MANAGEMENT);
  membership.set_directory_id("rd-1");
  membership.set_management_account_id("1000000001");
  const auto answer = AskAbout(membership);
  REQUIRE(answer.ok());
  REQUIRE(answer->items.size() == 1);
  const v1::ReportedItem& item = answer->items[0];
  CHECK(item.native_id() == "directory/rd-1");
  CHECK(item.kind() == v1::DIRECTORY_MANAGEMENT_ACCOUNT);
  CHECK(item.disposition() == v1::MUST_HANDLE);
  CHECK(item.resolver() == v1::OWNER);
  CHECK(item.resolver_id().empty());
  CHECK(absl::StrContains(item.instructions(), "disable the resource directory"));
}

TEST_CASE("a directory member is freed by the management account, each type by its own path", "[R36]") {
  const auto resource_account = AskAbout(Member(up::Membership::RESOURCE_ACCOUNT));
  const auto cloud_account = AskAbout(Member(up::Membership::CLOUD_ACCOUNT));
  REQUIRE(resource_account.ok());
  REQUIRE(cloud_account.ok());
  for (const CheckAnswer* answer : {&*resource_account, &*cloud_account}) {
    REQUIRE(answer->items.size() == 1);
    CHECK(answer->items[0].disposition() == v1::MUST_HANDLE);
    CHECK(answer->items[0].resolver() == v1::MANAGEMENT_ACCOUNT);
    CHECK(answer->items[0].resolver_id() == "1000000009");
    CHECK(absl::StrContains(answer->items[0].instructions(), "You cannot do this yourself"));
  }
  CHECK(resource_account->items[0].kind() == v1::DIRECTORY_RESOURCE_ACCOUNT);
  CHECK(absl::StrContains(resource_account->items[0].instructions(), "to delete this member"));
  CHECK(cloud_account->items[0].kind() == v1::DIRECTORY_CLOUD_ACCOUNT);
  CHECK(absl::StrContains(cloud_account->items[0].instructions(), "to remove this member"));
}

TEST_CASE("a membership that breaks the contract makes the checker fail, never pass", "[D5]") {
  up::Membership membership = Member(up::Membership::CLOUD_ACCOUNT);
  SECTION("no role") { membership.clear_role(); }
  SECTION("an unknown role") { membership.set_role(static_cast<up::Membership::Role>(8)); }
  SECTION("no member type") { membership.clear_member_type(); }
  SECTION("no directory") { membership.clear_directory_id(); }
  SECTION("no management account") { membership.clear_management_account_id(); }
  SECTION("a member that manages itself") { membership.set_management_account_id("1000000001"); }
  SECTION("a manager that is managed") { membership.set_role(up::Membership::MANAGEMENT); }
  SECTION("a directory of an account in none") {
    membership = up::Membership();
    membership.set_role(up::Membership::NONE);
    membership.set_directory_id("rd-1");
  }
  SECTION("a management account of an account in no directory") {
    membership = up::Membership();
    membership.set_role(up::Membership::NONE);
    membership.set_management_account_id("1000000009");
  }
  SECTION("a member type of an account in no directory") {
    membership = up::Membership();
    membership.set_role(up::Membership::NONE);
    membership.set_member_type(up::Membership::CLOUD_ACCOUNT);
  }
  CHECK(FaultOf(AskAbout(membership).status()) == v1::CheckerResult::MALFORMED);
}

TEST_CASE("an administrator of a trusteeship must remove all its members, over all pages", "[R37]") {
  FakeCloud cloud;
  cloud.trusteeship.role = [](const auto&, up::Trusteeship* role) {
    role->set_role(up::Trusteeship::ADMINISTRATOR);
    return grpc::Status::OK;
  };
  int pages = 3;
  cloud.trusteeship.members = [&](const up::ListTrusteeshipMembersRequest& request,
                                  up::ListTrusteeshipMembersResponse* page) {
    const int number = request.page_token().empty() ? 0 : std::stoi(request.page_token());
    for (int i = 0; i < 4; ++i) page->add_member_account_ids(fmt::format("20000{}{}", number, i));
    if (number + 1 < pages) page->set_next_page_token(std::to_string(number + 1));
    return grpc::Status::OK;
  };
  TrusteeshipChecker checker(cloud.upstreams().trusteeship, {});
  const auto answer = Ask(checker);
  REQUIRE(answer.ok());
  REQUIRE(answer->items.size() == 1);
  const v1::ReportedItem& item = answer->items[0];
  CHECK(item.native_id() == "trusteeship/1000000001");
  CHECK(item.kind() == v1::TRUSTEESHIP_ADMINISTRATOR);
  CHECK(item.disposition() == v1::MUST_HANDLE);
  CHECK(item.resolver() == v1::OWNER);
  CHECK(absl::StrContains(item.why(), "12 members: 2000000, 2000001, 2000002, 2000003, 2000010 and 7 more"));
  pages = 1;
  CHECK(Ask(checker)->items[0].native_state() == "ADMINISTRATOR of 4 members");
  cloud.trusteeship.members = [](const auto&, auto*) { return grpc::Status::OK; };
  CHECK(Ask(checker)->items.empty());
  cloud.trusteeship.members = [](const auto&, auto*) { return grpc::Status(grpc::StatusCode::UNAVAILABLE, ""); };
  CHECK(absl::IsUnavailable(Ask(checker).status()));
}

TEST_CASE("a member of a trusteeship is not blocked, an unknown role is no pass", "[R38][D5]") {
  FakeCloud cloud;
  auto role = up::Trusteeship::MEMBER;
  cloud.trusteeship.role = [&](const auto&, up::Trusteeship* answer) {
    answer->set_role(role);
    answer->set_administrator_account_id("1000000009");
    return grpc::Status::OK;
  };
  TrusteeshipChecker checker(cloud.upstreams().trusteeship, {});
  CHECK(Ask(checker)->items.empty());
  role = up::Trusteeship::NONE;
  CHECK(Ask(checker)->items.empty());
  role = up::Trusteeship::ROLE_UNSPECIFIED;
  CHECK(FaultOf(Ask(checker).status()) == v1::CheckerResult::MALFORMED);
}

TEST_CASE("a reseller's customer needs the partner to cancel the relationship", "[R39]") {
  FakeCloud cloud;
  ResellerChecker checker(cloud.upstreams().partner, {});
  CHECK(Ask(checker)->items.empty());
  cloud.partners.relationship = [](const auto&, up::ResellerRelationship* relationship) {
    relationship->set_partner_id("p-1");
    relationship->set_partner_name("Partner One");
    return grpc::Status::OK;
  };
  const auto answer = Ask(checker);
  REQUIRE(answer.ok());
  REQUIRE(answer->items.size() == 1);
  const v1::ReportedItem& item = answer->items[0];
  CHECK(item.native_id() == "reseller/p-1");
  CHECK(item.kind() == v1::RESELLER_CUSTOMER);
  CHECK(item.disposition() == v1::MUST_HANDLE);
  CHECK(item.resolver() == v1::PARTNER);
  CHECK(item.resolver_id() == "p-1");
  CHECK(item.display_name() == "Partner One");
  cloud.partners.relationship = [](const auto&, up::ResellerRelationship* relationship) {
    relationship->set_partner_id("p\t1");
    return grpc::Status::OK;
  };
  CHECK(FaultOf(Ask(checker).status()) == v1::CheckerResult::MALFORMED);
}

}  // namespace
}  // namespace closure
