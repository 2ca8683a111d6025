// SPDX-License-Identifier: Apache-2.0
#include "server/halt_log.h"

#include "checkers/proto_time.h"

namespace closure {
namespace {

using Halt = v1::SystemStatus::Halt;

std::string BeginOf(bool in_force, const Halt& halt) {
  return in_force ? halt.create_time().SerializeAsString() + halt.reason() : "";
}

void Tell(Log& log, std::string_view what, const Halt& halt) {
  const std::string since = FormatLogTime(FromProto(halt.create_time()));
  log.Error(what, {{"actor", halt.actor()}, {"reason", halt.reason()}, {"since", since}});
}

}  // namespace

void HaltLog::TellInForce() {
  absl::MutexLock lock(&mutex_);
  const absl::StatusOr<internal::v1::SystemData> system = TellWhatIsNew();
  if (system.ok() && system->has_pause()) Tell(*log_, "irreversible work is paused", system->pause());
}

void HaltLog::TellNew() {
  absl::MutexLock lock(&mutex_);
  TellWhatIsNew().IgnoreError();
}

absl::StatusOr<internal::v1::SystemData> HaltLog::TellWhatIsNew() {
  absl::StatusOr<internal::v1::SystemData> system = store_->LoadSystem();
  if (!system.ok()) return system;
  const std::string breaker = BeginOf(system->has_breaker(), system->breaker());
  const std::string clock_jump = BeginOf(system->has_clock_jump(), system->clock_jump());
  if (!breaker.empty() && breaker != breaker_) Tell(*log_, "the velocity breaker is open", system->breaker());
  if (!clock_jump.empty() && clock_jump != clock_jump_) Tell(*log_, "the clocks jumped", system->clock_jump());
  breaker_ = breaker;
  clock_jump_ = clock_jump;
  return system;
}

}  // namespace closure
