// SPDX-License-Identifier: Apache-2.0
#include "tests/simulation/wire.h"

#include <algorithm>
#include <vector>

namespace closure::simulation {
namespace {

// How long a caller waits; longer than any call that is answered in time takes.
constexpr absl::Duration kPatience = absl::Seconds(10);
constexpr absl::Duration kLatestArrival = absl::Hours(3);

}  // namespace

Wire::Fate Wire::Draw(const std::string& system) {
  Fate fate{.delay = Travel()};
  if (const auto down = down_.find(system); down != down_.end()) {
    ++counts_.down;
    fate.refused = down->second;
    fate.arrives = fate.replies = false;
  } else if (dice_.Chance(faults.refused)) {
    ++counts_.refused;
    fate.refused = true;
    fate.arrives = fate.replies = false;
  } else if (dice_.Chance(faults.lost_request)) {
    ++counts_.lost_requests;
    fate.arrives = fate.replies = false;
  } else if (dice_.Chance(faults.lost_reply)) {
    ++counts_.lost_replies;
    fate.replies = false;
  } else if (dice_.Chance(faults.late)) {
    ++counts_.late;
    fate.delay = dice_.Between(kPatience, kLatestArrival);
    fate.replies = false;
  } else if (dice_.Chance(faults.empty)) {
    ++counts_.empty;
    fate.empty = true;
  }
  if (fate.arrives && dice_.Chance(faults.repeated)) {
    ++counts_.repeated;
    fate.comes_again = true;
  }
  return fate;
}

bool Wire::Waits(Life life) const {
  return std::any_of(waiting_.begin(), waiting_.end(), [&](const auto& each) { return each.second.life == life; });
}

std::string Wire::MethodOfRequest(std::string_view request) {
  constexpr std::string_view kSuffix = "Request";
  return std::string(request.substr(0, request.size() - kSuffix.size()));
}

std::string Wire::WordsOf(const std::string& request, const Fate& fate) {
  std::string words = "call " + request;
  if (fate.refused) words += ", refused";
  if (!fate.refused && !fate.arrives) words += ", lost";
  if (fate.arrives && !fate.replies) words += fate.delay >= kPatience ? ", too late" : ", whose reply is lost";
  if (fate.empty) words += ", answered with nothing";
  if (fate.comes_again) words += ", arriving twice";
  return words;
}

void Wire::Answer(std::int64_t call, const grpc::Status& status, absl::FunctionRef<void()> read) {
  auto waiting = waiting_.extract(call);
  if (waiting.empty()) return;
  read();
  waiting.mapped().done(status);
}

void Wire::GiveUp(std::int64_t call, const Fate& fate) {
  const grpc::Status status = fate.refused ? grpc::Status(grpc::StatusCode::UNAVAILABLE, "simulated: refused")
                                           : grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED, "simulated: silence");
  schedule_.After(fate.refused ? fate.delay : kPatience, kWorld, [this, call, status] { Answer(call, status, [] {}); });
}

void Wire::End(Life life) {
  std::vector<Waiting> dead;
  for (auto waiting = waiting_.begin(); waiting != waiting_.end();) {
    if (waiting->second.life != life) {
      ++waiting;
      continue;
    }
    dead.push_back(std::move(waiting->second));
    waiting = waiting_.erase(waiting);
  }
}

}  // namespace closure::simulation
