// SPDX-License-Identifier: Apache-2.0
#include "checkers/remote/remote_channel.h"

#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_credentials_options.h"
#include "protos/local_address.h"

namespace closure {
namespace {

// How often files of certificates are looked at.
constexpr unsigned kCertificateSeconds = 1;
// How long after an attempt to connect the next one is made; gRPC's own two minutes would make a system that is back
// look away to whoever asks it again.
constexpr int kReconnectMillis = 100;
constexpr int kReconnectMillisMax = 1000;

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

std::shared_ptr<grpc::Channel> OpenRemoteChannel(const std::string& target, const config::v1::TlsConfig* tls,
                                                 grpc::ChannelArguments arguments) {
  arguments.SetLoadBalancingPolicyName("round_robin");
  arguments.SetMaxReceiveMessageSize(kReceivedMessageMax);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kReconnectMillis);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kReconnectMillisMax);
  if (tls == nullptr) {
    return grpc::CreateCustomChannel(target,
                                     IsLocalTarget(target) ? grpc::InsecureChannelCredentials()
                                                           : grpc::SslCredentials(grpc::SslCredentialsOptions()),
                                     arguments);
  }
  if (!tls->server_name().empty()) arguments.SetSslTargetNameOverride(tls->server_name());
  return grpc::CreateCustomChannel(target, CredentialsOf(*tls), arguments);
}

}  // namespace closure
