// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CONFORMANCE_PARTICIPANT_SUBJECT_H_
#define CLOSURE_CLIENT_CONFORMANCE_PARTICIPANT_SUBJECT_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "closure/v1/participant_service.grpc.pb.h"
#include "grpcpp/channel.h"

namespace closure {

// A participant that is put to the test, and calls of it that block. It acts for real. Not for several threads.
class ParticipantSubject {
 public:
  struct Options {
    // The account that it acts on for real; empty for none.
    std::string account_id;
    // Whether it may also delete that account for good.
    bool is_deleted = false;
    // The fence of the first act; what comes later has a higher one. None above it must have been seen.
    int64_t fence = 1;
    // What one call may take, and how long it may say IN_PROGRESS.
    absl::Duration timeout = absl::Seconds(30);
    // The wall clock.
    std::function<absl::Time()> now;
    // Lets time pass before an act that is in progress is asked for again.
    std::function<void(absl::Duration)> pause;
  };
  // Something that it says it takes part in.
  struct Step {
    v1::ParticipantPhase phase;
    int stage;
  };

  ParticipantSubject(const std::shared_ptr<grpc::Channel>& channel, Options options);

  const Options& options() const { return options_; }

  // Asks it what it is. Errors: what it answers, and UNAVAILABLE when nobody is there.
  absl::StatusOr<v1::ParticipantDescription> Describe();
  // What it said first. Errors likewise; asked again after one.
  absl::StatusOr<v1::ParticipantDescription> Description();

  // The acts of a closure that is given up, and with leave of one that ends, as far as it takes part: FREEZE, THAW,
  // FREEZE, ENTER_SILENT_PERIOD, SEAL, RESTORE, and the same without THAW up to DELETE.
  std::vector<Step> Life();
  // A step of that life which can be undone, or where there is none one of a deletion; nothing when it has none.
  std::optional<Step> AnyStep();

  // An act with a key of its own, and a fence that is above all before.
  v1::PerformRequest Act(const Step& step);
  // The same on an account that there is not.
  v1::PerformRequest MadeUpAct(const Step& step);
  // Whether the account may be gone: it was asked to delete it.
  bool may_be_deleted() const { return may_be_deleted_; }
  // Whether an act was ever done: its fences are high enough, then.
  bool has_acted() const { return has_acted_; }
  // The fence of the last act.
  int64_t fence() const { return fence_; }
  // One above that, which then is that of the last.
  int64_t RaiseFence() { return ++fence_; }

  // Asks once.
  absl::StatusOr<v1::PerformResponse> Perform(const v1::PerformRequest& request);
  // Asks once, and leaves when the call has come.
  void PerformAndLeave(const v1::PerformRequest& request);
  // Asks until it is not in progress any more, and no error that passes comes. Closured repeats after every error.
  absl::StatusOr<v1::PerformResponse> Insist(const v1::PerformRequest& request);
  // The same act asked for so often at the same time.
  std::vector<absl::StatusOr<v1::PerformResponse>> PerformAtOnce(const v1::PerformRequest& request, int times);

  // What was done, for the cases that come back to it.
  const std::vector<v1::PerformRequest>& done() const { return done_; }
  void AddDone(v1::PerformRequest request) { done_.push_back(std::move(request)); }
  // The first of them that was answered DONE, whose key is spent; that the account is gone spends none.
  const std::optional<v1::PerformRequest>& spent() const { return spent_; }
  void set_spent(v1::PerformRequest request) { spent_ = std::move(request); }

 private:
  v1::PerformRequest NewAct(const Step& step, const std::string& account_id, int64_t fence);

  const Options options_;
  const std::unique_ptr<v1::ParticipantService::Stub> stub_;
  std::optional<v1::ParticipantDescription> description_;
  std::vector<v1::PerformRequest> done_;
  std::optional<v1::PerformRequest> spent_;
  int64_t fence_;
  bool may_be_deleted_ = false;
  bool has_acted_ = false;
  int64_t keys_ = 0;
};

// Whether it is to be asked again: it is in progress, or away or busy.
bool IsUnfinished(const absl::StatusOr<v1::PerformResponse>& answer);

}  // namespace closure

#endif  // CLOSURE_CLIENT_CONFORMANCE_PARTICIPANT_SUBJECT_H_
