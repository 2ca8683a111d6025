// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SUPPORT_SERVED_CHECKER_H_
#define CLOSURE_TESTS_SUPPORT_SERVED_CHECKER_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "closure/config/v1/server_config.pb.h"
#include "closure/v1/checker_service.grpc.pb.h"
#include "fmt/format.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "tests/support/served_stream.h"

// A checker of a test's own that closured reaches over a connection, as one in another process.
namespace closure {

inline v1::CheckResponse ItemPiece(v1::ReportedItem item) {
  v1::CheckResponse piece;
  *piece.mutable_item() = std::move(item);
  return piece;
}

// An answer as the contract wants it.
inline ServedAnswer Reporting(const v1::CheckRequest& request, const std::vector<v1::ReportedItem>& items) {
  ServedAnswer answer;
  for (const v1::ReportedItem& item : items) answer.pieces.push_back(ItemPiece(item));
  v1::CheckSummary& summary = *answer.pieces.emplace_back().mutable_summary();
  summary.set_item_count(static_cast<int32_t>(items.size()));
  *summary.mutable_as_of_time() = request.check_time();
  summary.set_account_id(request.account_id());
  return answer;
}

// Adds a checker outside the process to a configuration, which asks again soon.
inline config::v1::CheckerConfig& AddRemote(config::v1::ServerConfig& config, const std::string& name,
                                            const std::string& target) {
  config::v1::CheckerConfig& checker = *config.add_checkers();
  checker.set_name(name);
  checker.mutable_remote()->set_target(target);
  checker.mutable_remote()->mutable_retry_delay()->set_nanos(10'000'000);
  return checker;
}

class ServedChecker final : public v1::CheckerService::CallbackService {
 public:
  using Behaviour = std::function<ServedAnswer(const v1::CheckRequest&)>;

  // Serves on a free port of loopback.
  ServedChecker(const std::string& name, Behaviour behaviour) : behaviour_(std::move(behaviour)) {
    description_.set_name(name);
    description_.set_version("7.4");
    for (const v1::CheckPhase phase : {v1::PREVIEW, v1::SCAN, v1::CONFIRM, v1::FINAL}) description_.add_phases(phase);
    Serve();
  }
  ~ServedChecker() override { GoAway(); }

  std::string target() const { return fmt::format("127.0.0.1:{}", port_); }
  // How often it was asked about an account.
  int checks() {
    absl::MutexLock lock(&mutex_);
    return checks_;
  }
  // Whether it was asked, after waiting for that as long as calls take at most.
  bool WaitForCheck() {
    absl::MutexLock lock(&mutex_);
    const auto is_asked = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return checks_ > 0; };
    return mutex_.AwaitWithTimeout(absl::Condition(&is_asked), absl::Seconds(30));
  }
  // Whether a question that hung was cancelled, after waiting for that as long as calls take at most.
  bool WaitForCancel() {
    absl::MutexLock lock(&mutex_);
    const auto is_cancelled = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return cancelled_; };
    return mutex_.AwaitWithTimeout(absl::Condition(&is_cancelled), absl::Seconds(30));
  }
  std::vector<v1::DiscardRequest> discards() {
    absl::MutexLock lock(&mutex_);
    return discards_;
  }

  // Answers nobody until it serves again, on the same port.
  void GoAway() {
    if (server_ != nullptr) server_->Shutdown(absl::ToChronoTime(absl::Now()));
    server_ = nullptr;
  }
  void Serve() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort(target(), grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }

  grpc::ServerUnaryReactor* Describe(grpc::CallbackServerContext* context, const v1::DescribeRequest*,
                                     v1::CheckerDescription* response) override {
    *response = description_;
    return FinishCall(context);
  }
  grpc::ServerWriteReactor<v1::CheckResponse>* Check(grpc::CallbackServerContext*,
                                                     const v1::CheckRequest* request) override {
    {
      absl::MutexLock lock(&mutex_);
      ++checks_;
    }
    return new ServedStream(behaviour_(*request), [this] {
      absl::MutexLock lock(&mutex_);
      cancelled_ = true;
    });
  }
  grpc::ServerUnaryReactor* Discard(grpc::CallbackServerContext* context, const v1::DiscardRequest* request,
                                    v1::DiscardResponse* response) override {
    absl::MutexLock lock(&mutex_);
    discards_.push_back(*request);
    response->set_outcome(v1::DiscardResponse::RELEASED);
    return FinishCall(context);
  }

 private:
  v1::CheckerDescription description_;
  const Behaviour behaviour_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
  absl::Mutex mutex_;
  int checks_ ABSL_GUARDED_BY(mutex_) = 0;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<v1::DiscardRequest> discards_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace closure

#endif  // CLOSURE_TESTS_SUPPORT_SERVED_CHECKER_H_
