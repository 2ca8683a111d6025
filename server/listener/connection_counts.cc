// SPDX-License-Identifier: Apache-2.0
#include "server/listener/connection_counts.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>
#include <utility>

namespace closure {
namespace {

std::string Ipv4Text(const in_addr& address) {
  char text[INET_ADDRSTRLEN] = {};
  return inet_ntop(AF_INET, &address, text, sizeof(text)) == nullptr ? std::string() : text;
}

std::string Ipv6NetworkText(in6_addr address) {
  if (IN6_IS_ADDR_V4MAPPED(&address)) {
    in_addr inner{};
    std::memcpy(&inner, &address.s6_addr[12], sizeof(inner));
    return Ipv4Text(inner);
  }
  constexpr int kNetworkBytes = 8;
  // All of this machine's own are one.
  if (!IN6_IS_ADDR_LOOPBACK(&address)) std::memset(&address.s6_addr[kNetworkBytes], 0, kNetworkBytes);
  char text[INET6_ADDRSTRLEN] = {};
  return inet_ntop(AF_INET6, &address, text, sizeof(text)) == nullptr ? std::string() : text;
}

}  // namespace

std::string PeerOf(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET) return Ipv4Text(reinterpret_cast<const sockaddr_in&>(address).sin_addr);
  if (address.ss_family == AF_INET6) return Ipv6NetworkText(reinterpret_cast<const sockaddr_in6&>(address).sin6_addr);
  return "";
}

bool ConnectionCounts::HasRoom(const std::string& peer) const {
  if (total_ >= limits_.total) return false;
  const auto found = peers_.find(peer);
  return peer.empty() || found == peers_.end() || found->second.open < limits_.per_peer;
}

ConnectionCounts::Entry ConnectionCounts::Enter(const std::string& peer) {
  if (total_ >= limits_.total) {
    ++refused_;
    return {.verdict = Verdict::kFull, .is_first_refusal = !std::exchange(is_full_told_, true)};
  }
  Peer& counted = peers_[peer];
  if (!peer.empty() && counted.open >= limits_.per_peer) {
    ++refused_;
    return {.verdict = Verdict::kPeerFull, .is_first_refusal = !std::exchange(counted.is_refused, true)};
  }
  ++total_;
  ++counted.open;
  return {};
}

void ConnectionCounts::Leave(const std::string& peer) {
  const auto found = peers_.find(peer);
  --total_;
  // Told again only after there was some room for a while: half of it.
  if (total_ <= limits_.total / 2) is_full_told_ = false;
  if (--found->second.open <= limits_.per_peer / 2) found->second.is_refused = false;
  if (found->second.open == 0) peers_.erase(found);
}

}  // namespace closure
