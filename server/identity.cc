// SPDX-License-Identifier: Apache-2.0
#include "server/identity.h"

#include <algorithm>

#include "absl/strings/str_replace.h"
#include "checkers/call_options.h"
#include "checkers/text.h"
#include "server/errors.h"
#include "server/strings.h"

namespace closure {
namespace {

std::vector<std::string> MetadataValues(const grpc::ServerContextBase& context, std::string_view key) {
  std::vector<std::string> values;
  const auto [begin, end] = context.client_metadata().equal_range(grpc::string_ref(key.data(), key.size()));
  for (auto entry = begin; entry != end; ++entry) values.emplace_back(entry->second.data(), entry->second.size());
  return values;
}

absl::Status NotLocal(std::string_view peer) {
  return Error(
      v1::IDENTITY_INVALID,
      Concat("peer ", Quoted(peer), " may not assert an identity: only a loopback address or a unix socket may"),
      {{"peer", std::string(peer)}});
}

}  // namespace

bool IsLocalPeer(std::string_view peer) {
  const std::string plain = absl::StrReplaceAll(ToAbsl(peer), {{"%5B", "["}, {"%5D", "]"}, {"%5b", "["}, {"%5d", "]"}});
  return plain.starts_with("ipv4:127.") || plain.starts_with("ipv6:[::1]:") || plain.starts_with("unix:") ||
         plain == "inproc";
}

absl::StatusOr<Actor> Authenticate(std::string_view peer, const std::vector<std::string>& values) {
  if (!IsLocalPeer(peer)) return NotLocal(peer);
  if (values.empty()) {
    return Error(v1::IDENTITY_MISSING,
                 Concat("the call names no acting identity: send the metadata ", kActorMetadataKey,
                        " with root:ACCOUNT, ram:NAME@ACCOUNT or operator:NAME"));
  }
  if (values.size() > 1) {
    return Error(v1::IDENTITY_INVALID,
                 Concat("the metadata ", kActorMetadataKey, " came ", values.size(), " times; send it once"),
                 {{"count", Concat(values.size())}});
  }
  return Actor::Parse(values[0]);
}

absl::StatusOr<Actor> Authenticate(const grpc::ServerContextBase& context) {
  return Authenticate(context.peer(), MetadataValues(context, kActorMetadataKey));
}

absl::Status RequireLocalPeer(const grpc::ServerContextBase& context) {
  const std::string peer = context.peer();
  return IsLocalPeer(peer) ? absl::OkStatus() : NotLocal(peer);
}

std::string TraceparentOf(const grpc::ServerContextBase& context) {
  std::vector<std::string> values = MetadataValues(context, "traceparent");
  return values.size() == 1 && IsTraceparent(values[0]) ? std::move(values[0]) : std::string();
}

}  // namespace closure
