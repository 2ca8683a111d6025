// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_STORAGE_SQLITE_SCRUBBER_H_
#define CLOSURE_STORAGE_SQLITE_SCRUBBER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "protos/steady_wait.h"
#include "storage/sqlite/database.h"

namespace closure::sqlite {

// Compares every page of the database file with its checksum, over and over, on a thread and a connection of its own,
// so that damage in what nobody reads is found while there is a backup that is older than it (ADR 26). Holds no
// transaction but a short one in which pages that do not fit are judged. Can be used from any thread.
class Scrubber {
 public:
  struct Options {
    // How many pages are read at a time, and what passes before the next ones: about ten megabytes a second, so that
    // nobody waits for the disk.
    int64_t pages = 256;
    absl::Duration pause = absl::Milliseconds(100);
    // Before the first pass: a start and the checkpoint after it have other things to do.
    absl::Duration first = absl::Seconds(1);
    // From the end of one pass over the file to the next; at most a day.
    absl::Duration rest = absl::Hours(24);
    // Told, on the scrubber's thread, what a pass found: damage (storage/damage.h), after which there is no other pass,
    // pages or a log that cannot be read, or free pages that do not fit.
    std::function<void(const absl::Status&)> found;
  };

  // The connection is one that may use PRAGMAs (see Connection::AllowRowsOnly).
  Scrubber(std::unique_ptr<Connection> connection, Options options);
  Scrubber(const Scrubber&) = delete;
  Scrubber& operator=(const Scrubber&) = delete;
  ~Scrubber();

  // Ends what is running. Can be called again.
  void Stop();

 private:
  void Run();
  // Goes over the file once, or until Stop.
  absl::Status Pass();
  // Looks again at pages that did not fit when they were met; adds what was found to `verdicts`.
  absl::Status Judge(const std::vector<int64_t>& doubtful, PageVerdicts& verdicts);
  bool IsClosing();
  // False when Stop was called meanwhile.
  bool Wait(absl::Duration time);

  const std::unique_ptr<Connection> connection_;
  const Options options_;
  absl::Mutex mutex_;
  SteadyWait called_;
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace closure::sqlite

#endif  // CLOSURE_STORAGE_SQLITE_SCRUBBER_H_
