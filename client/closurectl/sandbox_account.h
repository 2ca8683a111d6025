// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CLOSURECTL_SANDBOX_ACCOUNT_H_
#define CLOSURE_CLIENT_CLOSURECTL_SANDBOX_ACCOUNT_H_

#include <string>

#include "client/closurectl/style.h"
#include "closure/sandbox/v1/sandbox_service.pb.h"

namespace closure {

// An account of the sandbox as people read it: what it is, has, owes and belongs to, a line each, then the acts that
// were done on it. What it has not got has no line, but sessions, roles, resources and bindings, which a closure takes
// away, are always told. Escaped; ends with a line end. Pure.
std::string SandboxAccountText(const sandbox::v1::ShowAccountResponse& response, const Style& style);

}  // namespace closure

#endif  // CLOSURE_CLIENT_CLOSURECTL_SANDBOX_ACCOUNT_H_
