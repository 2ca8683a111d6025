// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/sqlite_closure_store.h"
#include "tests/simulation/memory_store.h"
#include "tests/simulation/stepping_store.h"
#include "tests/storage/conformance.h"
#include "tests/storage/temporary_directory.h"

namespace closure {
namespace {

class SqlitePlace final : public StorePlace {
 public:
  absl::StatusOr<std::unique_ptr<ClosureStore>> Open() override {
    return SqliteClosureStore::Open({.path = directory_.Path("closure.db")});
  }

 private:
  const TemporaryDirectory directory_;
};

class MemoryPlace final : public StorePlace {
 public:
  absl::StatusOr<std::unique_ptr<ClosureStore>> Open() override {
    // The process before left it closed.
    if (opened_) store_.Reopen();
    opened_ = true;
    return std::make_unique<simulation::SteppingStore>(store_);
  }

 private:
  simulation::MemoryStore store_;
  bool opened_ = false;
};

}  // namespace

std::vector<StoreBackend> StoreBackends() {
  return {
      {.name = "memory", .make_place = [] { return std::make_unique<MemoryPlace>(); }},
      {.name = "sqlite", .make_place = [] { return std::make_unique<SqlitePlace>(); }},
  };
}

}  // namespace closure
