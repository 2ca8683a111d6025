// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/durable_log.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "protos/coverage_mark.h"
#include "storage/sqlite/look_again.h"
#include "storage/sqlite/page_checksum.h"
#include "storage/status_macros.h"

namespace closure::sqlite {
namespace {

// The log as SQLite's file system has it, below all that judges what is read.
class Log {
 public:
  // How many frames were written, and how many of them up to the end of the last transaction.
  struct Written {
    int64_t frames = 0;
    int64_t committed = 0;
  };

  explicit Log(const std::string& database_path)
      : vfs_(*sqlite3_vfs_find(nullptr)),
        names_(sqlite3_create_filename(database_path.c_str(), (database_path + "-journal").c_str(),
                                       (database_path + "-wal").c_str(), 0, nullptr)),
        path_(sqlite3_filename_wal(names_)),
        memory_(std::make_unique<std::max_align_t[]>(
            static_cast<std::size_t>(vfs_.szOsFile) / sizeof(std::max_align_t) + 1)),
        file_(reinterpret_cast<sqlite3_file*>(memory_.get())) {}
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  ~Log() {
    if (file_->pMethods != nullptr) file_->pMethods->xClose(file_);
    sqlite3_free_filename(names_);
  }

  absl::StatusOr<bool> IsThere() {
    int there = 0;
    CLOSURE_RETURN_IF_ERROR(Check(vfs_.xAccess(&vfs_, path_, SQLITE_ACCESS_EXISTS, &there)));
    return there != 0;
  }

  absl::Status Open() {
    return Check(vfs_.xOpen(&vfs_, path_, file_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_WAL, nullptr));
  }

  absl::StatusOr<sqlite3_int64> Size() {
    sqlite3_int64 size = 0;
    CLOSURE_RETURN_IF_ERROR(Check(file_->pMethods->xFileSize(file_, &size)));
    return size;
  }

  // Writes the header again; false where there is none.
  absl::StatusOr<bool> RewriteHeader() {
    return Rewrite(header_, 0, [this] { return IsSoundLogHeader(header_); });
  }

  // Writes the frames again, up to the first that is not sound: many at a time, and one by one where some are not.
  absl::StatusOr<Written> RewriteFrames(sqlite3_int64 size) {
    const auto frame_bytes = static_cast<sqlite3_int64>(kFrameHeaderBytes) + ReadLogForm(header_).page_bytes;
    const sqlite3_int64 count = (size - static_cast<sqlite3_int64>(kLogHeaderBytes)) / frame_bytes;
    std::vector<unsigned char> frames;
    Written written;
    LogChecksum before = ChecksumOfLog(header_);
    for (sqlite3_int64 at_once = std::max<sqlite3_int64>(kBytesAtOnce / frame_bytes, 1); written.frames < count;) {
      at_once = std::min(at_once, count - written.frames);
      frames.resize(static_cast<std::size_t>(at_once * frame_bytes));
      Written next;
      LogChecksum last;
      const auto are_sound = [&] {
        next = written;
        last = before;
        return Follow(frames, static_cast<std::size_t>(frame_bytes), last, next);
      };
      const sqlite3_int64 at = static_cast<sqlite3_int64>(kLogHeaderBytes) + written.frames * frame_bytes;
      CLOSURE_ASSIGN_OR_RETURN(const bool sound, Rewrite(frames, at, are_sound));
      if (!sound) {
        if (at_once == 1) break;
        at_once = 1;
        continue;
      }
      before = last;
      written = next;
    }
    return written;
  }

  absl::Status RefuseUnsound() const { return Refused("it does not read as it was written"); }
  // What was read wrong and is read right by now would be cut off with the log.
  absl::Status RefuseMore() const {
    return Refused("it ends with a transaction that was not found before; start again, once no other program reads it");
  }

  // So that it does not come back longer.
  absl::Status End(sqlite3_int64 size) { return Check(file_->pMethods->xTruncate(file_, size)); }
  absl::Status Sync() { return Check(file_->pMethods->xSync(file_, SQLITE_SYNC_NORMAL)); }

 private:
  // SQLite's file system writes less than twice as much at once.
  static constexpr sqlite3_int64 kBytesAtOnce = 1 << 16;

  // Goes over frames that follow a checksum; false at the first that is not sound.
  bool Follow(Bytes frames, std::size_t frame_bytes, LogChecksum& before, Written& written) const {
    const LogForm form = ReadLogForm(header_);
    for (; !frames.empty(); frames = frames.subspan(frame_bytes)) {
      const Bytes frame = frames.first(frame_bytes);
      if (!IsFrameOfLog(form, SaltsOfLog(header_), before, frame)) return false;
      before = ChecksumOfFrame(frame);
      ++written.frames;
      if (ReadFrameWords(frame).pages_after_commit != 0) written.committed = written.frames;
    }
    return true;
  }

  // Writes a part again as it is, if it is sound: what reads got wrong must not be written.
  template <typename IsSound>
  absl::StatusOr<bool> Rewrite(std::span<unsigned char> part, sqlite3_int64 at, const IsSound& is_sound) {
    absl::Status read;
    const auto look = [&] {
      read = Check(file_->pMethods->xRead(file_, part.data(), static_cast<int>(part.size()), at));
      return !read.ok() || is_sound();
    };
    if (!LookAgain(look)) return false;
    CLOSURE_RETURN_IF_ERROR(read);
    CLOSURE_RETURN_IF_ERROR(Check(file_->pMethods->xWrite(file_, part.data(), static_cast<int>(part.size()), at)));
    return true;
  }
  absl::Status Check(int code) const { return code == SQLITE_OK ? absl::OkStatus() : Refused(sqlite3_errstr(code)); }
  absl::Status Refused(std::string_view why) const {
    return absl::UnavailableError(fmt::format(
        "store(sqlite): {}: what it holds cannot be made durable, so nothing is written behind it: {}", path_, why));
  }

  sqlite3_vfs& vfs_;
  const char* const names_;
  const char* const path_;
  const std::unique_ptr<std::max_align_t[]> memory_;
  sqlite3_file* const file_;
  std::array<unsigned char, kLogHeaderBytes> header_ = {};
};

}  // namespace

absl::Status MakeLogDurable(const std::string& database_path, int64_t committed_frames) {
  Log log(database_path);
  CLOSURE_ASSIGN_OR_RETURN(const bool there, log.IsThere());
  if (!there) return absl::OkStatus();
  CLOSURE_RETURN_IF_ERROR(log.Open());
  CLOSURE_ASSIGN_OR_RETURN(const sqlite3_int64 size, log.Size());
  Log::Written written;
  if (size >= static_cast<sqlite3_int64>(kLogHeaderBytes)) {
    CLOSURE_ASSIGN_OR_RETURN(const bool sound, log.RewriteHeader());
    CLOSURE_RETURN_IF_ERROR(log.Sync());
    if (sound) {
      CLOSURE_ASSIGN_OR_RETURN(written, log.RewriteFrames(size));
    }
  }
  if (written.frames < committed_frames) return log.RefuseUnsound();
  if (written.committed > committed_frames) return log.RefuseMore();
  CLOSURE_RETURN_IF_ERROR(log.End(size));
  CLOSURE_RETURN_IF_ERROR(log.Sync());
  Reach(Mark::kLogMadeDurable);
  return absl::OkStatus();
}

}  // namespace closure::sqlite
