// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_BENCH_LOAD_CONNECTIONS_H_
#define CLOSURE_BENCH_LOAD_CONNECTIONS_H_

#include <memory>
#include <string>
#include <vector>

#include "grpcpp/create_channel.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/security/credentials.h"

namespace closure::bench {

// A channel to `target`, without TLS, with a connection of its own.
inline std::shared_ptr<grpc::Channel> ConnectOnce(const std::string& target, const std::string& user_agent = "") {
  grpc::ChannelArguments arguments;
  if (!user_agent.empty()) arguments.SetUserAgentPrefix(user_agent);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // or all channels share one connection
  return grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments);
}

// So many connections to `target`, each with a stub of its own.
inline std::vector<std::unique_ptr<grpc::GenericStub>> Connect(const std::string& target, int connections) {
  std::vector<std::unique_ptr<grpc::GenericStub>> stubs;
  for (int i = 0; i < connections; ++i) stubs.push_back(std::make_unique<grpc::GenericStub>(ConnectOnce(target)));
  return stubs;
}

}  // namespace closure::bench

#endif  // CLOSURE_BENCH_LOAD_CONNECTIONS_H_
