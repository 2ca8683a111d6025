// SPDX-License-Identifier: Apache-2.0
#include <set>
#include <string>

#include "closure/upstream/v1/resource_directory_service.pb.h"
#include "closure/upstream/v1/trusteeship_service.pb.h"
#include "fmt/format.h"
#include "protos/account_id.h"
#include "sandbox/cloud_account_rules.h"

namespace closure {
namespace {

using sandbox::v1::CloudAccount;
using sandbox::v1::CloudTrusteeship;
using upstream::v1::Membership;
using upstream::v1::Trusteeship;

void CheckDirectory(const std::string& account_id, const Membership& membership, FieldProblems& problems) {
  const Membership::Role role = membership.role();
  const bool member = role == Membership::MEMBER;
  const std::string& management = membership.management_account_id();
  problems.Require(role == Membership::NONE || role == Membership::MANAGEMENT || member, "resource_directory.role",
                   "is none of NONE, MANAGEMENT, MEMBER");
  const bool has_type =
      membership.member_type() == Membership::RESOURCE_ACCOUNT || membership.member_type() == Membership::CLOUD_ACCOUNT;
  problems.Require(has_type == member && (has_type || membership.member_type() == Membership::MEMBER_TYPE_UNSPECIFIED),
                   "resource_directory.member_type",
                   "is RESOURCE_ACCOUNT or CLOUD_ACCOUNT for a member, and absent for others");
  problems.Require(membership.directory_id().empty() == (role == Membership::NONE), "resource_directory.directory_id",
                   "is for who is in a directory, and needed there");
  if (member) {
    problems.Require(IsAccountId(management) && management != account_id, "resource_directory.management_account_id",
                     "is not the id of another account");
  } else {
    problems.Require(management.empty() || (role == Membership::MANAGEMENT && management == account_id),
                     "resource_directory.management_account_id", "is for members");
  }
}

void CheckTrusteeship(const std::string& account_id, const CloudTrusteeship& trusteeship, FieldProblems& problems) {
  const Trusteeship::Role role = trusteeship.role();
  problems.Require(role == Trusteeship::NONE || role == Trusteeship::ADMINISTRATOR || role == Trusteeship::MEMBER,
                   "trusteeship.role", "is none of NONE, ADMINISTRATOR, MEMBER");
  const std::string& administrator = trusteeship.administrator_account_id();
  if (role == Trusteeship::MEMBER) {
    problems.Require(IsAccountId(administrator) && administrator != account_id, "trusteeship.administrator_account_id",
                     "is not the id of another account");
  } else {
    problems.Require(administrator.empty(), "trusteeship.administrator_account_id", "is for members");
  }
  problems.Require(role == Trusteeship::ADMINISTRATOR || trusteeship.member_account_ids().empty(),
                   "trusteeship.member_account_ids", "is for administrators");
  std::set<std::string> members;
  for (int i = 0; i < trusteeship.member_account_ids_size(); ++i) {
    const std::string& member = trusteeship.member_account_ids(i);
    const std::string field = fmt::format("trusteeship.member_account_ids[{}]", i);
    problems.Require(IsAccountId(member) && member != account_id, field, "is not the id of another account");
    problems.Require(members.insert(member).second, field, "is there twice");
  }
}

}  // namespace

void CheckCloudRelations(const CloudAccount& account, FieldProblems& problems) {
  if (account.has_resource_directory()) CheckDirectory(account.account_id(), account.resource_directory(), problems);
  if (account.has_trusteeship()) CheckTrusteeship(account.account_id(), account.trusteeship(), problems);
  if (account.has_reseller()) {
    problems.Require(!account.reseller().partner_id().empty(), "reseller.partner_id", "is missing");
  }
}

}  // namespace closure
