// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_UPSTREAM_CHANNELS_H_
#define CLOSURE_SERVER_UPSTREAM_CHANNELS_H_

#include <memory>
#include <string>

#include "checkers/upstreams.h"
#include "closure/config/v1/server_config.pb.h"
#include "grpcpp/channel.h"

// Channels to the systems around the server.
namespace closure {

// A channel to a target: plain to this machine, with TLS and the machine's root certificates to any other. It connects
// when it is used, and again whenever the connection broke.
std::shared_ptr<grpc::Channel> OpenChannel(const std::string& target);

Upstreams ConnectUpstreams(const config::v1::Upstreams& addresses);

}  // namespace closure

#endif  // CLOSURE_SERVER_UPSTREAM_CHANNELS_H_
