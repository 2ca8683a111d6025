// SPDX-License-Identifier: Apache-2.0
#include "checkers/remote/circuit_breaker.h"

#include <algorithm>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "protos/coverage_mark.h"

namespace closure {

absl::StatusOr<CircuitBreaker::Admission> CircuitBreaker::Admit(absl::Duration now) {
  absl::MutexLock lock(&mutex_);
  if (!open_until_.has_value()) return Admission{.is_probe = false, .turn = turn_};
  const bool is_probed = probed_since_.has_value() && now - *probed_since_ < options_.pause_max;
  if (now >= *open_until_ && !is_probed) {
    probed_since_ = now;
    Reach(Mark::kCheckerProbed);
    return Admission{.is_probe = true, .turn = turn_};
  }
  Reach(Mark::kCheckerSpared);
  const std::string next = is_probed
                               ? "somebody asks it just now"
                               : fmt::format("it is asked again in {}",
                                             absl::FormatDuration(absl::Ceil(*open_until_ - now, absl::Seconds(1))));
  return absl::UnavailableError(
      fmt::format("not asked, because {} calls in a row got no answer; {}; the last: {}", failures_, next, why_));
}

CircuitBreaker::Turn CircuitBreaker::Report(const Admission& admission, Outcome outcome, std::string_view why,
                                            absl::Duration now) {
  absl::MutexLock lock(&mutex_);
  const bool is_current = admission.turn == turn_;
  if (is_current && admission.is_probe) probed_since_.reset();
  if (outcome == Outcome::kUnknown) return Turn::kNone;
  if (outcome == Outcome::kAnswered) return Close();
  // Those who were on their way when it opened tell nothing new.
  if (!is_current) return Turn::kNone;
  ++failures_;
  if (admission.is_probe) {
    Open(why, std::min(2 * pause_, options_.pause_max), now);
    return Turn::kNone;
  }
  if (failures_ < options_.failures) return Turn::kNone;
  Open(why, options_.pause, now);
  return Turn::kOpened;
}

CircuitBreaker::Turn CircuitBreaker::Close() {
  failures_ = 0;
  if (!open_until_.has_value()) return Turn::kNone;
  open_until_.reset();
  probed_since_.reset();
  ++turn_;
  return Turn::kClosed;
}

void CircuitBreaker::Open(std::string_view why, absl::Duration pause, absl::Duration now) {
  pause_ = pause;
  open_until_ = now + pause;
  why_ = std::string(why);
  ++turn_;
}

bool CircuitBreaker::is_open() const {
  absl::MutexLock lock(&mutex_);
  return open_until_.has_value();
}

}  // namespace closure
