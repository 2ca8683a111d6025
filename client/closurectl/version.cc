// SPDX-License-Identifier: Apache-2.0
#include "client/closurectl/version.h"

namespace closure {

// In a file of its own, so that a new commit compiles nothing else.
std::string VersionText() { return "closurectl " CLOSURE_VERSION ", commit " CLOSURE_COMMIT " (closure.v1)"; }

}  // namespace closure
