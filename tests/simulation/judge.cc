// SPDX-License-Identifier: Apache-2.0
#include "tests/simulation/judge.h"

#include <algorithm>
#include <set>
#include <utility>

#include "checkers/proto_time.h"
#include "fmt/format.h"
#include "protos/money.h"
#include "server/machine.h"
#include "server/resource_names.h"
#include "storage/history_chain.h"
#include "tests/simulation/judge_tasks.h"
#include "tests/support/sound_closure.h"

namespace closure::simulation {
namespace {

using internal::v1::ClosureData;
using sandbox::v1::SandboxAct;
using sandbox::v1::ShowAccountResponse;

// Whom the simulated service asks; all of them take part in every scan.
const std::multiset<std::string_view>& Checkers() {
  static const auto* const kCheckers = new std::multiset<std::string_view>{
      "billing", "domains", "reseller", "resource_directory", "resources", "trusteeship", Stranger::kName};
  return *kCheckers;
}

// A decision is in the store so soon after it was made, behind all that queues there.
constexpr absl::Duration kCommitTakes = absl::Seconds(1);

// Whether a state is left when the owner does something, and not by work.
bool WaitsForOwner(State state) {
  return IsAnyOf(
      state, {v1::Closure::IDENTITY_PENDING, v1::Closure::AGREEMENT_PENDING, v1::Closure::BLOCKED, v1::Closure::READY});
}

// From the silent period to the deletion nothing of the account may move (S9).
bool IsFrozenIn(State state) {
  return state == v1::Closure::SILENT_PERIOD || state == v1::Closure::FINAL_CHECK || state == v1::Closure::DELETING;
}

// Whether what an account has is covered by what its owner renounced and nobody took yet.
bool IsRenounced(const v1::Closure& closure, v1::ItemKind kind, const v1::Money& amount) {
  return std::any_of(closure.renunciations().begin(), closure.renunciations().end(), [&](const auto& renunciation) {
    return renunciation.kind() == kind && renunciation.status() == v1::Renunciation::RECORDED &&
           renunciation.amount().currency_code() == amount.currency_code() &&
           CompareMoney(renunciation.amount(), amount) == std::strong_ordering::equal;
  });
}

// A balance or debt of an account, in words; empty when it has none.
std::string MoneyOn(const sandbox::v1::CloudAccount& account) {
  for (const auto& funds : account.funds()) {
    for (const std::string& amount : {funds.balance(), funds.debt()}) {
      const auto money = ParseMoney(amount, funds.currency_code());
      if (money.ok() && IsPositive(*money)) return FormatMoney(*money);
    }
  }
  return "";
}

}  // namespace

void Judge::Broken(std::string_view what, const v1::Closure& closure) {
  if (!fault_.empty() || what.empty()) return;
  fault_ = fmt::format("{}: {} in {}, after {}", what, closure.name(), v1::Closure::State_Name(closure.state()),
                       absl::FormatDuration(schedule_.now()));
}

Judge::Known& Judge::KnownOf(const v1::Closure& closure) { return known_[*ParseClosureName("name", closure.name())]; }

std::vector<ClosureData> Judge::ClosuresOf(const std::string& account_id) {
  std::vector<ClosureData> closures;
  const auto rows = store_.ListClosures({.account_id = account_id, .limit = 1000});
  if (rows.ok()) {
    for (const ClosureRow& row : *rows) closures.push_back(row.data);
  }
  return closures;
}

// ---- commits ----

void Judge::OnCommit() {
  // What came in between is no fault; what breaks a rule of the store was decided wrongly.
  if (const absl::Status refused = store_.NewestRefusal(); fault_.empty() && absl::IsInvalidArgument(refused))
    fault_ = fmt::format("S14: the store had to refuse what was decided: {}", std::string(refused.message()));
  const StoreChange* const change = store_.NewestChange();
  if (change == nullptr) return;
  const bool witnessed = change->system_written;
  if (witnessed) SawSystem();
  if (!change->closure.account_id.empty()) JudgeChange(change->closure);
  // About once a minute while the service runs.
  if (witnessed) JudgeStandstills();
}

void Judge::SawSystem() {
  const auto system = store_.LoadSystem();
  if (!system.ok()) return;
  halts_.SawSystem(*system);
  if (vouched_.SawSystem(*system)) OnCloud();
}

bool Judge::IsHalted(const v1::Closure& closure) const {
  const auto system = store_.LoadSystem();
  return !system.ok() || closure.has_hold() || system->has_pause() || system->has_clock_jump();
}

std::string Judge::FaultOfClock(const v1::Closure& closure) const {
  const std::optional<absl::Duration> asked = stranger_.AskedFor(closure);
  if (!asked || !vouched_.WasWrong(*asked)) return "";
  return fmt::format("H: {} rests on questions that were asked on a clock that nobody vouched for",
                     v1::Closure::State_Name(closure.state()));
}

void Judge::JudgeChange(const ClosureKey& key) {
  const auto data = store_.LoadClosure(key);
  if (!data.ok()) return;
  halts_.SawClosure(*data);
  Known& known = known_[key];
  if (known.data.version() == 0) JudgeAlone(*data);
  if (known.data.version() == data->version()) return JudgeOldHistory(known);
  Compare(known, *data);
}

void Judge::JudgeAlone(const ClosureData& data) {
  const std::vector<ClosureData> all = ClosuresOf(data.account_id());
  const auto open = std::count_if(all.begin(), all.end(),
                                  [](const ClosureData& each) { return !IsTerminal(each.closure().state()); });
  if (open > 1) Broken("N4, S12: two open closures of one account", data.closure());
}

void Judge::Compare(Known& known, const ClosureData& data) {
  Broken(FaultOfChange(known.data, data), data.closure());
  if (data.closure().revision() <= known.data.closure().revision())
    Broken("S18: a revision did not rise", data.closure());
  const v1::Closure& before = known.data.closure();
  const v1::Closure& after = data.closure();
  const bool moved = before.state() != after.state();
  if (moved) JudgeMove(known, data);
  JudgeHistory(known, data, moved);
  Broken(known.will.FaultOfMoney(data), after);
  if (!IsTerminal(after.state())) Broken(FaultOfNoTask(data, TasksOf(data)), after);
  known.etags[after.revision()] = after.etag();
  known.changed = schedule_.now();
  known.data = data;
}

std::string Judge::NewestDetail(const ClosureData& data) const {
  constexpr int kAll = 1'000'000;
  const auto history = store_.ListTransitions({data.account_id(), data.closure_id()}, 0, kAll);
  if (!history.ok() || history->empty() || history->back().detail().empty()) return "";
  return ": " + history->back().detail();
}

void Judge::JudgeMove(Known& known, const ClosureData& data) {
  const State from = known.data.closure().state();
  const State to = data.closure().state();
  if (schedule_.trace) {
    schedule_.Tell("{} moves from {} to {}{}", data.closure().name(), v1::Closure::State_Name(from),
                   v1::Closure::State_Name(to), NewestDetail(data));
  }
  accounts_[data.account_id()].states[data.fence()] = {data.closure().name(), to};
  Broken(known.will.Moved(known.data, data), data.closure());
  if (IsTerminal(to)) known.ended = schedule_.now();
  if (to == v1::Closure::READY && !data.closure().scan().clean())
    Broken("N5: READY without a clean scan", data.closure());
  if (to == v1::Closure::READY) JudgePass(data.closure());
  if (to == v1::Closure::CONFIRMING) {
    known.scans_at_confirm = known.data.closure().scan().number();
    known.confirming_since = schedule_.now();
    if (IsHalted(data.closure()))
      Broken("H: a closure was confirmed during a hold or pause, or while the clocks disagree", data.closure());
  }
  if (to == v1::Closure::SILENT_PERIOD) {
    known.silent_since = schedule_.now();
    JudgeEntry(known, data);
  }
  if (from == v1::Closure::SILENT_PERIOD && to == v1::Closure::FINAL_CHECK) JudgeElapse(known);
  if (to == v1::Closure::DELETING) JudgeDeletion(data);
}

// A pass rests on what every checker said, soundly and in time: that nothing stands in the way (N5, S17).
void Judge::JudgePass(const v1::Closure& closure) {
  if (!EveryoneAnswered(closure, Checkers())) Broken("N5, S17: an unanswered checker counted as a pass", closure);
  const auto& checkers = closure.scan().checkers();
  const auto said = std::find_if(checkers.begin(), checkers.end(),
                                 [](const v1::CheckerResult& each) { return each.checker() == Stranger::kName; });
  if (said == checkers.end() || !stranger_.SaidNothing(closure.name(), *said))
    Broken("S17: a pass rests on what a checker did not say", closure);
}

// What a silent period needs before it (N1, N5, S7).
void Judge::JudgeEntry(const Known& known, const ClosureData& data) {
  const v1::Closure& closure = data.closure();
  Broken(FaultOfEntry(closure, known.scans_at_confirm), closure);
  if (schedule_.now() - known.confirming_since > FromProto(data.policy().confirm_limit()) + kCommitTakes)
    Broken("D6: a silent period began long after Confirm", closure);
  JudgePass(closure);
  if (IsHalted(closure))
    Broken("H: a silent period was entered during a hold or pause, or while the clocks disagree", closure);
  Broken(FaultOfClock(closure), closure);
  const ShowAccountResponse account = cloud_.Show(data.account_id());
  if (account.deleted()) return;
  if (account.account().resources_size() > 0) Broken("S7: a silent period with a running resource", closure);
  if (!account.billing_frozen() || !account.account_frozen() || !account.resources_frozen())
    Broken("S9: a silent period of an account that is not frozen", closure);
  problems_.Saw(account.account(), schedule_.now(), vouched_.Date());
  Broken(problems_.FaultOfEntry(data.account_id(), stranger_.AskedFor(closure)), closure);
}

// When a silent period ends by itself (N2, S3).
void Judge::JudgeElapse(const Known& known) {
  const v1::Closure& closure = known.data.closure();
  Broken(halts_.FaultOfEnd(), closure);
  Broken(FaultOfElapse(closure, clock_.Now(), schedule_.now() - known.silent_since,
                       FromProto(known.data.policy().silent_period())),
         closure);
  const auto system = store_.LoadSystem();
  if (IsHalted(closure) || !system.ok() || system->has_breaker())
    Broken("D14, H: a silent period ended although something halts it", closure);
}

// The point of no return (N3, N5, S1, S10, S15, S17).
void Judge::JudgeDeletion(const ClosureData& data) {
  const v1::Closure& closure = data.closure();
  Broken(FaultOfDeletion(closure), closure);
  JudgePass(closure);
  if (IsHalted(closure)) Broken("H: a deletion began during a hold or pause, or while the clocks disagree", closure);
  Broken(FaultOfClock(closure), closure);
  const ShowAccountResponse account = cloud_.Show(data.account_id());
  if (account.deleted()) return;
  if (!account.billing_sealed()) Broken("S10: a deletion began while bills can still arrive", closure);
  problems_.Saw(account.account(), schedule_.now(), vouched_.Date());
  Broken(problems_.FaultOfDeletion(data.account_id(), stranger_.AskedFor(closure)), closure);
  for (const auto& funds : account.account().funds()) {
    const auto balance = ParseMoney(funds.balance(), funds.currency_code());
    const auto debt = ParseMoney(funds.debt(), funds.currency_code());
    if (!balance.ok() || !debt.ok()) Broken("the cloud's money cannot be read", closure);
    if (balance.ok() && IsPositive(*balance) && !IsRenounced(closure, v1::BALANCE, *balance))
      Broken("S15: a deletion began with a balance nobody renounced", closure);
    if (debt.ok() && IsPositive(*debt) && !IsRenounced(closure, v1::DEBT, *debt))
      Broken("S10: a deletion began with a debt nobody renounced", closure);
  }
}

// Entries stay as they are, one more tells of a move, and one at most of anything else (N7, S13).
void Judge::JudgeHistory(Known& known, const ClosureData& data, bool moved) {
  const auto history = store_.ListTransitions({data.account_id(), data.closure_id()}, 0, 100'000);
  if (!history.ok()) return Broken("N7: a history cannot be read", data.closure());
  const State from = known.data.closure().state();
  const std::size_t added = history->size() - std::min(known.history, history->size());
  const bool tells =
      added == 0 || (history->back().from_state() == from && history->back().to_state() == data.closure().state());
  if (moved && (added != 1 || !tells)) Broken("S13, S14: a move without its one entry in the history", data.closure());
  if (!moved && (added > 1 || !tells)) Broken("S13: an entry of the history tells what did not happen", data.closure());
  if (const absl::Status sound = VerifyChain(*history, data.closure().name()); !sound.ok())
    Broken("S13: a broken chain", data.closure());
  const bool kept = known.history <= history->size() &&
                    (known.history == 0 || (*history)[known.history - 1].hash() == known.last_hash);
  if (!kept) Broken("N7: a history is not what it was", data.closure());
  known.history = history->size();
  known.last_hash = history->empty() ? "" : history->back().hash();
}

// The history of a closure to which nothing happened. The chain carries the entries before the last.
void Judge::JudgeOldHistory(const Known& known) {
  if (known.history == 0) return;
  const auto last = store_.ListTransitions({known.data.account_id(), known.data.closure_id()},
                                           static_cast<std::int64_t>(known.history) - 1, 2);
  const bool kept = last.ok() && last->size() == 1 && last->front().hash() == known.last_hash;
  if (!kept) Broken("N7: a history changed, and nothing happened", known.data.closure());
}

std::vector<internal::v1::TaskData> Judge::TasksOf(const ClosureData& data) {
  const auto tasks = store_.ListTasks({.closure = {data.account_id(), data.closure_id()}, .limit = 1000});
  if (tasks.ok()) return *tasks;
  Broken("tasks cannot be read", data.closure());
  return {};
}

// A process that is there goes on with every closure, or says why it does not (L5).
void Judge::JudgeStandstills() {
  for (const auto& [key, known] : known_) {
    const State state = known.data.closure().state();
    if (WaitsForOwner(state) || IsTerminal(state)) continue;
    const absl::Duration threshold = FromProto(known.data.policy().stuck_threshold());
    // What a jump of the clock made due is due since then.
    if (schedule_.now() - std::max({known.changed, started_, clock_set_}) < threshold) continue;
    const std::string fault = FaultOfStandstill(known.data, TasksOf(known.data), clock_.Now(), threshold);
    if (!fault.empty())
      Broken(fmt::format("{}; its tasks are [{}]", fault, WordsOfTasks(known.data)), known.data.closure());
  }
}

// ---- the cloud ----

void Judge::Asked(const std::string& method, const std::string& closure) {
  const auto key = ParseClosureName("closure", closure);
  if (key.ok()) Broken(halts_.FaultOfAsking(method, closure), known_[*key].data.closure());
}

void Judge::OnCloud() {
  for (const std::string& account_id : account_ids_) JudgeAccount(account_id);
}

// What cannot be asked any more once an account is gone.
void Judge::Remember(const std::string& account_id, const ShowAccountResponse& account) {
  Remembered& remembered = accounts_[account_id];
  if (!account.deleted()) {
    remembered.owner = ReachableOf(account.account());
    remembered.money = MoneyOn(account.account());
    problems_.Saw(account.account(), schedule_.now(), vouched_.Date());
    return;
  }
  const bool by_closure = std::any_of(account.acts().begin(), account.acts().end(), [](const SandboxAct& act) {
    return IsDone(act) && MethodOf(act) == "DeleteAccount";
  });
  if (by_closure || remembered.gone_at) return;
  remembered.gone_at = remembered.states.empty() ? 0 : remembered.states.rbegin()->first;
}

void Judge::JudgeAccount(const std::string& account_id) {
  const ShowAccountResponse account = cloud_.Show(account_id);
  Remember(account_id, account);
  const std::vector<ClosureData> closures = ClosuresOf(account_id);
  if (closures.empty()) return;
  const ClosureData& newest = closures.front();
  const v1::Closure& closure = newest.closure();
  Broken(FaultOfActs(account_id, account, accounts_[account_id].states), closure);
  int deletions = 0;
  std::set<std::string> taken;
  for (const SandboxAct& act : account.acts()) {
    if (!IsDone(act)) continue;
    const std::string method = MethodOf(act);
    if (method == "DeleteAccount") ++deletions;
    const bool destroys = method == "DeleteAccount" || method == "PurgeData";
    if (destroys && closure.state() != v1::Closure::DELETING && closure.state() != v1::Closure::CLOSED)
      Broken("S1: data was deleted outside of a deletion", closure);
    const bool takes = method == "ForfeitBalance" || method == "VoidDebt";
    if (takes && !taken.insert(fmt::format("{} {} {}", method, ClosureOf(act), FormatMoney(act.amount()))).second)
      Broken("S15: the same money was taken twice", closure);
  }
  if (deletions > 1) Broken("N6: an account was deleted twice", closure);
  const std::string& money = accounts_[account_id].money;
  if (deletions > 0 && !money.empty()) Broken(fmt::format("S15: an account was deleted with {} on it", money), closure);
  if (account.deleted() || !IsFrozenIn(closure.state())) return;
  if (!account.billing_frozen() || !account.account_frozen() || !account.resources_frozen())
    Broken("S9: an account in its silent period is not frozen", closure);
}

}  // namespace closure::simulation
