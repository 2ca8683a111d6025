// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SANDBOX_RELATION_ROWS_H_
#define CLOSURE_SANDBOX_RELATION_ROWS_H_

#include <string>
#include <vector>

#include "closure/sandbox/v1/cloud_file.pb.h"
#include "closure/upstream/v1/partner_service.pb.h"
#include "closure/upstream/v1/resource_directory_service.pb.h"
#include "closure/upstream/v1/trusteeship_service.pb.h"
#include "sandbox/sqlite_database.h"

// The rows of what ties an account to others: resource directory, finance trusteeship, reseller (R35 to R40).
namespace closure {

// Inserts the relations of a live account.
void StoreRelationRows(SqliteTransaction& tx, const sandbox::v1::CloudAccount& account);
// Adds the relations that the account has.
void ReadRelationRows(SqliteTransaction& tx, const std::string& account_id, sandbox::v1::CloudAccount& account);

// Role NONE where there is no directory.
upstream::v1::Membership ReadMembership(SqliteTransaction& tx, const std::string& account_id);
// Role NONE where there is no trusteeship.
upstream::v1::Trusteeship ReadTrusteeship(SqliteTransaction& tx, const std::string& account_id);
// At most `limit` ids greater than `after`, in order.
std::vector<std::string> ReadTrusteeshipMembers(SqliteTransaction& tx, const std::string& account_id,
                                                const std::string& after, int limit);
// Empty where there is no reseller.
upstream::v1::ResellerRelationship ReadReseller(SqliteTransaction& tx, const std::string& account_id);

}  // namespace closure

#endif  // CLOSURE_SANDBOX_RELATION_ROWS_H_
