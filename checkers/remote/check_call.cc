// SPDX-License-Identifier: Apache-2.0
#include "checkers/remote/check_call.h"

#include <memory>
#include <string>
#include <utility>

#include "checkers/remote/check_stream.h"
#include "checkers/upstream_call.h"
#include "grpcpp/impl/codegen/proto_utils.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/client_callback.h"

namespace closure {
namespace {

constexpr char kMethod[] = "/closure.v1.CheckerService/Check";

// The stream of one answer, in bytes: gRPC tells a message that it cannot parse from the end of a stream in no way, and
// then waits for somebody to read what comes behind it. It belongs to gRPC until OnDone.
class CheckCall final : public UpstreamCallFrame,
                        public grpc::ClientReadReactor<grpc::ByteBuffer>,
                        public std::enable_shared_from_this<CheckCall> {
 public:
  CheckCall(std::string_view name, const RemoteChecker::Limits& limits, const v1::CheckRequest& request,
            Checker::CheckDone done)
      : stream_(std::string(name), request.account_id(), limits), done_(std::move(done)) {}

  void Start(grpc::ChannelInterface& channel, const grpc::internal::RpcMethod& method, std::string_view name,
             const v1::CheckRequest& request, const CallOptions& options) {
    self_ = shared_from_this();
    BeginCall(self_, name, options);
    grpc::internal::ClientCallbackReaderFactory<grpc::ByteBuffer>::Create(&channel, method, &context, &request, this);
    StartRead(&piece_);
    StartCall();
  }

  void OnReadDone(bool ok) override {
    if (!ok) return;
    fault_ = stream_.Take(piece_);
    if (fault_.ok()) return StartRead(&piece_);
    context.TryCancel();
  }

  void OnDone(const grpc::Status& status) override {
    LeaveCall(*this);
    Tell(status);
    // Nothing is left of the call by now, nor of what its `done` held.
    CallsToUpstreams().End();
  }

 private:
  void Tell(const grpc::Status& status) {
    Checker::CheckDone done = std::move(done_);
    absl::StatusOr<CheckAnswer> answer = AnswerOf(status);
    // The last thing that uses this object.
    std::shared_ptr<CheckCall> last = std::move(self_);
    last.reset();
    std::move(done)(std::move(answer));
  }

  absl::StatusOr<CheckAnswer> AnswerOf(const grpc::Status& status) {
    // Of a stream that was ended for what it sent, how it ended says nothing.
    if (!fault_.ok()) return fault_;
    if (!status.ok()) return FromUpstream(who, status);
    return stream_.Finish();
  }

  CheckStream stream_;
  Checker::CheckDone done_;
  std::shared_ptr<CheckCall> self_;
  grpc::ByteBuffer piece_;
  absl::Status fault_;
};

}  // namespace

CheckMethod::CheckMethod(std::shared_ptr<grpc::ChannelInterface> channel)
    : channel_(std::move(channel)), method_(kMethod, grpc::internal::RpcMethod::SERVER_STREAMING, channel_) {}

void CheckMethod::Call(std::string_view who, const RemoteChecker::Limits& limits, const v1::CheckRequest& request,
                       const CallOptions& options, Checker::CheckDone done) {
  std::make_shared<CheckCall>(who, limits, request, std::move(done))->Start(*channel_, method_, who, request, options);
}

}  // namespace closure
