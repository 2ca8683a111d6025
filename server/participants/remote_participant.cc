// SPDX-License-Identifier: Apache-2.0
#include "server/participants/remote_participant.h"

#include <set>
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

  void AskWhoItIs(const CallOptions& options, Participant::Introduced done) {
    CallUpstream<v1::ParticipantDescription>(
        who_, v1::DescribeParticipantRequest(), options,
        [stub = stub_](auto* context, auto* asked, auto* answer, auto on_done) {
          stub->async()->DescribeParticipant(context, asked, answer, std::move(on_done));
        },
        [peer = shared_from_this(), done = std::move(done)](absl::StatusOr<v1::ParticipantDescription> answer) mutable {
          absl::Status fits = answer.status();
          if (fits.ok()) fits = peer->Compare(*answer);
          if (fits.ok()) peer->introduction_.Set(*answer, SystemTimers().Elapsed());
          std::move(done)(fits);
        });
  }

  void Perform(const v1::PerformRequest& request, const CallOptions& options, Participant::Done done) {
    const absl::Duration start = SystemTimers().Elapsed();
    if (introduction_.Known(start) != nullptr) return Ask(request, options, std::move(done));
    AskWhoItIs(options, [peer = shared_from_this(), request, left = options, start,
                         done = std::move(done)](const absl::Status& fits) mutable {
      if (!fits.ok()) return std::move(done)(fits);
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

  // Why what it says of itself is not what is configured; OK when it is. All of it, before its first act: a stage that
  // it is not asked in may be the one in which it deletes, and one that it does not know is found when it is too late.
  absl::Status Compare(const v1::ParticipantDescription& said) const {
    if (said.name() != description_.name()) {
      return absl::FailedPreconditionError(
          fmt::format("{}: the participant at its target says that it is {}", who_, QuotedExcerpt(said.name())));
    }
    const std::set<Step> stages = StepsOf(said);
    const std::set<Step> configured = StepsOf(description_);
    for (const Step& step : configured) {
      if (!stages.contains(step)) return Differs("it says that it takes no part in {}, and is configured to", step);
    }
    for (const Step& step : stages) {
      if (!configured.contains(step))
        return Differs("it says that it takes part in {}, and is not configured to", step);
    }
    return absl::OkStatus();
  }

  using Step = std::pair<v1::ParticipantPhase, int>;
  static std::set<Step> StepsOf(const v1::ParticipantDescription& description) {
    std::set<Step> steps;
    for (const auto& each : description.stages()) steps.emplace(each.phase(), each.stage());
    return steps;
  }
  absl::Status Differs(fmt::format_string<const std::string&> what, const Step& step) const {
    const std::string name = fmt::format("{} stage {}", v1::ParticipantPhase_Name(step.first), step.second);
    return absl::FailedPreconditionError(fmt::format("{}: {}", who_, fmt::format(what, name)));
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

void RemoteParticipant::Introduce(const CallOptions& options, Introduced done) {
  peer_->AskWhoItIs(options, std::move(done));
}

void RemoteParticipant::Perform(const v1::PerformRequest& request, const CallOptions& options, Done done) {
  peer_->Perform(request, options, std::move(done));
}

}  // namespace closure
