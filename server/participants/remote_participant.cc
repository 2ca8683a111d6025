// SPDX-License-Identifier: Apache-2.0
#include "server/participants/remote_participant.h"

#include <utility>

#include "checkers/upstream_call.h"
#include "fmt/format.h"

namespace closure {

RemoteParticipant::RemoteParticipant(v1::ParticipantDescription description,
                                     std::shared_ptr<v1::ParticipantService::StubInterface> stub)
    : description_(std::move(description)), stub_(std::move(stub)) {}

void RemoteParticipant::Perform(const v1::PerformRequest& request, const CallOptions& options, Done done) {
  CallUpstream<v1::PerformResponse>(
      fmt::format("participant({})", description_.name()), request, options,
      [stub = stub_](auto* context, auto* asked, auto* answer, auto on_done) {
        stub->async()->Perform(context, asked, answer, std::move(on_done));
      },
      std::move(done));
}

}  // namespace closure
