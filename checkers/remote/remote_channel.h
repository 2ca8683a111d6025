// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_REMOTE_REMOTE_CHANNEL_H_
#define CLOSURE_CHECKERS_REMOTE_REMOTE_CHANNEL_H_

#include <memory>
#include <string>

#include "closure/config/v1/server_config.pb.h"
#include "grpcpp/channel.h"
#include "grpcpp/support/channel_arguments.h"

namespace closure {

// The most bytes of one message of a checker or participant: an item with every text at its longest has less than a
// third. One that is larger is judged as what it is, up to what gRPC takes in at all (CheckStream).
inline constexpr int kRemoteMessageMax = 64 << 10;
inline constexpr int kReceivedMessageMax = 4 << 20;

// A channel to a checker or participant outside the process: TLS as it is configured, of which changed files are read
// again; without a configuration plain to this machine, and TLS with the machine's root certificates to any other.
// Calls are spread over all addresses of the target, and no message is taken in of more than kReceivedMessageMax bytes.
// It connects when it is used, and again whenever the connection broke. `arguments` are what else the channel has. Any
// thread.
std::shared_ptr<grpc::Channel> OpenRemoteChannel(const std::string& target, const config::v1::TlsConfig* tls,
                                                 grpc::ChannelArguments arguments = {});

}  // namespace closure

#endif  // CLOSURE_CHECKERS_REMOTE_REMOTE_CHANNEL_H_
