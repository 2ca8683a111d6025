// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SUPPORT_SERVED_PARTICIPANT_H_
#define CLOSURE_TESTS_SUPPORT_SERVED_PARTICIPANT_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "closure/config/v1/server_config.pb.h"
#include "closure/v1/participant_service.grpc.pb.h"
#include "fmt/format.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "tests/support/served_stream.h"

// A participant of a test's own that closured reaches over a connection, as one in another process.
namespace closure {

class ServedParticipant final : public v1::ParticipantService::CallbackService {
 public:
  // Fills in the answer; called for one act at a time.
  using Behaviour = std::function<grpc::Status(const v1::PerformRequest&, v1::PerformResponse&)>;

  // Serves on a free port of loopback. Does at once what it is asked for, where no behaviour is given. Says that it
  // takes part where TakePart has it.
  explicit ServedParticipant(
      std::string name, Behaviour behaviour =
                            [](const auto&, v1::PerformResponse& response) {
                              response.set_outcome(v1::PerformResponse::DONE);
                              return grpc::Status::OK;
                            })
      : name_(std::move(name)), behaviour_(std::move(behaviour)) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }

  using Stages = std::vector<std::pair<v1::ParticipantPhase, int>>;
  void TakePart(const Stages& stages) {
    absl::MutexLock lock(&mutex_);
    stages_ = stages;
  }

  std::string target() const { return fmt::format("127.0.0.1:{}", port_); }
  // Every act that it was asked for, the first first.
  std::vector<v1::PerformRequest> asked() {
    absl::MutexLock lock(&mutex_);
    return asked_;
  }
  // Those of one phase.
  std::vector<v1::PerformRequest> asked(v1::ParticipantPhase phase) {
    std::vector<v1::PerformRequest> of_phase = asked();
    std::erase_if(of_phase, [phase](const v1::PerformRequest& request) { return request.phase() != phase; });
    return of_phase;
  }

  grpc::ServerUnaryReactor* DescribeParticipant(grpc::CallbackServerContext* context,
                                                const v1::DescribeParticipantRequest*,
                                                v1::ParticipantDescription* response) override {
    response->set_name(name_);
    response->set_version("1.0");
    absl::MutexLock lock(&mutex_);
    for (const auto& [phase, stage] : stages_) {
      v1::ParticipantDescription::PhaseStage& added = *response->add_stages();
      added.set_phase(phase);
      added.set_stage(stage);
    }
    return FinishCall(context);
  }
  grpc::ServerUnaryReactor* Perform(grpc::CallbackServerContext* context, const v1::PerformRequest* request,
                                    v1::PerformResponse* response) override {
    absl::MutexLock lock(&mutex_);
    asked_.push_back(*request);
    return FinishCall(context, behaviour_(*request, *response));
  }

 private:
  const std::string name_;
  int port_ = 0;
  absl::Mutex mutex_;
  const Behaviour behaviour_;
  Stages stages_ ABSL_GUARDED_BY(mutex_);
  std::vector<v1::PerformRequest> asked_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<grpc::Server> server_;
};

// Adds a participant outside the process to a configuration, which takes part where it is configured to.
inline config::v1::ParticipantConfig& AddParticipant(config::v1::ServerConfig& config, const std::string& name,
                                                     ServedParticipant& served,
                                                     const ServedParticipant::Stages& stages) {
  served.TakePart(stages);
  config::v1::ParticipantConfig& participant = *config.add_participants();
  participant.set_name(name);
  participant.set_target(served.target());
  for (const auto& [phase, stage] : stages) {
    config::v1::PhaseStage& added = *participant.add_stages();
    added.set_phase(phase);
    added.set_stage(stage);
  }
  return participant;
}

}  // namespace closure

#endif  // CLOSURE_TESTS_SUPPORT_SERVED_PARTICIPANT_H_
