// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/sqlite_closure_store.h"
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

}  // namespace

std::vector<StoreBackend> StoreBackends() {
  return {
      {.name = "sqlite", .make_place = [] { return std::make_unique<SqlitePlace>(); }},
  };
}

}  // namespace closure
