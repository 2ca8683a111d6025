// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/log_end.h"

#include <algorithm>
#include <array>
#include <bit>
#include <vector>

#include "storage/sqlite/page_checksum.h"

namespace closure::sqlite {
namespace {

// Of every database that is made here, on this machine. A log header that is not sound is believed in nothing.
constexpr LogForm kOurForm = {.page_bytes = 4096, .big_endian = std::endian::native == std::endian::big};

bool Read(sqlite3_file& log, std::span<unsigned char> to, int64_t offset) {
  return log.pMethods->xRead(&log, to.data(), static_cast<int>(to.size()), offset) == SQLITE_OK;
}

// Follows the frames of a log, each judged by the one before it.
class Follower {
 public:
  // `salts` are what every frame of the log carries.
  Follower(const LogForm& form, Bytes salts) : form_(form) { std::ranges::copy(salts, salts_.begin()); }

  // The frame that is not sound, whose own words have to be believed for what they are.
  void Doubt(Bytes frame) {
    before_ = ReadLogChecksum(frame.subspan(16));
    committed_ = IsOfThisLog(frame) ? CommittedPage(frame) : 0;
  }

  // Whether a frame proves that a transaction before it was synced.
  bool Proves(Bytes frame) {
    const bool sound = IsOfThisLog(frame) &&
                       IsSoundFrame(form_, before_, frame.first(kFrameHeaderBytes), frame.subspan(kFrameHeaderBytes));
    before_ = ReadLogChecksum(frame.subspan(16));
    const uint32_t committed = sound ? CommittedPage(frame) : 0;
    // SQLite may repeat the last frame of a transaction up to the end of a sector.
    const bool repeated = committed != 0 && committed == committed_;
    const bool proves = sound && committed_ != 0 && !repeated;
    committed_ = committed;
    return proves;
  }

 private:
  bool IsOfThisLog(Bytes frame) const { return std::ranges::equal(SaltsOfFrame(frame), salts_); }

  // The page of a frame that ends a transaction; 0 of another.
  static uint32_t CommittedPage(Bytes frame) {
    const LogChecksum words = ReadLogChecksum(frame);
    return words.second != 0 ? words.first : 0;
  }

  const LogForm form_;
  std::array<unsigned char, kSaltBytes> salts_ = {};
  LogChecksum before_;
  uint32_t committed_ = 0;
};

}  // namespace

LogEnd JudgeLogEnd(sqlite3_file& log, sqlite3_int64 frame) {
  sqlite3_int64 size = 0;
  std::array<unsigned char, kLogHeaderBytes> header = {};
  if (log.pMethods->xFileSize(&log, &size) != SQLITE_OK || !Read(log, header, 0)) return LogEnd::kUnread;
  const bool no_header = frame == 0;
  const LogForm form = no_header ? kOurForm : ReadLogForm(header);
  std::vector<unsigned char> bytes(kFrameHeaderBytes + static_cast<std::size_t>(form.page_bytes));
  const auto step = static_cast<sqlite3_int64>(bytes.size());
  sqlite3_int64 at = no_header ? static_cast<sqlite3_int64>(kLogHeaderBytes) : frame;
  if (at + step > size) return LogEnd::kTorn;
  if (!Read(log, bytes, at)) return LogEnd::kUnread;
  Follower follower(form, no_header ? SaltsOfFrame(bytes) : SaltsOfLog(header));
  // Without the words before it the first one cannot be judged.
  follower.Doubt(bytes);
  for (at += step; at + step <= size; at += step) {
    if (!Read(log, bytes, at)) return LogEnd::kUnread;
    if (follower.Proves(bytes)) return LogEnd::kDamaged;
  }
  return LogEnd::kTorn;
}

}  // namespace closure::sqlite
