// SPDX-License-Identifier: Apache-2.0
#include "tests/simulation/judge_halts.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include "checkers/proto_time.h"
#include "fmt/format.h"

namespace closure::simulation {
namespace {

// What cannot be taken back, or leads there.
constexpr std::string_view kIrreversible[] = {"ReleaseResource",   "ForfeitBalance",     "VoidDebt",
                                              "TerminateSessions", "UnbindThirdParties", "PurgeData",
                                              "DeleteAccount"};
// What was begun before goes on: longer than a participant takes for all its calls of one phase.
constexpr absl::Duration kBegun = absl::Minutes(2);

}  // namespace

void HaltJudge::SawClosure(const internal::v1::ClosureData& data) {
  const std::string& name = data.closure().name();
  if (!data.closure().has_hold())
    held_since_.erase(name);
  else
    held_since_.try_emplace(name, schedule_.now());
}

void HaltJudge::SawSystem(const internal::v1::SystemData& system) {
  if (!system.has_pause()) paused_since_.reset();
  if (system.has_pause() && !paused_since_) paused_since_ = schedule_.now();
  const absl::Time released = FromProto(system.breaker_release_time());
  if (released != released_) ends_.clear();
  released_ = released;
}

std::string HaltJudge::FaultOfAsking(const std::string& method, const std::string& closure) const {
  if (std::find(std::begin(kIrreversible), std::end(kIrreversible), method) == std::end(kIrreversible)) return "";
  const absl::Duration before = schedule_.now() - kBegun;
  const auto held = held_since_.find(closure);
  if (held != held_since_.end() && held->second < before)
    return fmt::format("H: {} was asked for during a hold", method);
  if (paused_since_ && *paused_since_ < before) return fmt::format("H: {} was asked for during a pause", method);
  return "";
}

std::string HaltJudge::FaultOfEnd() {
  while (!ends_.empty() && schedule_.now() - ends_.front() >= absl::Hours(1)) ends_.pop_front();
  if (static_cast<std::int64_t>(ends_.size()) >= hourly_limit_)
    return "D14, H: more silent periods ended within an hour than the breaker admits";
  ends_.push_back(schedule_.now());
  return "";
}

}  // namespace closure::simulation
