// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_PARTICIPANTS_REMOTE_PARTICIPANT_H_
#define CLOSURE_SERVER_PARTICIPANTS_REMOTE_PARTICIPANT_H_

#include <memory>

#include "closure/v1/participant_service.grpc.pb.h"
#include "server/participants/participant.h"

namespace closure {

class ParticipantPeer;

// A participant outside of the process, which serves closure.v1.ParticipantService. Name and stages are those of the
// configuration, so that the server starts, and knows whom it waits for, while the participant is away.
//
// Before the first act, and from time to time, it is asked what it is (DescribeParticipant): one of another name, or
// one that takes part in other stages than it is configured to, is not asked to act (ADR 30).
class RemoteParticipant final : public Participant {
 public:
  RemoteParticipant(v1::ParticipantDescription description,
                    std::shared_ptr<v1::ParticipantService::StubInterface> stub);

  const v1::ParticipantDescription& description() const override;
  void Introduce(const CallOptions& options, Introduced done) override;
  // Errors besides those of the participant: FAILED_PRECONDITION when it is not the one that it is taken for.
  void Perform(const v1::PerformRequest& request, const CallOptions& options, Done done) override;

 private:
  const std::shared_ptr<ParticipantPeer> peer_;
};

}  // namespace closure

#endif  // CLOSURE_SERVER_PARTICIPANTS_REMOTE_PARTICIPANT_H_
