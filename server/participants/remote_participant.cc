// SPDX-License-Identifier: Apache-2.0
#include "server/participants/remote_participant.h"

#include <algorithm>
#include <string>
#include <utility>

#include "checkers/remote/introduction.h"
#include "checkers/text.h"
#include "checkers/timers.h"
#include "checkers/upstream_call.h"
#include "fmt/format.h"

namespace closure {

// What is known of it; shared by all its acts. Thread-safe.
class ParticipantPeer : public std::enable_shared_from_this<ParticipantPeer> {
 public:
  ParticipantPeer(v1::ParticipantDescription description, std::shared_ptr<v1::ParticipantService::StubInterface> stub)
      : description_(std::move(description)),
        who_(fmt::format("participant({})", description_.name())),
        stub_(std::move(stub)) {}

  const v1::ParticipantDescription& description() const { return description_; }

  void Perform(const v1::PerformRequest& request, const CallOptions& options, Participant::Done done) {
    const absl::Duration start = SystemTimers().Elapsed();
    const auto said = introduction_.Known(start);
    if (said != nullptr && Compare(*said, request).ok()) return Ask(request, options, std::move(done));
    CallUpstream<v1::ParticipantDescription>(
        who_, v1::DescribeParticipantRequest(), options,
        [stub = stub_](auto* context, auto* asked, auto* answer, auto on_done) {
          stub->async()->DescribeParticipant(context, asked, answer, std::move(on_done));
        },
        [peer = shared_from_this(), request, left = options, start,
         done = std::move(done)](absl::StatusOr<v1::ParticipantDescription> answer) mutable {
          absl::Status fits = answer.status();
          if (fits.ok()) fits = peer->Compare(*answer, request);
          if (!fits.ok()) return std::move(done)(std::move(fits));
          peer->introduction_.Set(*answer, SystemTimers().Elapsed());
          left.timeout -= SystemTimers().Elapsed() - start;
          peer->Ask(request, left, std::move(done));
        });
  }

 private:
  void Ask(const v1::PerformRequest& request, const CallOptions& options, Participant::Done done) {
    CallUpstream<v1::PerformResponse>(
        who_, request, options,
        [stub = stub_](auto* context, auto* asked, auto* answer, auto on_done) {
          stub->async()->Perform(context, asked, answer, std::move(on_done));
        },
        [peer = shared_from_this(), done = std::move(done)](absl::StatusOr<v1::PerformResponse> answer) mutable {
          // Another may have taken its place.
          if (!answer.ok()) peer->introduction_.Forget();
          std::move(done)(std::move(answer));
        });
  }

  // Why what it says of itself does not fit what it is about to be asked; OK when it does.
  absl::Status Compare(const v1::ParticipantDescription& said, const v1::PerformRequest& request) const {
    if (said.name() != description_.name()) {
      return absl::FailedPreconditionError(
          fmt::format("{}: the participant at its target says that it is {}", who_, QuotedExcerpt(said.name())));
    }
    const bool takes_part = std::any_of(said.stages().begin(), said.stages().end(), [&request](const auto& each) {
      return each.phase() == request.phase() && each.stage() == request.stage();
    });
    if (takes_part) return absl::OkStatus();
    return absl::FailedPreconditionError(
        fmt::format("{}: it says that it takes no part in {} stage {}, and is configured to", who_,
                    v1::ParticipantPhase_Name(request.phase()), request.stage()));
  }

  const v1::ParticipantDescription description_;
  const std::string who_;
  const std::shared_ptr<v1::ParticipantService::StubInterface> stub_;
  Introduction<v1::ParticipantDescription> introduction_;
};

RemoteParticipant::RemoteParticipant(v1::ParticipantDescription description,
                                     std::shared_ptr<v1::ParticipantService::StubInterface> stub)
    : peer_(std::make_shared<ParticipantPeer>(std::move(description), std::move(stub))) {}

const v1::ParticipantDescription& RemoteParticipant::description() const { return peer_->description(); }

void RemoteParticipant::Perform(const v1::PerformRequest& request, const CallOptions& options, Done done) {
  peer_->Perform(request, options, std::move(done));
}

}  // namespace closure
