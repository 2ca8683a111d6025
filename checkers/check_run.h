// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_CHECK_RUN_H_
#define CLOSURE_CHECKERS_CHECK_RUN_H_

#include <chrono>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "checkers/call_options.h"
#include "checkers/checker.h"
#include "closure/v1/checker_service.pb.h"

namespace closure {

// One check of a built-in checker: collects what its parts find, which are asked at the same time, and answers once:
// with everything when the last part is done, or with the first error at once.
//
//   auto run = CheckRun::Start(request, options, /*parts=*/2, settings.items_max, std::move(done));
//   if (run == nullptr) return;  // the request was wrong and is answered
//   WalkPages(run, /*part=*/0, …);
//   WalkPages(run, /*part=*/1, …);
//
// Thread-safe; shared by the calls of the check, which keep it alive. What the parts find arrives in the order of the
// parts, however the calls overtake each other.
class CheckRun {
 public:
  // Returns null, having answered INVALID_ARGUMENT, for a request without an account id or a valid check time.
  static std::shared_ptr<CheckRun> Start(const v1::CheckRequest& request, const CallOptions& options, size_t parts,
                                         int items_max, Checker::CheckDone done);

  const v1::CheckRequest& request() const { return request_; }
  // By this is judged what has expired; it is also as of when the facts are said to be, for none of them is older.
  absl::Time check_time() const { return check_time_; }
  // The bounds of a call that is made now: the timeout is what is left for the whole check.
  CallOptions RemainingOptions() const;
  // Whether it has answered, so that no further call is worth making.
  bool over() const;

  // Adds items of a part. Answers with TooMuchAnswer when there are more than items_max in all.
  void Add(size_t part, std::vector<v1::ReportedItem> items);
  // Says that a part has added all it will. Each part says so at most once.
  void PartDone();
  // What a part found in one go, which is all it will find, or why it could not.
  void FinishPart(size_t part, absl::StatusOr<std::vector<v1::ReportedItem>> items);
  // Answers with an error; ignored when it has answered.
  void Fail(absl::Status status);

 private:
  CheckRun(const v1::CheckRequest& request, const CallOptions& options, absl::Time check_time, size_t parts,
           int items_max, Checker::CheckDone done);
  // Takes the right to answer; null when it was taken before.
  Checker::CheckDone TakeDone() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const v1::CheckRequest request_;
  const CallOptions options_;
  const std::chrono::steady_clock::time_point start_;
  const absl::Time check_time_;
  const size_t items_max_;

  mutable absl::Mutex mutex_;
  std::vector<std::vector<v1::ReportedItem>> items_ ABSL_GUARDED_BY(mutex_);
  size_t item_count_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t parts_open_ ABSL_GUARDED_BY(mutex_);
  bool over_ ABSL_GUARDED_BY(mutex_) = false;
  Checker::CheckDone done_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace closure

#endif  // CLOSURE_CHECKERS_CHECK_RUN_H_
