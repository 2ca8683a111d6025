// SPDX-License-Identifier: Apache-2.0
#include "checkers/serve/checker_endpoint.h"

#include <cstddef>
#include <cstdint>
#include <utility>

#include "checkers/answer_fault.h"
#include "checkers/answer_validation.h"
#include "checkers/proto_time.h"
#include "checkers/serve/request_fault.h"
#include "checkers/serve/served_call.h"

namespace closure {
namespace {

// The status of an answer that breaks its contract is INTERNAL: RESOURCE_EXHAUSTED would be asked again.
absl::Status WithoutPassing(const absl::Status& status) {
  const v1::CheckerResult::Fault fault = FaultOf(status);
  const bool is_broken = fault == v1::CheckerResult::MALFORMED || fault == v1::CheckerResult::TOO_MUCH;
  return is_broken ? absl::InternalError(status.message()) : status;
}

// Sends the answer to one question. It belongs to gRPC, and lives until the checker has answered: only then is the call
// finished, also one that was cancelled.
class CheckWriter final : public grpc::ServerWriteReactor<v1::CheckResponse> {
 public:
  CheckWriter(std::shared_ptr<Checker> checker, const v1::CheckRequest& request, CallOptions options)
      : checker_(std::move(checker)), request_(request), options_(std::move(options)) {}

  void Ask() {
    checker_->Check(request_, options_, [this](absl::StatusOr<CheckAnswer> answer) { Answer(std::move(answer)); });
  }
  // Ends the call of a question that was not asked.
  void Refuse(const absl::Status& status) { Finish(ToGrpc(status)); }

  void OnWriteDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::CANCELLED);
    Next();
  }
  void OnCancel() override { options_.cancel->Cancel(); }
  void OnDone() override { delete this; }

 private:
  void Answer(absl::StatusOr<CheckAnswer> answer) {
    absl::Status status = answer.status();
    if (status.ok()) status = Judge(*answer);
    if (!status.ok()) return Finish(ToGrpc(WithoutPassing(status)));
    answer_ = *std::move(answer);
    Next();
  }

  absl::Status Judge(const CheckAnswer& answer) const {
    return ValidateAnswer(answer, checker_->description(),
                          {.account_id = request_.account_id(), .as_of_min = *TimeFromProto(request_.check_time())});
  }

  void Next() {
    if (sent_ < answer_.items.size()) {
      *piece_.mutable_item() = std::move(answer_.items[sent_++]);
      return StartWrite(&piece_);
    }
    v1::CheckSummary& summary = *piece_.mutable_summary();
    summary.set_item_count(static_cast<int32_t>(answer_.items.size()));
    summary.set_account_id(request_.account_id());
    *summary.mutable_as_of_time() = ToProto(answer_.as_of);
    StartWriteAndFinish(&piece_, grpc::WriteOptions(), grpc::Status::OK);
  }

  const std::shared_ptr<Checker> checker_;
  const v1::CheckRequest request_;
  const CallOptions options_;
  CheckAnswer answer_;
  std::size_t sent_ = 0;
  v1::CheckResponse piece_;
};

// One release, whose caller may leave.
class DiscardCall final : public grpc::ServerUnaryReactor {
 public:
  DiscardCall(CallOptions options, v1::DiscardResponse* response) : options_(std::move(options)), response_(response) {}

  void Ask(Checker& checker, const v1::DiscardRequest& request) {
    checker.Discard(request, options_, [this](absl::StatusOr<v1::DiscardResponse> answer) {
      if (answer.ok()) *response_ = *std::move(answer);
      Finish(ToGrpc(answer.status()));
    });
  }
  void Refuse(const absl::Status& status) { Finish(ToGrpc(status)); }

  void OnCancel() override { options_.cancel->Cancel(); }
  void OnDone() override { delete this; }

 private:
  const CallOptions options_;
  v1::DiscardResponse* const response_;
};

}  // namespace

CheckerEndpoint::CheckerEndpoint(std::shared_ptr<Checker> checker) : checker_(std::move(checker)) {}

grpc::ServerUnaryReactor* CheckerEndpoint::Describe(grpc::CallbackServerContext* context, const v1::DescribeRequest*,
                                                    v1::CheckerDescription* response) {
  *response = checker_->description();
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

grpc::ServerWriteReactor<v1::CheckResponse>* CheckerEndpoint::Check(grpc::CallbackServerContext* context,
                                                                    const v1::CheckRequest* request) {
  auto* const writer = new CheckWriter(checker_, *request, OptionsOf(*context));
  const absl::Status fault = JudgeRequest(*request, checker_->description());
  fault.ok() ? writer->Ask() : writer->Refuse(fault);
  return writer;
}

grpc::ServerUnaryReactor* CheckerEndpoint::Discard(grpc::CallbackServerContext* context,
                                                   const v1::DiscardRequest* request, v1::DiscardResponse* response) {
  auto* const call = new DiscardCall(OptionsOf(*context), response);
  const absl::Status fault = JudgeRequest(*request);
  fault.ok() ? call->Ask(*checker_, *request) : call->Refuse(fault);
  return call;
}

}  // namespace closure
