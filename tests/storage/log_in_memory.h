// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_STORAGE_LOG_IN_MEMORY_H_
#define CLOSURE_TESTS_STORAGE_LOG_IN_MEMORY_H_

#include <sqlite3.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "storage/sqlite/page_checksum.h"

namespace closure {

// A write-ahead log as SQLite writes it, frame by frame, and the file that it lies in. One thread.
class LogInMemory : public sqlite3_file {
 public:
  static constexpr std::size_t kPageBytes = 4096;
  static constexpr std::size_t kFrameBytes = sqlite::kFrameHeaderBytes + kPageBytes;

  // With a header and no frame; logs of another salt are other logs.
  explicit LogInMemory(std::uint32_t salt = 0x12345678);
  LogInMemory(const LogInMemory&) = delete;
  LogInMemory& operator=(const LogInMemory&) = delete;

  // One more frame, of a page whose content is the frame's number; the page of that number too where `page` is 0.
  // `commits` where it ends a transaction, which leaves a database of so many pages, or of all there are.
  void Append(bool commits, std::uint32_t page = 0, std::uint32_t pages_after = 0);
  // Writes the checksum of the header anew.
  void SealHeader();

  // Where a frame begins, counted from 0.
  static constexpr std::size_t FrameAt(std::size_t number) { return sqlite::kLogHeaderBytes + number * kFrameBytes; }

  std::vector<unsigned char> bytes;
  // The number of the one read that fails, and whether the size can be told.
  int failing_read = -1;
  bool has_size = true;
  int reads = 0;
  // Called before each read, for what others do to the file meanwhile; empty for nothing.
  std::function<void()> on_read;

 private:
  std::uint32_t frames_ = 0;
  std::uint32_t pages_ = 0;
};

}  // namespace closure

#endif  // CLOSURE_TESTS_STORAGE_LOG_IN_MEMORY_H_
