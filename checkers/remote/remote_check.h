// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_REMOTE_REMOTE_CHECK_H_
#define CLOSURE_CHECKERS_REMOTE_REMOTE_CHECK_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "checkers/remote/call_slots.h"
#include "checkers/remote/check_call.h"
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

// One check with all its tries. Owned by the calls and the timer that it waits for.
class RemoteCheck : public std::enable_shared_from_this<RemoteCheck> {
 public:
  RemoteCheck(std::shared_ptr<RemotePeer> peer, const v1::CheckRequest& request, const CallOptions& options,
              Checker::CheckDone done);

  // Begins; to be called once.
  void Start();

 private:
  // Whether the breaker lets it through; ends it where not.
  bool Admit();
  void WaitInLine();
  // Its turn has come; false when it ended without making use of it.
  bool Begin();
  void Try();
  void AskWhatItIs();
  void Ask(std::shared_ptr<const v1::CheckerDescription> said);
  void OnFailure(const absl::Status& status);
  void WaitAndTry(absl::Duration delay);
  void End(absl::StatusOr<CheckAnswer> answer);
  // Its time in line is over. Nobody was asked, which says nothing about the checker.
  void EndUnasked();

  absl::Duration Left() const;
  CallOptions OptionsForCall() const;
  // Why what it says of itself does not fit; OK when it does.
  absl::Status Compare(const v1::CheckerDescription& said) const;
  // That it reports no kind but those that it says.
  absl::Status JudgeKinds(const CheckAnswer& answer, const v1::CheckerDescription& said) const;
  CircuitBreaker::Outcome OutcomeOf(const absl::Status& status) const;

  const std::shared_ptr<RemotePeer> peer_;
  const v1::CheckRequest request_;
  const CallOptions options_;
  const absl::Duration start_;
  // One step at a time uses these.
  Checker::CheckDone done_;
  CircuitBreaker::Admission admission_;
  bool has_slot_ = false;
  // What was left of the time when it was first asked.
  absl::Duration left_when_asked_;
  int tries_ = 0;
};

}  // namespace closure

#endif  // CLOSURE_CHECKERS_REMOTE_REMOTE_CHECK_H_
