// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_SERVE_SERVED_CALL_H_
#define CLOSURE_CHECKERS_SERVE_SERVED_CALL_H_

#include "absl/status/status.h"
#include "checkers/call_options.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/status.h"

// What a served call brings along and how it ends. Any thread.
namespace closure {

// The bounds of a call: what is left of its deadline, at most ten minutes also where it has none, its trace context,
// and a signal for whoever serves it to give when it is cancelled.
CallOptions OptionsOf(const grpc::CallbackServerContext& context);

// The status with a message that is printable and at most 500 characters long.
grpc::Status ToGrpc(const absl::Status& status);

}  // namespace closure

#endif  // CLOSURE_CHECKERS_SERVE_SERVED_CALL_H_
