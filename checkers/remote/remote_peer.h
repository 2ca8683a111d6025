// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_REMOTE_REMOTE_PEER_H_
#define CLOSURE_CHECKERS_REMOTE_REMOTE_PEER_H_

#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "checkers/call_options.h"
#include "checkers/remote/call_slots.h"
#include "checkers/remote/check_call.h"
#include "checkers/remote/circuit_breaker.h"
#include "checkers/remote/introduction.h"
#include "checkers/remote/remote_checker.h"
#include "closure/v1/checker_service.grpc.pb.h"

namespace closure {

// What is known of a remote checker; shared by all its checks and releases. Thread-safe.
class RemotePeer {
 public:
  RemotePeer(v1::CheckerDescription description, std::shared_ptr<grpc::ChannelInterface> channel,
             RemoteChecker::Options options);

  // As it is configured.
  const v1::CheckerDescription& description() const { return description_; }
  // "checker(NAME)".
  const std::string& who() const { return who_; }
  const std::shared_ptr<v1::CheckerService::StubInterface>& stub() const { return stub_; }
  CheckMethod& check_method() { return check_method_; }
  const RemoteChecker::Options& options() const { return options_; }
  CircuitBreaker& breaker() { return breaker_; }
  CallSlots& slots() { return slots_; }
  absl::Duration Elapsed() const { return options_.timers->Elapsed(); }

  Introduction<v1::CheckerDescription>& introduction() { return introduction_; }

 private:
  const v1::CheckerDescription description_;
  const std::string who_;
  const std::shared_ptr<v1::CheckerService::StubInterface> stub_;
  CheckMethod check_method_;
  const RemoteChecker::Options options_;
  CircuitBreaker breaker_;
  CallSlots slots_;
  Introduction<v1::CheckerDescription> introduction_;
};

using Introduced = absl::AnyInvocable<void(absl::StatusOr<std::shared_ptr<const v1::CheckerDescription>>) &&>;

// Asks who is there, and keeps what he says (ADR 30). Does not block. Errors: what the call ends with;
// FAILED_PRECONDITION for a description that the contract does not have, or another name than the configured one.
void AskWhoIsThere(std::shared_ptr<RemotePeer> peer, const CallOptions& options, Introduced done);

}  // namespace closure

#endif  // CLOSURE_CHECKERS_REMOTE_REMOTE_PEER_H_
