// SPDX-License-Identifier: Apache-2.0
#include "server/version.h"

namespace closure {

std::string_view ServerVersion() { return CLOSURE_VERSION; }

}  // namespace closure
