// SPDX-License-Identifier: Apache-2.0
#include "checkers/remote/remote_checker.h"

#include <memory>
#include <utility>

#include "checkers/remote/remote_check.h"
#include "checkers/upstream_call.h"

namespace closure {

RemoteChecker::RemoteChecker(v1::CheckerDescription description, std::shared_ptr<grpc::ChannelInterface> channel,
                             Options options)
    : peer_(std::make_shared<RemotePeer>(std::move(description), std::move(channel), std::move(options))) {}

const v1::CheckerDescription& RemoteChecker::description() const { return peer_->description(); }

void RemoteChecker::Check(const v1::CheckRequest& request, const CallOptions& options, CheckDone done) {
  std::make_shared<RemoteCheck>(peer_, request, options, std::move(done))->Start();
}

void RemoteChecker::Discard(const v1::DiscardRequest& request, const CallOptions& options, DiscardDone done) {
  CallUpstream<v1::DiscardResponse>(
      peer_->who(), request, options,
      [stub = peer_->stub()](auto* context, auto* asked, auto* answer, auto on_done) {
        stub->async()->Discard(context, asked, answer, std::move(on_done));
      },
      std::move(done));
}

}  // namespace closure
