// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_IDENTITY_H_
#define CLOSURE_SERVER_IDENTITY_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "grpcpp/server_context.h"
#include "server/actor.h"

// Who calls. The acting identity is what the metadata key `closure-actor` says, and it is believed only of a peer that
// cannot be anybody else's machine: a loopback address, a unix socket, or this process. The account center
// authenticates owners before it calls.
namespace closure {

inline constexpr std::string_view kActorMetadataKey = "closure-actor";

// Whether a peer, as gRPC writes it, is on this machine: "ipv4:127.…", "ipv6:[::1]:…" (also percent-encoded), "unix:…",
// "inproc".
bool IsLocalPeer(std::string_view peer);

// Errors: UNAUTHENTICATED with IDENTITY_MISSING when there is no value; with IDENTITY_INVALID for a peer that is not
// local, for several values and for one that Actor::Parse refuses.
absl::StatusOr<Actor> Authenticate(std::string_view peer, const std::vector<std::string>& values);

// The same for a call. Read-only and thread-safe.
absl::StatusOr<Actor> Authenticate(const grpc::ServerContextBase& context);

// For services that need no acting identity, only a local peer.
// Errors: UNAUTHENTICATED with IDENTITY_INVALID.
absl::Status RequireLocalPeer(const grpc::ServerContextBase& context);

// The W3C trace context that came with a call, "00-32 hex-16 hex-2 hex"; empty when there is none or it is malformed.
std::string TraceparentOf(const grpc::ServerContextBase& context);

}  // namespace closure

#endif  // CLOSURE_SERVER_IDENTITY_H_
