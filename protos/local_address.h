// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_PROTOS_LOCAL_ADDRESS_H_
#define CLOSURE_PROTOS_LOCAL_ADDRESS_H_

#include <string>
#include <string_view>

// Which addresses are on this machine, so that what is said there in plain goes through no network. Servers, checkers
// and clients judge alike and may not include each other, so the rule stands with the protos (ADR 11). Every function
// is pure and can be called from any thread.
namespace closure {

// Whether an address to listen at is on this machine only: "HOST:PORT" with a loopback host, or "unix:/PATH".
bool IsLocalListenAddress(std::string_view address);

// What is wrong with an address that is none of those, to stand behind the quoted address: " is not local: ...".
std::string ListenAddressFault(std::string_view address);

// Whether a gRPC target is on this machine: a unix socket, or loopback hosts alone.
bool IsLocalTarget(std::string_view target);

}  // namespace closure

#endif  // CLOSURE_PROTOS_LOCAL_ADDRESS_H_
