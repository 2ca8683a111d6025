// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/checkpoint_guard.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "storage/sqlite/page_checksum.h"

namespace closure::sqlite {
namespace {

// Where the wal-index counts frames, in bytes from its begin: those that are committed, and those that a checkpoint has
// copied. Between them it has the salts of the log.
constexpr std::size_t kCommittedAt = 16;
constexpr std::size_t kSaltsAt = 32;
constexpr std::size_t kCopiedAt = 96;

// One word, which others write whole.
uint32_t ReadWord(const volatile void* wal_index, std::size_t at) {
  return static_cast<const volatile uint32_t*>(wal_index)[at / sizeof(uint32_t)];
}

int Read(sqlite3_file& log, std::span<unsigned char> to, sqlite3_int64 offset) {
  const int code = log.pMethods->xRead(&log, to.data(), static_cast<int>(to.size()), offset);
  // All that is asked for was committed.
  return code == SQLITE_IOERR_SHORT_READ ? SQLITE_IOERR_DATA : code;
}

// The same number of the log that a header begins: SQLite copies the salts byte by byte.
uint64_t WhichLogBegins(Bytes header) {
  uint64_t which = 0;
  static_assert(sizeof(which) == kSaltBytes);
  std::memcpy(&which, SaltsOfLog(header).data(), sizeof(which));
  return which;
}

}  // namespace

uint64_t WhichLog(const volatile void* wal_index) {
  const std::array<uint32_t, 2> salts = {ReadWord(wal_index, kSaltsAt),
                                         ReadWord(wal_index, kSaltsAt + sizeof(uint32_t))};
  return std::bit_cast<uint64_t>(salts);
}

uint32_t CommittedFrames(const volatile void* wal_index) { return ReadWord(wal_index, kCommittedAt); }
uint32_t CopiedFrames(const volatile void* wal_index) { return ReadWord(wal_index, kCopiedAt); }

int CheckBeforeCopying(sqlite3_file& log, const volatile void* wal_index) {
  const uint32_t copied = CopiedFrames(wal_index);
  const uint32_t committed = CommittedFrames(wal_index);
  std::array<unsigned char, kLogHeaderBytes> header = {};
  int code = Read(log, header, 0);
  if (code != SQLITE_OK) return code;
  // An older log in the place of this one, which was never written, is sound by itself.
  if (!IsSoundLogHeader(header) || WhichLogBegins(header) != WhichLog(wal_index)) return SQLITE_IOERR_DATA;
  const LogForm form = ReadLogForm(header);
  std::vector<unsigned char> frame(kFrameHeaderBytes + static_cast<std::size_t>(form.page_bytes));
  const auto place = [&frame](uint32_t number) {
    return static_cast<sqlite3_int64>(kLogHeaderBytes) + number * std::ssize(frame);
  };
  LogChecksum before = ChecksumOfLog(header);
  if (copied > 0) {
    // What is copied is not asked for any more; but what follows it goes on from its checksum, at a start too.
    code = Read(log, std::span(frame).first(kFrameHeaderBytes), place(copied - 1));
    if (code != SQLITE_OK) return code;
    before = ChecksumOfFrame(frame);
  }
  for (uint32_t number = copied; number < committed; ++number) {
    code = Read(log, frame, place(number));
    if (code != SQLITE_OK) return code;
    if (!IsFrameOfLog(form, SaltsOfLog(header), before, frame)) return SQLITE_IOERR_DATA;
    before = ChecksumOfFrame(frame);
  }
  return SQLITE_OK;
}

}  // namespace closure::sqlite
