// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_PARTICIPANTS_PARTICIPANT_H_
#define CLOSURE_SERVER_PARTICIPANTS_PARTICIPANT_H_

#include <memory>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "checkers/call_options.h"
#include "checkers/upstreams.h"
#include "closure/v1/participant_service.pb.h"

namespace closure {

// A system that must act when an account closes: it freezes, seals, deletes or restores.
//
// Threading: every method can be called from any thread and never blocks. `done` is called exactly once, from any
// thread, possibly before the method returns. A participant must outlive its calls.
class Participant {
 public:
  using Done = absl::AnyInvocable<void(absl::StatusOr<v1::PerformResponse>) &&>;

  virtual ~Participant() = default;

  // What it is and in which stage of which phase it takes part; constant for its life.
  virtual const v1::ParticipantDescription& description() const = 0;

  // Says whether it is there, and what it is taken for. Errors: those of asking it; FAILED_PRECONDITION with what is
  // another.
  using Introduced = absl::AnyInvocable<void(const absl::Status&) &&>;
  virtual void Introduce(const CallOptions& /*options*/, Introduced done) { std::move(done)(absl::OkStatus()); }

  // Does what one phase asks for, at most once per key.
  // Errors: any; the task is run again with the same key and the current fence.
  virtual void Perform(const v1::PerformRequest& request, const CallOptions& options, Done done) = 0;
};

// The participants that call the upstream systems: billing, resources, bindings and account.
std::vector<std::shared_ptr<Participant>> MakeBuiltinParticipants(const Upstreams& upstreams);

}  // namespace closure

#endif  // CLOSURE_SERVER_PARTICIPANTS_PARTICIPANT_H_
