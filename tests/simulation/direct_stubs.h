// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SIMULATION_DIRECT_STUBS_H_
#define CLOSURE_TESTS_SIMULATION_DIRECT_STUBS_H_

#include <memory>

#include "checkers/upstreams.h"
#include "closure/v1/participant_service.grpc.pb.h"
#include "grpcpp/impl/service_type.h"
#include "tests/simulation/schedule.h"
#include "tests/simulation/wire.h"

// Stubs that reach services of this process over a simulated wire, without gRPC's threads, ports and clocks. Only their
// callback form can be used, as the service does; any other ends the process.
namespace closure::simulation {

// The callback services of the upstream systems, as made by sandbox/upstream_services.h.
struct UpstreamServices {
  std::unique_ptr<grpc::Service> account;
  std::unique_ptr<grpc::Service> billing;
  std::unique_ptr<grpc::Service> domain;
  std::unique_ptr<grpc::Service> messaging;
  std::unique_ptr<grpc::Service> partner;
  std::unique_ptr<grpc::Service> resource;
  std::unique_ptr<grpc::Service> resource_directory;
  std::unique_ptr<grpc::Service> trusteeship;
};

// For one life of the service. Wire and services must outlive the stubs.
Upstreams StubsOn(Wire& wire, Life life, const UpstreamServices& services);
std::shared_ptr<v1::ParticipantService::StubInterface> ParticipantStubOn(Wire& wire, Life life,
                                                                         grpc::Service& participant);

}  // namespace closure::simulation

#endif  // CLOSURE_TESTS_SIMULATION_DIRECT_STUBS_H_
