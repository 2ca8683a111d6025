// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_UPSTREAM_CHANNELS_H_
#define CLOSURE_SERVER_UPSTREAM_CHANNELS_H_

#include <memory>
#include <string>
#include <string_view>

#include "checkers/upstreams.h"
#include "closure/config/v1/server_config.pb.h"
#include "grpcpp/channel.h"

// Channels to the systems around the server.
namespace closure {

// The most bytes of one message of a checker or participant: an item with every text at its longest has a quarter.
inline constexpr int kRemoteMessageMax = 64 << 10;

// Whether a gRPC target is on this machine: a unix socket, or loopback hosts alone.
bool IsLocalTarget(std::string_view target);

// A channel to a target: plain to this machine, with TLS and the machine's root certificates to any other. It connects
// when it is used, and again whenever the connection broke.
std::shared_ptr<grpc::Channel> OpenChannel(const std::string& target);

// The same to a checker or participant outside the process: TLS as it is configured, of which changed files are read
// again, calls spread over all addresses of the target, and no message taken of more than kRemoteMessageMax bytes.
std::shared_ptr<grpc::Channel> OpenRemoteChannel(const std::string& target, const config::v1::TlsConfig* tls);

Upstreams ConnectUpstreams(const config::v1::Upstreams& addresses);

}  // namespace closure

#endif  // CLOSURE_SERVER_UPSTREAM_CHANNELS_H_
