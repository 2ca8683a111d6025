// SPDX-License-Identifier: Apache-2.0
#include "tests/simulation/judge_acts.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "absl/strings/match.h"
#include "fmt/format.h"
#include "server/machine.h"

namespace closure::simulation {
namespace {

using sandbox::v1::SandboxAct;
using sandbox::v1::ShowAccountResponse;

// An act that a state may ask for, and whether no closure leaves that state without it.
struct ActRow {
  State state;
  std::string_view method;
  bool demanded;
};

// Perform is that of the archive, a participant outside of the process. How often money is taken depends on what was
// renounced, which JudgeMoney compares.
constexpr ActRow kActs[] = {
    {v1::Closure::DISCARDING, "ReleaseResource", false},
    {v1::Closure::CONFIRMING, "FreezeAccount", true},
    {v1::Closure::CONFIRMING, "FreezeBilling", true},
    {v1::Closure::CONFIRMING, "FreezeResources", true},
    {v1::Closure::CONFIRMING, "Perform", true},
    {v1::Closure::THAWING, "ThawAccount", true},
    {v1::Closure::THAWING, "ThawBilling", true},
    {v1::Closure::THAWING, "ThawResources", true},
    {v1::Closure::THAWING, "Perform", true},
    {v1::Closure::SILENT_PERIOD, "ForfeitBalance", false},
    {v1::Closure::SILENT_PERIOD, "TerminateSessions", true},
    {v1::Closure::SILENT_PERIOD, "CreateServiceLinkedRole", true},
    {v1::Closure::FINAL_CHECK, "SealBilling", true},
    {v1::Closure::DELETING, "ForfeitBalance", false},
    {v1::Closure::DELETING, "VoidDebt", false},
    {v1::Closure::DELETING, "PurgeData", true},
    {v1::Closure::DELETING, "UnbindThirdParties", true},
    {v1::Closure::DELETING, "DeleteServiceLinkedRole", true},
    {v1::Closure::DELETING, "DeleteAccount", true},
    {v1::Closure::DELETING, "Perform", true},
    {v1::Closure::RESTORING, "UnsealBilling", true},
    {v1::Closure::RESTORING, "ThawAccount", true},
    {v1::Closure::RESTORING, "ThawBilling", true},
    {v1::Closure::RESTORING, "ThawResources", true},
    {v1::Closure::RESTORING, "DeleteServiceLinkedRole", true},
    {v1::Closure::RESTORING, "Perform", true},
};

// What cannot be taken back.
constexpr std::string_view kDeletingActs[] = {"DeleteAccount", "PurgeData", "UnbindThirdParties", "VoidDebt"};

bool IsMessage(const std::string& method) { return method == "SendMail" || method == "SendText"; }

bool MayAsk(State state, const std::string& method) {
  return std::any_of(std::begin(kActs), std::end(kActs),
                     [&](const ActRow& row) { return row.state == state && row.method == method; });
}

// An act that was done, against the state whose fence it carried.
std::string FaultOfAct(const SandboxAct& act, const StatesByFence& states) {
  const std::string method = MethodOf(act);
  const auto entered = states.find(act.fence());
  if (entered == states.end() || entered->second.closure != ClosureOf(act))
    return fmt::format("S2: {} was done with the fence {}, which is none of its closure", method, act.fence());
  const State state = entered->second.state;
  if (IsMessage(method)) {
    const bool tells_result = absl::StrContains(act.idempotency_key(), "/notice/");
    if (!tells_result || IsTerminal(state)) return "";
    return fmt::format("S11: a result was told in {}", v1::Closure::State_Name(state));
  }
  if (MayAsk(state, method)) return "";
  return fmt::format("S2: {} was done for the state {}, which does not ask for it", method,
                     v1::Closure::State_Name(state));
}

// The item whose release has this key; the whole key where it names none, so that no other act is like it.
std::string ReleasedItem(const std::string& key) {
  constexpr std::string_view kDiscard = "/discard/";
  const std::size_t at = key.find(kDiscard);
  if (at == std::string::npos) return key;
  const std::size_t begin = at + kDiscard.size();
  return key.substr(begin, key.find('/', begin) - begin);
}

// Whether a state that was left was left without waiting for its acts: a freeze that took too long is taken back.
bool IsGivenUp(State from, State to) { return from == v1::Closure::CONFIRMING && to == v1::Closure::THAWING; }

// The acts that a closure left undone when it left a state.
std::string FaultOfState(std::int64_t fence, State state, const std::set<std::pair<std::int64_t, std::string>>& done) {
  for (const ActRow& row : kActs) {
    if (row.state != state || !row.demanded || done.count({fence, std::string(row.method)}) > 0) continue;
    return fmt::format("S2: {} was left, and {} was not done", v1::Closure::State_Name(state), std::string(row.method));
  }
  return "";
}

}  // namespace

std::string ClosureOf(const SandboxAct& act) {
  constexpr std::string_view kCollection = "/closures/";
  const std::string& key = act.idempotency_key();
  const std::size_t id = key.find(kCollection);
  return id == std::string::npos ? key : key.substr(0, key.find('/', id + kCollection.size()));
}

bool IsDone(const SandboxAct& act) { return act.outcome() == "DONE"; }

std::string MethodOf(const SandboxAct& act) { return act.method().substr(act.method().find('/') + 1); }

std::string FaultOfActs(const std::string& account_id, const ShowAccountResponse& account,
                        const StatesByFence& states) {
  const std::string own = fmt::format("accounts/{}/closures/", account_id);
  // Money of each currency is an act of its own, and so is the release of each item.
  std::map<std::tuple<std::int64_t, std::string, std::string>, std::string> keys;
  for (const SandboxAct& act : account.acts()) {
    const std::string& key = act.idempotency_key();
    const std::string method = MethodOf(act);
    if (!absl::StartsWith(key, own))
      return fmt::format("N9: {} on the account {} under the key {}", method, account_id, key);
    if (!IsDone(act)) continue;
    if (std::string fault = FaultOfAct(act, states); !fault.empty()) return fault;
    if (IsMessage(method)) continue;
    const std::string what = method == "ReleaseResource" ? ReleasedItem(key) : act.amount().currency_code();
    // Other acts are done again in each state that asks for them; what was released is gone.
    const std::int64_t state = method == "ReleaseResource" ? 0 : act.fence();
    const auto [first, added] = keys.try_emplace({state, method, what}, key);
    if (!added) return fmt::format("N6: {} was done under two keys: {} and {}", method, first->second, key);
  }
  return "";
}

std::string FaultOfBooks(const v1::Closure& closure, const ShowAccountResponse& account, const StatesByFence& states,
                         std::optional<std::int64_t> gone_at) {
  std::set<std::pair<std::int64_t, std::string>> done;
  for (const SandboxAct& act : account.acts()) {
    if (!IsDone(act) || ClosureOf(act) != closure.name()) continue;
    const std::string method = MethodOf(act);
    done.emplace(act.fence(), method);
    const bool deletes = std::count(std::begin(kDeletingActs), std::end(kDeletingActs), method) > 0;
    if (deletes && closure.state() != v1::Closure::CLOSED)
      return fmt::format("S8: {} was done, and no deletion", method);
  }
  for (auto entered = states.begin(); entered != states.end(); ++entered) {
    const auto& [fence, is] = *entered;
    const auto next = std::next(entered);
    if (is.closure != closure.name() || next == states.end() || next->second.closure != closure.name()) continue;
    if (gone_at && fence >= *gone_at) continue;
    if (IsGivenUp(is.state, next->second.state)) continue;
    if (std::string fault = FaultOfState(fence, is.state, done); !fault.empty()) return fault;
  }
  return "";
}

}  // namespace closure::simulation
