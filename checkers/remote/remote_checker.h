// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_REMOTE_REMOTE_CHECKER_H_
#define CLOSURE_CHECKERS_REMOTE_REMOTE_CHECKER_H_

#include <cstddef>
#include <functional>
#include <memory>

#include "absl/time/time.h"
#include "checkers/answer_validation.h"
#include "checkers/checker.h"
#include "checkers/remote/circuit_breaker.h"
#include "checkers/timers.h"
#include "closure/v1/checker_service.pb.h"
#include "grpcpp/impl/codegen/channel_interface.h"

namespace closure {

class RemotePeer;

// A checker outside of the process, which serves closure.v1.CheckerService. What it is called and which phases it takes
// part in comes from whoever makes this, so that a scan knows whom it waits for while the checker is away.
//
// Before the first check, and from time to time, it is asked what it is (Describe): a checker of another name, or one
// that takes no part in the phase, gives no answer that counts. What it sends is taken in as it comes, and a stream
// that sends more than it may, or what the contract does not have, is ended at once: it is the fault TOO_MUCH or
// MALFORMED (answer_fault.h), whatever the stream says afterwards.
//
// A check that fails because the checker is away or busy is made again after a while, as long as there is time; a
// checker that nobody answers for is not waited for (CircuitBreaker), and one that hangs or is slow is not asked for
// more than so many accounts at the same time (CallSlots). No thread waits for any of it. Checks that are under way go
// on, safely, when the RemoteChecker is destroyed.
class RemoteChecker final : public Checker {
 public:
  struct Limits {
    // How many items an answer may have (D16), and how many bytes those may be in all.
    int items_max = 10'000;
    std::size_t bytes_max = kAnswerBytesMax;
  };
  struct Retries {
    // How often a check is tried in all; at least 1.
    int tries_max = 3;
    // How long after the first try the second is made; each wait is twice as long as the one before.
    absl::Duration delay = absl::Milliseconds(200);
  };
  struct Options {
    Limits limits;
    Retries retries;
    CircuitBreaker::Options breaker;
    // What a check is usually given: one that was given less than half of it says nothing about a checker that did not
    // answer. Each is the measure of itself when left out.
    absl::Duration deadline;
    // How many checks of it may be under way; others wait in line for as long as they have time. At least 1.
    int calls_max = 128;
    // Must outlive every check.
    Timers* timers = &SystemTimers();
    // Spreads the waits of those that failed together; around 1. Called from any thread.
    std::function<double()> retry_factor = [] { return 1.0; };
    // Hears when the checker is taken for dead, and when it answers again, with how the last check ended. Called from
    // any thread; may be empty.
    std::function<void(CircuitBreaker::Turn, const absl::Status& last)> on_turn;
  };

  // The channel is its own, or shared with others.
  RemoteChecker(v1::CheckerDescription description, std::shared_ptr<grpc::ChannelInterface> channel, Options options);

  const v1::CheckerDescription& description() const override;
  // Whoever gives a signal gives it when the time is over, too: one who waits in line leaves it then.
  // `done` is called on a gRPC thread when the last call's context is gone, or before Check returns, or in whoever
  // cancels, where nobody is asked. Errors besides those of the checker: UNAVAILABLE while it is not asked;
  // FAILED_PRECONDITION when it is not the one that it is taken for.
  void Check(const v1::CheckRequest& request, const CallOptions& options, CheckDone done) override;
  // Asks once, of nobody but the checker that it is configured to be: whoever wants a release asks again with the same
  // key. A checker that says UNIMPLEMENTED is INTERNAL here, see FromUpstream (upstream_call.h): nothing was released.
  void Discard(const v1::DiscardRequest& request, const CallOptions& options, DiscardDone done) override;

 private:
  const std::shared_ptr<RemotePeer> peer_;
};

}  // namespace closure

#endif  // CLOSURE_CHECKERS_REMOTE_REMOTE_CHECKER_H_
