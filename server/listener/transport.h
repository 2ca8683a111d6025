// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_LISTENER_TRANSPORT_H_
#define CLOSURE_SERVER_LISTENER_TRANSPORT_H_

#include <functional>

#include "closure/config/v1/server_config.pb.h"
#include "grpcpp/server_builder.h"

// How calls reach the server over a network: what HTTP/2 may take, and who gives it connections.
namespace closure {

// Sets what a connection may do: streams, metadata, bytes of a request, pings, how long a handshake takes, how long a
// connection is idle and how old it gets. The configuration is complete and valid (config.h).
void SetTransportLimits(grpc::ServerBuilder& builder, const config::v1::ServerLimits& limits);

// Makes the server take connections from the function that is given back, which takes over the socket of one, from any
// thread and without blocking. Before the server is started and after its shutdown it closes what it is given. Over
// `listener_tls` where the configuration has one, else in plain text.
std::function<void(int file)> TakeConnections(grpc::ServerBuilder& builder, const config::v1::ServerConfig& config);

}  // namespace closure

#endif  // CLOSURE_SERVER_LISTENER_TRANSPORT_H_
