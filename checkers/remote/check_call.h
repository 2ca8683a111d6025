// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CHECKERS_REMOTE_CHECK_CALL_H_
#define CLOSURE_CHECKERS_REMOTE_CHECK_CALL_H_

#include <memory>
#include <string_view>

#include "checkers/call_options.h"
#include "checkers/checker.h"
#include "checkers/remote/remote_checker.h"
#include "closure/v1/checker_service.pb.h"
#include "grpcpp/impl/codegen/channel_interface.h"
#include "grpcpp/impl/codegen/rpc_method.h"

namespace closure {

// CheckerService.Check of one channel, whose answers come in bytes. It does what the generated stub does, with the
// types that the stub is made of: gRPC's generic stub has no call that sends once and reads on, and one that could also
// write on costs each check a batch more.
class CheckMethod {
 public:
  explicit CheckMethod(std::shared_ptr<grpc::ChannelInterface> channel);

  // Makes one call and puts its answer together, as CallUpstream does for single answers. `done` is called exactly
  // once, on a gRPC thread, when the call's context is gone. This must outlive the call, and `request` the function.
  // Any thread.
  void Call(std::string_view who, const RemoteChecker::Limits& limits, const v1::CheckRequest& request,
            const CallOptions& options, Checker::CheckDone done);

 private:
  const std::shared_ptr<grpc::ChannelInterface> channel_;
  const grpc::internal::RpcMethod method_;
};

}  // namespace closure

#endif  // CLOSURE_CHECKERS_REMOTE_CHECK_CALL_H_
