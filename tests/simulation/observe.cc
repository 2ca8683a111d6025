// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "fmt/format.h"
#include "storage/status_macros.h"
#include "tests/simulation/random_writes.h"
#include "tests/storage/sample_commits.h"

// Everything that a store can be asked, in words.
namespace closure::simulation {
namespace {

using Lines = std::vector<std::string>;

std::string Text(int64_t number) { return std::to_string(number); }
std::string Text(absl::Time time) { return std::to_string(absl::ToUnixNanos(time)); }
std::string Text(const google::protobuf::Message& message) { return message.ShortDebugString(); }
std::string Text(const ClosureRow& row) { return fmt::format("{} {}", row.row, Text(row.data)); }
std::string Text(const GateRow& gate) {
  return fmt::format("{} {} {} {} {}", gate.account_id, static_cast<int>(gate.state), gate.revision, gate.closure_id,
                     Text(gate.silent_period_end));
}
std::string Text(const ItemChangeCounts& counts) {
  return fmt::format("{} {} {}", counts.new_count, counts.changed_count, counts.gone_count);
}
std::string Text(const TaskCounts& counts) {
  return fmt::format("{} {} {} {}", counts.open, counts.due, counts.stuck, counts.parked);
}
std::string Text(const RequestRecord& request) {
  return fmt::format("{} {} {} {} {} {}", request.account_id, request.request_id, request.body_hash, request.response,
                     Text(request.time), request.closure_id);
}
std::string Text(const std::pair<v1::Closure::State, int64_t>& count) {
  return fmt::format("{} {}", static_cast<int>(count.first), count.second);
}
template <typename Value>
std::string Text(const std::optional<Value>& value) {
  return value.has_value() ? Text(*value) : "none";
}
template <typename Row>
std::string Text(const std::vector<Row>& rows) {
  std::string text;
  for (const Row& row : rows) text += Text(row) + " | ";
  return text;
}
std::string Text(const StoredRecord& record) {
  return fmt::format("{} / {} / {} / {}", Text(record.data), Text(record.items), Text(record.transitions),
                     Text(record.consents));
}

template <typename Value>
void Add(Lines& lines, const char* what, const absl::StatusOr<Value>& answer) {
  lines.push_back(fmt::format("{}: {}", what, answer.ok() ? Text(*answer) : answer.status().ToString()));
}

// Of what is counted from a time on, when each was: whoever sets times back, or forgets what is older, goes by that.
template <typename Count>
void AddTimes(Lines& lines, const char* what, const Count& count_since) {
  std::string text;
  // Narrows down to a microsecond, as which the times are stored, wherever there is any.
  const auto narrow = [&](const auto& self, absl::Time begin, absl::Time end) -> absl::Status {
    CLOSURE_ASSIGN_OR_RETURN(const int64_t from_begin, count_since(begin));
    CLOSURE_ASSIGN_OR_RETURN(const int64_t from_end, count_since(end));
    if (from_begin == from_end) return absl::OkStatus();
    if (end - begin <= absl::Microseconds(1)) {
      text += fmt::format("{} at {}, ", from_begin - from_end, absl::FormatDuration(begin - kNow));
      return absl::OkStatus();
    }
    const absl::Time middle = begin + absl::Floor((end - begin) / 2, absl::Microseconds(1));
    CLOSURE_RETURN_IF_ERROR(self(self, begin, middle));
    return self(self, middle, end);
  };
  const absl::Status status = narrow(narrow, kNow - absl::Seconds(1), kNow + absl::Seconds(30));
  lines.push_back(fmt::format("{}: {}", what, status.ok() ? text : status.ToString()));
}

void ObserveAccount(ClosureStore& store, const std::string& account_id, Lines& lines) {
  Add(lines, "open", store.FindOpenClosure(account_id));
  Add(lines, "fence", store.LoadFence(account_id));
  Add(lines, "gate", store.LoadGate(account_id));
  Add(lines, "closures", store.ListClosures({.account_id = account_id, .before_row = 9, .limit = 3}));
  Add(lines, "closed", store.ListClosures({.account_id = account_id, .state = v1::Closure::CLOSED}));
  AddTimes(lines, "codes", [&](absl::Time since) { return store.CountCodes(account_id, since); });
  AddTimes(lines, "admissions", [&](absl::Time since) { return store.CountAdmissions(account_id, since); });
  for (int number = 0; number < kRequestIds; ++number) {
    Add(lines, "request", store.FindRequest(account_id, fmt::format("r{}", number)));
  }
}

void ObserveClosure(ClosureStore& store, const ClosureKey& key, Lines& lines) {
  Add(lines, "closure", store.LoadClosure(key));
  Add(lines, "record", store.LoadRecord(key));
  Add(lines, "changes", store.CountItemChanges(key));
  Add(lines, "some items", store.LoadItems(key, {"item-2", "none", "item-1", "item-2"}));
  Add(lines, "open items", store.ListItems(key, {.after_item_id = "item-0", .limit = 2}));
  Add(lines, "handled items", store.ListItems(key, {.disposition = v1::MUST_HANDLE, .checker = "resources"}));
  Add(lines, "history", store.ListTransitions(key, 1, 2));
  Add(lines, "consents", store.ListConsents(key));
  Add(lines, "tasks", store.ListTasks({.closure = key}));
  Add(lines, "stuck", store.ListTasks({.stuck_since = kNow + absl::Seconds(9), .closure = key}));
  Add(lines, "halted", store.ListTasks({.closure = key, .halted_only = true, .limit = 2}));
}

void ObserveSystem(ClosureStore& store, Lines& lines) {
  const absl::Time time = kNow + absl::Seconds(9);
  Add(lines, "system", store.LoadSystem());
  Add(lines, "counts", store.CountClosures());
  Add(lines, "admissions", store.CountAdmissions("", time));
  Add(lines, "shut gates", store.ListGates(0, 2));
  Add(lines, "gates", store.ListGates(3, 2));
  Add(lines, "tasks", store.ListTasks({.limit = 1000}));
  Add(lines, "stuck tasks", store.ListTasks({.stuck_since = time, .limit = 3}));
  Add(lines, "later tasks", store.ListTasks({.after = {{time, 7}}, .limit = 5}));
  Add(lines, "a task", store.LoadTask(5));
  Add(lines, "next", store.NextDueTime());
  Add(lines, "task counts", store.CountTasks(time, time));
  for (char byte = 0; byte < 3; ++byte) Add(lines, "tombstone", store.HasTombstone(std::string(1, byte)));
}

}  // namespace

std::vector<std::string> Observe(ClosureStore& store) {
  Lines lines;
  ObserveSystem(store, lines);
  for (const char* const account_id : {"", "1001", "1002", "1003", "1004"}) ObserveAccount(store, account_id, lines);
  const auto rows = store.ListClosures({.limit = 1000});
  Add(lines, "closures", rows);
  if (!rows.ok()) return lines;
  for (const ClosureRow& row : *rows) {
    ObserveClosure(store, {.account_id = row.data.account_id(), .closure_id = row.data.closure_id()}, lines);
  }
  ObserveClosure(store, {.account_id = "1001", .closure_id = "none"}, lines);
  return lines;
}

}  // namespace closure::simulation
