// SPDX-License-Identifier: Apache-2.0
#include "server/upstream_channels.h"

#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "protos/local_address.h"

namespace closure {

std::shared_ptr<grpc::Channel> OpenChannel(const std::string& target) {
  const bool local = IsLocalTarget(target);
  return grpc::CreateChannel(
      target, local ? grpc::InsecureChannelCredentials() : grpc::SslCredentials(grpc::SslCredentialsOptions()));
}

Upstreams ConnectUpstreams(const config::v1::Upstreams& addresses) {
  return Upstreams{
      .account = upstream::v1::AccountService::NewStub(OpenChannel(addresses.account())),
      .billing = upstream::v1::BillingService::NewStub(OpenChannel(addresses.billing())),
      .domain = upstream::v1::DomainService::NewStub(OpenChannel(addresses.domain())),
      .messaging = upstream::v1::MessagingService::NewStub(OpenChannel(addresses.messaging())),
      .partner = upstream::v1::PartnerService::NewStub(OpenChannel(addresses.partner())),
      .resource = upstream::v1::ResourceService::NewStub(OpenChannel(addresses.resource())),
      .resource_directory =
          upstream::v1::ResourceDirectoryService::NewStub(OpenChannel(addresses.resource_directory())),
      .trusteeship = upstream::v1::TrusteeshipService::NewStub(OpenChannel(addresses.trusteeship())),
  };
}

}  // namespace closure
