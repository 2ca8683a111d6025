// SPDX-License-Identifier: Apache-2.0
#include "server/remote_plugins.h"

#include <utility>

#include "checkers/proto_time.h"
#include "checkers/remote/remote_channel.h"
#include "checkers/remote/remote_checker.h"
#include "server/participants/remote_participant.h"
#include "server/random_source.h"

namespace closure {
namespace {

v1::CheckerDescription Describe(const config::v1::CheckerConfig& config) {
  v1::CheckerDescription description;
  description.set_name(config.name());
  *description.mutable_phases() = config.remote().phases();
  if (description.phases().empty()) {
    for (const v1::CheckPhase phase : {v1::PREVIEW, v1::SCAN, v1::CONFIRM, v1::FINAL}) description.add_phases(phase);
  }
  return description;
}

v1::ParticipantDescription Describe(const config::v1::ParticipantConfig& config) {
  v1::ParticipantDescription description;
  description.set_name(config.name());
  for (const config::v1::PhaseStage& stage : config.stages()) {
    v1::ParticipantDescription::PhaseStage& added = *description.add_stages();
    added.set_phase(stage.phase());
    added.set_stage(stage.stage());
  }
  return description;
}

template <typename Config>
std::shared_ptr<grpc::Channel> Connect(const Config& config) {
  return OpenRemoteChannel(config.target(), config.has_tls() ? &config.tls() : nullptr);
}

RemoteChecker::Options OptionsOf(const config::v1::CheckerConfig& config) {
  const config::v1::RemoteCheckerConfig& remote = config.remote();
  RemoteChecker::Options options;
  options.limits = {.items_max = config.max_items(), .bytes_max = static_cast<std::size_t>(remote.max_bytes())};
  options.deadline = FromProto(config.deadline());
  options.calls_max = remote.calls_max();
  options.retries = {.tries_max = remote.tries_max(), .delay = FromProto(remote.retry_delay())};
  options.breaker = {.failures = remote.breaker_failures(),
                     .pause = FromProto(remote.breaker_pause()),
                     .pause_max = FromProto(remote.breaker_pause_max())};
  options.retry_factor = [] { return SystemRandom().RetryFactor(); };
  return options;
}

}  // namespace

std::shared_ptr<Checker> ConnectChecker(const config::v1::CheckerConfig& config, std::shared_ptr<PluginNews> news) {
  RemoteChecker::Options options = OptionsOf(config);
  options.on_turn = [name = config.name(), news = std::move(news)](
                        CircuitBreaker::Turn turn, const absl::Status& last) { news->Tell(name, turn, last); };
  return std::make_shared<RemoteChecker>(Describe(config), Connect(config.remote()), std::move(options));
}

std::shared_ptr<Participant> ConnectParticipant(const config::v1::ParticipantConfig& config) {
  return std::make_shared<RemoteParticipant>(Describe(config), v1::ParticipantService::NewStub(Connect(config)));
}

}  // namespace closure
