// SPDX-License-Identifier: Apache-2.0
#include "server/upstream_channels.h"

#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "protos/local_address.h"

namespace closure {

std::shared_ptr<grpc::Channel> OpenChannel(const std::string& target) {
  // One that is back is noticed within a second, and not within gRPC's own two minutes.
  constexpr int kReconnectMillisMax = 1000;
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kReconnectMillisMax);
  const bool local = IsLocalTarget(target);
  return grpc::CreateCustomChannel(
      target, local ? grpc::InsecureChannelCredentials() : grpc::SslCredentials(grpc::SslCredentialsOptions()),
      arguments);
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
