// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_CHECKERS_REMOTE_RIG_H_
#define CLOSURE_TESTS_CHECKERS_REMOTE_RIG_H_

#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "checkers/answer_fault.h"
#include "checkers/proto_time.h"
#include "checkers/remote/remote_checker.h"
#include "checkers/upstream_call.h"
#include "closure/v1/checker_service.grpc.pb.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "tests/support/served_stream.h"

// A checker that a test scripts, and the RemoteChecker that asks it.
namespace closure {

inline const absl::Time kAsOf = absl::FromUnixSeconds(1'782'896'400);

inline v1::CheckResponse Item(const std::string& native_id) {
  v1::CheckResponse piece;
  piece.mutable_item()->set_native_id(native_id);
  return piece;
}

inline v1::CheckResponse Summary(int items) {
  v1::CheckResponse piece;
  piece.mutable_summary()->set_item_count(items);
  *piece.mutable_summary()->mutable_as_of_time() = ToProto(kAsOf);
  piece.mutable_summary()->set_account_id("1001");
  return piece;
}

using Script = ServedAnswer;

class ScriptedChecker final : public v1::CheckerService::CallbackService {
 public:
  ScriptedChecker() {
    description.set_name("quota");
    description.set_version("2.1");
    description.add_phases(v1::SCAN);
  }
  grpc::ServerUnaryReactor* Describe(grpc::CallbackServerContext* context, const v1::DescribeRequest* /*request*/,
                                     v1::CheckerDescription* response) override {
    ++described;
    *response = description;
    return FinishCall(context, describing);
  }
  grpc::ServerWriteReactor<v1::CheckResponse>* Check(grpc::CallbackServerContext* context,
                                                     const v1::CheckRequest* request) override {
    asked = *request;
    const std::size_t number = ++checked;
    if (number <= failures.size()) return new ServedStream({.status = failures[number - 1]});
    if (number <= hanging) return new ServedStream({.pieces = {}, .then = Script::Then::kHang});
    time_left = absl::FromChrono(context->deadline()) - absl::Now();
    return new ServedStream(script);
  }
  grpc::ServerUnaryReactor* Discard(grpc::CallbackServerContext* context, const v1::DiscardRequest* request,
                                    v1::DiscardResponse* response) override {
    ++discarded;
    response->set_outcome(v1::DiscardResponse::RELEASED);
    response->set_detail(request->idempotency_key());
    return FinishCall(context, discarding);
  }

  v1::CheckerDescription description;
  grpc::Status describing;
  int described = 0;
  grpc::Status discarding;
  int discarded = 0;
  // How the first checks end; those after them follow the script.
  std::vector<grpc::Status> failures;
  // So many of the first do not end.
  std::size_t hanging = 0;
  std::atomic<std::size_t> checked = 0;
  Script script;
  v1::CheckRequest asked;
  absl::Duration time_left;
};

// A checker beside this process, as far as it can see.
class Remote {
 public:
  explicit Remote(RemoteChecker::Options options = {}) {
    grpc::ServerBuilder builder;
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    v1::CheckerDescription description;
    description.set_name("quota");
    checker_ =
        std::make_unique<RemoteChecker>(std::move(description), server_->InProcessChannel({}), std::move(options));
  }
  Remote(const Remote&) = delete;
  Remote& operator=(const Remote&) = delete;
  ~Remote() {
    CHECK(CallsToUpstreams().WaitForNone(absl::Minutes(1)));
    checker_ = nullptr;
    server_->Shutdown();
  }

  absl::StatusOr<CheckAnswer> Answer(Script script, const CallOptions& options = {}, v1::CheckPhase phase = v1::SCAN) {
    service_.script = std::move(script);
    v1::CheckRequest request;
    request.set_account_id("1001");
    request.set_phase(phase);
    std::promise<absl::StatusOr<CheckAnswer>> answered;
    checker_->Check(request, options,
                    [&](absl::StatusOr<CheckAnswer> answer) { answered.set_value(std::move(answer)); });
    return answered.get_future().get();
  }
  ScriptedChecker& service() { return service_; }
  RemoteChecker& checker() { return *checker_; }

 private:
  ScriptedChecker service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<RemoteChecker> checker_;
};

inline void CheckFault(const absl::Status& status, v1::CheckerResult::Fault fault, const std::string& words) {
  CHECK(FaultOf(status) == fault);
  CHECK_THAT(std::string(status.message()), Catch::Contains("checker(quota): ") && Catch::Contains(words));
}

}  // namespace closure

#endif  // CLOSURE_TESTS_CHECKERS_REMOTE_RIG_H_
