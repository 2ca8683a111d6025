// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/history_rows.h"

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "storage/history_chain.h"
#include "storage/sqlite/columns.h"
#include "storage/status_macros.h"

namespace closure::sqlite {
namespace {

struct LastEntry {
  int64_t number = 0;
  std::string hash;
};

absl::StatusOr<LastEntry> FindLastEntry(Connection& connection, int64_t closure_row) {
  Statement row = connection.Select(
      "SELECT number, hash FROM transitions WHERE closure_row = ?1 ORDER BY number DESC LIMIT 1", closure_row);
  CLOSURE_ASSIGN_OR_RETURN(const bool found, row.Step());
  if (!found) return LastEntry{.hash = FirstPreviousHash()};
  return LastEntry{.number = row.Int(0), .hash = row.Text(1)};
}

// The columns number, from_state, event, to_state, create_time, actor, detail, previous_hash, hash.
absl::StatusOr<v1::Transition> ReadTransition(const Statement& row, std::string_view closure_name) {
  v1::Transition transition;
  v1::Closure::State from = v1::Closure::STATE_UNSPECIFIED;
  v1::Closure::State to = v1::Closure::STATE_UNSPECIFIED;
  CLOSURE_RETURN_IF_ERROR(ParseName(row, 1, &v1::Closure::State_Parse, from));
  CLOSURE_RETURN_IF_ERROR(ParseName(row, 3, &v1::Closure::State_Parse, to));
  transition.set_name(fmt::format("{}/transitions/{}", closure_name, row.Int(0)));
  transition.set_from_state(from);
  transition.set_event(row.Text(2));
  transition.set_to_state(to);
  *transition.mutable_create_time() = TimestampOfMicros(row.Int(4));
  transition.set_actor(row.Text(5));
  transition.set_detail(row.Text(6));
  transition.set_previous_hash(row.Text(7));
  transition.set_hash(row.Text(8));
  return transition;
}

// The columns kind, version, digest, text, language_code, create_time, actor.
absl::StatusOr<v1::Consent> ReadConsent(const Statement& row) {
  v1::Consent consent;
  v1::Consent::Kind kind = v1::Consent::KIND_UNSPECIFIED;
  CLOSURE_RETURN_IF_ERROR(ParseName(row, 0, &v1::Consent::Kind_Parse, kind));
  consent.set_kind(kind);
  consent.set_version(row.Text(1));
  consent.set_digest(row.Text(2));
  consent.set_text(row.Text(3));
  consent.set_language_code(row.Text(4));
  if (!row.IsNull(5)) *consent.mutable_create_time() = TimestampOfMicros(row.Int(5));
  consent.set_actor(row.Text(6));
  return consent;
}

}  // namespace

absl::Status AppendTransition(Connection& connection, int64_t closure_row, const ClosureKey& key,
                              const HistoryEntry& entry) {
  CLOSURE_ASSIGN_OR_RETURN(const LastEntry last, FindLastEntry(connection, closure_row));
  // The hash covers what is stored: whole microseconds.
  HistoryEntry stored = entry;
  stored.time = absl::FromUnixMicros(Micros(entry.time));
  const int64_t number = last.number + 1;
  return connection.Run(
      R"sql(
      INSERT OR FAIL INTO transitions (closure_row, number, from_state, event, to_state, create_time, actor, detail,
        previous_hash, hash)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
      )sql",
      closure_row, number, v1::Closure::State_Name(entry.from_state), entry.event,
      v1::Closure::State_Name(entry.to_state), Micros(entry.time), entry.actor, entry.detail, last.hash,
      HashEntry(last.hash, stored, number, FormatClosureName(key)));
}

absl::Status AddConsent(Connection& connection, int64_t closure_row, const v1::Consent& consent) {
  return connection.Run(
      R"sql(
      INSERT INTO consents (closure_row, kind, version, digest, text, language_code, create_time, actor)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
      )sql",
      closure_row, v1::Consent::Kind_Name(consent.kind()), consent.version(), consent.digest(), consent.text(),
      consent.language_code(), MicrosIf(consent.has_create_time(), consent.create_time()), consent.actor());
}

absl::StatusOr<std::vector<v1::Transition>> ListTransitions(Connection& connection, const ClosureKey& key,
                                                            int64_t after, int limit) {
  const std::string closure_name = FormatClosureName(key);
  Statement rows = connection.Select(R"sql(
      SELECT number, from_state, event, to_state, create_time, actor, detail, previous_hash, hash
      FROM transitions
      WHERE closure_row = (SELECT closure_row FROM closures WHERE account_id = ?1 AND closure_id = ?2)
        AND number > ?3
      ORDER BY number LIMIT ?4
      )sql",
                                     key.account_id, key.closure_id, after, limit);
  return ReadRows(std::move(rows), [&closure_name](const Statement& row) { return ReadTransition(row, closure_name); });
}

absl::StatusOr<std::vector<v1::Consent>> ListConsents(Connection& connection, const ClosureKey& key) {
  Statement rows = connection.Select(
      R"sql(
      SELECT kind, version, digest, text, language_code, create_time, actor
      FROM consents
      WHERE closure_row = (SELECT closure_row FROM closures WHERE account_id = ?1 AND closure_id = ?2)
      ORDER BY consent_row
      )sql",
      key.account_id, key.closure_id);
  return ReadRows(std::move(rows), &ReadConsent);
}

}  // namespace closure::sqlite
