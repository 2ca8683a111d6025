// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_BENCH_STORE_RAW_CHECKPOINTS_H_
#define CLOSURE_BENCH_STORE_RAW_CHECKPOINTS_H_

#include <memory>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "bench/store/raw_database.h"

namespace closure::bench {

// Moves the log of a database into its file beside the one who writes, on a thread and a connection of its own, in the
// place of SQLite's own checkpoints, for which every 1,000 pages the one who writes waits.
//
// Under continuous writing such a checkpoint never lets the log begin anew, for something was written meanwhile. So the
// one who writes makes one itself when the log has grown far, which has little left to move.
class RawCheckpoints {
 public:
  // `writing` is the connection that writes, and must outlive this; `beside` is another one to the same file. Begun
  // before the first write.
  RawCheckpoints(std::unique_ptr<RawDatabase> beside, RawDatabase& writing);
  RawCheckpoints(const RawCheckpoints&) = delete;
  RawCheckpoints& operator=(const RawCheckpoints&) = delete;
  // Waits for a checkpoint that is running.
  ~RawCheckpoints();

  // Does what the log needs by now. To be called by the thread that writes, after each commit. Errors: INTERNAL where a
  // checkpoint failed, one of the thread's too.
  absl::Status Tend();

 private:
  // A hook of SQLite's, called at each commit with the length of the log.
  static int OnCommit(void* self, sqlite3* database, const char* name, int pages);

  bool HasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return requested_ || closing_; }
  void Run();
  absl::Status BeginLogAnew();

  const std::unique_ptr<RawDatabase> beside_;
  RawDatabase& writing_;
  // Used by the thread that writes alone.
  int log_pages_ = 0;
  absl::Mutex mutex_;
  // How much of the log the last checkpoint of the thread left in the file; the log may have begun anew since.
  int moved_pages_ ABSL_GUARDED_BY(mutex_) = 0;
  bool requested_ ABSL_GUARDED_BY(mutex_) = false;
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace closure::bench

#endif  // CLOSURE_BENCH_STORE_RAW_CHECKPOINTS_H_
