// SPDX-License-Identifier: Apache-2.0
#include "sandbox/act_ledger.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "fmt/format.h"
#include "sandbox/account_rows.h"
#include "sandbox/cloud_values.h"

namespace closure {
namespace {

using upstream::v1::Act;
using upstream::v1::ActResult;

constexpr size_t kKeyBytesMax = 255;

// What is known of a key.
struct StoredAct {
  int64_t act_number = 0;
  std::string method;
  std::string account_id;
  std::string subject;
  ActResult result;
};

std::string ServiceOf(const std::string& method) { return method.substr(0, method.find('/')); }

absl::Status ValidateAct(const LedgerEntry& entry) {
  const Act& act = entry.act;
  const auto invalid = [&](const std::string& what) {
    return absl::InvalidArgumentError(fmt::format("sandbox: {}: {}", entry.method, what));
  };
  if (act.account_id().empty()) return invalid("act.account_id is missing");
  if (!act.closure().starts_with(fmt::format("accounts/{}/closures/", act.account_id()))) {
    return invalid(
        fmt::format("act.closure \"{}\" is not a closure of the account \"{}\"", act.closure(), act.account_id()));
  }
  const std::string& key = act.idempotency_key();
  const bool printable = std::all_of(key.begin(), key.end(), [](char c) { return c >= ' ' && c <= '~'; });
  if (key.empty() || key.size() > kKeyBytesMax || !printable) {
    return invalid("act.idempotency_key is not 1 to 255 printable ASCII characters");
  }
  if (act.fence() < 0 || (act.fence() == 0 && !entry.is_message)) return invalid("act.fence is not above zero");
  return absl::OkStatus();
}

std::optional<StoredAct> FindAct(SqliteTransaction& tx, const LedgerEntry& entry) {
  std::optional<StoredAct> found;
  tx.Query(
      "SELECT act_number, method, account_id, outcome, detail, subject FROM acts WHERE service = ? AND idempotency_key = ?",
      {ServiceOf(entry.method), entry.act.idempotency_key()}, [&](const SqliteRow& row) {
        StoredAct& stored = found.emplace();
        stored.act_number = row.Integer(0);
        stored.method = row.Text(1);
        stored.account_id = row.Text(2);
        stored.subject = row.Text(5);
        ActResult::Outcome outcome = ActResult::OUTCOME_UNSPECIFIED;
        ActResult::Outcome_Parse(row.Text(3), &outcome);
        stored.result.set_outcome(outcome);
        stored.result.set_detail(row.Text(4));
      });
  return found;
}

void RaiseFence(SqliteTransaction& tx, const Act& act) {
  tx.Run(
      "INSERT INTO fences (account_id, fence) VALUES (?, ?)"
      " ON CONFLICT (account_id) DO UPDATE SET fence = MAX(fence, excluded.fence)",
      {act.account_id(), act.fence()});
}

// Writes or overwrites the key's row with an answer that was given now.
void Record(SqliteTransaction& tx, const LedgerEntry& entry, const ActResult& result, absl::Time now) {
  const std::string& outcome = ActResult::Outcome_Name(result.outcome());
  tx.Run(
      "INSERT INTO acts (service, idempotency_key, method, account_id, subject, fence, calls, outcome, detail, "
      "currency_code, units, nanos,"
      " create_time_us) VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?)"
      " ON CONFLICT (service, idempotency_key) DO UPDATE SET fence = excluded.fence, calls = calls + 1,"
      " outcome = excluded.outcome, detail = excluded.detail, currency_code = excluded.currency_code, units = "
      "excluded.units,"
      " nanos = excluded.nanos, create_time_us = excluded.create_time_us",
      {ServiceOf(entry.method), entry.act.idempotency_key(), entry.method, entry.act.account_id(), entry.subject,
       entry.act.fence(), outcome, result.detail(),
       entry.amount ? SqliteValue(entry.amount->currency_code()) : SqliteValue(nullptr),
       entry.amount ? SqliteValue(entry.amount->units()) : SqliteValue(nullptr),
       entry.amount ? SqliteValue(entry.amount->nanos()) : SqliteValue(nullptr), ToMicros(now)});
}

ActResult Refusal(ActResult::Outcome outcome, std::string detail) {
  ActResult result;
  result.set_outcome(outcome);
  result.set_detail(std::move(detail));
  return result;
}

// The answer to a key that is not done yet.
absl::StatusOr<ActResult> Perform(SqliteTransaction& tx, const LedgerEntry& entry, DoAct do_act) {
  if (entry.is_message) return do_act(tx);
  const std::string& account_id = entry.act.account_id();
  const AccountPresence presence = FindAccount(tx, account_id);
  if (presence == AccountPresence::kUnknown) return RequireLive(tx, account_id);
  const int64_t highest = HighestFence(tx, account_id);
  if (presence == AccountPresence::kDeleted) {
    return Refusal(ActResult::ACCOUNT_DELETED, fmt::format("the account {} was deleted", account_id));
  }
  if (entry.act.fence() < highest) {
    return Refusal(ActResult::FENCED, fmt::format("the fence {} is below {}", entry.act.fence(), highest));
  }
  RaiseFence(tx, entry.act);
  return do_act(tx);
}

}  // namespace

absl::StatusOr<ActResult> PerformOnce(SqliteTransaction& tx, const LedgerEntry& entry, absl::Time now, DoAct do_act) {
  if (absl::Status status = ValidateAct(entry); !status.ok()) return status;
  const std::optional<StoredAct> stored = FindAct(tx, entry);
  const bool is_another = stored && (stored->method != entry.method || stored->account_id != entry.act.account_id() ||
                                     stored->subject != entry.subject);
  if (is_another) {
    return absl::InvalidArgumentError(
        fmt::format("sandbox: {}: the idempotency key \"{}\" was used for {}{}{} of the account \"{}\"", entry.method,
                    entry.act.idempotency_key(), stored->method, stored->subject.empty() ? "" : " ", stored->subject,
                    stored->account_id));
  }
  if (stored && stored->result.outcome() == ActResult::DONE) {
    if (!entry.is_message) RaiseFence(tx, entry.act);
    tx.Run("UPDATE acts SET calls = calls + 1 WHERE act_number = ?", {stored->act_number});
    return stored->result;
  }
  absl::StatusOr<ActResult> result = Perform(tx, entry, do_act);
  if (result.ok()) Record(tx, entry, *result, now);
  return result;
}

std::vector<sandbox::v1::SandboxAct> ReadActs(SqliteTransaction& tx, const std::string& account_id) {
  std::vector<sandbox::v1::SandboxAct> acts;
  tx.Query(
      "SELECT method, idempotency_key, fence, calls, outcome, detail, currency_code, units, nanos, create_time_us FROM "
      "acts"
      " WHERE account_id = ? ORDER BY act_number",
      {account_id}, [&](const SqliteRow& row) {
        sandbox::v1::SandboxAct& act = acts.emplace_back();
        act.set_method(row.Text(0));
        act.set_idempotency_key(row.Text(1));
        act.set_fence(row.Integer(2));
        act.set_calls(row.Integer32(3));
        act.set_outcome(row.Text(4));
        act.set_detail(row.Text(5));
        if (!row.IsNull(6)) *act.mutable_amount() = MoneyOf(row.Text(6), row.Integer(7), row.Integer32(8));
        *act.mutable_create_time() = TimestampOfMicros(row.Integer(9));
      });
  return acts;
}

int64_t HighestFence(SqliteTransaction& tx, const std::string& account_id) {
  return tx.Number("SELECT fence FROM fences WHERE account_id = ?", {account_id});
}

}  // namespace closure
