// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "storage/sqlite/columns.h"
#include "storage/status_macros.h"
#include "tests/simulation/memory_store.h"
#include "tests/simulation/memory_tasks.h"

// The reads of MemoryStore.
namespace closure::simulation {
namespace {

using internal::v1::ClosureData;
using internal::v1::TaskData;
using sqlite::Micros;
using v1::BlockingItem;
using v1::Task;

absl::Status NoClosure(const ClosureKey& key) {
  return absl::NotFoundError(fmt::format("{} does not exist", FormatClosureName(key)));
}

// A limit as SQL has it: a negative one is none.
bool IsFull(size_t size, int limit) { return limit >= 0 && size >= static_cast<size_t>(limit); }

bool Matches(const ClosureFilter& filter, const ClosureData& data) {
  return (filter.account_id.empty() || data.account_id() == filter.account_id) &&
         (filter.state == v1::Closure::STATE_UNSPECIFIED || data.closure().state() == filter.state);
}

bool Matches(const ItemFilter& filter, const BlockingItem& item) {
  return (filter.disposition == v1::DISPOSITION_UNSPECIFIED || item.disposition() == filter.disposition) &&
         (filter.checker.empty() || item.checker() == filter.checker) &&
         (filter.show_resolved || item.resolution() != BlockingItem::RESOLVED);
}

bool IsStuck(const TaskData& task, absl::Time since) {
  return task.parked() == Task::DEAD_LETTER ||
         (task.has_first_failure_time() && Micros(task.first_failure_time()) <= Micros(since));
}

// Whether it waits for somebody to release it.
bool IsHalted(const TaskData& task) {
  return task.parked() != Task::PARKED_UNSPECIFIED && task.parked() != Task::DEAD_LETTER;
}

// The filter's closure apart.
bool Matches(const TaskFilter& filter, const TaskData& task) {
  if (filter.stuck_since.has_value() && !IsStuck(task, *filter.stuck_since)) return false;
  if (filter.closure != ClosureKey() && filter.halted_only && !IsHalted(task)) return false;
  return !filter.after.has_value() ||
         std::pair(Micros(task.due_time()), task.id()) > std::pair(Micros(filter.after->first), filter.after->second);
}

}  // namespace

int64_t MemoryStore::RowOf(const ClosureKey& key) const {
  const int64_t* const row = tables_.closure_rows.Find(key);
  return row == nullptr ? 0 : *row;
}

// ---- closures ----

absl::StatusOr<ClosureData> MemoryStore::LoadClosure(const ClosureKey& key) {
  const ClosureData* const data = tables_.closures.Find(RowOf(key));
  if (data == nullptr) return NoClosure(key);
  return *data;
}

absl::StatusOr<std::string> MemoryStore::LoadClosureBytes(const ClosureKey& key) {
  CLOSURE_ASSIGN_OR_RETURN(const ClosureData data, LoadClosure(key));
  return data.SerializeAsString();
}

absl::StatusOr<std::optional<ClosureData>> MemoryStore::FindOpenClosure(std::string_view account_id) {
  const ClosureData* const open = FindOpen(tables_, account_id);
  return open == nullptr ? std::nullopt : std::optional(*open);
}

absl::StatusOr<std::vector<ClosureRow>> MemoryStore::ListClosures(const ClosureFilter& filter) {
  const auto& rows = tables_.closures.rows();
  std::vector<ClosureRow> listed;
  for (auto place = filter.before_row == 0 ? rows.end() : rows.lower_bound(filter.before_row);
       place != rows.begin() && !IsFull(listed.size(), filter.limit);) {
    --place;
    if (Matches(filter, place->second)) listed.push_back({.row = place->first, .data = place->second});
  }
  return listed;
}

absl::StatusOr<int64_t> MemoryStore::LoadFence(std::string_view account_id) { return FenceOf(tables_, account_id); }

absl::StatusOr<std::vector<std::pair<v1::Closure::State, int64_t>>> MemoryStore::CountClosures() {
  std::map<v1::Closure::State, int64_t> counts;
  for (const auto& [row, data] : tables_.closures.rows()) ++counts[data.closure().state()];
  return std::vector<std::pair<v1::Closure::State, int64_t>>(counts.begin(), counts.end());
}

// ---- what stands beside a closure ----

absl::StatusOr<std::vector<BlockingItem>> MemoryStore::ListItems(const ClosureKey& key, const ItemFilter& filter) {
  const int64_t row = RowOf(key);
  const auto& rows = tables_.items.rows();
  std::vector<BlockingItem> items;
  for (auto place = rows.upper_bound(std::pair(row, filter.after_item_id));
       place != rows.end() && place->first.first == row; ++place) {
    if (filter.limit != 0 && IsFull(items.size(), filter.limit)) break;
    if (Matches(filter, place->second)) items.push_back(place->second);
  }
  return items;
}

absl::StatusOr<std::vector<BlockingItem>> MemoryStore::LoadItems(const ClosureKey& key,
                                                                 const std::vector<std::string>& item_ids) {
  std::vector<BlockingItem> items;
  for (const std::string& item_id : item_ids) {
    const BlockingItem* const item = tables_.items.Find(std::pair(RowOf(key), item_id));
    if (item != nullptr) items.push_back(*item);
  }
  return items;
}

absl::StatusOr<ItemChangeCounts> MemoryStore::CountItemChanges(const ClosureKey& key) {
  ItemChangeCounts counts;
  CLOSURE_ASSIGN_OR_RETURN(const std::vector<BlockingItem> items, ListItems(key, {.show_resolved = true, .limit = 0}));
  for (const BlockingItem& item : items) {
    if (item.change() == BlockingItem::NEW) ++counts.new_count;
    if (item.change() == BlockingItem::CHANGED) ++counts.changed_count;
    if (item.change() == BlockingItem::GONE) ++counts.gone_count;
  }
  return counts;
}

absl::StatusOr<std::vector<v1::Transition>> MemoryStore::ListTransitions(const ClosureKey& key, int64_t after,
                                                                         int limit) {
  const int64_t row = RowOf(key);
  const auto& rows = tables_.transitions.rows();
  std::vector<v1::Transition> transitions;
  for (auto place = rows.upper_bound(std::pair(row, after));
       place != rows.end() && place->first.first == row && !IsFull(transitions.size(), limit); ++place) {
    transitions.push_back(place->second);
  }
  return transitions;
}

absl::StatusOr<std::vector<v1::Consent>> MemoryStore::ListConsents(const ClosureKey& key) {
  const int64_t row = RowOf(key);
  const auto& rows = tables_.consents.rows();
  std::vector<v1::Consent> consents;
  for (auto place = rows.lower_bound(std::pair(row, int64_t{0})); place != rows.end() && place->first.first == row;
       ++place) {
    consents.push_back(place->second);
  }
  return consents;
}

absl::StatusOr<StoredRecord> MemoryStore::LoadRecord(const ClosureKey& key) {
  constexpr int kNoLimit = -1;
  StoredRecord record;
  CLOSURE_ASSIGN_OR_RETURN(record.data, LoadClosure(key));
  CLOSURE_ASSIGN_OR_RETURN(record.items, ListItems(key, {.show_resolved = true, .limit = 0}));
  CLOSURE_ASSIGN_OR_RETURN(record.transitions, ListTransitions(key, 0, kNoLimit));
  CLOSURE_ASSIGN_OR_RETURN(record.consents, ListConsents(key));
  return record;
}

absl::StatusOr<std::optional<RequestRecord>> MemoryStore::FindRequest(std::string_view account_id,
                                                                      std::string_view request_id) {
  const int64_t* const row = tables_.request_rows.Find(std::pair(std::string(account_id), std::string(request_id)));
  return row == nullptr ? std::nullopt : std::optional(tables_.requests.Find(*row)->record);
}

absl::StatusOr<int> MemoryStore::CountCodes(std::string_view account_id, absl::Time since) {
  int count = 0;
  for (const auto& [row, code] : tables_.codes.rows()) {
    if (code.account_id == account_id && code.time >= Micros(since)) ++count;
  }
  return count;
}

absl::StatusOr<bool> MemoryStore::HasTombstone(std::string_view tombstone) {
  return tables_.tombstones.Find(tombstone) != nullptr;
}

// ---- gates ----

GateRow MemoryStore::ReadGate(const std::string& account_id, const Account& account) const {
  GateRow gate{.account_id = account_id, .state = account.gate, .revision = account.gate_revision};
  const ClosureData* const data = tables_.closures.Find(account.gate_closure_row);
  if (data == nullptr) return gate;
  gate.closure_id = data->closure_id();
  if (data->closure().has_silent_period_end_time()) {
    gate.silent_period_end = absl::FromUnixMicros(Micros(data->closure().silent_period_end_time()));
  }
  return gate;
}

absl::StatusOr<GateRow> MemoryStore::LoadGate(std::string_view account_id) {
  const Account* const account = tables_.accounts.Find(account_id);
  if (account == nullptr) return GateRow{.account_id = std::string(account_id)};
  return ReadGate(std::string(account_id), *account);
}

absl::StatusOr<std::vector<GateRow>> MemoryStore::ListGates(int64_t after_revision, int limit) {
  const auto& rows = tables_.gates.rows();
  std::vector<GateRow> gates;
  for (auto place = rows.upper_bound(after_revision); place != rows.end() && !IsFull(gates.size(), limit); ++place) {
    const Account& account = *tables_.accounts.Find(place->second);
    if (after_revision != 0 || account.gate != v1::GATE_OPEN) gates.push_back(ReadGate(place->second, account));
  }
  return gates;
}

// ---- tasks ----

absl::StatusOr<TaskData> MemoryStore::LoadTask(int64_t id) {
  const StoredTask* const stored = tables_.tasks.Find(id);
  if (stored == nullptr) return absl::NotFoundError(fmt::format("tasks/{} does not exist; it may be done", id));
  return stored->task;
}

absl::StatusOr<std::vector<TaskData>> MemoryStore::ListTasks(const TaskFilter& filter) {
  const bool of_all = filter.closure == ClosureKey();
  const int64_t row = RowOf(filter.closure);
  std::vector<TaskData> tasks;
  for (const auto& [id, stored] : tables_.tasks.rows()) {
    if ((of_all || stored.closure_row == row) && Matches(filter, stored.task)) tasks.push_back(stored.task);
  }
  std::sort(tasks.begin(), tasks.end(), IsDueBefore);
  CutOff(tasks, filter.limit);
  return tasks;
}

absl::StatusOr<absl::Time> MemoryStore::NextDueTime() {
  absl::Time next = absl::InfiniteFuture();
  for (const auto& [id, stored] : tables_.tasks.rows()) {
    if (stored.task.parked() != Task::PARKED_UNSPECIFIED || stored.lease_until.has_value()) continue;
    next = std::min(next, absl::FromUnixMicros(Micros(stored.task.due_time())));
  }
  return next;
}

absl::StatusOr<TaskCounts> MemoryStore::CountTasks(absl::Time now, absl::Time stuck_since) {
  TaskCounts counts;
  for (const auto& [id, stored] : tables_.tasks.rows()) {
    const TaskData& task = stored.task;
    ++counts.open;
    if (task.parked() == Task::PARKED_UNSPECIFIED && Micros(task.due_time()) <= Micros(now)) ++counts.due;
    if (IsStuck(task, stuck_since)) ++counts.stuck;
    if (IsHalted(task)) ++counts.parked;
  }
  return counts;
}

// ---- the whole system ----

absl::StatusOr<internal::v1::SystemData> MemoryStore::LoadSystem() { return *tables_.system; }

absl::StatusOr<int64_t> MemoryStore::CountAdmissions(std::string_view organization_id, absl::Time since) {
  int64_t count = 0;
  for (const auto& [row, admission] : tables_.admissions.rows()) {
    if (!organization_id.empty() && admission.organization_id != organization_id) continue;
    if (admission.time >= Micros(since)) ++count;
  }
  return count;
}

}  // namespace closure::simulation
