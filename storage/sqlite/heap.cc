// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/heap.h"

#include <malloc.h>
#include <sqlite3.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>

#include "absl/base/call_once.h"

namespace closure::sqlite {
namespace {

std::atomic<int64_t> heap_bytes = 0;
// Whether SQLite took the functions below.
std::atomic<bool> is_counted = false;

// As SQLite demands of an allocator: sizes are above zero.

int SizeOf(void* block) { return static_cast<int>(malloc_usable_size(block)); }

bool IsRoomFor(int bytes) { return heap_bytes.load(std::memory_order_relaxed) + bytes <= kHeapBytesMax; }

void Count(int64_t bytes) { heap_bytes.fetch_add(bytes, std::memory_order_relaxed); }

void* Allocate(int bytes) {
  void* const block = IsRoomFor(bytes) ? std::malloc(static_cast<std::size_t>(bytes)) : nullptr;
  if (block != nullptr) Count(SizeOf(block));
  return block;
}

void Free(void* block) {
  if (block == nullptr) return;
  Count(-SizeOf(block));
  std::free(block);
}

void* Reallocate(void* block, int bytes) {
  const int before = SizeOf(block);
  void* const grown = IsRoomFor(bytes - before) ? std::realloc(block, static_cast<std::size_t>(bytes)) : nullptr;
  if (grown != nullptr) Count(SizeOf(grown) - before);
  return grown;
}

int RoundUp(int bytes) { return (bytes + 7) & ~7; }
int Begin(void*) { return SQLITE_OK; }
void End(void*) {}

void Configure() {
  constexpr sqlite3_mem_methods kMethods = {Allocate, Free, Reallocate, SizeOf, RoundUp, Begin, End, nullptr};
  is_counted = sqlite3_config(SQLITE_CONFIG_MALLOC, &kMethods) == SQLITE_OK &&
               sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) == SQLITE_OK;
}

}  // namespace

void UseCountedHeap() {
  static absl::once_flag once;
  absl::call_once(once, Configure);
}

int64_t HeapBytes() { return is_counted ? heap_bytes.load(std::memory_order_relaxed) : sqlite3_memory_used(); }

}  // namespace closure::sqlite
