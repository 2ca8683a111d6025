// SPDX-License-Identifier: Apache-2.0
#include "tests/simulation/random_writes.h"

#include <optional>
#include <utility>

#include "fmt/format.h"
#include "tests/storage/sample_commits.h"

namespace closure::simulation {
namespace {

using internal::v1::ClosureData;
using internal::v1::TaskData;
using State = v1::Closure::State;
using v1::Closure;

// What comes next when nothing goes wrong; the state itself at an end.
State Successor(State state) {
  switch (state) {
    case Closure::READY:
      return Closure::CONFIRMING;
    case Closure::CONFIRMING:
      return Closure::SILENT_PERIOD;
    case Closure::CHECKING:
      return Closure::READY;
    case Closure::RESTORING:
      return Closure::ABORTED;
    case Closure::CLOSED:
    case Closure::ABORTED:
    case Closure::CANCELLED:
    case Closure::EXPIRED:
      return state;
    default:
      return static_cast<State>(state + 1);
  }
}

// The status without the words of one kind of store.
std::string InWords(const absl::Status& status) {
  const std::string text(status.message());
  return fmt::format("{} {}", static_cast<int>(status.code()), text.rfind("store(", 0) == 0 ? "store" : text);
}

}  // namespace

void Send(ClosureStore& store, const RandomWrite& write, std::function<void(std::string)> done) {
  if (const auto* const commit = std::get_if<Commit>(&write)) {
    store.Apply(*commit, [done](const absl::Status& status) { done(InWords(status)); });
  } else if (const auto* const progress = std::get_if<Progress>(&write)) {
    store.RecordProgress(progress->key, progress->scan_number, progress->result,
                         [done](const absl::Status& status) { done(InWords(status)); });
  } else {
    const Lease& lease = std::get<Lease>(write);
    store.LeaseDueTasks(lease.now, lease.end, lease.limit, [done](const absl::StatusOr<std::vector<TaskData>>& tasks) {
      std::string text = InWords(tasks.status());
      if (tasks.ok()) {
        for (const TaskData& task : *tasks) text += "\n  " + task.ShortDebugString();
      }
      done(text);
    });
  }
}

// ---- choices ----

absl::Time RandomWrites::PickTime() {
  // Not only whole microseconds, and often the same one twice.
  return kNow + absl::Seconds(Pick(20)) + absl::Nanoseconds(Once(3) ? Pick(10'000) : 0);
}

std::string RandomWrites::PickAccount() { return std::to_string(1001 + Pick(3)); }

State RandomWrites::PickNext(State state) {
  if (Once(3)) return state;
  if (Once(12)) return static_cast<State>(Pick(Closure::State_ARRAYSIZE + 1));
  const bool after_confirm = state == Closure::SILENT_PERIOD || state == Closure::FINAL_CHECK;
  if (Once(15)) return after_confirm ? Closure::RESTORING : Closure::CANCELLED;
  return Successor(state);
}

ClosureKey RandomWrites::PickClosure(ClosureStore& store) {
  const auto rows = store.ListClosures({});
  if (rows->empty() || Once(20)) return {.account_id = PickAccount(), .closure_id = "none"};
  const ClosureData& data = (*rows)[Pick(rows->size())].data;
  return {.account_id = data.account_id(), .closure_id = data.closure_id()};
}

TaskData RandomWrites::PickTask(const ClosureKey& key) {
  TaskData task = NewTask(key, fmt::format("key-{}", Pick(6)), PickTime(),
                          static_cast<v1::Task::Kind>(1 + Pick(v1::Task::Kind_ARRAYSIZE - 1)));
  if (Once(3)) task.set_parked(static_cast<v1::Task::Parked>(Pick(v1::Task::Parked_ARRAYSIZE)));
  if (Once(3)) *task.mutable_first_failure_time() = TimestampOf(PickTime());
  if (Once(3)) task.mutable_payload()->set_item_id("item-1");
  task.set_attempts(static_cast<int32_t>(Pick(4)));
  return task;
}

// ---- writes ----

RandomWrite RandomWrites::Next(ClosureStore& store) {
  const uint64_t kind = Pick(12);
  if (kind == 0) {
    const absl::Time now = PickTime();
    return Lease{.now = now, .end = now + absl::Seconds(Pick(15)), .limit = static_cast<int>(Pick(4))};
  }
  if (kind == 1) {
    const char* const checker = Once(2) ? "billing" : "domains";
    return Progress{.key = PickClosure(store),
                    .scan_number = static_cast<int64_t>(Pick(3)),
                    .result = NewResult(checker, static_cast<v1::CheckerResult::Status>(Pick(4)))};
  }
  return MakeCommit(store);
}

Commit RandomWrites::MakeCommit(ClosureStore& store) {
  Commit commit;
  if (Once(5)) {
    AddTasks(store, PickClosure(store), commit);
    AddRequests(Once(2) ? "" : PickAccount(), commit);
  } else {
    const std::string account_id = PickAccount();
    const std::optional<ClosureData> open = *store.FindOpenClosure(account_id);
    const auto newest = store.ListClosures({.account_id = account_id, .limit = 1});
    if (open.has_value() && !Once(25)) {
      commit = MakeDecision(*open);
    } else if (!newest->empty() && Once(3)) {
      commit = MakeDecision(newest->front().data);
    } else {
      commit = MakeCreation(store, account_id);
    }
    const ClosureKey key{.account_id = account_id, .closure_id = commit.closure->closure_id()};
    AddFacts(store, key, commit);
    AddTasks(store, key, commit);
    AddRequests(Once(4) ? "" : account_id, commit);
  }
  AddSystem(store, commit);
  if (Once(2)) commit.forget_before = PickTime();
  if (Once(8)) Spoil(commit);
  return commit;
}

Commit RandomWrites::MakeCreation(ClosureStore& store, const std::string& account_id) {
  const ClosureKey key{.account_id = account_id, .closure_id = fmt::format("c{}", closures_made_ - (Once(8) ? 1 : 0))};
  ++closures_made_;
  return Creation(key, *store.LoadFence(account_id) + (Once(10) ? 0 : 1));
}

Commit RandomWrites::MakeDecision(const ClosureData& loaded) {
  const State to = PickNext(loaded.closure().state());
  absl::Time time = PickTime();
  if (to == Closure::FINAL_CHECK && !Once(4)) {
    time = absl::FromUnixSeconds(loaded.closure().silent_period_end_time().seconds() + 1);
  }
  Commit commit = Decision(loaded, to, time);
  if (!commit.history.has_value() && Once(3)) {
    commit.history = HistoryEntry{.from_state = to, .to_state = to, .event = "fact", .detail = "d", .time = time};
  }
  ChangeScan(*commit.closure->mutable_closure());
  commit.drop_state_tasks = Once(3);
  return commit;
}

void RandomWrites::ChangeScan(v1::Closure& closure) {
  if (!Once(3)) return;
  v1::Scan& scan = *closure.mutable_scan();
  scan.set_number(static_cast<int64_t>(Pick(3)));
  if (Once(2)) *scan.add_checkers() = NewResult("billing", v1::CheckerResult::WAITING);
  if (Once(3)) *scan.mutable_end_time() = TimestampOf(PickTime());
}

void RandomWrites::AddFacts(ClosureStore& store, const ClosureKey& key, Commit& commit) {
  for (uint64_t left = Pick(3); left > 0; --left) {
    v1::BlockingItem& item = commit.items.emplace_back(NewItem(key, fmt::format("item-{}", Pick(4))));
    item.set_change(static_cast<v1::BlockingItem::Change>(1 + Pick(4)));
    if (Once(3)) item.set_resolution(v1::BlockingItem::RESOLVED);
    if (Once(3)) item.mutable_amount()->set_units(-static_cast<int64_t>(Pick(9)));
    if (Once(3)) item.mutable_first_seen_time()->set_nanos(static_cast<int32_t>(Pick(1'000'000)));
  }
  if (Once(4)) commit.consents.emplace_back().set_kind(v1::Consent::AGREEMENT);
  if (Once(4)) commit.codes_made = {PickTime(), PickTime()};
  if (Once(4)) commit.gate = Once(10) ? v1::GATE_CLOSED : Once(2) ? v1::GATE_CLOSING : v1::GATE_OPEN;
  if (Once(9)) commit.tombstone = std::string(1, static_cast<char>(Pick(3)));
  if (Once(6)) commit.admission = {PickTime(), store.LoadSystem()->admissions() + (Once(4) ? 0 : 1)};
  if (Once(4)) commit.unpark_hold = PickTime();
  commit.erase_responses = Once(8);
  commit.forget_requests = Once(8);
}

void RandomWrites::AddRequests(const std::string& account_id, Commit& commit) {
  if (!Once(3)) return;
  commit.request = RequestRecord{.account_id = account_id,
                                 .request_id = fmt::format("r{}", Pick(kRequestIds)),
                                 .body_hash = "h",
                                 .response = "answer",
                                 .time = PickTime()};
}

void RandomWrites::AddTasks(ClosureStore& store, const ClosureKey& key, Commit& commit) {
  for (uint64_t left = Pick(3); left > 0; --left) commit.add_tasks.push_back(PickTask(key));
  const auto tasks = store.ListTasks({.closure = Once(8) ? ClosureKey() : key});
  if (!tasks->empty() && Once(3)) commit.finish_task = (*tasks)[Pick(tasks->size())].id();
  if (!tasks->empty() && Once(3)) {
    commit.reschedule_task = PickTask(key);
    commit.reschedule_task->set_id((*tasks)[Pick(tasks->size())].id());
  }
  if (Once(8)) commit.unpark = {{static_cast<v1::Task::Parked>(Pick(v1::Task::Parked_ARRAYSIZE)), PickTime()}};
  if (Once(20)) commit.clock_went_back = PickTime();
}

void RandomWrites::AddSystem(ClosureStore& store, Commit& commit) {
  const internal::v1::SystemData stored = *store.LoadSystem();
  if (Once(8)) {
    commit.system = stored;
    commit.system->set_version(stored.version() + 1);
    commit.system->mutable_pause()->set_reason(fmt::format("reason {}", Pick(9)));
  }
  if (Once(8)) commit.expected_system_version = stored.version() - (Once(4) ? 1 : 0);
}

// ---- faults of the caller ----

void RandomWrites::Spoil(Commit& commit) {
  if (commit.closure.has_value() && Once(2)) {
    SpoilClosure(commit);
  } else {
    SpoilFacts(commit);
  }
}

void RandomWrites::SpoilClosure(Commit& commit) {
  ClosureData& data = *commit.closure;
  v1::Closure& closure = *data.mutable_closure();
  switch (Pick(12)) {
    case 0:
      return data.set_version(data.version() + 1);
    case 1:
      return closure.set_name("accounts/1/closures/1");
    case 2:
      return data.set_fence(data.fence() - 1);
    case 3:
      return commit.history.reset();
    case 4:
      return closure.clear_create_time();
    case 5:
      return closure.clear_silent_period_end_time();
    case 6:
      return closure.mutable_silent_period_end_time()->set_seconds(1);
    case 7:
      return closure.set_cause(static_cast<Closure::Cause>(99));
    case 8:
      return closure.mutable_item_counts()->set_renounced(-1);
    case 9:
      return closure.set_cause_detail(std::string(1'000'001, 'x'));
    case 10:
      return data.set_etag_number(-1);
    default:
      return commit.closure.reset();
  }
}

void RandomWrites::SpoilFacts(Commit& commit) {
  const ClosureKey foreign{.account_id = "1001", .closure_id = "none"};
  switch (Pick(11)) {
    case 0:
      commit.items.push_back(NewItem(foreign, "item-1"));
      return;
    case 1:
      commit.add_tasks.push_back(NewTask(foreign, "key-1"));
      return;
    case 2:
      commit.finish_task = 9999;
      return;
    case 3:
      commit.gate = v1::GATE_STATE_UNSPECIFIED;
      return;
    case 4:
      commit.consents.emplace_back().set_kind(static_cast<v1::Consent::Kind>(99));
      return;
    case 5:
      commit.request = RequestRecord{.account_id = "", .request_id = "", .time = kNow};
      return;
    case 6:
      if (commit.history.has_value()) commit.history->event.clear();
      return;
    case 7:
      if (commit.history.has_value()) commit.history->from_state = Closure::EXPIRED;
      return;
    case 8:
      if (!commit.items.empty()) commit.items.back().set_name(commit.items.back().name() + "/");
      return;
    case 9:
      if (!commit.items.empty()) commit.items.back().mutable_amount()->set_nanos(5);
      return;
    default:
      break;
  }
  if (commit.add_tasks.empty()) return;
  TaskData& task = commit.add_tasks.back();
  switch (Pick(4)) {
    case 0:
      return task.clear_due_time();
    case 1:
      return task.set_attempts(-1);
    case 2:
      return task.clear_idempotency_key();
    default:
      return task.set_id(7);
  }
}

}  // namespace closure::simulation
