// SPDX-License-Identifier: Apache-2.0
#include "checkers/remote/remote_checker.h"

#include <memory>
#include <string>
#include <utility>

#include "checkers/remote/check_stream.h"
#include "checkers/upstream_call.h"
#include "fmt/format.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/client_callback.h"
#include "protos/failpoint.h"

namespace closure {
namespace {

// One stream of an answer, as CallUpstream is for single answers. It belongs to gRPC until OnDone.
class CheckCall final : public grpc::ClientReadReactor<v1::CheckResponse>,
                        public std::enable_shared_from_this<CheckCall> {
 public:
  CheckCall(std::string who, const RemoteChecker::Limits& limits, const v1::CheckRequest& request,
            Checker::CheckDone done)
      : who_(std::move(who)), stream_(who_, limits), request_(request), done_(std::move(done)) {}

  void Start(v1::CheckerService::StubInterface& stub, const CallOptions& options) {
    self_ = shared_from_this();
    ApplyCallOptions(options, context_);
    cancel_ = options.cancel;
    // The weak pointer lets a signal that outlives the call find nothing to cancel.
    if (cancel_ != nullptr) {
      cancel_number_ = cancel_->OnCancel([weak = weak_from_this()] {
        if (const auto alive = weak.lock()) alive->context_.TryCancel();
      });
    }
    Failpoint("upstream.asking", who_);
    CallsToUpstreams().Begin();
    stub.async()->Check(&context_, &request_, this);
    StartRead(&piece_);
    StartCall();
  }

  void OnReadDone(bool ok) override {
    if (!ok) return;
    fault_ = stream_.Take(piece_);
    if (fault_.ok()) return StartRead(&piece_);
    context_.TryCancel();
  }

  void OnDone(const grpc::Status& status) override {
    Failpoint("upstream.answered", who_);
    if (cancel_ != nullptr) cancel_->Forget(cancel_number_);
    Checker::CheckDone done = std::move(done_);
    absl::StatusOr<CheckAnswer> answer = AnswerOf(status);
    // Nothing is left of the call afterwards.
    std::shared_ptr<CheckCall> last = std::move(self_);
    last.reset();
    std::move(done)(std::move(answer));
    CallsToUpstreams().End();
  }

 private:
  absl::StatusOr<CheckAnswer> AnswerOf(const grpc::Status& status) {
    // Of a stream that was ended for what it sent, how it ended says nothing.
    if (!fault_.ok()) return fault_;
    if (!status.ok()) return FromUpstream(who_, status);
    return stream_.Finish();
  }

  const std::string who_;
  CheckStream stream_;
  const v1::CheckRequest request_;
  Checker::CheckDone done_;
  std::shared_ptr<CheckCall> self_;
  grpc::ClientContext context_;
  std::shared_ptr<CancelSignal> cancel_;
  int64_t cancel_number_ = 0;
  v1::CheckResponse piece_;
  absl::Status fault_;
};

}  // namespace

RemoteChecker::RemoteChecker(v1::CheckerDescription description,
                             std::shared_ptr<v1::CheckerService::StubInterface> stub, Limits limits)
    : description_(std::move(description)), stub_(std::move(stub)), limits_(limits) {}

void RemoteChecker::Check(const v1::CheckRequest& request, const CallOptions& options, CheckDone done) {
  std::make_shared<CheckCall>(fmt::format("checker({})", description_.name()), limits_, request, std::move(done))
      ->Start(*stub_, options);
}

void RemoteChecker::Discard(const v1::DiscardRequest& request, const CallOptions& options, DiscardDone done) {
  CallUpstream<v1::DiscardResponse>(
      fmt::format("checker({})", description_.name()), request, options,
      [stub = stub_](auto* context, auto* asked, auto* answer, auto on_done) {
        stub->async()->Discard(context, asked, answer, std::move(on_done));
      },
      std::move(done));
}

}  // namespace closure
