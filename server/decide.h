// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_DECIDE_H_
#define CLOSURE_SERVER_DECIDE_H_

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "closure/internal/v1/closure_data.pb.h"
#include "closure/upstream/v1/account_service.pb.h"
#include "closure/v1/checker_service.pb.h"
#include "closure/v1/closure_service.pb.h"
#include "closure/v1/participant_service.pb.h"
#include "server/actor.h"
#include "server/commands.h"
#include "server/fan_out.h"
#include "server/machine.h"
#include "server/time_witness.h"
#include "storage/closure_store.h"

// What follows from what happens to a closure: the pure function in the middle of the service. It reads a closure as it
// stands, what happened and the circumstances, and answers with one transaction. It has no clock, no randomness, no
// store and no outside; everything it needs is an argument, so that it can be explored and simulated. The table of
// machine.h says which state follows; the guards are here.
namespace closure {

// ---- what happened: people ----

// A closure is to be started, and its account was read.
struct CreateFacts {
  upstream::v1::Account account;
  v1::Channel channel = v1::CHANNEL_UNSPECIFIED;
  std::string closure_id;
  config::v1::Policy policy;
  // The account's fence so far.
  int64_t fence = 0;
};
// Codes were given, and compared outside.
struct CodesGiven {
  struct Code {
    v1::Channel channel = v1::CHANNEL_UNSPECIFIED;
    bool right = false;
  };
  std::vector<Code> codes;
};
// The agreement was agreed to; `agreement` is the text that the version and language name.
struct AgreementGiven {
  v1::Agreement agreement;
};
// A discard with the items as they are stored; an id without an item is absent from `items`.
struct DiscardGiven {
  DiscardItems command;
  std::vector<v1::BlockingItem> items;
};

// ---- what happened: tasks ----

// The task's time has come.
struct TimerFired {
  // For DISCARD_DEADLINE: the items that are still RELEASING.
  std::vector<v1::BlockingItem> items;
  // For SILENT_PERIOD_END: how many accounts there are, in all and in the closure's organization; 0 when nobody says.
  int64_t accounts = 0;
  int64_t organization_accounts = 0;
};
// Every checker answered or ran out of time. `previous` are all stored items.
struct ScanAnswered {
  ScanFindings findings;
  std::vector<v1::BlockingItem> previous;
  // Whether the clocks disagreed when the checkers were asked, so that they judged what ends some day by a day that may
  // be wrong.
  bool clocks_disagreed = false;
};
// The account system says that the account was DELETED (D17).
struct AccountGone {};
// A release was answered; `item` is as it is stored.
struct ReleaseAnswered {
  v1::BlockingItem item;
  v1::DiscardResponse response;
};
struct ParticipantAnswered {
  v1::PerformResponse response;
};
// The message was accepted, or there is nowhere to send it.
struct MessageSent {
  bool no_address = false;
};
// The task did not succeed and is to be tried again after `delay`. It is no time, for the wall clock may be another one
// when that is decided on.
struct TaskFailed {
  std::string error;
  absl::Duration delay;
};
// The task is irreversible and must wait for the release of a hold or pause.
struct TaskHeld {};
// An operator wants the task to be run now.
struct RetryRequested {
  std::string reason;
};
// The hashes that take the place of the contact points (D12).
struct Erase {
  std::vector<std::string> contact_hashes;
};

using Happening =
    std::variant<CreateFacts, ResendCode, CodesGiven, AgreementGiven, Recheck, DiscardGiven, ConfirmClosure,
                 CancelClosure, PlaceHold, ReleaseHold, TimerFired, ScanAnswered, AccountGone, ReleaseAnswered,
                 ParticipantAnswered, MessageSent, TaskFailed, TaskHeld, RetryRequested, Erase>;

// Over how long the velocity breaker counts (D14).
inline constexpr absl::Duration kBreakerWindow = absl::Hours(1);

// Admissions of the velocity breaker within that, against their limits. Counted after the system was read, so that
// those of its `admissions` are among them.
struct BreakerCounts {
  int64_t global = 0;
  int64_t global_limit = 0;
  int64_t organization = 0;
  int64_t organization_limit = 0;
};

// Under which circumstances.
struct Circumstances {
  absl::Time now;
  std::string actor = "system";
  // What the clocks tell now. Whoever stores the witness says in the same commit what jumped (Witness in
  // decide_system.h), because nobody sees it after that.
  Observation time;
  internal::v1::SystemData system;
  // Which participants there are, and what a scan shows of every checker before the first answer.
  std::vector<v1::ParticipantDescription> participants;
  std::vector<v1::CheckerResult> checkers;
  // For happenings that come from a task: that task.
  std::optional<internal::v1::TaskData> task;
  // Two unused random ids, one per channel, for new codes: for CreateFacts and ResendCode.
  std::vector<std::string> challenge_ids;
  // Spreads delays before another try, so that what failed together does not come back together; around 1.
  double retry_factor = 1;
  // How many codes the account was sent within the last day.
  int codes_today = 0;
  // For SILENT_PERIOD_END.
  BreakerCounts breaker;
  // What is kept of a closed account (D13): for a closure in DELETING.
  std::string tombstone;
};

struct Decision {
  Commit commit;
  // What to answer after the commit; an error where the commit counts a failed attempt.
  absl::Status reply;
};

// Decides. `data` is empty (version 0) for CreateFacts.
// Errors, with nothing to commit: those of the RPC that the happening comes from, each with its reason. Happenings of
// tasks never fail: one that came too late is answered with a commit that only ends its task.
absl::StatusOr<Decision> Decide(const internal::v1::ClosureData& data, const Happening& happening,
                                const Circumstances& circumstances);

// What can be asked of a closure in its state, in the order of the enum.
std::vector<v1::Closure::Action> AllowedActions(State state);

// Whether the last scan was too long ago to confirm on it (D16).
bool IsScanOld(const internal::v1::ClosureData& data, absl::Time now);

// The channel that a code without one is for: that of the only code that is still demanded; CHANNEL_UNSPECIFIED when
// several are, or none.
v1::Channel OnlyDemandedChannel(const v1::IdentityVerification& verification);

// Whether an identity code is not accepted any more at this time, by the policy of its closure.
bool IsCodeExpired(const v1::IdentityVerification::Challenge& challenge, const config::v1::Policy& policy,
                   absl::Time now);

// Whether the task does something that cannot be taken back, so that a hold or pause keeps it waiting. Pure.
bool IsIrreversible(const internal::v1::TaskData& task);
// Whether irreversible work of this closure has to wait, and for what.
v1::Task::Parked HaltOf(const internal::v1::ClosureData& data, const internal::v1::SystemData& system);
// What a parked task waits for that still lasts, so that no retry lets it run; PARKED_UNSPECIFIED when there is none.
// Pure.
v1::Task::Parked LastingHaltOf(const internal::v1::TaskData& task, const internal::v1::ClosureData& data,
                               const internal::v1::SystemData& system);

}  // namespace closure

#endif  // CLOSURE_SERVER_DECIDE_H_
