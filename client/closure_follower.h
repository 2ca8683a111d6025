// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CLOSURE_FOLLOWER_H_
#define CLOSURE_CLIENT_CLOSURE_FOLLOWER_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/closure_client.h"

namespace closure {

// Watches a closure for as long as it takes: when a stream breaks, it goes on from the last revision that was seen, so
// no change is shown twice. Lives on one thread; the client must outlive it.
class ClosureFollower {
 public:
  struct Options {
    // The most time that Follow takes in all.
    absl::Duration limit = absl::InfiniteDuration();
    // How long a server may be unreachable before Follow gives up.
    absl::Duration unreachable_max = absl::Seconds(30);
    // Lets time pass between two attempts.
    std::function<void(absl::Duration)> pause;
    // A clock that only ever moves forward, from any beginning.
    std::function<absl::Duration()> elapsed;
    // Told the error and the revision when a stream broke and is about to be resumed; once, however many attempts it
    // takes until the server is heard of again.
    std::function<void(const absl::Status&, int64_t)> on_disconnect;
  };

  ClosureFollower(ClosureClient& client, Options options);

  // Calls on_change with each change of the closure until on_change returns false or the server says that there will be
  // no more. Errors: those of WatchClosure, UNAVAILABLE when the server stayed unreachable, DEADLINE_EXCEEDED when the
  // limit passed.
  absl::Status Follow(const std::string& name, const std::function<bool(const v1::Closure&)>& on_change);

 private:
  // Decides what follows the end of a stream: OK means to watch again.
  absl::Status Resume(const absl::Status& ended, absl::Duration start);

  ClosureClient& client_;
  const Options options_;
  int64_t revision_ = 0;
  absl::Duration backoff_;
  // When the server was last heard of.
  absl::Duration heard_;
  // A stream broke, and nothing was heard since.
  bool lost_ = false;
};

}  // namespace closure

#endif  // CLOSURE_CLIENT_CLOSURE_FOLLOWER_H_
