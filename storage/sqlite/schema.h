// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_STORAGE_SQLITE_SCHEMA_H_
#define CLOSURE_STORAGE_SQLITE_SCHEMA_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "storage/sqlite/database.h"

namespace closure {

// What a database is for. It is marked with it when it is made, and refused by the other for ever: the dev clock can be
// moved, so what has run under it proves nothing about time.
enum class Deployment { kProduction, kDev };

namespace sqlite {

// One numbered step of the schema; storage/migrations/sqlite/NNNN_NAME.sql. Never edited after a release.
struct Migration {
  int32_t version;
  const char* name;
  const char* script;
};

// All of them from 1 on, embedded at build time.
absl::Span<const Migration> Migrations();

// Checks that the file is new or ours, made for this deployment and not by a newer program, and brings its schema up to
// date, each step in one transaction with its version row. A file that is refused is not changed. Errors:
// FAILED_PRECONDITION saying what the file is and what to do; UNAVAILABLE.
absl::Status PrepareSchema(Connection& connection, const std::string& path, Deployment deployment);

// Binds a prepared database to the secret key that it is used with, known by a check value derived from it: tombstones
// and codes mean nothing under another (D13). While it has no closure, another key takes the place of the one before.
// Errors: FAILED_PRECONDITION when it has closures of another key; UNAVAILABLE.
absl::Status BindToKey(Connection& connection, std::string_view path, std::string_view key_check);

// Whether a meta key is one of the marks above, which nobody else writes.
bool IsMark(std::string_view meta_key);

}  // namespace sqlite
}  // namespace closure

#endif  // CLOSURE_STORAGE_SQLITE_SCHEMA_H_
