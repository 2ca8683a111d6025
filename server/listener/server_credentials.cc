// SPDX-License-Identifier: Apache-2.0
#include "server/listener/server_credentials.h"

#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_credentials_options.h"

namespace closure {
namespace {

// How often the files are looked at.
constexpr unsigned kCertificateSeconds = 1;

}  // namespace

std::shared_ptr<grpc::ServerCredentials> MakeServerCredentials(const config::v1::ListenerTls& tls) {
  namespace experimental = grpc::experimental;
  experimental::TlsServerCredentialsOptions options(std::make_shared<experimental::FileWatcherCertificateProvider>(
      tls.key_file(), tls.certificate_file(), tls.client_ca_file(), kCertificateSeconds));
  options.watch_identity_key_cert_pairs();
  if (tls.client_ca_file().empty()) {
    options.set_cert_request_type(GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  } else {
    options.watch_root_certs();
    options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  }
  if (!tls.crl_directory().empty()) options.set_crl_directory(tls.crl_directory());
  return experimental::TlsServerCredentials(options);
}

}  // namespace closure
