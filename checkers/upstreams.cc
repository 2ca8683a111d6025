// SPDX-License-Identifier: Apache-2.0
#include "checkers/upstreams.h"

#include "grpcpp/channel.h"

namespace closure {

Upstreams Upstreams::OnChannel(const std::shared_ptr<grpc::Channel>& channel) {
  return {
      .account = upstream::v1::AccountService::NewStub(channel),
      .billing = upstream::v1::BillingService::NewStub(channel),
      .domain = upstream::v1::DomainService::NewStub(channel),
      .messaging = upstream::v1::MessagingService::NewStub(channel),
      .partner = upstream::v1::PartnerService::NewStub(channel),
      .resource = upstream::v1::ResourceService::NewStub(channel),
      .resource_directory = upstream::v1::ResourceDirectoryService::NewStub(channel),
      .trusteeship = upstream::v1::TrusteeshipService::NewStub(channel),
  };
}

}  // namespace closure
