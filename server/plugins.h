// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_PLUGINS_H_
#define CLOSURE_SERVER_PLUGINS_H_

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/fan_out.h"
#include "server/participants/participant.h"

namespace closure {

// A participant and how long one call to it may take.
struct ParticipantSlot {
  std::shared_ptr<Participant> participant;
  absl::Duration deadline = absl::Seconds(30);
};

// The checkers and participants of one configuration, no two of one kind with one name. Constant; thread-safe.
class PluginSet {
 public:
  PluginSet() : PluginSet(FanOut({}), {}) {}
  // The participants come in no special order.
  PluginSet(FanOut fan_out, std::vector<ParticipantSlot> participants);

  const FanOut& fan_out() const { return fan_out_; }
  const std::vector<ParticipantSlot>& participants() const { return participants_; }
  // Null when there is none of that name.
  const ParticipantSlot* FindParticipant(std::string_view name) const;

  // What every decision is given: who the participants are, and what a scan shows of every checker before the first
  // answer.
  const std::vector<v1::ParticipantDescription>& descriptions() const { return descriptions_; }
  const std::vector<v1::CheckerResult>& unasked() const { return unasked_; }

 private:
  FanOut fan_out_;
  std::vector<ParticipantSlot> participants_;
  std::vector<v1::ParticipantDescription> descriptions_;
  std::vector<v1::CheckerResult> unasked_;
};

// Those that there are now. They are replaced as a whole, and what is under way goes on with those that it began with.
// Thread-safe.
class Plugins {
 public:
  explicit Plugins(PluginSet set = {}) : now_(std::make_shared<const PluginSet>(std::move(set))) {}

  std::shared_ptr<const PluginSet> Now() const {
    absl::MutexLock lock(&mutex_);
    return now_;
  }
  void Replace(PluginSet set) {
    auto next = std::make_shared<const PluginSet>(std::move(set));
    absl::MutexLock lock(&mutex_);
    now_.swap(next);
  }

 private:
  mutable absl::Mutex mutex_;
  std::shared_ptr<const PluginSet> now_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace closure

#endif  // CLOSURE_SERVER_PLUGINS_H_
