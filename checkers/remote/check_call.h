// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_REMOTE_CHECK_CALL_H_
#define CLOSURE_CHECKERS_REMOTE_CHECK_CALL_H_

#include <string_view>

#include "checkers/call_options.h"
#include "checkers/checker.h"
#include "checkers/remote/remote_checker.h"
#include "closure/v1/checker_service.pb.h"
#include "grpcpp/generic/generic_stub.h"

namespace closure {

// Makes one call of a remote checker and puts its answer together, as CallUpstream does for single answers. `done` is
// called exactly once, on a gRPC thread, when the call's context is gone. The stub must outlive the call.
void CallCheck(grpc::GenericStub& stub, std::string_view who, const RemoteChecker::Limits& limits,
               const v1::CheckRequest& request, const CallOptions& options, Checker::CheckDone done);

}  // namespace closure

#endif  // CLOSURE_CHECKERS_REMOTE_CHECK_CALL_H_
