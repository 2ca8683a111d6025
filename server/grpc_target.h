// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_GRPC_TARGET_H_
#define CLOSURE_SERVER_GRPC_TARGET_H_

#include <string>
#include <string_view>

namespace closure {

// What is wrong with the spelling of a gRPC target, and how to write it; empty when nothing is. Accepted are HOST:PORT,
// dns:HOST:PORT, dns://[RESOLVER]/HOST:PORT, ipv4:ADDRESS:PORT and ipv6:[ADDRESS]:PORT, both also with several
// addresses between commas, unix:/PATH, unix:///PATH and unix-abstract:NAME. gRPC itself would take nearly anything for
// a host's name and then never connect. Whether anybody answers there is not asked. Pure.
std::string GrpcTargetFault(std::string_view target);

}  // namespace closure

#endif  // CLOSURE_SERVER_GRPC_TARGET_H_
