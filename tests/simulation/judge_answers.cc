// SPDX-License-Identifier: Apache-2.0
// What owners ask for and are answered.
#include <iterator>

#include "checkers/proto_time.h"
#include "fmt/format.h"
#include "server/machine.h"
#include "server/resource_names.h"
#include "tests/simulation/judge.h"

namespace closure::simulation {
namespace {

constexpr std::string_view kCommandNames[] = {"resend a code", "verify", "agree", "recheck",       "discard",
                                              "confirm",       "cancel", "hold",  "release a hold"};
static_assert(std::size(kCommandNames) == std::variant_size_v<ClosureCommand>);

}  // namespace

void Judge::Acknowledged(const v1::Closure& closure) {
  Known& known = KnownOf(closure);
  const bool old = closure.revision() < known.data.closure().revision();
  schedule_.Tell("its owner is answered {} in {}, revision {}{}", closure.name(),
                 v1::Closure::State_Name(closure.state()), closure.revision(),
                 old ? ", as it was when the request was carried out" : "");
  if (known.data.closure().revision() < closure.revision())
    Broken("S14: an owner was told of what is not committed", closure);
  known.acknowledged_revision = std::max(known.acknowledged_revision, closure.revision());
}

void Judge::Refused(const std::string& account_id, const absl::Status& status) {
  schedule_.Tell("the owner of {} is refused: {} {}", account_id, absl::StatusCodeToString(status.code()),
                 std::string(status.message()));
}

void Judge::Gave(const ClosureKey& key, const ClosureCommand& command) {
  const auto data = store_.LoadClosure(key);
  const auto items = store_.ListItems(key, {.limit = 0});
  if (!data.ok() || !items.ok()) return;
  schedule_.Tell("{} is asked to {}", data->closure().name(), kCommandNames[command.index()]);
  known_[key].will.Gave(*data, command, {.inbox = cloud_.Inbox(key.account_id), .items = *items});
}

void Judge::Answered(const v1::Closure& closure, const std::string& etag) {
  // After the personal data in it were erased, an answer is told anew (D12).
  if (etag.empty() || closure.has_personal_data_erase_time()) return;
  const auto& etags = KnownOf(closure).etags;
  const auto brought = etags.lower_bound(closure.revision());
  if (brought != etags.begin() && std::prev(brought)->second == etag) return;
  Broken("N7: a command was carried out although its etag was old", closure);
}

void Judge::Created(const std::string& request_id, const v1::Closure& closure) {
  const auto [made_for, added] = requests_.try_emplace(closure.name(), request_id);
  if (made_for->second != request_id) Broken("N7: two requests were answered with one new closure", closure);
}

bool Judge::IsForgotten(const v1::Closure& closure) {
  // What a clock that was set wrong makes of the time is not judged here.
  if (clock_jumped_) return true;
  const Known& known = KnownOf(closure);
  const absl::Duration kept = FromProto(known.data.policy().request_id_retention());
  return IsTerminal(known.data.closure().state()) && schedule_.now() - known.ended >= kept;
}

void Judge::CreatedAgain(const v1::Closure& first, const v1::Closure& second) {
  if (first.name() == second.name()) return Repeated(first, second);
  if (!IsForgotten(first)) Broken("N7: a repeated request made another closure", second);
}

void Judge::RefusedAgain(const v1::Closure& first) {
  if (!IsForgotten(first)) Broken("N7: a request that was carried out was refused when it was repeated", first);
}

void Judge::Repeated(const v1::Closure& first, const v1::Closure& second) {
  if (first.name() != second.name()) Broken("N7: a repeated request was answered with another closure", second);
  // After the personal data in it were erased, an answer is told anew (D12).
  const bool erased = second.has_end_time();
  if (!erased && first.revision() != second.revision()) Broken("N7: a repeated request was carried out again", second);
}

}  // namespace closure::simulation
