// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/log_end.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "storage/sqlite/page_checksum.h"

namespace closure::sqlite {
namespace {

using Frame = std::vector<unsigned char>;

// Of every database that is made here, on this machine. A log header that is not sound is believed in nothing.
constexpr LogForm kOurForm = {.page_bytes = 4096, .big_endian = std::endian::native == std::endian::big};

// Disks write no less, and write it whole.
constexpr sqlite3_int64 kSectorBytes = 512;

bool Read(sqlite3_file& log, std::span<unsigned char> to, sqlite3_int64 offset) {
  return log.pMethods->xRead(&log, to.data(), static_cast<int>(to.size()), offset) == SQLITE_OK;
}

Bytes PageOf(Bytes frame) { return frame.subspan(kFrameHeaderBytes); }

// Whether the salts of a log are known, from its header.
enum class Salts { kKnown, kUnknown };

// Follows the frames of a log, each judged by the one before it.
class Follower {
 public:
  // Begins with the frame that is not sound. Its header is believed as far as that proves nothing by itself. `before`
  // is the checksum before it, where that is known.
  Follower(const LogForm& form, Salts known, Bytes salts, Bytes doubted, const LogChecksum& before)
      : form_(form), known_(known), stored_(ChecksumOfFrame(doubted)), committed_(Commits(doubted)) {
    std::ranges::copy(salts, salts_.begin());
    // It may be the checksum itself that is damaged.
    computed_ = FrameChecksum(form_, before, doubted, PageOf(doubted));
  }

  // Goes on to the next frame, which begins at `at`. Answers whether it proves that a transaction before it was synced.
  bool Follow(Bytes frame, sqlite3_int64 at) {
    const bool sound = IsAfter(stored_, frame) || IsAfter(computed_, frame);
    const bool proves = sound && committed_;
    stored_ = computed_ = ChecksumOfFrame(frame);
    // The salts of a frame that is damaged would hide all frames behind it.
    if (!sound && known_ == Salts::kUnknown) std::ranges::copy(SaltsOfFrame(frame), salts_.begin());
    committed_ = Commits(frame) && (sound || IsInOneSector(at));
    return proves;
  }

 private:
  static bool Commits(Bytes frame) { return ReadFrameWords(frame).pages_after_commit != 0; }
  // Then the header of a frame is all new or all old, whatever a crash tore; and no frame follows an old one.
  static bool IsInOneSector(sqlite3_int64 at) {
    return at % kSectorBytes + static_cast<sqlite3_int64>(kFrameHeaderBytes) <= kSectorBytes;
  }
  bool IsAfter(const LogChecksum& before, Bytes frame) const { return IsFrameOfLog(form_, salts_, before, frame); }

  const LogForm form_;
  const Salts known_;
  std::array<unsigned char, kSaltBytes> salts_ = {};
  // Of the frame before: what its header says, and what it should say.
  LogChecksum stored_;
  LogChecksum computed_;
  bool committed_;
};

LogEnd FollowToEnd(sqlite3_file& log, sqlite3_int64 size, sqlite3_int64 at, Follower& follower, Frame& frame) {
  const auto step = static_cast<sqlite3_int64>(frame.size());
  for (; at + step <= size; at += step) {
    if (!Read(log, frame, at)) return LogEnd::kUnread;
    if (follower.Follow(frame, at)) return LogEnd::kDamaged;
  }
  return LogEnd::kTorn;
}

Frame FrameOf(const LogForm& form) { return Frame(kFrameHeaderBytes + static_cast<std::size_t>(form.page_bytes)); }

// What the transactions of a log made of the database.
struct LoggedPages {
  // Where the newest of each page lies in the log, by its number.
  std::map<uint32_t, sqlite3_int64> at;
  // How many the database has.
  uint32_t count = 0;
};

// Adds those of a log of our form, whose header is not believed. Torn, unless what follows its sound frames proves
// more.
LogEnd ReadLoggedPages(sqlite3_file& log, sqlite3_int64 size, LoggedPages& pages) {
  std::map<uint32_t, sqlite3_int64> open;
  Frame before;
  Frame frame = FrameOf(kOurForm);
  std::array<unsigned char, kSaltBytes> salts = {};
  for (sqlite3_int64 at = kLogHeaderBytes; at + std::ssize(frame) <= size; at += std::ssize(frame)) {
    if (!Read(log, frame, at)) return LogEnd::kUnread;
    const bool is_first = before.empty();
    if (is_first) std::ranges::copy(SaltsOfFrame(frame), salts.begin());
    // Of an older log, and to be overwritten. One of this log behind it would not follow the one before.
    if (!std::ranges::equal(SaltsOfFrame(frame), salts)) continue;
    const FrameWords words = ReadFrameWords(frame);
    // Nothing is known before the first frame; but a page is sealed with its number.
    const bool sound = is_first ? IsSealedPage(PageOf(frame), words.page)
                                : IsSoundFrame(kOurForm, ChecksumOfFrame(before), frame, PageOf(frame));
    if (!sound && is_first) return LogEnd::kDamaged;
    if (!sound) {
      // A longer transaction that failed may have left it behind the last one.
      Follower follower(kOurForm, Salts::kKnown, salts, frame, ChecksumOfFrame(before));
      return FollowToEnd(log, size, at + std::ssize(frame), follower, frame);
    }
    open[words.page] = at + static_cast<sqlite3_int64>(kFrameHeaderBytes);
    before = frame;
    if (words.pages_after_commit == 0) continue;
    pages.count = words.pages_after_commit;
    for (const auto& [page, place] : std::exchange(open, {})) pages.at[page] = place;
  }
  return LogEnd::kTorn;
}

// Torn where a database is as the transactions of a log left it, so that nothing is lost with the log.
LogEnd JudgeLeftover(sqlite3_file& log, sqlite3_int64 log_size, sqlite3_file& database) {
  LoggedPages pages;
  if (const LogEnd read = ReadLoggedPages(log, log_size, pages); read != LogEnd::kTorn) return read;
  sqlite3_int64 size = 0;
  if (database.pMethods->xFileSize(&database, &size) != SQLITE_OK) return LogEnd::kUnread;
  const sqlite3_int64 page_bytes = kOurForm.page_bytes;
  if (size != pages.count * page_bytes) return LogEnd::kDamaged;
  std::vector<unsigned char> logged(static_cast<std::size_t>(page_bytes));
  std::vector<unsigned char> held(logged.size());
  for (const auto& [page, place] : pages.at) {
    if (page > pages.count) continue;
    if (!Read(log, logged, place) || !Read(database, held, (page - 1) * page_bytes)) return LogEnd::kUnread;
    if (logged != held) return LogEnd::kDamaged;
  }
  return LogEnd::kTorn;
}

}  // namespace

LogEnd JudgeLogEnd(sqlite3_file& log, sqlite3_int64 frame) {
  sqlite3_int64 size = 0;
  std::array<unsigned char, kLogHeaderBytes> header = {};
  if (log.pMethods->xFileSize(&log, &size) != SQLITE_OK || !Read(log, header, 0)) return LogEnd::kUnread;
  if (!IsSoundLogHeader(header)) return LogEnd::kUnread;
  const LogForm form = ReadLogForm(header);
  Frame bytes = FrameOf(form);
  const auto step = static_cast<sqlite3_int64>(bytes.size());
  if (frame + step > size) return LogEnd::kTorn;
  LogChecksum before = ChecksumOfLog(header);
  if (frame >= static_cast<sqlite3_int64>(kLogHeaderBytes) + step) {
    if (!Read(log, bytes, frame - step)) return LogEnd::kUnread;
    before = ChecksumOfFrame(bytes);
  }
  if (!Read(log, bytes, frame)) return LogEnd::kUnread;
  Follower follower(form, Salts::kKnown, SaltsOfLog(header), bytes, before);
  return FollowToEnd(log, size, frame + step, follower, bytes);
}

LogEnd JudgeLogWithoutHeader(sqlite3_file& log, sqlite3_file& database) {
  sqlite3_int64 size = 0;
  if (log.pMethods->xFileSize(&log, &size) != SQLITE_OK) return LogEnd::kUnread;
  Frame bytes = FrameOf(kOurForm);
  const auto begin = static_cast<sqlite3_int64>(kLogHeaderBytes);
  const auto step = static_cast<sqlite3_int64>(bytes.size());
  if (begin + step > size) return LogEnd::kTorn;
  if (!Read(log, bytes, begin)) return LogEnd::kUnread;
  // The header is synced before the first frame is written, and no page has the number 0: SQLite left no such frame.
  if (ReadFrameWords(bytes).page == 0) return LogEnd::kDamaged;
  // Nothing is known before it.
  Follower follower(kOurForm, Salts::kUnknown, SaltsOfFrame(bytes), bytes, {});
  const LogEnd end = FollowToEnd(log, size, begin + step, follower, bytes);
  return end == LogEnd::kDamaged ? JudgeLeftover(log, size, database) : end;
}

}  // namespace closure::sqlite
