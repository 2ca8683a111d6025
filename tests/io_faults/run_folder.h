// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_IO_FAULTS_RUN_FOLDER_H_
#define CLOSURE_TESTS_IO_FAULTS_RUN_FOLDER_H_

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace closure {

// A directory that every run has empty, and that is gone at the end, also where the program is interrupted. One in a
// process.
class RunFolder {
 public:
  RunFolder() {
    if (mkdtemp(folder_.data()) == nullptr) std::abort();
    std::signal(SIGINT, RemoveAtEnd);
    std::signal(SIGTERM, RemoveAtEnd);
  }
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;
  ~RunFolder() {
    if (kept_) return;
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  // Something broke there: it stays when this ends. Answers where.
  std::string Keep() {
    kept_ = true;
    return Life().string();
  }
  // What was in the one before is removed.
  std::string New() const {
    const std::filesystem::path folder = Life();
    std::filesystem::remove_all(folder);
    std::filesystem::create_directory(folder);
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all);
    return folder.string();
  }

 private:
  // In memory where there is room, so that a disk that others keep busy delays nothing.
  static std::filesystem::path MemoryFolder() {
    const std::filesystem::path memory = "/dev/shm";
    return std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path();
  }

  // A signal's handler may hardly do anything itself, not even fork(), which waits for memory that the interrupted code
  // may be asking for; another process does it when this one has ended.
  static void RemoveAtEnd(int signal) {
    int alive[2];
    if (pipe(alive) == 0 && _Fork() == 0) {
      // Nothing is ever written; it ends with the process that has the other end.
      close(alive[1]);
      char never = 0;
      while (read(alive[0], &never, 1) > 0) {
      }
      execl("/bin/rm", "rm", "-rf", folder_.c_str(), nullptr);
      _exit(EXIT_FAILURE);
    }
    std::signal(signal, SIG_DFL);
    raise(signal);
  }

  static std::filesystem::path Life() { return std::filesystem::path(folder_) / "life"; }

  static inline std::string folder_ = (MemoryFolder() / "closure-io-XXXXXX").string();
  bool kept_ = false;
};

}  // namespace closure

#endif  // CLOSURE_TESTS_IO_FAULTS_RUN_FOLDER_H_
