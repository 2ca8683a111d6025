// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/heap.h"

#include <sqlite3.h>

#include <catch2/catch.hpp>

#include "storage/sqlite/database.h"
#include "tests/storage/open_store.h"
#include "tests/storage/temporary_directory.h"

namespace closure {
namespace {

using sqlite::HeapBytes;
using sqlite::kHeapBytesMax;

TEST_CASE("what SQLite has is counted, and ends at a limit", "[sqlite]") {
  const TemporaryDirectory directory;
  const auto store = MustOpen({.path = directory.Path("closure.db"), .scrub = false});
  const int64_t before = HeapBytes();
  CHECK(before > 0);
  void* block = sqlite3_malloc64(1 << 20);
  REQUIRE(block != nullptr);
  CHECK(HeapBytes() >= before + (1 << 20));
  block = sqlite3_realloc64(block, 4 << 20);
  REQUIRE(block != nullptr);
  CHECK(HeapBytes() >= before + (4 << 20));
  CHECK(sqlite3_realloc64(block, kHeapBytesMax) == nullptr);
  CHECK(sqlite3_malloc64(kHeapBytesMax) == nullptr);
  CHECK(HeapBytes() < before + (5 << 20));
  sqlite3_free(block);
  sqlite3_free(nullptr);
  CHECK(HeapBytes() < before + (1 << 20));
}

}  // namespace
}  // namespace closure
