// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/database_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "absl/strings/ascii.h"
#include "storage/sqlite/page_checksum.h"
#include "storage/status_macros.h"

namespace closure::sqlite {
namespace {

constexpr mode_t kOwnerOnly = 0600;
constexpr mode_t kOthers = 077;

absl::Status Refused(std::string_view path, std::string_view why) {
  return absl::FailedPreconditionError(fmt::format("database {}: {}", path, why));
}

// What the file system said by errno.
absl::Status Failed(std::string_view path, std::string_view what, int error) {
  return absl::UnavailableError(fmt::format("database {}: {}: {}", path, what, strerror(error)));
}

std::string DirectoryOf(const std::string& path) {
  const std::string directory = std::filesystem::path(path).parent_path().string();
  return directory.empty() ? "." : directory;
}

absl::Status CheckDirectory(const std::string& path) {
  struct stat facts = {};
  const std::string directory = DirectoryOf(path);
  const bool found = stat(directory.c_str(), &facts) == 0;
  if (found && S_ISDIR(facts.st_mode)) return absl::OkStatus();
  if (!found && errno == EACCES)
    return Refused(path, fmt::format("{} may not look into the directory {}", UserName(geteuid()), directory));
  return Refused(
      path, fmt::format("the directory {} does not exist; make it, owned by the user that runs closured", directory));
}

std::string ReadAll(int file) {
  char text[32];
  const ssize_t size = pread(file, text, sizeof(text), 0);
  return std::string(absl::StripAsciiWhitespace({text, size > 0 ? static_cast<size_t>(size) : 0}));
}

// What a file holds, in bytes; nothing where there is no file.
absl::StatusOr<off_t> SizeOf(const std::string& path) {
  struct stat facts = {};
  if (lstat(path.c_str(), &facts) == 0) return facts.st_size;
  return errno == ENOENT ? absl::StatusOr<off_t>(0) : Failed(path, "cannot be looked at", errno);
}

// Makes an empty file and its directory entry durable.
absl::Status MakeFile(const std::string& path) {
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kOwnerOnly);
  if (file < 0) return Failed(path, "cannot be made", errno);
  close(file);
  return SyncDirectoryOf(path);
}

// The locked descriptor.
absl::StatusOr<int> TakeLock(const std::string& path) {
  const std::string name = fmt::format("{}.lock", path);
  const int lock = open(name.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, kOwnerOnly);
  if (lock < 0) return Refused(path, fmt::format("its lock file {} cannot be opened: {}", name, strerror(errno)));
  if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
    const std::string owner = ReadAll(lock);
    close(lock);
    return absl::UnavailableError(
        fmt::format("database {}: is in use by the process {}, which holds {}; one process uses a database at a time, "
                    "stop that one "
                    "first",
                    path, owner, name));
  }
  // For people only; the lock is what counts.
  const std::string owner = fmt::format("{}\n", getpid());
  if (ftruncate(lock, 0) != 0 || pwrite(lock, owner.data(), owner.size(), 0) < 0) {
    const int error = errno;
    close(lock);
    return Failed(path, "its lock file cannot be written", error);
  }
  return lock;
}

}  // namespace

std::string UserName(uid_t id) {
  const passwd* const user = getpwuid(id);
  return user == nullptr ? std::to_string(id) : user->pw_name;
}

absl::StatusOr<bool> CheckDatabaseFile(const std::string& path) {
  struct stat facts = {};
  if (lstat(path.c_str(), &facts) != 0) {
    if (errno == ENOENT) return false;
    return Failed(path, "cannot be looked at", errno);
  }
  if (S_ISLNK(facts.st_mode)) return Refused(path, "is a symbolic link; name the file itself");
  if (!S_ISREG(facts.st_mode)) return Refused(path, "is not a plain file; name the database file itself");
  if (facts.st_uid != geteuid()) {
    return Refused(path,
                   fmt::format("belongs to {0}, and closured runs as {1}: run it as {0} (runuser -u {0} -- ...), or "
                               "give the file to the user that runs closured",
                               UserName(facts.st_uid), UserName(geteuid())));
  }
  if ((facts.st_mode & kOthers) != 0) {
    return Refused(path, fmt::format("is open to group or others (mode {:04o}); run: chmod 600 {}, and look who read "
                                     "what it tells about owners",
                                     facts.st_mode & 07777, path));
  }
  return true;
}

absl::Status CheckIsNotLost(const std::string& path) {
  const std::string log = path + "-wal";
  const std::string journal = path + "-journal";
  // The log first: a database that is being made has its pages before it has a log.
  CLOSURE_ASSIGN_OR_RETURN(const off_t log_bytes, SizeOf(log));
  CLOSURE_ASSIGN_OR_RETURN(const off_t bytes, SizeOf(path));
  CLOSURE_ASSIGN_OR_RETURN(const off_t journal_bytes, SizeOf(journal));
  constexpr off_t kNoFrame = kLogHeaderBytes + kFrameHeaderBytes;
  if (log_bytes <= kNoFrame) return absl::OkStatus();
  if (bytes > 0 && journal_bytes == 0) return absl::OkStatus();
  if (bytes > 0) {
    return Refused(path,
                   fmt::format("has a log {} and a rollback journal {}, which is older and would undo what the log "
                               "rests on; move the journal aside",
                               log, journal));
  }
  return Refused(path, fmt::format("is missing or empty, but its log {} is not: put the database that it belongs to "
                                   "back, or move the log aside to begin with a new one",
                                   log));
}

absl::Status CheckIsFree(const std::string& path) {
  CLOSURE_RETURN_IF_ERROR(CheckDirectory(path));
  struct stat facts = {};
  if (lstat(path.c_str(), &facts) == 0) return Refused(path, "there is a file already; name one that is not there");
  return errno == ENOENT ? absl::OkStatus() : Failed(path, "cannot be looked at", errno);
}

absl::Status SyncDirectoryOf(const std::string& path) {
  const int directory = open(DirectoryOf(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = directory >= 0 && fsync(directory) == 0;
  const int error = errno;
  if (directory >= 0) close(directory);
  return synced ? absl::OkStatus() : Failed(path, "its directory cannot be synced", error);
}

absl::StatusOr<std::unique_ptr<DatabaseFile>> DatabaseFile::Claim(const std::string& path) {
  CLOSURE_RETURN_IF_ERROR(CheckDirectory(path));
  CLOSURE_RETURN_IF_ERROR(CheckDatabaseFile(path).status());
  CLOSURE_ASSIGN_OR_RETURN(const int lock, TakeLock(path));
  std::unique_ptr<DatabaseFile> claimed(new DatabaseFile(lock));
  // Looked at again: only now nobody else makes it.
  CLOSURE_ASSIGN_OR_RETURN(const bool exists, CheckDatabaseFile(path));
  CLOSURE_RETURN_IF_ERROR(CheckIsNotLost(path));
  if (!exists) CLOSURE_RETURN_IF_ERROR(MakeFile(path));
  return claimed;
}

DatabaseFile::~DatabaseFile() { close(lock_); }

}  // namespace closure::sqlite
