// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_REMOTE_REMOTE_PEER_H_
#define CLOSURE_CHECKERS_REMOTE_REMOTE_PEER_H_

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "checkers/remote/call_slots.h"
#include "checkers/remote/check_call.h"
#include "checkers/remote/circuit_breaker.h"
#include "checkers/remote/introduction.h"
#include "checkers/remote/remote_checker.h"
#include "closure/v1/checker_service.grpc.pb.h"

namespace closure {

// What is known of a remote checker; shared by all its checks. Thread-safe.
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

}  // namespace closure

#endif  // CLOSURE_CHECKERS_REMOTE_REMOTE_PEER_H_
