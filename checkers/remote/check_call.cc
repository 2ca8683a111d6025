// SPDX-License-Identifier: Apache-2.0
#include "checkers/remote/check_call.h"

#include <memory>
#include <string>
#include <utility>

#include "checkers/remote/check_stream.h"
#include "checkers/upstream_call.h"
#include "grpcpp/impl/codegen/proto_utils.h"
#include "grpcpp/support/client_callback.h"

namespace closure {
namespace {

constexpr char kMethod[] = "/closure.v1.CheckerService/Check";

// The stream of one answer, in bytes: gRPC tells a message that it cannot parse from the end of a stream in no way, and
// then waits for somebody to read what comes behind it. It belongs to gRPC until OnDone.
class CheckCall final : public UpstreamCallFrame,
                        public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
                        public std::enable_shared_from_this<CheckCall> {
 public:
  CheckCall(std::string_view name, const RemoteChecker::Limits& limits, const v1::CheckRequest& request,
            Checker::CheckDone done)
      : stream_(std::string(name), request.account_id(), limits), done_(std::move(done)) {
    bool is_owned = false;
    // A message that was parsed, or made here, is serialized.
    static_cast<void>(grpc::SerializationTraits<v1::CheckRequest>::Serialize(request, &request_, &is_owned));
  }

  void Start(grpc::GenericStub& stub, std::string_view name, const CallOptions& options) {
    self_ = shared_from_this();
    BeginCall(self_, name, options);
    stub.PrepareBidiStreamingCall(&context, kMethod, grpc::StubOptions(), this);
    StartWriteLast(&request_, grpc::WriteOptions());
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
    if (!status.ok()) return FromUpstream(who, status);
    return stream_.Finish();
  }

  CheckStream stream_;
  grpc::ByteBuffer request_;
  Checker::CheckDone done_;
  std::shared_ptr<CheckCall> self_;
  grpc::ByteBuffer piece_;
  absl::Status fault_;
};

}  // namespace

void CallCheck(grpc::GenericStub& stub, std::string_view who, const RemoteChecker::Limits& limits,
               const v1::CheckRequest& request, const CallOptions& options, Checker::CheckDone done) {
  std::make_shared<CheckCall>(who, limits, request, std::move(done))->Start(stub, who, options);
}

}  // namespace closure
