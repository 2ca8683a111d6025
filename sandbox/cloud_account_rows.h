// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SANDBOX_CLOUD_ACCOUNT_ROWS_H_
#define CLOSURE_SANDBOX_CLOUD_ACCOUNT_ROWS_H_

#include <string>

#include "absl/time/time.h"
#include "closure/sandbox/v1/cloud_file.pb.h"
#include "sandbox/sqlite_database.h"

// A whole account of a cloud file, in and out of the tables.
namespace closure {

// Puts a validated account in the place of what was there, also of a deleted one: as a restored backup would (D13).
// Acts, the highest fence and the inbox stay.
void StoreCloudAccount(SqliteTransaction& tx, const sandbox::v1::CloudAccount& account, absl::Time now);

// The live account as it is now.
sandbox::v1::CloudAccount ReadCloudAccount(SqliteTransaction& tx, const std::string& account_id);

}  // namespace closure

#endif  // CLOSURE_SANDBOX_CLOUD_ACCOUNT_ROWS_H_
