// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_STORAGE_SAMPLE_COMMITS_H_
#define CLOSURE_TESTS_STORAGE_SAMPLE_COMMITS_H_

#include <string>

#include "absl/time/time.h"
#include "storage/closure_store.h"

// Commits as the server makes them, for tests of stores.
namespace closure {

// The time at which everything happens that a test gives no other time.
inline const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

// A commit that creates a closure in IDENTITY_PENDING.
Commit Creation(const ClosureKey& key, int64_t fence = 1);
// A commit that decides on a closure as it was loaded: the next version, and where the state changes, the next fence
// with history. Entering SILENT_PERIOD fixes its end seven days later; FINAL_CHECK is entered at that end unless
// another time is given.
Commit Decision(const internal::v1::ClosureData& loaded, v1::Closure::State to, absl::Time time = kNow);
Commit Decision(const internal::v1::ClosureData& loaded);

internal::v1::TaskData NewTask(const ClosureKey& key, std::string idempotency_key, absl::Time due = kNow,
                               v1::Task::Kind kind = v1::Task::SCAN);
v1::BlockingItem NewItem(const ClosureKey& key, const std::string& item_id);
v1::CheckerResult NewResult(const std::string& checker, v1::CheckerResult::Status status);

google::protobuf::Timestamp TimestampOf(absl::Time time);

}  // namespace closure

#endif  // CLOSURE_TESTS_STORAGE_SAMPLE_COMMITS_H_
