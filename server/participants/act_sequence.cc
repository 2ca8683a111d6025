// SPDX-License-Identifier: Apache-2.0
#include "server/participants/act_sequence.h"

#include <utility>

#include "fmt/format.h"

namespace closure {
namespace {

v1::PerformResponse::Outcome OutcomeOf(upstream::v1::ActResult::Outcome outcome) {
  switch (outcome) {
    case upstream::v1::ActResult::DONE:
      return v1::PerformResponse::DONE;
    case upstream::v1::ActResult::FENCED:
      return v1::PerformResponse::FENCED;
    case upstream::v1::ActResult::FACTS_MOVED:
      return v1::PerformResponse::FACTS_MOVED;
    case upstream::v1::ActResult::ACCOUNT_DELETED:
      return v1::PerformResponse::ACCOUNT_DELETED;
    default:
      return v1::PerformResponse::OUTCOME_UNSPECIFIED;
  }
}

}  // namespace

struct ActSequence::Progress {
  std::vector<Step> steps;
  std::size_t next = 0;
  CallOptions options;
  v1::PerformResponse response;
  Participant::Done done;
};

ActSequence::ActSequence(std::string_view system, const v1::PerformRequest& request) : system_(system) {
  act_.set_account_id(request.account_id());
  act_.set_closure(request.closure());
  act_.set_idempotency_key(request.idempotency_key());
  act_.set_fence(request.fence());
}

upstream::v1::Act ActSequence::MakeAct(std::string_view name) const {
  upstream::v1::Act act = act_;
  act.set_idempotency_key(fmt::format("{}/{}", act_.idempotency_key(), name));
  return act;
}

void ActSequence::Run(ActSequence sequence, const CallOptions& options, Participant::Done done) {
  auto progress = std::make_shared<Progress>();
  progress->steps = std::move(sequence.steps_);
  progress->options = options;
  progress->done = std::move(done);
  RunNext(std::move(progress));
}

void ActSequence::RunNext(std::shared_ptr<Progress> progress) {
  if (progress->next == progress->steps.size()) {
    progress->response.set_outcome(v1::PerformResponse::DONE);
    std::move(progress->done)(std::move(progress->response));
    return;
  }
  Step& step = progress->steps[progress->next++];
  std::move(step.start)(progress->options, [progress, &step](absl::StatusOr<upstream::v1::ActResult> result) {
    if (!result.ok()) return std::move(progress->done)(result.status());
    const bool skipped =
        result->outcome() == upstream::v1::ActResult::FACTS_MOVED && !step.executed_fingerprint.empty();
    if (result->outcome() != upstream::v1::ActResult::DONE && !skipped) {
      v1::PerformResponse response;
      response.set_outcome(OutcomeOf(result->outcome()));
      response.set_detail(result->detail());
      return std::move(progress->done)(std::move(response));
    }
    if (!skipped && !step.executed_fingerprint.empty())
      progress->response.add_executed_fingerprints(step.executed_fingerprint);
    RunNext(progress);
  });
}

}  // namespace closure
