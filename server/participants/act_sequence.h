// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_PARTICIPANTS_ACT_SEQUENCE_H_
#define CLOSURE_SERVER_PARTICIPANTS_ACT_SEQUENCE_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "checkers/upstream_call.h"
#include "closure/upstream/v1/act.pb.h"
#include "closure/v1/participant_service.pb.h"
#include "fmt/format.h"
#include "server/participants/participant.h"

namespace closure {

// The acts that one phase asks of one participant, done one after another. It ends at the first that is not DONE; a
// repetition does them all again under the same keys, which upstream does nothing.
class ActSequence {
 public:
  using ActDone = absl::AnyInvocable<void(absl::StatusOr<upstream::v1::ActResult>) &&>;
  using Start = absl::AnyInvocable<void(const CallOptions&, ActDone) &&>;

  // `system` goes in front of errors.
  ActSequence(std::string_view system, const v1::PerformRequest& request);

  // Adds an act of the upstream method that `stub_method` starts; `request` gets account, closure, fence and a key that
  // ends in `name`. An act with a fingerprint executes that renunciation; when its facts moved it is left out, and the
  // acts behind it go on.
  template <typename Stub, typename Request>
  void Add(std::string_view name, std::shared_ptr<Stub> stub,
           void (Stub::async_interface::*method)(grpc::ClientContext*, const Request*, upstream::v1::ActResult*,
                                                 std::function<void(grpc::Status)>),
           Request request, std::string executed_fingerprint = "") {
    *request.mutable_act() = MakeAct(name);
    steps_.push_back(Step{[who = fmt::format("{} {}", system_, name), stub = std::move(stub), method,
                           request = std::move(request)](const CallOptions& options, ActDone done) mutable {
                            CallUpstream<upstream::v1::ActResult>(
                                who, request, options,
                                [stub, method](auto* context, auto* asked, auto* answer, auto on_done) {
                                  (stub->async()->*method)(context, asked, answer, std::move(on_done));
                                },
                                std::move(done));
                          },
                          std::move(executed_fingerprint)});
  }

  // Runs the acts; with none it is done at once.
  static void Run(ActSequence sequence, const CallOptions& options, Participant::Done done);

 private:
  struct Step {
    Start start;
    std::string executed_fingerprint;
  };
  struct Progress;

  upstream::v1::Act MakeAct(std::string_view name) const;
  static void RunNext(std::shared_ptr<Progress> progress);

  std::string system_;
  upstream::v1::Act act_;
  std::vector<Step> steps_;
};

}  // namespace closure

#endif  // CLOSURE_SERVER_PARTICIPANTS_ACT_SEQUENCE_H_
