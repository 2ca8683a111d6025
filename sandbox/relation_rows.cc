// SPDX-License-Identifier: Apache-2.0
#include "sandbox/relation_rows.h"

#include <limits>
#include <string>
#include <vector>

namespace closure {
namespace {

using sandbox::v1::CloudAccount;
using upstream::v1::Membership;
using upstream::v1::ResellerRelationship;
using upstream::v1::Trusteeship;

constexpr int kAll = std::numeric_limits<int>::max();

void StoreMembership(SqliteTransaction& tx, const std::string& account_id, const Membership& membership) {
  if (membership.role() == Membership::NONE) return;
  const std::string& management =
      membership.role() == Membership::MANAGEMENT ? account_id : membership.management_account_id();
  tx.Run(
      "INSERT INTO directory_memberships (account_id, role, member_type, directory_id, management_account_id)"
      " VALUES (?, ?, ?, ?, ?)",
      {account_id, static_cast<int>(membership.role()), static_cast<int>(membership.member_type()),
       membership.directory_id(), management});
}

void StoreTrusteeship(SqliteTransaction& tx, const std::string& account_id,
                      const sandbox::v1::CloudTrusteeship& trusteeship) {
  if (trusteeship.role() == Trusteeship::NONE) return;
  tx.Run("INSERT INTO trusteeships (account_id, role, administrator_account_id) VALUES (?, ?, ?)",
         {account_id, static_cast<int>(trusteeship.role()), trusteeship.administrator_account_id()});
  for (const std::string& member : trusteeship.member_account_ids()) {
    tx.Run("INSERT INTO trusteeship_members (account_id, member_account_id) VALUES (?, ?)", {account_id, member});
  }
}

}  // namespace

void StoreRelationRows(SqliteTransaction& tx, const CloudAccount& account) {
  const std::string& id = account.account_id();
  if (account.has_resource_directory()) StoreMembership(tx, id, account.resource_directory());
  if (account.has_trusteeship()) StoreTrusteeship(tx, id, account.trusteeship());
  if (account.has_reseller()) {
    tx.Run("INSERT INTO resellers (account_id, partner_id, partner_name) VALUES (?, ?, ?)",
           {id, account.reseller().partner_id(), account.reseller().partner_name()});
  }
}

void ReadRelationRows(SqliteTransaction& tx, const std::string& account_id, CloudAccount& account) {
  const Membership membership = ReadMembership(tx, account_id);
  if (membership.role() != Membership::NONE) *account.mutable_resource_directory() = membership;
  const Trusteeship trusteeship = ReadTrusteeship(tx, account_id);
  if (trusteeship.role() != Trusteeship::NONE) {
    account.mutable_trusteeship()->set_role(trusteeship.role());
    account.mutable_trusteeship()->set_administrator_account_id(trusteeship.administrator_account_id());
    for (const std::string& member : ReadTrusteeshipMembers(tx, account_id, "", kAll)) {
      account.mutable_trusteeship()->add_member_account_ids(member);
    }
  }
  const ResellerRelationship reseller = ReadReseller(tx, account_id);
  if (!reseller.partner_id().empty()) {
    account.mutable_reseller()->set_partner_id(reseller.partner_id());
    account.mutable_reseller()->set_partner_name(reseller.partner_name());
  }
}

Membership ReadMembership(SqliteTransaction& tx, const std::string& account_id) {
  Membership membership;
  membership.set_role(Membership::NONE);
  tx.Query(
      "SELECT role, member_type, directory_id, management_account_id FROM directory_memberships WHERE account_id = ?",
      {account_id}, [&](const SqliteRow& row) {
        membership.set_role(static_cast<Membership::Role>(row.Integer(0)));
        membership.set_member_type(static_cast<Membership::MemberType>(row.Integer(1)));
        membership.set_directory_id(row.Text(2));
        membership.set_management_account_id(row.Text(3));
      });
  return membership;
}

Trusteeship ReadTrusteeship(SqliteTransaction& tx, const std::string& account_id) {
  Trusteeship trusteeship;
  trusteeship.set_role(Trusteeship::NONE);
  tx.Query("SELECT role, administrator_account_id FROM trusteeships WHERE account_id = ?", {account_id},
           [&](const SqliteRow& row) {
             trusteeship.set_role(static_cast<Trusteeship::Role>(row.Integer(0)));
             trusteeship.set_administrator_account_id(row.Text(1));
           });
  return trusteeship;
}

std::vector<std::string> ReadTrusteeshipMembers(SqliteTransaction& tx, const std::string& account_id,
                                                const std::string& after, int limit) {
  std::vector<std::string> members;
  tx.Query(
      "SELECT member_account_id FROM trusteeship_members WHERE account_id = ? AND member_account_id > ?"
      " ORDER BY member_account_id LIMIT ?",
      {account_id, after, limit}, [&](const SqliteRow& row) { members.push_back(row.Text(0)); });
  return members;
}

ResellerRelationship ReadReseller(SqliteTransaction& tx, const std::string& account_id) {
  ResellerRelationship reseller;
  tx.Query("SELECT partner_id, partner_name FROM resellers WHERE account_id = ?", {account_id},
           [&](const SqliteRow& row) {
             reseller.set_partner_id(row.Text(0));
             reseller.set_partner_name(row.Text(1));
           });
  return reseller;
}

}  // namespace closure
