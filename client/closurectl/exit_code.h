// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CLOSURECTL_EXIT_CODE_H_
#define CLOSURE_CLIENT_CLOSURECTL_EXIT_CODE_H_

namespace closure {

// What closurectl tells the shell; docs/closurectl.md lists them. No other number is ever returned.
enum class ExitCode {
  kOk = 0,
  kFailure = 1,
  kUsage = 2,
  // The account cannot be closed yet (preview, wait, close).
  kBlocked = 3,
  // Not authenticated, or not allowed.
  kDenied = 4,
  kNotFound = 5,
  kTimedOut = 6,
  // The server, or the account system behind it.
  kUnreachable = 7,
  // Ctrl-C.
  kInterrupted = 130,
};

}  // namespace closure

#endif  // CLOSURE_CLIENT_CLOSURECTL_EXIT_CODE_H_
