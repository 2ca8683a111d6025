// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_LISTENER_SERVER_CREDENTIALS_H_
#define CLOSURE_SERVER_LISTENER_SERVER_CREDENTIALS_H_

#include <memory>

#include "closure/config/v1/server_config.pb.h"
#include "grpcpp/security/server_credentials.h"

namespace closure {

// By what a listener and its callers know each other: TLS 1.2 and later; with `client_ca_file` a caller without a
// certificate that one of it signed is turned away in the handshake, before any HTTP/2. Changed files count for later
// connections, within about a second; a pair that does not fit leaves the one before. The files are there and whole
// (CheckNamedFiles).
std::shared_ptr<grpc::ServerCredentials> MakeServerCredentials(const config::v1::ListenerTls& tls);

}  // namespace closure

#endif  // CLOSURE_SERVER_LISTENER_SERVER_CREDENTIALS_H_
