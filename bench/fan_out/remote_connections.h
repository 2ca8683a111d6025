// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_BENCH_FAN_OUT_REMOTE_CONNECTIONS_H_
#define CLOSURE_BENCH_FAN_OUT_REMOTE_CONNECTIONS_H_

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench/load/connections.h"
#include "checkers/remote/remote_checker.h"
#include "closure/v1/checker_service.grpc.pb.h"

namespace closure::bench {

// The checker that closure_bench_checkers never answers for, but when it is asked what it is.
inline constexpr char kHangingChecker[] = "hanging_checker";

// A connection to one checker, and a stub on it.
struct Connection {
  std::string checker;
  std::shared_ptr<grpc::Channel> channel;
  std::shared_ptr<v1::CheckerService::StubInterface> stub;
};
using Connections = std::vector<Connection>;

// Each checker is a process of its own as far as its connection tells, and is called what the connection says.
inline Connection ConnectToChecker(const std::string& target, const std::string& name) {
  const auto channel = ConnectOnce(target, name);
  return {.checker = name, .channel = channel, .stub = v1::CheckerService::NewStub(channel)};
}

inline Connections ConnectToCheckers(const std::string& target, int checkers) {
  Connections connections;
  for (int number = 0; number < checkers; ++number)
    connections.push_back(ConnectToChecker(target, "checker_" + std::to_string(number)));
  return connections;
}

using Checkers = std::vector<std::shared_ptr<Checker>>;

// As the service asks it.
inline std::shared_ptr<Checker> RemoteCheckerOf(const Connection& connection) {
  v1::CheckerDescription description;
  description.set_name(connection.checker);
  description.set_version("1.0.0");
  description.add_phases(v1::SCAN);
  return std::make_shared<RemoteChecker>(std::move(description), connection.channel, RemoteChecker::Options());
}

inline Checkers RemoteCheckersOf(const Connections& connections) {
  Checkers checkers;
  for (const Connection& each : connections) checkers.push_back(RemoteCheckerOf(each));
  return checkers;
}

}  // namespace closure::bench

#endif  // CLOSURE_BENCH_FAN_OUT_REMOTE_CONNECTIONS_H_
