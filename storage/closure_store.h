// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_STORAGE_CLOSURE_STORE_H_
#define CLOSURE_STORAGE_CLOSURE_STORE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "closure/internal/v1/closure_data.pb.h"
#include "closure/v1/account_gate_service.pb.h"
#include "closure/v1/closure.pb.h"
#include "closure/v1/operator_service.pb.h"

namespace closure {

// Names one closure.
struct ClosureKey {
  std::string account_id;
  std::string closure_id;

  friend bool operator==(const ClosureKey&, const ClosureKey&) = default;
  friend auto operator<=>(const ClosureKey&, const ClosureKey&) = default;
};

// "accounts/{account}/closures/{closure}", as the API names it.
inline std::string FormatClosureName(const ClosureKey& key) {
  return absl::StrCat("accounts/", key.account_id, "/closures/", key.closure_id);
}

// A history row before it has its number and hashes; the store gives it both.
struct HistoryEntry {
  v1::Closure::State from_state = v1::Closure::STATE_UNSPECIFIED;
  v1::Closure::State to_state = v1::Closure::STATE_UNSPECIFIED;
  std::string event;
  std::string actor;
  std::string detail;
  absl::Time time;
};

// What remembers a request id, so that a repetition gets the first answer (AIP-155).
struct RequestRecord {
  // The account of the closure, or "" for operators' calls about the whole system or a task.
  std::string account_id;
  std::string request_id;
  // SHA-256 over method, actor and body.
  std::string body_hash;
  // The serialized first answer; empty when it was erased with the personal data in it (D12).
  std::string response;
  absl::Time time;
  // Told by FindRequest: the closure that the request was about; empty for one of no account. Not read by Apply.
  std::string closure_id;
};

// Whether a task of this kind ends with the state in which it was made: it then counts only while the closure has the
// task's fence.
constexpr bool IsBoundToState(v1::Task::Kind kind) {
  switch (kind) {
    case v1::Task::SEND_CODE:
    case v1::Task::NOTICE:
    case v1::Task::ERASURE:
    case v1::Task::FORGET_REQUESTS:
      return false;
    default:
      return true;
  }
}

// The end of a silent period that the breaker admits (D14), counted under the closure's organization.
struct Admission {
  absl::Time time;
  // The most that the system may have admitted in all, with this one (SystemData.admissions); ABORTED when it would be
  // more. So the breaker's limits are exact, and admissions below them need not wait for one another (ADR 28).
  int64_t admissions_max = 0;
};

// One transaction: everything in it is committed, or nothing. Sections that are not set are left alone.
//
// Time is an argument: the store has no clock.
struct Commit {
  // ---- one closure: compare-and-set on its version ----
  // Its next version; next.version() must be expected_version + 1.
  std::optional<internal::v1::ClosureData> closure;
  // The version it was read with; 0 makes a new closure, refused when the account has an open one.
  int64_t expected_version = 0;
  // Set with every change of state, and with every fact that the history should tell.
  std::optional<HistoryEntry> history;
  // Items to write whole, by their name; items are never deleted.
  std::vector<v1::BlockingItem> items;
  // Consents to add.
  std::vector<v1::Consent> consents;
  // When identity codes were made by this commit, to be counted by CountCodes.
  std::vector<absl::Time> codes_made;
  // The account's gate from now on. Its revision is given by the store.
  std::optional<v1::GateState> gate;
  // Keeps the account's id known for ever (D13): HMAC of the account id.
  std::optional<std::string> tombstone;
  // The end of a silent period that the breaker admits.
  std::optional<Admission> admission;
  // Deletes the tasks of the closure that are bound to a state (IsBoundToState), except those added here.
  bool drop_state_tasks = false;
  // Makes the closure's tasks that are parked for a hold due at this time.
  std::optional<absl::Time> unpark_hold;
  // Erases the stored answers of the request ids that the account used for the closure (D12).
  bool erase_responses = false;
  // Forgets the request ids of the closure (D16).
  bool forget_requests = false;

  // ---- the whole system: compare-and-set on its version ----
  // Its next version; next.version() must be its stored version + 1. Its `admissions` are left as they are stored.
  std::optional<internal::v1::SystemData> system;
  // The commit was decided on this version of the system; ABORTED when it is another by now. Not needed beside
  // `system`.
  std::optional<int64_t> expected_system_version;
  // Makes all tasks that are parked for these reasons due at the time.
  std::vector<std::pair<v1::Task::Parked, absl::Time>> unpark;

  // The wall clock went back to this: no task waits for it to catch up, except those that mean a day in the calendar
  // and did not fail before (the end of a silent period, an expiry, the forgetting of request ids); and leases that it
  // would keep alive are void. A silent period's end that was put off beyond the day that was told means no day. What
  // was written at a later time, admissions, codes and request ids, is as of this one: it is neither lost, nor does it
  // count or stay until the clock has caught up.
  std::optional<absl::Time> clock_went_back;

  // ---- tasks ----
  // New tasks; a key that a task of the closure has at present is an ALREADY_EXISTS fault of the caller. A key may come
  // back after its task is gone: a release whose outcome is unknown is asked for again under the same key.
  std::vector<internal::v1::TaskData> add_tasks;
  // The task whose result this is; deleted. When it is gone already, the commit is refused with ABORTED, so a result
  // counts once.
  std::optional<int64_t> finish_task;
  // The task to be run again later: due time, attempts, last error, first failure and parking are written. Likewise
  // ABORTED when gone.
  std::optional<internal::v1::TaskData> reschedule_task;

  // ---- request ids ----
  std::optional<RequestRecord> request;

  // ---- what is counted or promised for a time only ----
  // Rids the tables that this commit adds to of rows that are older than this, at most kForgottenRowsMax of each: codes
  // with `codes_made`, admissions with `admission`, request ids of no account with a `request` of no account. So
  // they stay as small as what is counted, without a sweep. Nothing happens to tables that the commit does not add to.
  std::optional<absl::Time> forget_before;
};

// The most rows of one table that one commit forgets, so that it stays short; more than a commit adds.
inline constexpr int kForgottenRowsMax = 100;

// A closure, a gate or the system changed; sent after the commit.
struct StoreChange {
  // Empty when it was about the whole system only.
  ClosureKey closure;
  bool gate_changed = false;
  // Tasks were added, rescheduled or unparked: the next due time may be earlier.
  bool tasks_added = false;
  // The system was written: its switches or its witness of time.
  bool system_written = false;
};

// Which closures, items or tasks to list. `after` is the last entry of the page before, as the previous page's rows
// name it.
struct ClosureFilter {
  // Empty for all accounts.
  std::string account_id;
  v1::Closure::State state = v1::Closure::STATE_UNSPECIFIED;
  // The row number to start below; 0 for the first page.
  int64_t before_row = 0;
  int limit = 50;
};
struct ItemFilter {
  v1::Disposition disposition = v1::DISPOSITION_UNSPECIFIED;
  std::string checker;
  // Also those with resolution RESOLVED.
  bool show_resolved = false;
  // The item id to start behind; empty for the first page.
  std::string after_item_id;
  // 0 for all of them.
  int limit = 100;
};
struct TaskFilter {
  // Only tasks that were given up, or whose first failure is at or before this.
  std::optional<absl::Time> stuck_since;
  // Both empty for all closures.
  ClosureKey closure;
  // Only tasks that wait for a release, an acknowledgement or a resuming: parked, and not given up. With a closure
  // only.
  bool halted_only = false;
  // (due time, id) to start behind.
  std::optional<std::pair<absl::Time, int64_t>> after;
  int limit = 50;
};

struct ClosureRow {
  int64_t row = 0;
  internal::v1::ClosureData data;
};
// Everything that is kept of one closure, as it stood at one moment.
struct StoredRecord {
  internal::v1::ClosureData data;
  // Also those with resolution RESOLVED, ordered by item id.
  std::vector<v1::BlockingItem> items;
  std::vector<v1::Transition> transitions;
  std::vector<v1::Consent> consents;
};
struct GateRow {
  std::string account_id;
  v1::GateState state = v1::GATE_OPEN;
  int64_t revision = 0;
  // The closure that last changed it.
  std::string closure_id;
  absl::Time silent_period_end = absl::InfinitePast();
};
struct ItemChangeCounts {
  int new_count = 0;
  int changed_count = 0;
  int gone_count = 0;
};
struct TaskCounts {
  int64_t open = 0;
  int64_t due = 0;
  int64_t stuck = 0;
  // Waiting for a hold, a pause, the breaker or a clock jump.
  int64_t parked = 0;
};

// The durable store of closures, their items, history, consents, tasks, request ids and gates, and of the system's
// switches.
//
// Threading: every method can be called from any thread. Reads are synchronous and short and see every commit whose
// `done` was called. Writes never block the caller: they queue, are committed together with what queued meanwhile, and
// `done` is called exactly once on a thread of the store, in commit order. A `done` with OK means durable. `done` must
// not block, but may write again.
//
// Errors of every method: UNAVAILABLE when the database does not answer (full, locked, I/O); INTERNAL when a stored row
// is not understood. Writes besides:
//   ABORTED            the version moved, or the task is gone: load again and decide again
//   ALREADY_EXISTS     the account has an open closure, or the request id or the task's key is known
//   INVALID_ARGUMENT   the commit contradicts itself (a fault of the caller)
class ClosureStore {
 public:
  using Done = absl::AnyInvocable<void(absl::Status) &&>;
  using LeaseDone = absl::AnyInvocable<void(absl::StatusOr<std::vector<internal::v1::TaskData>>) &&>;

  virtual ~ClosureStore() = default;

  // ---- writes ----
  // The caller raises Closure.revision by one; because progress may have raised it meanwhile, the store writes at least
  // its own revision plus one. Likewise progress is not lost: where the scan in the store and the scan of the commit
  // have the same number and neither has ended, the store keeps its own list of checkers. Refused besides with
  // INVALID_ARGUMENT: a change of state without history or without a higher fence, a history that begins at another
  // state than the stored one, sections of a closure without a closure, tasks and items of another closure, and what
  // must never happen: an ended closure that moves, a silent period that changes or is left before its end. A new
  // closure whose fence is not above all fences of its account is ABORTED.
  virtual void Apply(Commit commit, Done done) = 0;
  // Adds what a checker's progress tells to a closure's running scan, without touching its version or etag: replaces
  // the entry of the same checker and raises the revision. Does nothing when the closure's scan has another number or
  // has ended.
  virtual void RecordProgress(ClosureKey key, int64_t scan_number, v1::CheckerResult result, Done done) = 0;
  // Leases up to `limit` tasks that are due at `now`, not parked and not leased by a living owner, the earliest due
  // first, until `lease_end`. A lease only saves work: the result of a task counts once in any case.
  virtual void LeaseDueTasks(absl::Time now, absl::Time lease_end, int limit, LeaseDone done) = 0;

  // ---- reads ----
  // Where nothing is said of it, a closure or account that is not known has empty lists and counts of 0.

  // Errors: NOT_FOUND.
  virtual absl::StatusOr<internal::v1::ClosureData> LoadClosure(const ClosureKey& key) = 0;
  // The same, serialized as it is stored; what it says is not looked at. Errors: NOT_FOUND.
  virtual absl::StatusOr<std::string> LoadClosureBytes(const ClosureKey& key) = 0;
  // The open closure of an account, if there is one.
  virtual absl::StatusOr<std::optional<internal::v1::ClosureData>> FindOpenClosure(std::string_view account_id) = 0;
  // The newest first.
  virtual absl::StatusOr<std::vector<ClosureRow>> ListClosures(const ClosureFilter& filter) = 0;
  // The account's highest fence; 0 when it never had a closure.
  virtual absl::StatusOr<int64_t> LoadFence(std::string_view account_id) = 0;
  // How many identity codes the account's closures made at or after `since`, over all its closures.
  virtual absl::StatusOr<int> CountCodes(std::string_view account_id, absl::Time since) = 0;
  // Whether a commit kept this tombstone, however long ago.
  virtual absl::StatusOr<bool> HasTombstone(std::string_view tombstone) = 0;

  // Ordered by item id.
  virtual absl::StatusOr<std::vector<v1::BlockingItem>> ListItems(const ClosureKey& key, const ItemFilter& filter) = 0;
  // Those of the ids that exist, in the order in which they are asked for.
  virtual absl::StatusOr<std::vector<v1::BlockingItem>> LoadItems(const ClosureKey& key,
                                                                  const std::vector<std::string>& item_ids) = 0;
  // By the change that the last scan gave them; all 0 for a closure without items.
  virtual absl::StatusOr<ItemChangeCounts> CountItemChanges(const ClosureKey& key) = 0;
  // Entries with numbers above `after`, in order.
  virtual absl::StatusOr<std::vector<v1::Transition>> ListTransitions(const ClosureKey& key, int64_t after,
                                                                      int limit) = 0;
  // All of them, in the order in which they were given.
  virtual absl::StatusOr<std::vector<v1::Consent>> ListConsents(const ClosureKey& key) = 0;
  // All of the above in one state of the store. Errors: NOT_FOUND.
  virtual absl::StatusOr<StoredRecord> LoadRecord(const ClosureKey& key) = 0;
  // What remembers a request id of an account, or of "" (see RequestRecord); nothing when it was never used, or was
  // forgotten.
  virtual absl::StatusOr<std::optional<RequestRecord>> FindRequest(std::string_view account_id,
                                                                   std::string_view request_id) = 0;

  // An account without a row has an open gate at revision 0.
  virtual absl::StatusOr<GateRow> LoadGate(std::string_view account_id) = 0;
  // Gates with a higher revision, in order of revision; with 0, those that are not open.
  virtual absl::StatusOr<std::vector<GateRow>> ListGates(int64_t after_revision, int limit) = 0;

  // Errors: NOT_FOUND.
  virtual absl::StatusOr<internal::v1::TaskData> LoadTask(int64_t id) = 0;
  // The earliest due first, then by id; parked and leased ones too.
  virtual absl::StatusOr<std::vector<internal::v1::TaskData>> ListTasks(const TaskFilter& filter) = 0;
  // When the next task that is neither parked nor leased is due; InfiniteFuture when there is none.
  virtual absl::StatusOr<absl::Time> NextDueTime() = 0;
  // Of all closures. `due` are those that are due at `now` and not parked; `stuck` those that were given up, or whose
  // first failure is at or before `stuck_since`.
  virtual absl::StatusOr<TaskCounts> CountTasks(absl::Time now, absl::Time stuck_since) = 0;

  // The switches and the witness of time; version 0 with nothing set before the first commit that writes them.
  virtual absl::StatusOr<internal::v1::SystemData> LoadSystem() = 0;
  // Silent periods that were ended at or after `since`; of one organization, or of all with "".
  virtual absl::StatusOr<int64_t> CountAdmissions(std::string_view organization_id, absl::Time since) = 0;
  // How many closures are in each state, in the order of the states; those without any are left out.
  virtual absl::StatusOr<std::vector<std::pair<v1::Closure::State, int64_t>>> CountClosures() = 0;

  // Called after every commit, in commit order, on a thread of the store, before the `done` of any commit that became
  // durable with it. Set once, before the first write.
  virtual void SetObserver(std::function<void(const StoreChange&)> observer) = 0;

  // Waits until everything queued is committed and its `done` has returned. For an orderly stop; must not be called
  // from a `done`.
  virtual void Drain() = 0;
};

}  // namespace closure

#endif  // CLOSURE_STORAGE_CLOSURE_STORE_H_
