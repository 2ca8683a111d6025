// SPDX-License-Identifier: Apache-2.0
#include "server/listener/transport.h"

#include <memory>
#include <utility>

#include "checkers/proto_time.h"
#include "server/listener/server_credentials.h"

namespace closure {
namespace {

// Clients may send keep-alive pings this often; who sends two more is told to calm down, and left.
constexpr int kPingIntervalMillis = 55'000;
// A client that is gone without a word is noticed.
constexpr int kKeepaliveMillis = 120'000;
constexpr int kKeepaliveTimeoutMillis = 20'000;
// Who calls, for whom and the trace context; what is above it ends the call.
constexpr int kMetadataBytesMax = 16'384;
// The longest call but a watch is a preview, which ends within ten minutes. Watches are taken up again elsewhere.
constexpr int kAgeGraceMillis = 610'000;

int Millis(const google::protobuf::Duration& duration) {
  return static_cast<int>(absl::ToInt64Milliseconds(FromProto(duration)));
}

}  // namespace

void SetTransportLimits(grpc::ServerBuilder& builder, const config::v1::ServerLimits& limits) {
  builder.SetMaxReceiveMessageSize(limits.request_bytes_max());
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, limits.streams_per_connection_max());
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMetadataBytesMax);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, kPingIntervalMillis);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMillis);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMillis);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, Millis(limits.handshake_timeout()));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, Millis(limits.connection_idle_max()));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, Millis(limits.connection_age_max()));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, kAgeGraceMillis);
}

std::function<void(int file)> TakeConnections(grpc::ServerBuilder& builder, const config::v1::ServerConfig& config) {
  using Acceptor = grpc::experimental::ExternalConnectionAcceptor;
  using Builder = grpc::ServerBuilder::experimental_type;
  const std::shared_ptr<Acceptor> acceptor = builder.experimental().AddExternalConnectionAcceptor(
      Builder::ExternalConnectionType::FROM_FD,
      config.has_listener_tls() ? MakeServerCredentials(config.listener_tls()) : grpc::InsecureServerCredentials());
  return [acceptor](int file) {
    Acceptor::NewConnectionParameters connection;
    connection.fd = file;
    acceptor->HandleNewConnection(&connection);
  };
}

}  // namespace closure
