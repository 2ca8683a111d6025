// SPDX-License-Identifier: Apache-2.0
#include "server/upstream_channels.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_split.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_credentials_options.h"
#include "grpcpp/support/channel_arguments.h"
#include "server/config.h"
#include "server/strings.h"

namespace closure {

bool IsLocalTarget(std::string_view target) {
  if (target.starts_with("unix:") || target.starts_with("unix-abstract:")) return true;
  for (const std::string_view scheme : {"dns:///", "dns:", "ipv4:", "ipv6:"}) {
    if (TakePrefix(target, scheme)) break;
  }
  const std::vector<absl::string_view> addresses = absl::StrSplit(ToAbsl(target), ',');
  return std::all_of(addresses.begin(), addresses.end(),
                     [](absl::string_view address) { return IsLocalListenAddress(ToStd(address)); });
}

std::shared_ptr<grpc::Channel> OpenChannel(const std::string& target) {
  const bool local = IsLocalTarget(target);
  return grpc::CreateChannel(
      target, local ? grpc::InsecureChannelCredentials() : grpc::SslCredentials(grpc::SslCredentialsOptions()));
}

namespace {

// How often files of certificates are looked at.
constexpr unsigned kCertificateSeconds = 1;

std::shared_ptr<grpc::ChannelCredentials> CredentialsOf(const config::v1::TlsConfig& tls) {
  namespace experimental = grpc::experimental;
  experimental::TlsChannelCredentialsOptions options;
  if (!tls.root_certificates_file().empty() || !tls.certificate_file().empty()) {
    options.set_certificate_provider(std::make_shared<experimental::FileWatcherCertificateProvider>(
        tls.key_file(), tls.certificate_file(), tls.root_certificates_file(), kCertificateSeconds));
  }
  if (!tls.root_certificates_file().empty()) options.watch_root_certs();
  if (!tls.certificate_file().empty()) options.watch_identity_key_cert_pairs();
  return experimental::TlsCredentials(options);
}

}  // namespace

std::shared_ptr<grpc::Channel> OpenRemoteChannel(const std::string& target, const config::v1::TlsConfig* tls) {
  grpc::ChannelArguments arguments;
  arguments.SetLoadBalancingPolicyName("round_robin");
  arguments.SetMaxReceiveMessageSize(kRemoteMessageMax);
  if (tls == nullptr) {
    return grpc::CreateCustomChannel(target,
                                     IsLocalTarget(target) ? grpc::InsecureChannelCredentials()
                                                           : grpc::SslCredentials(grpc::SslCredentialsOptions()),
                                     arguments);
  }
  if (!tls->server_name().empty()) arguments.SetSslTargetNameOverride(tls->server_name());
  return grpc::CreateCustomChannel(target, CredentialsOf(*tls), arguments);
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
