// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CONFORMANCE_CHECKER_SUBJECT_H_
#define CLOSURE_CLIENT_CONFORMANCE_CHECKER_SUBJECT_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "checkers/checker.h"
#include "checkers/remote/check_call.h"
#include "closure/v1/checker_service.grpc.pb.h"
#include "grpcpp/channel.h"

namespace closure {

// How often one that is busy is asked again, and after what time each.
inline constexpr int kTriesAgain = 10;
inline constexpr absl::Duration kBetweenTries = absl::Milliseconds(100);

// A checker that is put to the test: what the cases may ask it about, and calls of it that block. An answer is taken in
// and judged by what closured itself does that with. Not for several threads.
class CheckerSubject {
 public:
  struct Options {
    // An account that it answers about in ordinary time. Best with a few items.
    std::string account_id;
    // One with many items, how many at least; empty for none.
    std::string many_account_id;
    int many_items = 1001;
    // One about which it answers only after a minute or more; empty for none.
    std::string slow_account_id;
    // One about which its own source does not answer; empty for none.
    std::string failing_account_id;
    // The native id of a renounceable item of the account, which is released for good; empty for none.
    std::string release_native_id;
    // The fence of that release. One below it must have been seen by nobody.
    int64_t fence = 2;
    // What one ordinary call may take.
    absl::Duration timeout = absl::Seconds(30);
    // The wall clock.
    std::function<absl::Time()> now;
    // Lets time pass before one that is busy is asked again.
    std::function<void(absl::Duration)> pause;
  };

  CheckerSubject(std::shared_ptr<grpc::Channel> channel, Options options);

  const Options& options() const { return options_; }

  // Asks it what it is. Errors: what it answers, and UNAVAILABLE when nobody is there.
  absl::StatusOr<v1::CheckerDescription> Describe() { return Describe(options_.timeout); }
  // What it said first. Errors likewise; asked again after one.
  absl::StatusOr<v1::CheckerDescription> Description();

  // A question as closured asks it, in the first phase that it takes part in.
  v1::CheckRequest Question(const std::string& account_id);

  // Asks once, and judges the answer as closured does. Errors: what it answers; INTERNAL and RESOURCE_EXHAUSTED for an
  // answer that closured would refuse, which say why.
  absl::StatusOr<CheckAnswer> Check(const v1::CheckRequest& request);
  // The same, and asks again where it is away or busy, as closured does.
  absl::StatusOr<CheckAnswer> Insist(const v1::CheckRequest& request);
  // Asks so often at the same time.
  std::vector<absl::StatusOr<CheckAnswer>> CheckAtOnce(const v1::CheckRequest& request, int times,
                                                       absl::Duration timeout);
  // Asks all of it at the same time; the answers in the order of the questions.
  std::vector<absl::StatusOr<CheckAnswer>> CheckAtOnce(const std::vector<v1::CheckRequest>& requests,
                                                       absl::Duration timeout);
  // Asks so often at the same time, and leaves when the questions have come.
  void CheckAndLeave(const v1::CheckRequest& request, int times);

  // What the call of a question ends with, whatever it sent before.
  absl::Status Ask(const v1::CheckRequest& request);
  absl::StatusOr<v1::DiscardResponse> Discard(const v1::DiscardRequest& request);
  // The same release asked for so often at the same time.
  std::vector<absl::StatusOr<v1::DiscardResponse>> DiscardAtOnce(const v1::DiscardRequest& request, int times);

  // A release of an item that nobody reported.
  v1::DiscardRequest MadeUpDiscard();
  // The release of an item as it was reported; with the same key each time.
  v1::DiscardRequest DiscardOf(const v1::ReportedItem& item);
  // A key that no other run has used.
  std::string NewKey();

  // The release that was made, for the cases that come back to it.
  const std::optional<v1::DiscardRequest>& released() const { return released_; }
  void set_released(v1::DiscardRequest request) { released_ = std::move(request); }

  v1::CheckerService::Stub& stub() { return *stub_; }

 private:
  absl::StatusOr<v1::CheckerDescription> Describe(absl::Duration timeout);
  absl::StatusOr<CheckAnswer> Judge(const v1::CheckRequest& request, absl::StatusOr<CheckAnswer> answer);

  const Options options_;
  const std::unique_ptr<v1::CheckerService::Stub> stub_;
  CheckMethod check_method_;
  std::optional<v1::CheckerDescription> description_;
  std::optional<v1::DiscardRequest> released_;
  // By native id.
  std::map<std::string, std::string> discard_keys_;
  int64_t keys_ = 0;
};

}  // namespace closure

#endif  // CLOSURE_CLIENT_CONFORMANCE_CHECKER_SUBJECT_H_
