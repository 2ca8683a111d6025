// SPDX-License-Identifier: Apache-2.0
#include "sandbox/account_rows.h"

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "fmt/format.h"
#include "sandbox/cloud_values.h"

namespace closure {
namespace {

using sandbox::v1::CloudAccount;
using sandbox::v1::CloudContactPoint;
using upstream::v1::Account;

constexpr char kEmail[] = "email";
constexpr char kSms[] = "sms";
// When a contact point was changed that the file says nothing about.
constexpr absl::Time kLongAgo = absl::FromUnixSeconds(1'577'836'800);  // 2020-01-01

void StoreContactPoint(SqliteTransaction& tx, const std::string& account_id, const char* channel,
                       const CloudContactPoint& point, absl::Time now) {
  int64_t change_time_us = ToMicros(kLongAgo);
  if (point.has_change_time()) change_time_us = ToMicros(point.change_time());
  if (point.has_changed_before_load()) change_time_us = ToMicros(now) - ToMicros(point.changed_before_load());
  tx.Run("INSERT INTO contact_points (account_id, channel, address, change_time_us) VALUES (?, ?, ?, ?)",
         {account_id, channel, point.address(), change_time_us});
}

// Both CloudContactPoint and the upstream's ContactPoint.
template <typename ContactPoint>
ContactPoint ContactPointOf(const SqliteRow& row) {
  ContactPoint point;
  point.set_address(row.Text(1));
  *point.mutable_change_time() = TimestampOfMicros(row.Integer(2));
  return point;
}

template <typename Target, typename ContactPoint>
void ReadContactPoints(SqliteTransaction& tx, const std::string& account_id, Target& target) {
  tx.Query("SELECT channel, address, change_time_us FROM contact_points WHERE account_id = ? ORDER BY channel",
           {account_id}, [&](const SqliteRow& row) {
             ContactPoint& point = row.Text(0) == kEmail ? *target.mutable_email() : *target.mutable_phone();
             point = ContactPointOf<ContactPoint>(row);
           });
}

}  // namespace

AccountPresence FindAccount(SqliteTransaction& tx, const std::string& account_id) {
  if (tx.Number("SELECT COUNT(*) FROM accounts WHERE account_id = ?", {account_id}) > 0) return AccountPresence::kLive;
  if (tx.Number("SELECT COUNT(*) FROM deleted_accounts WHERE account_id = ?", {account_id}) > 0)
    return AccountPresence::kDeleted;
  return AccountPresence::kUnknown;
}

absl::Status RequireLive(SqliteTransaction& tx, const std::string& account_id) {
  switch (FindAccount(tx, account_id)) {
    case AccountPresence::kLive:
      return absl::OkStatus();
    case AccountPresence::kDeleted:
      return absl::FailedPreconditionError(fmt::format("sandbox: the account \"{}\" was deleted", account_id));
    case AccountPresence::kUnknown:
      break;
  }
  return absl::NotFoundError(fmt::format("sandbox: there is no account \"{}\"", account_id));
}

void StoreAccountRows(SqliteTransaction& tx, const CloudAccount& account, absl::Time now) {
  const std::string& id = account.account_id();
  const Account::State state = account.state() == Account::STATE_UNSPECIFIED ? Account::ACTIVE : account.state();
  tx.Run("DELETE FROM deleted_accounts WHERE account_id = ?", {id});
  tx.Run(
      "INSERT INTO accounts (account_id, display_name, description, organization_id, language_code, state)"
      " VALUES (?, ?, ?, ?, ?, ?)",
      {id, account.display_name(), account.description(), account.organization_id(), account.language_code(),
       static_cast<int>(state)});
  if (account.has_email()) StoreContactPoint(tx, id, kEmail, account.email(), now);
  if (account.has_phone()) StoreContactPoint(tx, id, kSms, account.phone(), now);
  for (const std::string& user : account.ram_users()) {
    tx.Run("INSERT INTO ram_users (account_id, user_name) VALUES (?, ?)", {id, user});
  }
  for (const auto& session : account.sessions()) {
    tx.Run("INSERT INTO sessions (account_id, session_id, identity) VALUES (?, ?, ?)",
           {id, session.session_id(), session.identity()});
  }
  for (const auto& binding : account.third_party_bindings()) {
    tx.Run("INSERT INTO third_party_bindings (account_id, provider, subject) VALUES (?, ?, ?)",
           {id, binding.provider(), binding.subject()});
  }
  for (const char* row_name : {"operation-log", "profile"}) {
    tx.Run("INSERT INTO archived_rows (account_id, row_name, content) VALUES (?, ?, ?)",
           {id, row_name, account.display_name()});
  }
}

void ReadAccountRows(SqliteTransaction& tx, const std::string& account_id, CloudAccount& account) {
  tx.Query("SELECT display_name, description, organization_id, language_code, state FROM accounts WHERE account_id = ?",
           {account_id}, [&](const SqliteRow& row) {
             account.set_display_name(row.Text(0));
             account.set_description(row.Text(1));
             account.set_organization_id(row.Text(2));
             account.set_language_code(row.Text(3));
             account.set_state(static_cast<Account::State>(row.Integer(4)));
           });
  ReadContactPoints<CloudAccount, CloudContactPoint>(tx, account_id, account);
  tx.Query("SELECT user_name FROM ram_users WHERE account_id = ? ORDER BY user_name", {account_id},
           [&](const SqliteRow& row) { account.add_ram_users(row.Text(0)); });
  tx.Query("SELECT session_id, identity FROM sessions WHERE account_id = ? ORDER BY session_id", {account_id},
           [&](const SqliteRow& row) {
             auto* session = account.add_sessions();
             session->set_session_id(row.Text(0));
             session->set_identity(row.Text(1));
           });
  tx.Query("SELECT provider, subject FROM third_party_bindings WHERE account_id = ? ORDER BY provider, subject",
           {account_id}, [&](const SqliteRow& row) {
             auto* binding = account.add_third_party_bindings();
             binding->set_provider(row.Text(0));
             binding->set_subject(row.Text(1));
           });
}

Account ReadAccount(SqliteTransaction& tx, const std::string& account_id) {
  Account account;
  account.set_account_id(account_id);
  tx.Query(
      "SELECT display_name, organization_id, language_code, state, account_frozen FROM accounts WHERE account_id = ?",
      {account_id}, [&](const SqliteRow& row) {
        account.set_display_name(row.Text(0));
        account.set_organization_id(row.Text(1));
        account.set_language_code(row.Text(2));
        account.set_state(static_cast<Account::State>(row.Integer(3)));
        account.set_frozen(row.Boolean(4));
      });
  ReadContactPoints<Account, upstream::v1::ContactPoint>(tx, account_id, account);
  return account;
}

void ReadAccountFlags(SqliteTransaction& tx, const std::string& account_id,
                      sandbox::v1::ShowAccountResponse& response) {
  tx.Query(
      "SELECT account_frozen, billing_freeze_time_us IS NOT NULL, billing_sealed, resources_frozen, archive_frozen"
      " FROM accounts WHERE account_id = ?",
      {account_id}, [&](const SqliteRow& row) {
        response.set_account_frozen(row.Boolean(0));
        response.set_billing_frozen(row.Boolean(1));
        response.set_billing_sealed(row.Boolean(2));
        response.set_resources_frozen(row.Boolean(3));
        response.set_archive_frozen(row.Boolean(4));
      });
  tx.Query("SELECT role_name FROM service_linked_roles WHERE account_id = ? ORDER BY role_name", {account_id},
           [&](const SqliteRow& row) { response.add_service_linked_roles(row.Text(0)); });
  response.set_archived_rows(tx.Number("SELECT COUNT(*) FROM archived_rows WHERE account_id = ?", {account_id}));
}

void DeleteAccountRows(SqliteTransaction& tx, const std::string& account_id, absl::Time now) {
  tx.Run("DELETE FROM accounts WHERE account_id = ?", {account_id});
  tx.Run("INSERT INTO deleted_accounts (account_id, delete_time_us) VALUES (?, ?)", {account_id, ToMicros(now)});
  tx.EmptyLogAfterCommit();
}

}  // namespace closure
