// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_STORAGE_OPEN_STORE_H_
#define CLOSURE_TESTS_STORAGE_OPEN_STORE_H_

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <utility>

#include "storage/sqlite/sqlite_closure_store.h"

namespace closure {

inline std::unique_ptr<SqliteClosureStore> MustOpen(const SqliteOptions& options) {
  auto store = SqliteClosureStore::Open(options);
  INFO(store.status().ToString());
  REQUIRE(store.ok());
  return *std::move(store);
}

// Opens a store; the message of a refusal for what it finds, or "".
inline std::string Refusal(const SqliteOptions& options) {
  const auto store = SqliteClosureStore::Open(options);
  if (store.ok()) return "";
  CHECK(absl::IsFailedPrecondition(store.status()));
  return std::string(store.status().message());
}

}  // namespace closure

#endif  // CLOSURE_TESTS_STORAGE_OPEN_STORE_H_
