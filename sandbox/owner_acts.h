// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SANDBOX_OWNER_ACTS_H_
#define CLOSURE_SANDBOX_OWNER_ACTS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "closure/sandbox/v1/sandbox_service.pb.h"
#include "closure/v1/money.pb.h"
#include "sandbox/sqlite_database.h"

// What the world does to an account besides closing it: bills arrive, its owner tops up, orders, changes a contact
// point. Freeze and seal are enforced here. Errors of all: NOT_FOUND for an unknown account, INVALID_ARGUMENT for a
// malformed request, FAILED_PRECONDITION for a deleted account and for what is frozen, sealed or taken.
namespace closure {

// Lets a bill arrive, frozen or not (R10); not when sealed. Returns its id.
absl::StatusOr<std::string> IssueBill(SqliteTransaction& tx, const sandbox::v1::IssueBillRequest& request,
                                      absl::Time now);
// Adds to a balance; not when billing is frozen. Returns the balance.
absl::StatusOr<v1::Money> TopUpBalance(SqliteTransaction& tx, const sandbox::v1::TopUpBalanceRequest& request,
                                       absl::Time now);
// Orders an instance; not when resources are frozen.
absl::Status CreateResource(SqliteTransaction& tx, const sandbox::v1::CreateResourceRequest& request);
// Changes mailbox or telephone, with the change time `now`; not when the account is frozen.
absl::Status ChangeContactPoint(SqliteTransaction& tx, const sandbox::v1::ChangeContactPointRequest& request,
                                absl::Time now);

}  // namespace closure

#endif  // CLOSURE_SANDBOX_OWNER_ACTS_H_
