// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/checked_file.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

#include "protos/coverage_mark.h"
#include "storage/sqlite/checkpoint_guard.h"
#include "storage/sqlite/checksum_vfs.h"
#include "storage/sqlite/log_end.h"
#include "storage/sqlite/look_again.h"

namespace closure::sqlite {
namespace {

constexpr char kFileMagic[] = "SQLite format 3";
constexpr int kReserveAt = 20;  // in the file's header

using Buffer = std::vector<unsigned char>;
using File = CheckedFile;

bool ReadBelow(File& file, unsigned char* to, std::size_t bytes, sqlite3_int64 offset) {
  return file.below->pMethods->xRead(file.below, to, static_cast<int>(bytes), offset) == SQLITE_OK;
}

bool IsPage(int bytes, sqlite3_int64 offset) {
  return bytes >= kPageBytesMin && (bytes & (bytes - 1)) == 0 && offset % bytes == 0;
}

// ---- the database file ----

Sealed SealedBy(const unsigned char* header) {
  const bool is_database = std::memcmp(header, kFileMagic, sizeof(kFileMagic)) == 0;
  return is_database && header[kReserveAt] == kPageReserveBytes ? Sealed::kYes : Sealed::kNo;
}

// Known for good once there is a header: the room at the end of pages never changes.
Sealed KnowSealed(File& file) {
  std::array<unsigned char, kReserveAt + 1> header = {};
  if (file.sealed == Sealed::kUnknown && ReadBelow(file, header.data(), header.size(), 0))
    file.sealed = SealedBy(header.data());
  return file.sealed;
}

bool IsSoundPage(File& file, Bytes page, sqlite3_int64 offset) {
  if (KnowSealed(file) == Sealed::kNo) return true;
  return IsSealedPage(page, offset / static_cast<sqlite3_int64>(page.size()) + 1);
}

// ---- the write-ahead log ----

bool KnowForm(File& file) {
  std::array<unsigned char, kLogHeaderBytes> header = {};
  if (file.form.page_bytes == 0 && ReadBelow(file, header.data(), header.size(), 0) && IsSoundLogHeader(header))
    file.form = ReadLogForm(header);
  return file.form.page_bytes != 0;
}

int64_t FrameBytes(const File& file) { return file.form.page_bytes + static_cast<int64_t>(kFrameHeaderBytes); }

// Whether a frame, or after its header the page of one, begins here.
bool IsAtFrame(const File& file, sqlite3_int64 offset, std::size_t after_header) {
  const auto frames = offset - static_cast<sqlite3_int64>(kLogHeaderBytes + after_header);
  return frames >= 0 && frames % FrameBytes(file) == 0;
}

// How SQLite reads the log as long as it lives: the pages of frames. They can be of any size as long as the log's
// header cannot be read, and are then not sound.
bool IsFramePage(File& file, int bytes, sqlite3_int64 offset) {
  if (bytes < kPageBytesMin || (bytes & (bytes - 1)) != 0) return false;
  return !KnowForm(file) || (bytes == file.form.page_bytes && IsAtFrame(file, offset, kFrameHeaderBytes));
}

// How it reads the log after a crash; it compares the checksums itself then.
bool IsWholeFrame(File& file, int bytes, sqlite3_int64 offset) {
  return bytes > kPageBytesMin && KnowForm(file) && bytes == FrameBytes(file) && IsAtFrame(file, offset, 0);
}

// `frame` is where the frame begins.
bool IsSoundAfter(File& file, Bytes frame_header, Bytes page, sqlite3_int64 frame) {
  std::array<unsigned char, kLogHeaderBytes> before = {};
  const bool is_first = frame == static_cast<sqlite3_int64>(kLogHeaderBytes);
  const std::size_t bytes = is_first ? kLogHeaderBytes : kFrameHeaderBytes;
  return ReadBelow(file, before.data(), bytes, is_first ? 0 : frame - FrameBytes(file)) &&
         IsSoundFrame(file.form, is_first ? ChecksumOfLog(before) : ChecksumOfFrame(before), frame_header, page);
}

// The same of a frame that was read whole.
bool IsSoundAfter(File& file, Bytes frame, sqlite3_int64 at) {
  return IsSoundAfter(file, frame.first(kFrameHeaderBytes), frame.subspan(kFrameHeaderBytes), at);
}

bool IsSoundLogPage(File& file, Bytes page, sqlite3_int64 offset) {
  if (!KnowForm(file)) return false;
  std::array<unsigned char, kFrameHeaderBytes> header = {};
  const auto frame = offset - static_cast<sqlite3_int64>(kFrameHeaderBytes);
  return ReadBelow(file, header.data(), header.size(), frame) && IsSoundAfter(file, header, page, frame);
}

bool IsSoundLogStart(File& file, Bytes header) {
  if (!IsSoundLogHeader(header)) return false;
  file.recovery_place = {.frame = kLogHeaderBytes, .before = ChecksumOfLog(header)};
  std::ranges::copy(SaltsOfLog(header), file.recovery_place.salts.begin());
  return true;
}

// What SQLite reads after a crash, from the header on, one frame after the other. The first of it that does not fit is
// the end of the log to it, and what was committed behind that is gone.
bool IsSoundForRecovery(File& file, Bytes read, sqlite3_int64 offset) {
  if (offset == 0 && read.size() == kLogHeaderBytes) return IsSoundLogStart(file, read);
  if (!IsWholeFrame(file, static_cast<int>(read.size()), offset)) return true;
  RecoveryPlace& place = file.recovery_place;
  if (offset != place.frame || !IsFrameOfLog(file.form, place.salts, place.before, read)) return false;
  place.frame = offset + FrameBytes(file);
  place.before = ChecksumOfFrame(read);
  return true;
}

// The checksum that a new frame goes on from. What is on the disk is believed only where it is sound.
int FindBefore(File& file, Bytes frame_header, sqlite3_int64 frame, LogChecksum& before) {
  if (frame == static_cast<sqlite3_int64>(kLogHeaderBytes)) {
    std::array<unsigned char, kLogHeaderBytes> header = {};
    if (!ReadBelow(file, header.data(), header.size(), 0)) return SQLITE_IOERR_READ;
    before = ChecksumOfLog(header);
    // With other salts it is the header of the log before, which the disk did not overwrite.
    const bool is_ours = std::ranges::equal(SaltsOfFrame(frame_header), SaltsOfLog(header));
    return is_ours && IsSoundLogHeader(header) ? SQLITE_OK : SQLITE_IOERR_DATA;
  }
  Buffer last(static_cast<std::size_t>(FrameBytes(file)));
  const Bytes read(last);
  // What others wrote since is followed whole: a program without this layer goes on from checksums that are not on the
  // disk, and nothing may be acknowledged behind that.
  const bool others = file.log_end >= 0 && file.log_end < frame;
  for (sqlite3_int64 at = others ? file.log_end : frame - FrameBytes(file); at < frame; at += FrameBytes(file)) {
    if (!ReadBelow(file, last.data(), last.size(), at)) return SQLITE_IOERR_READ;
    if (!IsSoundAfter(file, read, at)) return SQLITE_IOERR_DATA;
  }
  before = ChecksumOfFrame(read);
  return SQLITE_OK;
}

int KnowBefore(File& file, Bytes frame_header, sqlite3_int64 frame, LogChecksum& before) {
  before = file.log_place.before;
  if (file.log_place.frame == frame) return SQLITE_OK;
  int code = SQLITE_OK;
  LookAgain([&] {
    code = FindBefore(file, frame_header, frame, before);
    return code != SQLITE_IOERR_DATA;
  });
  return code;
}

// Writes a frame whose page is sealed, so that it is sound wherever any program copies it. SQLite has computed the
// frame's checksum over the page as it was, and goes on from that: ours take their place on the disk, all of them.
int WriteFrame(File& file, Bytes page, sqlite3_int64 frame) {
  Buffer& whole = *file.page;
  whole.insert(whole.end(), page.begin(), page.end());
  const std::span<unsigned char> header = std::span(whole).first(kFrameHeaderBytes);
  const std::span<unsigned char> sealed = std::span(whole).subspan(kFrameHeaderBytes);
  const FrameWords words = ReadFrameWords(header);
  if (KnowSealed(*file.database) == Sealed::kYes) SealPage(sealed, words.page);
  LogChecksum before;
  int code = KnowBefore(file, header, frame, before);
  file.log_place = {};
  if (code != SQLITE_OK) return code;
  const LogChecksum sum = FrameChecksum(file.form, before, header, sealed);
  WriteChecksumOfFrame(sum, header);
  code = file.below->pMethods->xWrite(file.below, whole.data(), static_cast<int>(whole.size()), frame);
  if (code != SQLITE_OK) return code;
  const sqlite3_int64 next = frame + FrameBytes(file);
  // The next transaction looks for itself where the log ends.
  if (words.pages_after_commit != 0)
    file.log_end = next;
  else
    file.log_place = {.frame = next, .before = sum};
  return SQLITE_OK;
}

// ---- what was read, and what is to be written ----

// SQLite takes a page that was read short for one of zeros. That is right only behind the end of the file; before it,
// something is not what was written.
int JudgeShortRead(File& file, int bytes, sqlite3_int64 offset) {
  sqlite3_int64 size = 0;
  if (!file.is_database || !IsPage(bytes, offset)) return SQLITE_IOERR_SHORT_READ;
  const int code = file.below->pMethods->xFileSize(file.below, &size);
  if (code != SQLITE_OK) return code;
  return size <= offset || KnowSealed(file) == Sealed::kNo ? SQLITE_IOERR_SHORT_READ : SQLITE_IOERR_DATA;
}

// What SQLite would take for the end of the log at a start.
int JudgeEndFound(File& file, sqlite3_int64 offset) {
  const LogEnd end =
      offset == 0 ? JudgeLogWithoutHeader(*file.below, *file.database->below) : JudgeLogEnd(*file.below, offset);
  if (end == LogEnd::kUnread) return SQLITE_IOERR_READ;
  Reach(end == LogEnd::kTorn ? Mark::kLogEndTorn : Mark::kLogEndDamaged);
  return end == LogEnd::kTorn ? SQLITE_OK : SQLITE_IOERR_DATA;
}

// Whether what was read is what was written, as far as it can be told.
bool IsSound(File& file, Bytes read, sqlite3_int64 offset) {
  const auto bytes = static_cast<int>(read.size());
  if (file.is_database && IsPage(bytes, offset)) return IsSoundPage(file, read, offset);
  if (!file.is_log) return true;
  return IsFramePage(file, bytes, offset) ? IsSoundLogPage(file, read, offset) : IsSoundForRecovery(file, read, offset);
}

// A frame comes as its header and then its page; the header waits for the page.
int WriteLog(File& file, Bytes data, sqlite3_int64 offset) {
  const auto bytes = static_cast<int>(data.size());
  if (offset == 0) {
    file.form = {};
    file.log_end = -1;
    return file.below->pMethods->xWrite(file.below, data.data(), bytes, offset);
  }
  if (!LookAgain([&file] { return KnowForm(file); })) return SQLITE_IOERR_READ;
  if (data.size() == kFrameHeaderBytes && IsAtFrame(file, offset, 0)) {
    file.page->assign(data.begin(), data.end());
    return SQLITE_OK;
  }
  const bool is_page = bytes == file.form.page_bytes && IsAtFrame(file, offset, kFrameHeaderBytes);
  // SQLite writes nothing else; another version that did must not be trusted with a log.
  if (!is_page || file.page->size() != kFrameHeaderBytes) return SQLITE_IOERR_WRITE;
  return WriteFrame(file, data, offset - static_cast<sqlite3_int64>(kFrameHeaderBytes));
}

}  // namespace

int ReadChecked(File& file, void* data, int bytes, sqlite3_int64 offset) {
  const Bytes read(static_cast<const unsigned char*>(data), static_cast<std::size_t>(bytes));
  int code = SQLITE_OK;
  const auto look = [&] {
    code = file.below->pMethods->xRead(file.below, data, bytes, offset);
    if (code == SQLITE_IOERR_SHORT_READ) code = JudgeShortRead(file, bytes, offset);
    if (code == SQLITE_OK && !IsSound(file, read, offset)) code = SQLITE_IOERR_DATA;
    return code != SQLITE_IOERR_DATA;
  };
  if (LookAgain(look)) return code;
  if (file.is_log && !IsFramePage(file, bytes, offset)) return JudgeEndFound(file, offset);
  Reach(file.is_log ? Mark::kLogPageDamaged : Mark::kPageDamaged);
  return SQLITE_IOERR_DATA;
}

int WriteSealed(File& file, const void* data, int bytes, sqlite3_int64 offset) {
  const auto* const begin = static_cast<const unsigned char*>(data);
  if (file.is_log) return WriteLog(file, Bytes(begin, static_cast<std::size_t>(bytes)), offset);
  if (file.is_database && IsPage(bytes, offset)) {
    if (offset == 0) file.sealed = SealedBy(begin);
    if (KnowSealed(file) == Sealed::kYes) {
      file.page->assign(begin, begin + bytes);
      SealPage(*file.page, offset / bytes + 1);
      return file.below->pMethods->xWrite(file.below, file.page->data(), bytes, offset);
    }
  }
  return file.below->pMethods->xWrite(file.below, data, bytes, offset);
}

void NoteCheckpointLock(File& database) {
  if (database.wal_index != nullptr) database.log_at_lock = WhichLog(database.wal_index);
}

int CheckBeforeCheckpoint(File& database) {
  // SQLite begins no checkpoint without a log and its index.
  if (database.wal_index == nullptr || database.log == nullptr) return SQLITE_IOERR_SHMMAP;
  // From here on nobody can begin the log anew.
  if (WhichLog(database.wal_index) != database.log_at_lock) {
    Reach(Mark::kCheckpointBegunAnew);
    // SQLite takes the plain SQLITE_BUSY for a checkpoint that went well, and would remove the log at its close.
    return SQLITE_BUSY_SNAPSHOT;
  }
  int code = SQLITE_OK;
  const auto look = [&] {
    code = CheckBeforeCopying(*database.log->below, database.wal_index);
    return code != SQLITE_IOERR_DATA;
  };
  if (!LookAgain(look)) Reach(Mark::kCheckpointRefused);
  return code;
}

bool HasSealedPages(File& database) { return KnowSealed(database) == Sealed::kYes; }

}  // namespace closure::sqlite
