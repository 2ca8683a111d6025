// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CLOSURECTL_VERSION_H_
#define CLOSURE_CLIENT_CLOSURECTL_VERSION_H_

#include <string>

namespace closure {

// What --version says: the version, the commit that was built ("-dirty" behind it where files were changed) and the
// API: "closurectl 0.1.0, commit 0123456789ab (closure.v1)". Built without git, the commit is "unknown".
std::string VersionText();

}  // namespace closure

#endif  // CLOSURE_CLIENT_CLOSURECTL_VERSION_H_
