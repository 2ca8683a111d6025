// SPDX-License-Identifier: Apache-2.0
#include "client/conformance/checker_subject.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checkers/answer_fault.h"
#include "checkers/answer_validation.h"
#include "checkers/billing/fund_limits.h"
#include "checkers/checker_settings.h"
#include "checkers/proto_time.h"
#include "checkers/upstream_call.h"
#include "client/conformance/gathered.h"
#include "client/conformance/words.h"

namespace closure {
namespace {

// What is waited for questions to have come.
constexpr absl::Duration kArrival = absl::Seconds(1);
constexpr char kWho[] = "checker";
constexpr char kNobodysItem[] = "closure-conformance-no-such-item";

}  // namespace

CheckerSubject::CheckerSubject(std::shared_ptr<grpc::Channel> channel, Options options)
    : options_(std::move(options)), stub_(v1::CheckerService::NewStub(channel)), check_method_(std::move(channel)) {}

absl::StatusOr<v1::CheckerDescription> CheckerSubject::Describe(absl::Duration timeout) {
  grpc::ClientContext context;
  ApplyCallOptions({.timeout = timeout}, context);
  v1::CheckerDescription said;
  if (const grpc::Status status = stub_->Describe(&context, {}, &said); !status.ok()) return ToStatus(status);
  return said;
}

absl::StatusOr<v1::CheckerDescription> CheckerSubject::Description() {
  if (!description_.has_value()) {
    absl::StatusOr<v1::CheckerDescription> said = Describe();
    if (!said.ok()) return said;
    description_ = *std::move(said);
  }
  return *description_;
}

v1::CheckRequest CheckerSubject::Question(const std::string& account_id) {
  v1::CheckRequest request;
  request.set_account_id(account_id);
  const absl::StatusOr<v1::CheckerDescription> said = Description();
  const bool names_phase = said.ok() && !said->phases().empty();
  request.set_phase(names_phase ? static_cast<v1::CheckPhase>(said->phases(0)) : v1::SCAN);
  if (request.phase() != v1::PREVIEW)
    request.set_closure(absl::StrCat("accounts/", account_id, "/closures/conformance"));
  request.set_language_code("en");
  *request.mutable_check_time() = ToProto(options_.now());
  const CheckerSettings usual;
  request.set_forfeit_limit_units(usual.forfeit_limit_units);
  request.set_void_limit_units(usual.void_limit_units);
  return request;
}

absl::StatusOr<CheckAnswer> CheckerSubject::Judge(const v1::CheckRequest& request, absl::StatusOr<CheckAnswer> answer) {
  if (!answer.ok()) return answer;
  const absl::Time asked = *TimeFromProto(request.check_time());
  AnswerLimits limits{.account_id = request.account_id(),
                      .as_of_min = asked,
                      .as_of_max = std::max(asked, options_.now()) + kClockSkewMax};
  const absl::StatusOr<v1::CheckerDescription> said = Description();
  if (!said.ok()) return said.status();
  const absl::StatusOr<FundLimits> funds = FundLimits::For(request, CheckerSettings());
  if (!funds.ok()) return funds.status();
  limits.funds = &*funds;
  if (absl::Status fault = ValidateAnswer(*answer, *said, limits); !fault.ok()) return fault;
  return answer;
}

absl::StatusOr<CheckAnswer> CheckerSubject::Check(const v1::CheckRequest& request) {
  return std::move(CheckAtOnce(request, 1, options_.timeout).front());
}

absl::StatusOr<CheckAnswer> CheckerSubject::Insist(const v1::CheckRequest& request) {
  absl::StatusOr<CheckAnswer> answer = Check(request);
  for (int again = 0; again < kTriesAgain && IsPassing(answer.status()); ++again) {
    options_.pause(kBetweenTries);
    answer = Check(request);
  }
  return answer;
}

std::vector<absl::StatusOr<CheckAnswer>> CheckerSubject::CheckAtOnce(const v1::CheckRequest& request, int times,
                                                                     absl::Duration timeout) {
  return CheckAtOnce(std::vector<v1::CheckRequest>(static_cast<std::size_t>(times), request), timeout);
}

std::vector<absl::StatusOr<CheckAnswer>> CheckerSubject::CheckAtOnce(const std::vector<v1::CheckRequest>& requests,
                                                                     absl::Duration timeout) {
  std::vector<absl::StatusOr<CheckAnswer>> answers(requests.size());
  Gathered<std::size_t> gathered;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    check_method_.Call(kWho, {}, requests[i], {.timeout = timeout},
                       [&answers, &gathered, i](absl::StatusOr<CheckAnswer> answer) {
                         answers[i] = std::move(answer);
                         gathered.Add(i);
                       });
  }
  gathered.Wait(requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i) answers[i] = Judge(requests[i], std::move(answers[i]));
  return answers;
}

void CheckerSubject::CheckAndLeave(const v1::CheckRequest& request, int times) {
  Gathered<CheckAnswer> gathered;
  const auto cancel = std::make_shared<CancelSignal>();
  for (int i = 0; i < times; ++i) {
    check_method_.Call(kWho, {}, request, {.timeout = options_.timeout, .cancel = cancel},
                       [&gathered](absl::StatusOr<CheckAnswer> answer) { gathered.Add(std::move(answer)); });
  }
  // On the same connection, so once it is answered the others have come, too; it may have to wait for them.
  static_cast<void>(Describe(std::min(options_.timeout, kArrival)));
  cancel->Cancel();
  gathered.Wait(static_cast<std::size_t>(times));
}

absl::Status CheckerSubject::Ask(const v1::CheckRequest& request) {
  grpc::ClientContext context;
  ApplyCallOptions({.timeout = options_.timeout}, context);
  const auto stream = stub_->Check(&context, request);
  v1::CheckResponse piece;
  while (stream->Read(&piece)) continue;
  return ToStatus(stream->Finish());
}

absl::StatusOr<v1::DiscardResponse> CheckerSubject::Discard(const v1::DiscardRequest& request) {
  return std::move(DiscardAtOnce(request, 1).front());
}

std::vector<absl::StatusOr<v1::DiscardResponse>> CheckerSubject::DiscardAtOnce(const v1::DiscardRequest& request,
                                                                               int times) {
  return CallAtOnce<v1::DiscardResponse>(times, options_.timeout, [&](auto* context, auto* response, auto on_done) {
    stub_->async()->Discard(context, &request, response, std::move(on_done));
  });
}

v1::DiscardRequest CheckerSubject::MadeUpDiscard() {
  v1::DiscardRequest request;
  request.set_account_id(options_.account_id);
  request.set_closure(absl::StrCat("accounts/", options_.account_id, "/closures/conformance"));
  request.set_native_id(kNobodysItem);
  v1::ReportedItem& expected = *request.mutable_expected();
  expected.set_native_id(kNobodysItem);
  expected.set_kind(v1::SUBSCRIPTION_RESOURCE);
  expected.set_disposition(v1::RENOUNCEABLE);
  expected.set_native_state("closure-conformance");
  request.set_idempotency_key(NewKey());
  request.set_fence(options_.fence);
  return request;
}

v1::DiscardRequest CheckerSubject::DiscardOf(const v1::ReportedItem& item) {
  v1::DiscardRequest request = MadeUpDiscard();
  // Closured asks with the same key again as long as it is the same finding.
  request.set_idempotency_key(discard_keys_.try_emplace(item.native_id(), request.idempotency_key()).first->second);
  request.set_native_id(item.native_id());
  *request.mutable_expected() = item;
  return request;
}

std::string CheckerSubject::NewKey() {
  return absl::StrCat("conformance-", absl::ToUnixMicros(options_.now()), "-", ++keys_);
}

}  // namespace closure
