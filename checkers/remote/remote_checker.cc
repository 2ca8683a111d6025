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

namespace {

void CallDiscard(const std::shared_ptr<RemotePeer>& peer, const v1::DiscardRequest& request, const CallOptions& options,
                 Checker::DiscardDone done) {
  CallUpstream<v1::DiscardResponse>(
      peer->who(), request, options,
      [stub = peer->stub()](auto* context, auto* asked, auto* answer, auto on_done) {
        stub->async()->Discard(context, asked, answer, std::move(on_done));
      },
      [peer, done = std::move(done)](absl::StatusOr<v1::DiscardResponse> answer) mutable {
        // Another may have taken its place.
        if (!answer.ok()) peer->introduction().Forget();
        std::move(done)(std::move(answer));
      });
}

}  // namespace

void RemoteChecker::Discard(const v1::DiscardRequest& request, const CallOptions& options, DiscardDone done) {
  const absl::Duration start = peer_->Elapsed();
  if (peer_->introduction().Known(start) != nullptr) return CallDiscard(peer_, request, options, std::move(done));
  AskWhoIsThere(peer_, options,
                [peer = peer_, request, left = options, start,
                 done = std::move(done)](absl::StatusOr<std::shared_ptr<const v1::CheckerDescription>> said) mutable {
                  if (!said.ok()) return std::move(done)(said.status());
                  left.timeout -= peer->Elapsed() - start;
                  CallDiscard(peer, request, left, std::move(done));
                });
}

}  // namespace closure
