// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_REMOTE_CIRCUIT_BREAKER_H_
#define CLOSURE_CHECKERS_REMOTE_CIRCUIT_BREAKER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace closure {

// Knows whether somebody is worth asking. After so many calls in a row that nobody answered he is taken for dead, and
// nobody waits for him any more; after a pause one call is let through to see, and each that is in vain doubles the
// pause. One that hangs keeps nobody else from seeing for longer than the longest pause. Any answer ends that.
//
// Time is an argument, and only goes forward (Timers::Elapsed). Thread-safe.
class CircuitBreaker {
 public:
  struct Options {
    // How many calls in a row without an answer open it; at least 1.
    int failures = 5;
    // How long it then stays open before somebody is let through, at first and at most.
    absl::Duration pause = absl::Seconds(5);
    absl::Duration pause_max = absl::Minutes(1);
  };
  // The right to make one call, which Report gives back.
  struct Admission {
    bool is_probe = false;
    // How often the breaker had opened or closed.
    int64_t turn = 0;
  };
  enum class Outcome {
    kAnswered,
    kSilent,
    // The caller gave up before anybody could tell.
    kUnknown,
  };

  explicit CircuitBreaker(const Options& options) : options_(options) {}

  // Lets a call through. Errors: UNAVAILABLE while it is open, which says after how many calls, what came last, and
  // when somebody is let through.
  absl::StatusOr<Admission> Admit(absl::Duration now);

  // What a report changed.
  enum class Turn { kNone, kOpened, kClosed };
  // How the call went; once for each admission. `why` is what is told of a silence, to whoever asks next: nothing that
  // is about one account (D12). A probe in vain is no turn.
  Turn Report(const Admission& admission, Outcome outcome, std::string_view why, absl::Duration now);

  bool is_open() const;

 private:
  Turn Close() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Open(std::string_view why, absl::Duration pause, absl::Duration now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Options options_;
  mutable absl::Mutex mutex_;
  // Calls without an answer since the last answer.
  int failures_ ABSL_GUARDED_BY(mutex_) = 0;
  // Raised by each opening and closing: what was admitted before says nothing about what came after.
  int64_t turn_ ABSL_GUARDED_BY(mutex_) = 0;
  // Set while it is open.
  std::optional<absl::Duration> open_until_ ABSL_GUARDED_BY(mutex_);
  absl::Duration pause_ ABSL_GUARDED_BY(mutex_);
  std::string why_ ABSL_GUARDED_BY(mutex_);
  // Since when a probe is under way.
  std::optional<absl::Duration> probed_since_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace closure

#endif  // CLOSURE_CHECKERS_REMOTE_CIRCUIT_BREAKER_H_
