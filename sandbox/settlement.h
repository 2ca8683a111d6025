// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SANDBOX_SETTLEMENT_H_
#define CLOSURE_SANDBOX_SETTLEMENT_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "sandbox/sqlite_database.h"

namespace closure {

// Does on a live account what owner, management account and partner would do in their consoles, so that only what can
// be renounced is left (SettleAccount of sandbox_service.proto). A relation ends on both of its sides. Returns one line
// for each thing done.
std::vector<std::string> Settle(SqliteTransaction& tx, const std::string& account_id, absl::Time now);

}  // namespace closure

#endif  // CLOSURE_SANDBOX_SETTLEMENT_H_
