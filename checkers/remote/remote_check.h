// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_REMOTE_REMOTE_CHECK_H_
#define CLOSURE_CHECKERS_REMOTE_REMOTE_CHECK_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "checkers/remote/remote_checker.h"
#include "checkers/remote/remote_peer.h"
#include "closure/v1/checker_service.pb.h"

namespace closure {

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
  // Whether it says that it takes part.
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
