// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_LISTEN_FAULT_H_
#define CLOSURE_SERVER_LISTEN_FAULT_H_

#include <string>

namespace closure {

// Why nobody can listen at an address that IsLocalListenAddress accepts, and what to do: asks the operating system, to
// be called after gRPC has failed, because gRPC tells its reason to its log alone. Leaves nothing behind. In words also
// when it would work by now.
std::string WhyNotListening(const std::string& address);

// What speaks against listening at an address and what to do; empty when nothing does, and for port 0. Listens at a TCP
// address for a moment, and connects to a unix socket: gRPC takes the place of one that another server listens on
// without a word. To be called before the server listens.
std::string ListenFault(const std::string& address);

}  // namespace closure

#endif  // CLOSURE_SERVER_LISTEN_FAULT_H_
