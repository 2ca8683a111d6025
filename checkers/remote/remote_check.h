// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_REMOTE_REMOTE_CHECK_H_
#define CLOSURE_CHECKERS_REMOTE_REMOTE_CHECK_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "checkers/remote/remote_checker.h"
#include "closure/v1/checker_service.grpc.pb.h"
#include "grpcpp/generic/generic_stub.h"

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
  grpc::GenericStub& streams() { return streams_; }
  const RemoteChecker::Options& options() const { return options_; }
  CircuitBreaker& breaker() { return breaker_; }
  absl::Duration Elapsed() const { return options_.timers->Elapsed(); }

  // What it said that it is, where that was lately; nothing when it is to be asked.
  std::optional<v1::CheckerDescription> Introduced() const;
  void Introduce(v1::CheckerDescription said);
  // It may have been replaced by another.
  void ForgetIntroduction();

 private:
  const v1::CheckerDescription description_;
  const std::string who_;
  const std::shared_ptr<v1::CheckerService::StubInterface> stub_;
  grpc::GenericStub streams_;
  const RemoteChecker::Options options_;
  CircuitBreaker breaker_;
  mutable absl::Mutex mutex_;
  std::optional<v1::CheckerDescription> said_ ABSL_GUARDED_BY(mutex_);
  absl::Duration said_at_ ABSL_GUARDED_BY(mutex_);
};

// One check with all its tries. Owned by the calls and the timer that it waits for.
class RemoteCheck : public std::enable_shared_from_this<RemoteCheck> {
 public:
  RemoteCheck(std::shared_ptr<RemotePeer> peer, const v1::CheckRequest& request, const CallOptions& options,
              Checker::CheckDone done);

  // Begins; to be called once.
  void Start();

 private:
  void Try();
  void AskWhatItIs();
  void Ask(const std::string& version);
  void OnFailure(const absl::Status& status);
  void WaitAndTry(absl::Duration delay);
  void End(absl::StatusOr<CheckAnswer> answer);

  absl::Duration Left() const;
  CallOptions OptionsForCall() const;
  // Why what it says of itself does not fit; OK when it does.
  absl::Status Compare(const v1::CheckerDescription& said) const;
  CircuitBreaker::Outcome OutcomeOf(const absl::Status& status) const;

  const std::shared_ptr<RemotePeer> peer_;
  const v1::CheckRequest request_;
  const CallOptions options_;
  const absl::Duration start_;
  // One step at a time uses these.
  Checker::CheckDone done_;
  CircuitBreaker::Admission admission_;
  int tries_ = 0;
};

}  // namespace closure

#endif  // CLOSURE_CHECKERS_REMOTE_REMOTE_CHECK_H_
