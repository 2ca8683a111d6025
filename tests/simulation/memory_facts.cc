// SPDX-License-Identifier: Apache-2.0
#include "tests/simulation/memory_facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "storage/history_chain.h"
#include "storage/sqlite/columns.h"
#include "storage/status_macros.h"
#include "tests/simulation/schema_rules.h"

namespace closure::simulation {
namespace {

using sqlite::Micros;
using sqlite::TimestampOfMicros;

// The highest number that a table by (closure row, number) has of the closure; 0 for none.
template <typename Row>
int64_t LastNumber(const UndoTable<std::pair<int64_t, int64_t>, Row>& table, int64_t closure_row) {
  const auto& rows = table.rows();
  const auto end = rows.upper_bound(std::pair(closure_row, std::numeric_limits<int64_t>::max()));
  if (end == rows.begin()) return 0;
  const auto& [row, number] = std::prev(end)->first;
  return row == closure_row ? number : 0;
}

void EraseRequest(MemoryTables& tables, int64_t request_row) {
  const RequestRecord& record = tables.requests.Find(request_row)->record;
  tables.request_rows.Erase(std::pair(record.account_id, record.request_id));
  tables.requests.Erase(request_row);
}

}  // namespace

absl::Status AppendTransition(MemoryTables& tables, int64_t closure_row, const ClosureKey& key,
                              const HistoryEntry& entry) {
  CLOSURE_RETURN_IF_ERROR(CheckHistoryRow(entry));
  const int64_t last = LastNumber(tables.transitions, closure_row);
  const std::string previous_hash =
      last == 0 ? FirstPreviousHash() : tables.transitions.Find(std::pair(closure_row, last))->hash();
  // The hash covers what is stored: whole microseconds.
  HistoryEntry stored = entry;
  stored.time = absl::FromUnixMicros(Micros(entry.time));
  const int64_t number = last + 1;
  v1::Transition transition;
  transition.set_name(fmt::format("{}/transitions/{}", FormatClosureName(key), number));
  transition.set_from_state(entry.from_state);
  transition.set_event(entry.event);
  transition.set_to_state(entry.to_state);
  *transition.mutable_create_time() = TimestampOfMicros(Micros(entry.time));
  transition.set_actor(entry.actor);
  transition.set_detail(entry.detail);
  transition.set_previous_hash(previous_hash);
  transition.set_hash(HashEntry(previous_hash, stored, number, FormatClosureName(key)));
  tables.transitions.Put({closure_row, number}, std::move(transition));
  return absl::OkStatus();
}

absl::Status PutItem(MemoryTables& tables, int64_t closure_row, const ClosureKey& key, const v1::BlockingItem& item) {
  const std::string prefix = fmt::format("{}/blockingItems/", FormatClosureName(key));
  if (!absl::StartsWith(item.name(), prefix)) {
    return absl::InvalidArgumentError(fmt::format("the item {} is not one of {}", item.name(), FormatClosureName(key)));
  }
  const std::string item_id = item.name().substr(prefix.size());
  CLOSURE_RETURN_IF_ERROR(CheckItemRow(item_id, item));
  v1::BlockingItem stored = item;
  stored.DiscardUnknownFields();
  if (item.has_first_seen_time()) {
    *stored.mutable_first_seen_time() = TimestampOfMicros(Micros(item.first_seen_time()));
  }
  tables.items.Put({closure_row, item_id}, std::move(stored));
  return absl::OkStatus();
}

absl::Status AddConsent(MemoryTables& tables, int64_t closure_row, const v1::Consent& consent) {
  CLOSURE_RETURN_IF_ERROR(CheckConsentRow(consent));
  v1::Consent stored = consent;
  stored.DiscardUnknownFields();
  if (consent.has_create_time()) *stored.mutable_create_time() = TimestampOfMicros(Micros(consent.create_time()));
  tables.consents.Put({closure_row, LastNumber(tables.consents, closure_row) + 1}, std::move(stored));
  return absl::OkStatus();
}

void AddCode(MemoryTables& tables, std::string_view account_id, absl::Time time) {
  tables.codes.Put(tables.codes.LastKey() + 1, {.account_id = std::string(account_id), .time = Micros(time)});
}

absl::Status AddAdmission(MemoryTables& tables, int64_t closure_row, std::string_view organization_id,
                          absl::Time time) {
  if (tables.admissions.Find(closure_row) != nullptr) {
    return absl::AlreadyExistsError("store(memory): the end of the closure's silent period is admitted already");
  }
  tables.admissions.Put(closure_row, {.organization_id = std::string(organization_id), .time = Micros(time)});
  internal::v1::SystemData system = *tables.system;
  system.set_admissions(system.admissions() + 1);
  tables.system.Set(std::move(system));
  return absl::OkStatus();
}

absl::Status AddRequest(MemoryTables& tables, const RequestRecord& request, std::optional<int64_t> closure_row) {
  CLOSURE_RETURN_IF_ERROR(CheckRequestRow(request));
  const int64_t row = tables.requests.LastKey() + 1;
  StoredRequest stored{.record = request, .closure_row = closure_row};
  stored.record.time = absl::FromUnixMicros(Micros(request.time));
  stored.record.closure_id.clear();
  if (closure_row.has_value()) stored.record.closure_id = tables.closures.Find(*closure_row)->closure_id();
  tables.request_rows.Put({request.account_id, request.request_id}, row);
  tables.requests.Put(row, std::move(stored));
  return absl::OkStatus();
}

void EraseResponses(MemoryTables& tables, int64_t closure_row) {
  for (const auto& [row, request] : tables.requests.rows()) {
    if (request.closure_row != closure_row) continue;
    StoredRequest erased = request;
    erased.record.response.clear();
    tables.requests.Put(row, std::move(erased));
  }
}

void SetBackCounted(MemoryTables& tables, absl::Time now) {
  const auto set_back = [](auto& table, auto time_of, auto to) {
    std::vector<int64_t> later;
    for (const auto& [row, written] : table.rows()) {
      if (time_of(written) > to) later.push_back(row);
    }
    for (const int64_t row : later) {
      auto written = *table.Find(row);
      time_of(written) = to;
      table.Put(row, std::move(written));
    }
  };
  set_back(
      tables.admissions, [](auto& row) -> auto& { return row.time; }, Micros(now));
  set_back(
      tables.codes, [](auto& row) -> auto& { return row.time; }, Micros(now));
  set_back(
      tables.requests, [](auto& row) -> auto& { return row.record.time; }, absl::FromUnixMicros(Micros(now)));
}

void ForgetRequests(MemoryTables& tables, int64_t closure_row) {
  std::vector<int64_t> forgotten;
  for (const auto& [row, request] : tables.requests.rows()) {
    if (request.closure_row == closure_row) forgotten.push_back(row);
  }
  for (const int64_t row : forgotten) EraseRequest(tables, row);
}

void ForgetCodes(MemoryTables& tables, absl::Time before) {
  std::vector<int64_t> forgotten;
  int looked_at = 0;
  for (const auto& [row, code] : tables.codes.rows()) {
    if (++looked_at > kForgottenRowsMax) break;
    if (code.time < Micros(before)) forgotten.push_back(row);
  }
  for (const int64_t row : forgotten) tables.codes.Erase(row);
}

void ForgetAdmissions(MemoryTables& tables, absl::Time before) {
  std::vector<std::pair<int64_t, int64_t>> old;
  for (const auto& [row, admission] : tables.admissions.rows()) {
    if (admission.time < Micros(before)) old.emplace_back(admission.time, row);
  }
  std::sort(old.begin(), old.end());
  if (old.size() > kForgottenRowsMax) old.resize(kForgottenRowsMax);
  for (const auto& [time, row] : old) tables.admissions.Erase(row);
}

void ForgetSystemRequests(MemoryTables& tables, absl::Time before) {
  std::vector<int64_t> forgotten;
  int looked_at = 0;
  for (const auto& [row, request] : tables.requests.rows()) {
    if (request.closure_row.has_value()) continue;
    if (++looked_at > kForgottenRowsMax) break;
    if (request.record.account_id.empty() && Micros(request.record.time) < Micros(before)) forgotten.push_back(row);
  }
  for (const int64_t row : forgotten) EraseRequest(tables, row);
}

}  // namespace closure::simulation
