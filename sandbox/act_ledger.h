// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SANDBOX_ACT_LEDGER_H_
#define CLOSURE_SANDBOX_ACT_LEDGER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "closure/sandbox/v1/sandbox_service.pb.h"
#include "closure/upstream/v1/act.pb.h"
#include "closure/v1/money.pb.h"
#include "sandbox/sqlite_database.h"

// Does every act at most once per key, and none with a fence below the highest that was seen for its account.
namespace closure {

// One act, as it was asked for.
struct LedgerEntry {
  // The full name, for example "closure.upstream.v1.BillingService/SealBilling". The part before the slash is the
  // system that the key belongs to: two systems may be given the same key, two methods, accounts or subjects of one
  // system may not.
  std::string method;
  upstream::v1::Act act;
  // For ForfeitBalance and VoidDebt.
  std::optional<v1::Money> amount;
  // What of the account it is about, where that is one of several things; a key is of one of them.
  std::string subject;
  // A message is told to whom it may concern: it needs no account, and its fence is only recorded.
  bool is_message = false;
};

// Does the thing itself; DONE or FACTS_MOVED, or an error that says why it cannot be done, before anything was written.
using DoAct = absl::FunctionRef<absl::StatusOr<upstream::v1::ActResult>(SqliteTransaction&)>;

// Answers a key that is done with its first result. Otherwise checks account and fence and calls do_act. Only DONE is
// kept for the key: what was refused can be asked for again with the same key and the current fence. Every call is
// counted; the fence is raised even where do_act then refuses. The transaction is to be committed for errors too.
// Errors: INVALID_ARGUMENT for a malformed act, or a key that was used for another method or account; NOT_FOUND for an
// account that was never known; do_act's.
absl::StatusOr<upstream::v1::ActResult> PerformOnce(SqliteTransaction& tx, const LedgerEntry& entry, absl::Time now,
                                                    DoAct do_act);

// Every act asked for on the account, the oldest first; acts outlive the account.
std::vector<sandbox::v1::SandboxAct> ReadActs(SqliteTransaction& tx, const std::string& account_id);
// The highest fence seen for the account; 0 when there was none.
int64_t HighestFence(SqliteTransaction& tx, const std::string& account_id);

}  // namespace closure

#endif  // CLOSURE_SANDBOX_ACT_LEDGER_H_
