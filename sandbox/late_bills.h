// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SANDBOX_LATE_BILLS_H_
#define CLOSURE_SANDBOX_LATE_BILLS_H_

#include <string>

#include "absl/time/time.h"
#include "sandbox/sqlite_database.h"

namespace closure {

// Lets the bills arrive that are due: billing is frozen since at least their after_freeze, and not sealed (R10, R66).
// Nothing waits for them: everything that reads or changes billing calls this first, in its transaction.
void LetLateBillsArrive(SqliteTransaction& tx, const std::string& account_id, absl::Time now);

}  // namespace closure

#endif  // CLOSURE_SANDBOX_LATE_BILLS_H_
