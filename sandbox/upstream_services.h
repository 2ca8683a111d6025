// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SANDBOX_UPSTREAM_SERVICES_H_
#define CLOSURE_SANDBOX_UPSTREAM_SERVICES_H_

#include <memory>
#include <string_view>

#include "grpcpp/impl/service_type.h"
#include "sandbox/upstream_calls.h"

// The services of the pretended cloud, each in its own file. What their methods mean is said in
// protos/closure/upstream/v1. They are thread-safe; `calls` must outlive them.
namespace closure {

std::unique_ptr<grpc::Service> MakeAccountService(UpstreamCalls& calls);
std::unique_ptr<grpc::Service> MakeBillingService(UpstreamCalls& calls);
std::unique_ptr<grpc::Service> MakeDomainService(UpstreamCalls& calls);
std::unique_ptr<grpc::Service> MakeMessagingService(UpstreamCalls& calls);
std::unique_ptr<grpc::Service> MakePartnerService(UpstreamCalls& calls);
std::unique_ptr<grpc::Service> MakeResourceDirectoryService(UpstreamCalls& calls);
std::unique_ptr<grpc::Service> MakeResourceService(UpstreamCalls& calls);
std::unique_ptr<grpc::Service> MakeTrusteeshipService(UpstreamCalls& calls);

// The participant "sandbox_archive" (closure.v1.ParticipantService): it keeps rows of every account until DELETE
// stage 2.
std::unique_ptr<grpc::Service> MakeArchiveParticipant(UpstreamCalls& calls);

}  // namespace closure

#endif  // CLOSURE_SANDBOX_UPSTREAM_SERVICES_H_
