// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/page_judge.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <set>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "protos/coverage_mark.h"
#include "storage/sqlite/look_again.h"
#include "storage/sqlite/page_checksum.h"

namespace closure::sqlite {
namespace {

// In the first page: the first page of the list of free ones, and how many there are
// (sqlite.org/fileformat2.html, 1.3).
constexpr std::size_t kFreeListAt = 32;
constexpr std::size_t kFreeCountAt = 36;
// In a page of the list: the next one, how many numbers follow, and those.
constexpr std::size_t kNumbersAt = 8;
constexpr std::size_t kNumberBytes = 4;
constexpr int64_t kLockedByte = 1 << 30;
constexpr int64_t kStepsBetweenAsking = 1000;

using Page = std::vector<unsigned char>;
// The header of a log up to its salts, which tell one log from another; to read the whole of it would begin a recovery.
using LogName = std::array<unsigned char, 24>;

int ReadFrom(sqlite3_file& file, std::span<unsigned char> to, sqlite3_int64 offset) {
  return file.pMethods->xRead(&file, to.data(), static_cast<int>(to.size()), offset);
}

int ReadName(const OpenFiles& files, LogName& name) {
  if (files.log == nullptr) return SQLITE_OK;
  const int code = ReadFrom(*files.log, name, 0);
  return code == SQLITE_IOERR_SHORT_READ ? SQLITE_OK : code;
}

// One look at pages, as of one moment.
class Look {
 public:
  explicit Look(const OpenFiles& files)
      : files_(files), pages_(files.pages), page_(static_cast<std::size_t>(files.page_bytes)) {}

  int Judge(std::span<const int64_t> doubtful, PageVerdicts& verdicts) {
    if (const int code = ReadName(files_, name_); code != SQLITE_OK) return code;
    if (const int code = IndexLog(); code != SQLITE_OK) return code;
    if (const int code = LookAtAll(doubtful, verdicts.unreadable); code != SQLITE_OK) return code;
    std::set<int64_t> needed(wrong_.begin(), wrong_.end());
    if (const int code = wrong_.empty() ? SQLITE_OK : TakeOutFree(needed); code != SQLITE_OK) return code;
    LogName after = {};
    if (const int code = ReadName(files_, after); code != SQLITE_OK) return code;
    if (after != name_) return BeganAnew();
    for (const int64_t number : wrong_)
      (needed.contains(number) ? verdicts.damaged : verdicts.unneeded).push_back(number);
    return SQLITE_OK;
  }

 private:
  static int BeganAnew() {
    Reach(Mark::kLogBeganAnew);
    return SQLITE_BUSY;
  }
  bool ShallEnd() { return ++steps_ % kStepsBetweenAsking == 0 && files_.shall_end && files_.shall_end(); }
  sqlite3_int64 FrameAt(int64_t number) const {
    return static_cast<sqlite3_int64>(kLogHeaderBytes) +
           number * (files_.page_bytes + static_cast<int64_t>(kFrameHeaderBytes));
  }

  // Finds the pages of which the log has a version that the file has not, and how many the database has.
  int IndexLog() {
    if (files_.log == nullptr) return SQLITE_OK;
    const LogState state = files_.log_state();
    std::array<unsigned char, kFrameHeaderBytes> header = {};
    // The last frame ends a transaction, and is read in any case for what it says of the database's size.
    const int64_t first = std::max<int64_t>(std::min(state.copied, state.committed - 1), 0);
    for (int64_t number = first; number < state.committed; ++number) {
      if (ShallEnd()) return SQLITE_INTERRUPT;
      if (const int code = ReadFrom(*files_.log, header, FrameAt(number)); code != SQLITE_OK) return code;
      if (!std::ranges::equal(SaltsOfFrame(header), SaltsOfLog(name_))) return BeganAnew();
      const FrameWords words = ReadFrameWords(header);
      if (number >= state.copied) logged_[words.page] = FrameAt(number) + static_cast<int64_t>(kFrameHeaderBytes);
      if (words.pages_after_commit != 0) pages_ = words.pages_after_commit;
    }
    return SQLITE_OK;
  }

  // The newest version. SQLITE_IOERR_DATA where it is not what was written.
  int ReadPage(int64_t number) {
    const auto logged = logged_.find(number);
    if (logged != logged_.end()) return ReadFrom(*files_.log, page_, logged->second);
    const int code = ReadFrom(*files_.database, page_, (number - 1) * files_.page_bytes);
    // The file was cut off.
    return code == SQLITE_IOERR_SHORT_READ ? SQLITE_IOERR_DATA : code;
  }

  int LookAtAll(std::span<const int64_t> doubtful, std::vector<int64_t>& unreadable) {
    for (const int64_t number : doubtful) {
      if (ShallEnd()) return SQLITE_INTERRUPT;
      if (number > pages_ || logged_.contains(number)) continue;
      const int code = ReadPage(number);
      if (code == SQLITE_IOERR_DATA) {
        wrong_.push_back(number);
      } else if (code != SQLITE_OK) {
        unreadable.push_back(number);
      }
    }
    return SQLITE_OK;
  }

  // Follows the list of free pages; takes those that it names out of `pages`.
  int TakeOutFree(std::set<int64_t>& pages) {
    if (const int code = ReadPage(1); code != SQLITE_OK) return code;
    int64_t next = BigEndian(Bytes(page_).subspan(kFreeListAt));
    int64_t left = BigEndian(Bytes(page_).subspan(kFreeCountAt));
    const auto numbers_max = static_cast<int64_t>((page_.size() - kNumbersAt) / kNumberBytes);
    while (next != 0) {
      if (ShallEnd()) return SQLITE_INTERRUPT;
      if (next > pages_) return SQLITE_CORRUPT;
      if (const int code = ReadPage(next); code != SQLITE_OK) return code;
      next = BigEndian(page_);
      const int64_t numbers = BigEndian(Bytes(page_).subspan(kNumberBytes));
      left -= 1 + numbers;
      if (numbers > numbers_max || left < 0) return SQLITE_CORRUPT;
      for (int64_t i = 0; i < numbers; ++i)
        pages.erase(BigEndian(Bytes(page_).subspan(kNumbersAt + static_cast<std::size_t>(i) * kNumberBytes)));
    }
    // One that ends early may be an older version, which names too few.
    return left == 0 ? SQLITE_OK : SQLITE_CORRUPT;
  }

  const OpenFiles& files_;
  int64_t pages_;
  Page page_;
  LogName name_ = {};
  // Where the newest version of a page begins in the log, by the page's number.
  absl::flat_hash_map<int64_t, sqlite3_int64> logged_;
  std::vector<int64_t> wrong_;
  int64_t steps_ = 0;
};

}  // namespace

int JudgePages(const OpenFiles& files, std::span<const int64_t> doubtful, PageVerdicts& verdicts) {
  int code = SQLITE_OK;
  // A log that begins anew beside a reader does so twice at most, for what is written to it then is not copied.
  LookAgain([&] {
    verdicts = {};
    code = Look(files).Judge(doubtful, verdicts);
    return code == SQLITE_OK || code == SQLITE_INTERRUPT;
  });
  if (code != SQLITE_OK) verdicts = {};
  return code;
}

int64_t LockedPage(int64_t page_bytes) { return kLockedByte / page_bytes + 1; }

}  // namespace closure::sqlite
