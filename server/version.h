// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_VERSION_H_
#define CLOSURE_SERVER_VERSION_H_

#include <string_view>

namespace closure {

// The version of this server, for example "0.1.0"; set by the build.
std::string_view ServerVersion();

}  // namespace closure

#endif  // CLOSURE_SERVER_VERSION_H_
