// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/durable_log.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "protos/coverage_mark.h"
#include "storage/sqlite/page_checksum.h"
#include "storage/status_macros.h"

namespace closure::sqlite {
namespace {

// The largest page: more at a time SQLite never writes, and its file system does not expect.
constexpr sqlite3_int64 kChunkBytes = 64 << 10;

// The log as SQLite's file system has it, below all that judges what is read.
class Log {
 public:
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

  // Writes a part again as it is.
  absl::Status Rewrite(sqlite3_int64 begin, sqlite3_int64 end) {
    std::vector<unsigned char> first;
    std::vector<unsigned char> second;
    for (sqlite3_int64 at = begin; at < end; at += kChunkBytes) {
      const auto bytes = static_cast<std::size_t>(std::min(kChunkBytes, end - at));
      first.resize(bytes);
      second.resize(bytes);
      CLOSURE_RETURN_IF_ERROR(Read(first, at));
      CLOSURE_RETURN_IF_ERROR(Read(second, at));
      // What one read got wrong must not be written.
      if (first != second) return Refused("it does not read the same twice");
      CLOSURE_RETURN_IF_ERROR(Check(file_->pMethods->xWrite(file_, first.data(), static_cast<int>(bytes), at)));
    }
    return absl::OkStatus();
  }

  // So that it does not come back longer.
  absl::Status End(sqlite3_int64 size) { return Check(file_->pMethods->xTruncate(file_, size)); }
  absl::Status Sync() { return Check(file_->pMethods->xSync(file_, SQLITE_SYNC_NORMAL)); }

 private:
  absl::Status Read(std::vector<unsigned char>& to, sqlite3_int64 at) {
    return Check(file_->pMethods->xRead(file_, to.data(), static_cast<int>(to.size()), at));
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
};

}  // namespace

absl::Status MakeLogDurable(const std::string& database_path) {
  Log log(database_path);
  CLOSURE_ASSIGN_OR_RETURN(const bool there, log.IsThere());
  if (!there) return absl::OkStatus();
  CLOSURE_RETURN_IF_ERROR(log.Open());
  CLOSURE_ASSIGN_OR_RETURN(const sqlite3_int64 size, log.Size());
  const sqlite3_int64 header = std::min<sqlite3_int64>(size, kLogHeaderBytes);
  CLOSURE_RETURN_IF_ERROR(log.Rewrite(0, header));
  CLOSURE_RETURN_IF_ERROR(log.Sync());
  CLOSURE_RETURN_IF_ERROR(log.Rewrite(header, size));
  CLOSURE_RETURN_IF_ERROR(log.End(size));
  CLOSURE_RETURN_IF_ERROR(log.Sync());
  Reach(Mark::kLogMadeDurable);
  return absl::OkStatus();
}

}  // namespace closure::sqlite
