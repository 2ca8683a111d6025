// SPDX-License-Identifier: Apache-2.0
#include "checkers/remote/remote_peer.h"

#include <string>
#include <utility>

#include "checkers/description_fault.h"
#include "checkers/text.h"
#include "checkers/upstream_call.h"
#include "fmt/format.h"

namespace closure {

RemotePeer::RemotePeer(v1::CheckerDescription description, std::shared_ptr<grpc::ChannelInterface> channel,
                       RemoteChecker::Options options)
    : description_(std::move(description)),
      who_(fmt::format("checker({})", description_.name())),
      stub_(v1::CheckerService::NewStub(channel)),
      check_method_(std::move(channel)),
      options_(std::move(options)),
      breaker_(options_.breaker),
      slots_(options_.calls_max) {}

namespace {

absl::Status Judge(const RemotePeer& peer, const v1::CheckerDescription& said) {
  if (said.name() != peer.description().name()) {
    return absl::FailedPreconditionError(
        fmt::format("{}: the checker at its target says that it is {}", peer.who(), QuotedExcerpt(said.name())));
  }
  const std::string fault = DescriptionFault(said);
  if (fault.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(fmt::format("{}: what it says of itself: {}", peer.who(), fault));
}

}  // namespace

void AskWhoIsThere(std::shared_ptr<RemotePeer> peer, const CallOptions& options, Introduced done) {
  const std::shared_ptr<v1::CheckerService::StubInterface> stub = peer->stub();
  const std::string who = peer->who();
  CallUpstream<v1::CheckerDescription>(
      who, v1::DescribeRequest(), options,
      [stub](auto* context, auto* asked, auto* answer, auto on_done) {
        stub->async()->Describe(context, asked, answer, std::move(on_done));
      },
      [peer = std::move(peer), done = std::move(done)](absl::StatusOr<v1::CheckerDescription> said) mutable {
        if (!said.ok()) return std::move(done)(said.status());
        // Judged once, as it is given: what is kept is looked at by every check.
        if (absl::Status fits = Judge(*peer, *said); !fits.ok()) return std::move(done)(std::move(fits));
        std::move(done)(peer->introduction().Set(*said, peer->Elapsed()));
      });
}

}  // namespace closure
