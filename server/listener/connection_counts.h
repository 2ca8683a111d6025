// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_LISTENER_CONNECTION_COUNTS_H_
#define CLOSURE_SERVER_LISTENER_CONNECTION_COUNTS_H_

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <unordered_map>

namespace closure {

// How many connections a server has at the same time, at most.
struct ConnectionLimits {
  int total = 1000;
  // From one peer (PeerOf); whoever comes over a unix socket is on this machine and counts among all alone.
  int per_peer = 100;
};

// Who is at the other end, as far as it counts as one: an IPv4 address, the 64 bits of an IPv6 one that name its
// network (an IPv4 one within IPv6 as such), or empty for a unix socket. Pure.
std::string PeerOf(const sockaddr_storage& address);

// Counts connections and says whether one more may come. Of refusals each is counted, and the first of a row told, so
// that a flood fills no log. For one thread.
class ConnectionCounts {
 public:
  enum class Verdict { kAdmitted, kFull, kPeerFull };
  struct Entry {
    Verdict verdict = Verdict::kAdmitted;
    // Of a refusal: whether the one before it, of this peer or of all, was none.
    bool is_first_refusal = false;
  };

  explicit ConnectionCounts(ConnectionLimits limits) : limits_(limits) {}

  // Whether one more of the peer would be admitted.
  bool HasRoom(const std::string& peer) const;
  // One more has come; counted where it is admitted.
  Entry Enter(const std::string& peer);
  // One that was admitted is over.
  void Leave(const std::string& peer);

  int total() const { return total_; }
  // All that were ever refused.
  int64_t refused() const { return refused_; }

 private:
  struct Peer {
    int open = 0;
    bool is_refused = false;
  };

  const ConnectionLimits limits_;
  int total_ = 0;
  int64_t refused_ = 0;
  bool is_full_told_ = false;
  std::unordered_map<std::string, Peer> peers_;
};

}  // namespace closure

#endif  // CLOSURE_SERVER_LISTENER_CONNECTION_COUNTS_H_
