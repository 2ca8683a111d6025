// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SANDBOX_ACCOUNT_ROWS_H_
#define CLOSURE_SANDBOX_ACCOUNT_ROWS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "closure/sandbox/v1/cloud_file.pb.h"
#include "closure/sandbox/v1/sandbox_service.pb.h"
#include "closure/upstream/v1/account_service.pb.h"
#include "sandbox/sqlite_database.h"

// The rows of the account itself: who it is, how its owner is reached, who is signed in, what is frozen.
namespace closure {

// What the cloud knows of an id (D17).
enum class AccountPresence { kUnknown, kLive, kDeleted };
AccountPresence FindAccount(SqliteTransaction& tx, const std::string& account_id);

// Errors: NOT_FOUND for an id that was never known, FAILED_PRECONDITION for a deleted account.
absl::Status RequireLive(SqliteTransaction& tx, const std::string& account_id);

// Inserts the account with its identities; it must not be there. `now` is when it is loaded.
void StoreAccountRows(SqliteTransaction& tx, const sandbox::v1::CloudAccount& account, absl::Time now);
// Adds what StoreAccountRows stored, and what was left of it.
void ReadAccountRows(SqliteTransaction& tx, const std::string& account_id, sandbox::v1::CloudAccount& account);
// The account as AccountService shows it; it must be live.
upstream::v1::Account ReadAccount(SqliteTransaction& tx, const std::string& account_id);

// What is frozen and sealed, the roles, and what the archive has.
void ReadAccountFlags(SqliteTransaction& tx, const std::string& account_id, sandbox::v1::ShowAccountResponse& response);

// Deletes the account and everything that hangs on it (R3); its id stays known as deleted.
void DeleteAccountRows(SqliteTransaction& tx, const std::string& account_id, absl::Time now);

}  // namespace closure

#endif  // CLOSURE_SANDBOX_ACCOUNT_ROWS_H_
