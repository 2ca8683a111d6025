// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/page_judge.h"

#include <array>
#include <cstddef>
#include <set>
#include <utility>

#include "absl/container/flat_hash_map.h"
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
// The byte of the file that is only ever locked; nobody uses the page in which it lies.
constexpr int64_t kLockedByte = 1 << 30;

using Page = std::vector<unsigned char>;

int Read(sqlite3_file& file, std::span<unsigned char> to, sqlite3_int64 offset) {
  return file.pMethods->xRead(&file, to.data(), static_cast<int>(to.size()), offset);
}

// The header of a log up to its salts, which tell one log from another; to read the whole of it would begin a recovery.
using LogName = std::array<unsigned char, 24>;

int ReadName(const OpenFiles& files, LogName& name) {
  if (files.log == nullptr) return SQLITE_OK;
  const int code = Read(*files.log, name, 0);
  return code == SQLITE_IOERR_SHORT_READ ? SQLITE_OK : code;
}

// The newest version of every page.
class NewestPages {
 public:
  explicit NewestPages(const OpenFiles& files) : files_(files) {}

  // Finds out which pages stand in the log.
  int Index() {
    std::array<unsigned char, kFrameHeaderBytes> header = {};
    for (int64_t frame = 0; files_.log != nullptr && frame < files_.committed_frames; ++frame) {
      const sqlite3_int64 at = static_cast<sqlite3_int64>(kLogHeaderBytes) + frame * FrameBytes();
      if (const int code = Read(*files_.log, header, at); code != SQLITE_OK) return code;
      logged_[ReadFrameWords(header).page] = at + static_cast<sqlite3_int64>(kFrameHeaderBytes);
    }
    return SQLITE_OK;
  }

  bool IsLogged(int64_t page) const { return logged_.contains(page); }
  Page Buffer() const { return Page(static_cast<std::size_t>(files_.page_bytes)); }

  // SQLITE_IOERR_DATA where it is not what was written.
  int Read(int64_t number, Page& page) const {
    const auto logged = logged_.find(number);
    if (logged != logged_.end()) return Read(*files_.log, page, logged->second);
    const int code = Read(*files_.database, page, (number - 1) * files_.page_bytes);
    // The file was cut off.
    return code == SQLITE_IOERR_SHORT_READ ? SQLITE_IOERR_DATA : code;
  }

 private:
  static int Read(sqlite3_file& file, std::span<unsigned char> to, sqlite3_int64 offset) {
    return closure::sqlite::Read(file, to, offset);
  }
  int64_t FrameBytes() const { return files_.page_bytes + static_cast<int64_t>(kFrameHeaderBytes); }

  const OpenFiles& files_;
  // Where the newest version of a page begins in the log, by the page's number.
  absl::flat_hash_map<int64_t, sqlite3_int64> logged_;
};

// Follows the list of free pages; takes those that it names out of `pages`.
int TakeOutFree(const OpenFiles& files, const NewestPages& newest, std::set<int64_t>& pages) {
  Page page = newest.Buffer();
  if (const int code = newest.Read(1, page); code != SQLITE_OK) return code;
  int64_t next = BigEndian(Bytes(page).subspan(kFreeListAt));
  int64_t left = BigEndian(Bytes(page).subspan(kFreeCountAt));
  const auto numbers_max = static_cast<int64_t>((page.size() - kNumbersAt) / kNumberBytes);
  while (next != 0) {
    if (next > files.pages || left < 1) return SQLITE_CORRUPT;
    if (const int code = newest.Read(next, page); code != SQLITE_OK) return code;
    next = BigEndian(page);
    const int64_t numbers = BigEndian(Bytes(page).subspan(kNumberBytes));
    left -= 1 + numbers;
    if (numbers > numbers_max || left < 0) return SQLITE_CORRUPT;
    for (int64_t number = 0; number < numbers; ++number)
      pages.erase(BigEndian(Bytes(page).subspan(kNumbersAt + static_cast<std::size_t>(number) * kNumberBytes)));
  }
  return SQLITE_OK;
}

// What a page that stands in the file alone is.
enum class Look { kSound, kNeverWritten, kWrong };

int LookAt(const NewestPages& newest, int64_t number, Page& page, Look& look) {
  const int code = newest.Read(number, page);
  if (code != SQLITE_OK && code != SQLITE_IOERR_DATA) return code;
  look = Look::kSound;
  if (code == SQLITE_IOERR_DATA) look = Look::kWrong;
  if (code == SQLITE_OK && IsNeverWritten(page)) look = Look::kNeverWritten;
  return SQLITE_OK;
}

int Judge(const OpenFiles& files, std::span<const int64_t> doubtful, PageVerdicts& verdicts) {
  NewestPages newest(files);
  if (const int code = newest.Index(); code != SQLITE_OK) return code;
  std::set<int64_t> suspects;
  std::set<int64_t> wrong;
  Page page = newest.Buffer();
  for (const int64_t number : doubtful) {
    if (number > files.pages || number == kLockedByte / files.page_bytes + 1 || newest.IsLogged(number)) continue;
    Look look = Look::kSound;
    if (const int code = LookAt(newest, number, page, look); code != SQLITE_OK) return code;
    if (look != Look::kSound) suspects.insert(number);
    if (look == Look::kWrong) wrong.insert(number);
  }
  if (suspects.empty()) return SQLITE_OK;
  if (const int code = TakeOutFree(files, newest, suspects); code != SQLITE_OK) return code;
  verdicts.damaged.assign(suspects.begin(), suspects.end());
  for (const int64_t number : suspects) wrong.erase(number);
  verdicts.unneeded.assign(wrong.begin(), wrong.end());
  return SQLITE_OK;
}

}  // namespace

int JudgePages(const OpenFiles& files, std::span<const int64_t> doubtful, PageVerdicts& verdicts) {
  LogName before = {};
  LogName after = {};
  if (const int code = ReadName(files, before); code != SQLITE_OK) return code;
  PageVerdicts found;
  const int judged = Judge(files, doubtful, found);
  if (const int code = ReadName(files, after); code != SQLITE_OK) return code;
  // A reader who found all of the log in the file keeps nobody from beginning it anew.
  if (before != after) return SQLITE_BUSY;
  if (judged == SQLITE_OK) verdicts = std::move(found);
  return judged;
}

}  // namespace closure::sqlite
