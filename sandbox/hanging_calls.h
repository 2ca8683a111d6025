// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SANDBOX_HANGING_CALLS_H_
#define CLOSURE_SANDBOX_HANGING_CALLS_H_

#include <memory>

#include "grpcpp/support/server_callback.h"

namespace closure {

// Calls that are not answered until their caller gives up, or the sandbox stops. They hold no thread. Thread-safe.
class HangingCalls {
 public:
  HangingCalls();
  HangingCalls(const HangingCalls&) = delete;
  HangingCalls& operator=(const HangingCalls&) = delete;
  ~HangingCalls();

  // The reactor of a call that hangs; it deletes itself. After ReleaseAll it ends at once.
  grpc::ServerUnaryReactor* Hang();

  // Ends every call that hangs with UNAVAILABLE, and every later one.
  void ReleaseAll();
  // Whether ReleaseAll was called.
  bool released() const;

 private:
  class Call;
  struct Shared;
  const std::shared_ptr<Shared> shared_;  // with the calls, which may outlive this
};

}  // namespace closure

#endif  // CLOSURE_SANDBOX_HANGING_CALLS_H_
