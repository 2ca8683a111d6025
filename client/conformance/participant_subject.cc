// SPDX-License-Identifier: Apache-2.0
#include "client/conformance/participant_subject.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checkers/answer_fault.h"
#include "checkers/upstream_call.h"
#include "client/conformance/gathered.h"
#include "client/conformance/words.h"

namespace closure {
namespace {

constexpr char kNobodysAccount[] = "closure-conformance";
constexpr absl::Duration kBetweenTries = absl::Milliseconds(100);

}  // namespace

bool IsUnfinished(const absl::StatusOr<v1::PerformResponse>& answer) {
  if (answer.ok()) return answer->outcome() == v1::PerformResponse::IN_PROGRESS;
  return IsPassing(answer.status()) || absl::IsDeadlineExceeded(answer.status());
}

ParticipantSubject::ParticipantSubject(const std::shared_ptr<grpc::Channel>& channel, Options options)
    : options_(std::move(options)), stub_(v1::ParticipantService::NewStub(channel)), fence_(options_.fence - 1) {}

absl::StatusOr<v1::ParticipantDescription> ParticipantSubject::Describe() {
  grpc::ClientContext context;
  ApplyCallOptions({.timeout = options_.timeout}, context);
  v1::ParticipantDescription said;
  const grpc::Status status = stub_->DescribeParticipant(&context, {}, &said);
  if (!status.ok()) return ToStatus(status);
  return said;
}

absl::StatusOr<v1::ParticipantDescription> ParticipantSubject::Description() {
  if (!description_.has_value()) {
    absl::StatusOr<v1::ParticipantDescription> said = Describe();
    if (!said.ok()) return said;
    description_ = *std::move(said);
  }
  return *description_;
}

std::vector<ParticipantSubject::Step> ParticipantSubject::Life() {
  const absl::StatusOr<v1::ParticipantDescription> said = Description();
  if (!said.ok()) return {};
  std::vector<v1::ParticipantPhase> phases = {v1::FREEZE, v1::THAW,   v1::FREEZE, v1::ENTER_SILENT_PERIOD,
                                              v1::SEAL,   v1::RESTORE};
  if (options_.is_deleted) phases.insert(phases.end(), {v1::FREEZE, v1::ENTER_SILENT_PERIOD, v1::SEAL, v1::DELETE});
  std::vector<Step> life;
  for (const v1::ParticipantPhase phase : phases) {
    std::vector<int> stages;
    for (const auto& each : said->stages()) {
      if (each.phase() == phase) stages.push_back(each.stage());
    }
    std::sort(stages.begin(), stages.end());
    for (const int stage : stages) life.push_back({phase, stage});
  }
  return life;
}

std::optional<ParticipantSubject::Step> ParticipantSubject::AnyStep() {
  const std::vector<Step> life = Life();
  if (life.empty()) return std::nullopt;
  return life.front();
}

v1::PerformRequest ParticipantSubject::NewAct(const Step& step, const std::string& account_id, int64_t fence) {
  v1::PerformRequest request;
  request.set_phase(step.phase);
  request.set_stage(step.stage);
  request.set_account_id(account_id);
  request.set_closure(absl::StrCat("accounts/", account_id, "/closures/conformance"));
  request.set_idempotency_key(absl::StrCat("conformance-", absl::ToUnixMicros(options_.now()), "-", ++keys_));
  request.set_fence(fence);
  return request;
}

v1::PerformRequest ParticipantSubject::Act(const Step& step) {
  may_be_deleted_ = may_be_deleted_ || step.phase == v1::DELETE;
  return NewAct(step, options_.account_id, ++fence_);
}

v1::PerformRequest ParticipantSubject::MadeUpAct(const Step& step) { return NewAct(step, kNobodysAccount, 1); }

absl::StatusOr<v1::PerformResponse> ParticipantSubject::Perform(const v1::PerformRequest& request) {
  grpc::ClientContext context;
  ApplyCallOptions({.timeout = options_.timeout}, context);
  v1::PerformResponse response;
  if (const grpc::Status status = stub_->Perform(&context, request, &response); !status.ok()) return ToStatus(status);
  return response;
}

void ParticipantSubject::PerformAndLeave(const v1::PerformRequest& request) {
  Gathered<v1::PerformResponse> gathered;
  grpc::ClientContext context;
  ApplyCallOptions({.timeout = options_.timeout}, context);
  v1::PerformResponse response;
  stub_->async()->Perform(&context, &request, &response, [&gathered](const grpc::Status& status) {
    gathered.Add(status.ok() ? absl::UnknownError("it was too quick") : ToStatus(status));
  });
  // On the same connection, so once it is answered the other call has come, too.
  static_cast<void>(Describe());
  context.TryCancel();
  gathered.Wait(1);
}

absl::StatusOr<v1::PerformResponse> ParticipantSubject::Insist(const v1::PerformRequest& request) {
  absl::StatusOr<v1::PerformResponse> answer = Perform(request);
  for (absl::Duration waited; IsUnfinished(answer) && waited < options_.timeout; waited += kBetweenTries) {
    options_.pause(kBetweenTries);
    answer = Perform(request);
  }
  has_acted_ = has_acted_ || (answer.ok() && answer->outcome() == v1::PerformResponse::DONE);
  return answer;
}

std::vector<absl::StatusOr<v1::PerformResponse>> ParticipantSubject::PerformAtOnce(const v1::PerformRequest& request,
                                                                                   int times) {
  return CallAtOnce<v1::PerformResponse>(times, options_.timeout, [&](auto* context, auto* response, auto on_done) {
    stub_->async()->Perform(context, &request, response, std::move(on_done));
  });
}

}  // namespace closure
