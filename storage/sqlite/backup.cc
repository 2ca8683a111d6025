// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/backup.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "protos/coverage_mark.h"
#include "storage/damage.h"
#include "storage/sqlite/database.h"
#include "storage/sqlite/database_file.h"
#include "storage/sqlite/system_rows.h"
#include "storage/status_macros.h"

namespace closure {
namespace {

using sqlite::Connection;

// The file that a copy is made in, this process's alone. It is removed at the end, with everything that SQLite may have
// put beside it; what was given its name stays.
class Unfinished {
 public:
  static absl::StatusOr<std::unique_ptr<Unfinished>> Make(const std::string& copy) {
    const std::string path = copy + kUnfinished;
    std::error_code ignored;
    const bool is_left = std::filesystem::exists(path, ignored);
    // What a killed backup left may be a finished one by another name, so its file is never written again.
    CLOSURE_ASSIGN_OR_RETURN(const std::unique_ptr<Unfinished> left, Claim(path, 0));
    if (is_left) Reach(Mark::kBackupLeftoverRemoved);
    left->Remove();
    left->owned_ = false;
    return Claim(path, O_EXCL);
  }
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;
  ~Unfinished() {
    if (owned_) Remove();
    if (file_ >= 0) close(file_);
  }

  const std::string& path() const { return path_; }

  absl::Status Finish(const std::string& copy) {
    // A link replaces nothing, on any file system that has links.
    if (link(path_.c_str(), copy.c_str()) != 0) {
      const int error = errno;
      if (error == EEXIST) CLOSURE_RETURN_IF_ERROR(sqlite::CheckIsFree(copy));
      return absl::UnavailableError(fmt::format("it cannot be given its name: {}", std::strerror(error)));
    }
    if (absl::Status synced = sqlite::SyncDirectoryOf(copy); !synced.ok()) {
      // A name that may not outlast a crash is none.
      if (unlink(copy.c_str()) == 0) return synced;
      return absl::UnavailableError(
          fmt::format("{}; it is there, whole, and may be gone after a crash", std::string(synced.message())));
    }
    Remove();
    owned_ = false;
    // Where the first name outlasts a crash a later backup to it removes it.
    sqlite::SyncDirectoryOf(copy).IgnoreError();
    return absl::OkStatus();
  }

 private:
  Unfinished(std::string path, int flags)
      : path_(std::move(path)),
        file_(open(path_.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | flags, S_IRUSR | S_IWUSR)) {}

  static absl::StatusOr<std::unique_ptr<Unfinished>> Claim(const std::string& path, int flags) {
    std::unique_ptr<Unfinished> claimed(new Unfinished(path, flags));
    if (claimed->file_ < 0) return absl::UnavailableError(fmt::format("{}: {}", path, std::strerror(errno)));
    if (flock(claimed->file_, LOCK_EX | LOCK_NB) != 0 || !claimed->IsThere())
      return absl::UnavailableError(fmt::format("another backup to this name is under way: {} is locked", path));
    claimed->owned_ = true;
    return claimed;
  }

  // Whether the locked file is still the one of this name: who finished before us has removed that.
  bool IsThere() const {
    struct stat opened = {};
    struct stat named = {};
    return fstat(file_, &opened) == 0 && lstat(path_.c_str(), &named) == 0 && opened.st_ino == named.st_ino &&
           opened.st_dev == named.st_dev;
  }
  void Remove() const {
    for (const char* const ending : {"", "-journal", "-wal", "-shm"}) unlink((path_ + ending).c_str());
  }

  const std::string path_;
  const int file_;
  bool owned_ = false;
};

// Opens a new file for a copy that is larger than memory: pages are written before the end, which they are sealed for
// only once there is a first page that says so.
absl::StatusOr<std::unique_ptr<Connection>> OpenForCopy(const std::string& path) {
  CLOSURE_ASSIGN_OR_RETURN(std::unique_ptr<Connection> to, Connection::Open(path, Connection::Access::kReadWrite));
  CLOSURE_RETURN_IF_ERROR(to->SetSchemaVersion(1));
  CLOSURE_RETURN_IF_ERROR(to->CheckSealed());
  CLOSURE_RETURN_IF_ERROR(to->RunScript("PRAGMA cache_spill = ON"));
  return to;
}

// Damage of the copy is none of the database.
absl::Status OfCopy(const absl::Status& status) {
  if (!IsDamage(status)) return status;
  return absl::UnavailableError("what was read is not what was written; is its disk failing?");
}

absl::Status Copy(const std::string& path, const std::string& unfinished) {
  CLOSURE_ASSIGN_OR_RETURN(const auto from, Connection::OpenSealed(path, Connection::Access::kReadOnly));
  const absl::StatusOr<std::unique_ptr<Connection>> to = OpenForCopy(unfinished);
  if (!to.ok()) return OfCopy(to.status());
  return from->CopyTo(**to);
}

// What happened after a backup is unknown to it, so whoever restores one has to look before anything goes on that
// cannot be taken back. The first who paused stays.
absl::Status Pause(Connection& copy, absl::Time now) {
  CLOSURE_ASSIGN_OR_RETURN(internal::v1::SystemData system, sqlite::LoadSystem(copy));
  if (system.has_pause()) return absl::OkStatus();
  system.set_version(system.version() + 1);
  v1::SystemStatus::Halt& pause = *system.mutable_pause();
  pause.mutable_create_time()->set_seconds(absl::ToUnixSeconds(now));
  pause.set_actor("system");
  pause.set_reason(fmt::format("restored from a backup made at {}; compare its closures with the account system first",
                               absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", now, absl::UTCTimeZone())));
  return sqlite::UpdateSystem(copy, system);
}

// Each over a connection of its own, so that what is read is what stands in the file.
absl::Status PauseAndReadThrough(const std::string& unfinished, absl::Time now) {
  {
    CLOSURE_ASSIGN_OR_RETURN(const auto copy, Connection::OpenSealed(unfinished, Connection::Access::kReadWrite));
    CLOSURE_RETURN_IF_ERROR(Pause(*copy, now));
    CLOSURE_ASSIGN_OR_RETURN(const bool emptied, copy->EmptyLog());
    if (!emptied) return absl::UnavailableError("somebody else uses it");
  }
  CLOSURE_ASSIGN_OR_RETURN(const auto copy, Connection::OpenSealed(unfinished, Connection::Access::kReadWrite));
  return copy->CheckFile();
}

absl::Status CopyAndFinish(const std::string& path, const std::string& copy, absl::Time now) {
  CLOSURE_ASSIGN_OR_RETURN(const std::unique_ptr<Unfinished> unfinished, Unfinished::Make(copy));
  CLOSURE_RETURN_IF_ERROR(Copy(path, unfinished->path()));
  CLOSURE_RETURN_IF_ERROR(OfCopy(PauseAndReadThrough(unfinished->path(), now)));
  return unfinished->Finish(copy);
}

}  // namespace

absl::Status BackUpDatabase(const std::string& path, const std::string& copy, absl::Time now) {
  CLOSURE_ASSIGN_OR_RETURN(const bool exists, sqlite::CheckDatabaseFile(path));
  if (!exists) return absl::FailedPreconditionError(fmt::format("database {}: is not there", path));
  CLOSURE_RETURN_IF_ERROR(sqlite::CheckIsNotLost(path));
  // A log that stands beside a new copy would be taken for its own.
  for (const char* const beside : {"", "-journal", "-wal", "-shm"})
    CLOSURE_RETURN_IF_ERROR(sqlite::CheckIsFree(copy + beside));
  std::error_code ignored;
  if (std::filesystem::equivalent(path, copy + kUnfinished, ignored)) {
    return absl::FailedPreconditionError(
        fmt::format("database {}: would be overwritten; give the copy another name", path));
  }
  const absl::Status copied = CopyAndFinish(path, copy, now);
  if (copied.ok() || IsDamage(copied)) return copied;
  return {copied.code(), fmt::format("the copy {} was not made, and database {} was not touched: {}", copy, path,
                                     std::string(copied.message()))};
}

}  // namespace closure
