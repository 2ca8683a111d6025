// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_STORAGE_SQLITE_HEAP_H_
#define CLOSURE_STORAGE_SQLITE_HEAP_H_

#include <cstdint>

// The memory of SQLite. To keep to a limit, SQLite counts what it has under one lock for all connections, and Debian
// builds it without the small buffers that would spare it most allocations; so every read would meet every other one,
// and the writer, at that lock several times. Here it is counted with an atomic instead (ADR 27).
namespace closure::sqlite {

// What all connections of the process may have: a runaway statement fails instead of the machine.
inline constexpr int64_t kHeapBytesMax = 512 << 20;

// Has SQLite take its memory from here. Where something in the process has used SQLite before, nothing changes and
// SQLite keeps to the limit by itself. Any thread, any number of times.
void UseCountedHeap();

// How much SQLite has, in bytes.
int64_t HeapBytes();

}  // namespace closure::sqlite

#endif  // CLOSURE_STORAGE_SQLITE_HEAP_H_
