// SPDX-License-Identifier: Apache-2.0
// Loaded before a program's libraries (LD_PRELOAD): the removal of a database's log does not return as long as the file
// is there that CLOSURE_STUCK_DISK names, as on a disk that does not answer.
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

extern "C" int unlink(const char* path) {
  const char* const stuck = std::getenv("CLOSURE_STUCK_DISK");
  const bool is_log = std::string_view(path).ends_with("-wal");
  while (is_log && stuck != nullptr && access(stuck, F_OK) == 0) pause();
  return static_cast<int>(syscall(SYS_unlinkat, AT_FDCWD, path, 0));
}
