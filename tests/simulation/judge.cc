// SPDX-License-Identifier: Apache-2.0
#include "tests/simulation/judge.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "checkers/proto_time.h"
#include "fmt/format.h"
#include "protos/money.h"
#include "server/machine.h"
#include "storage/history_chain.h"

namespace closure::simulation {
namespace {

using internal::v1::ClosureData;
using sandbox::v1::SandboxAct;
using sandbox::v1::ShowAccountResponse;

bool EveryoneAnswered(const v1::Closure& closure) {
  const auto& checkers = closure.scan().checkers();
  return std::all_of(checkers.begin(), checkers.end(),
                     [](const v1::CheckerResult& checker) { return checker.status() == v1::CheckerResult::ANSWERED; });
}

bool IsListed(State from, State to) {
  return std::any_of(std::begin(kTransitions), std::end(kTransitions),
                     [&](const TransitionRow& row) { return row.from == from && row.to == to; });
}

bool IsDone(const SandboxAct& act) { return act.outcome() == "DONE"; }

// The name of the closure that an act was done for: what its key begins with.
std::string ClosureOf(const SandboxAct& act) {
  constexpr std::string_view kCollection = "/closures/";
  const std::string& key = act.idempotency_key();
  const std::size_t id = key.find(kCollection);
  return id == std::string::npos ? key : key.substr(0, key.find('/', id + kCollection.size()));
}

// From the silent period to the deletion nothing of the account may move (S9).
bool IsFrozenIn(State state) {
  return state == v1::Closure::SILENT_PERIOD || state == v1::Closure::FINAL_CHECK || state == v1::Closure::DELETING;
}

// Whether what an account has is covered by what its owner renounced.
bool IsRenounced(const v1::Closure& closure, v1::ItemKind kind, const v1::Money& amount) {
  return std::any_of(closure.renunciations().begin(), closure.renunciations().end(), [&](const auto& renunciation) {
    return renunciation.kind() == kind && renunciation.status() != v1::Renunciation::DROPPED &&
           renunciation.amount().currency_code() == amount.currency_code() &&
           CompareMoney(renunciation.amount(), amount) == std::strong_ordering::equal;
  });
}

}  // namespace

void Judge::Broken(std::string_view what, const v1::Closure& closure) {
  if (!fault_.empty()) return;
  fault_ = fmt::format("{}: {} in {}, after {}", what, closure.name(), v1::Closure::State_Name(closure.state()),
                       absl::FormatDuration(schedule_.now()));
}

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
  const StoreChange* const change = store_.NewestChange();
  if (change == nullptr || change->closure.account_id.empty()) return;
  const auto data = store_.LoadClosure(change->closure);
  if (!data.ok()) return;
  Known& known = known_[change->closure];
  if (known.data.version() == 0) JudgeAlone(*data);
  if (known.data.version() != data->version()) Compare(known, *data);
}

void Judge::JudgeAlone(const ClosureData& data) {
  const std::vector<ClosureData> all = ClosuresOf(data.account_id());
  const auto open = std::count_if(all.begin(), all.end(),
                                  [](const ClosureData& each) { return !IsTerminal(each.closure().state()); });
  if (open > 1) Broken("S12: two open closures of one account", data.closure());
}

void Judge::Compare(Known& known, const ClosureData& data) {
  if (data.version() != known.data.version() + 1) Broken("S18: a version did not rise by one", data.closure());
  if (data.closure().revision() <= known.data.closure().revision())
    Broken("S18: a revision did not rise", data.closure());
  const v1::Closure& before = known.data.closure();
  const v1::Closure& after = data.closure();
  if (before.has_silent_period_end_time() &&
      FromProto(before.silent_period_end_time()) != FromProto(after.silent_period_end_time()))
    Broken("2: the end of a silent period changed", after);
  const bool moved = before.state() != after.state();
  if (moved) JudgeMove(known, data);
  if (!moved && data.fence() != known.data.fence()) Broken("a fence rose without a change of state", after);
  JudgeHistory(known, data, moved);
  known.data = data;
}

void Judge::JudgeMove(Known& known, const ClosureData& data) {
  const State from = known.data.closure().state();
  const State to = data.closure().state();
  if (IsTerminal(from)) Broken("S5: an ended closure moved", data.closure());
  if (!IsListed(from, to)) Broken("S4: a move that the table does not list", data.closure());
  if (data.fence() <= known.data.fence()) Broken("a state changed without a higher fence", data.closure());
  if (to == v1::Closure::READY && !data.closure().scan().clean())
    Broken("5: READY without a clean scan", data.closure());
  if (to == v1::Closure::READY) JudgePass(data.closure());
  if (to == v1::Closure::CONFIRMING) known.scans_at_confirm = known.data.closure().scan().number();
  if (to == v1::Closure::SILENT_PERIOD) {
    known.silent_since = schedule_.now();
    JudgeEntry(known, data);
  }
  if (from == v1::Closure::SILENT_PERIOD && to == v1::Closure::FINAL_CHECK) JudgeElapse(known);
  if (to == v1::Closure::DELETING) JudgeDeletion(data);
}

// A pass rests on what every checker said, soundly and in time: that nothing stands in the way (5, S17).
void Judge::JudgePass(const v1::Closure& closure) {
  if (!EveryoneAnswered(closure)) Broken("5: an unanswered checker counted as a pass", closure);
  const auto& checkers = closure.scan().checkers();
  const auto said = std::find_if(checkers.begin(), checkers.end(),
                                 [](const v1::CheckerResult& each) { return each.checker() == Stranger::kName; });
  if (said == checkers.end() || !stranger_.SaidNothing(closure.name(), *said))
    Broken("S17: a pass rests on what a checker did not say", closure);
}

// What a silent period needs before it (1, 5, S7).
void Judge::JudgeEntry(const Known& known, const ClosureData& data) {
  const v1::Closure& closure = data.closure();
  const bool complete = closure.identity_verification().has_verify_time() && closure.has_agreement_acceptance() &&
                        closure.reason() != v1::Closure::REASON_UNSPECIFIED && closure.has_confirm_time();
  if (!complete) Broken("1: a silent period without identity, agreement, reason or confirmation", closure);
  if (!closure.scan().clean() || closure.scan().phase() != v1::CONFIRM ||
      closure.scan().number() <= known.scans_at_confirm)
    Broken("1: a silent period without a clean scan made after Confirm", closure);
  JudgePass(closure);
  const auto system = store_.LoadSystem();
  if (closure.has_hold() || !system.ok() || system->has_pause())
    Broken("a silent period was entered during a hold or pause", closure);
  const ShowAccountResponse account = cloud_.Show(data.account_id());
  if (account.deleted()) return;
  if (account.account().resources_size() > 0) Broken("S7: a silent period with a running resource", closure);
  if (!account.billing_frozen() || !account.account_frozen() || !account.resources_frozen())
    Broken("S9: a silent period of an account that is not frozen", closure);
}

// When a silent period ends by itself (2, S3).
void Judge::JudgeElapse(const Known& known) {
  const v1::Closure& closure = known.data.closure();
  if (clock_.Now() < FromProto(closure.silent_period_end_time())) Broken("2: a silent period ended early", closure);
  const absl::Duration lasted = schedule_.now() - known.silent_since;
  if (lasted < FromProto(known.data.policy().silent_period()))
    Broken(fmt::format("S3: a silent period lasted {}, less than promised", absl::FormatDuration(lasted)), closure);
  const auto system = store_.LoadSystem();
  if (!system.ok() || closure.has_hold() || system->has_pause() || system->has_breaker() || system->has_clock_jump())
    Broken("D14: a silent period ended although something halts it", closure);
  for (const v1::ParticipantProgress& progress : closure.participants()) {
    if (progress.status() != v1::ParticipantProgress::DONE)
      Broken("2: a silent period ended before its entry acts", closure);
  }
}

// The point of no return (3, 5, S1, S10, S15, S17).
void Judge::JudgeDeletion(const ClosureData& data) {
  const v1::Closure& closure = data.closure();
  if (!closure.scan().clean() || closure.scan().phase() != v1::FINAL)
    Broken("3: a deletion without a clean final check", closure);
  JudgePass(closure);
  const auto system = store_.LoadSystem();
  if (!system.ok() || closure.has_hold() || system->has_pause())
    Broken("a deletion began during a hold or pause", closure);
  const ShowAccountResponse account = cloud_.Show(data.account_id());
  if (account.deleted()) return;
  if (!account.billing_sealed()) Broken("S10: a deletion began while bills can still arrive", closure);
  const auto& has = account.account();
  if (has.bills_size() + has.unbilled_charges_size() + has.credit_notes_size() + has.resources_size() > 0)
    Broken("S10: a deletion began with something that stands in the way", closure);
  for (const auto& funds : has.funds()) {
    const auto balance = ParseMoney(funds.balance(), funds.currency_code());
    const auto debt = ParseMoney(funds.debt(), funds.currency_code());
    if (!balance.ok() || !debt.ok()) Broken("the cloud's money cannot be read", closure);
    if (balance.ok() && IsPositive(*balance) && !IsRenounced(closure, v1::BALANCE, *balance))
      Broken("S15: a deletion began with a balance nobody renounced", closure);
    if (debt.ok() && IsPositive(*debt) && !IsRenounced(closure, v1::DEBT, *debt))
      Broken("S10: a deletion began with a debt nobody renounced", closure);
  }
}

void Judge::JudgeHistory(Known& known, const ClosureData& data, bool moved) {
  const auto history = store_.ListTransitions({data.account_id(), data.closure_id()}, 0, 100'000);
  if (!history.ok()) return Broken("a history cannot be read", data.closure());
  if (moved) {
    const bool told = history->size() == known.history + 1 &&
                      history->back().from_state() == known.data.closure().state() &&
                      history->back().to_state() == data.closure().state();
    if (!told) Broken("S13: a move without its one entry in the history", data.closure());
  }
  if (const absl::Status sound = VerifyChain(*history, data.closure().name()); !sound.ok())
    Broken("S13: a broken chain", data.closure());
  known.history = history->size();
}

// ---- answers ----

void Judge::Acknowledged(const v1::Closure& closure) {
  const std::string& name = closure.name();
  const std::string account_id = closure.account().substr(closure.account().find('/') + 1);
  Known& known = known_[{account_id, name.substr(name.rfind('/') + 1)}];
  if (known.data.closure().revision() < closure.revision())
    Broken("S14: an owner was told of what is not committed", closure);
  known.acknowledged_revision = std::max(known.acknowledged_revision, closure.revision());
}

void Judge::Repeated(const v1::Closure& first, const v1::Closure& second) {
  if (first.name() != second.name()) Broken("7: a repeated request was answered with another closure", second);
  // After the personal data in it were erased, an answer is told anew (D12).
  const bool erased = second.has_end_time();
  if (!erased && first.revision() != second.revision()) Broken("7: a repeated request was carried out again", second);
}

// ---- the cloud ----

void Judge::OnCloud() {
  for (const std::string& account_id : account_ids_) JudgeAccount(account_id);
}

void Judge::JudgeAccount(const std::string& account_id) {
  const std::vector<ClosureData> closures = ClosuresOf(account_id);
  if (closures.empty()) return;
  const ClosureData& newest = closures.front();
  const v1::Closure& closure = newest.closure();
  const ShowAccountResponse account = cloud_.Show(account_id);
  int deletions = 0;
  std::set<std::string> taken;
  for (const SandboxAct& act : account.acts()) {
    if (!IsDone(act)) continue;
    if (absl::EndsWith(act.method(), "/DeleteAccount")) ++deletions;
    const bool destroys = absl::EndsWith(act.method(), "/DeleteAccount") || absl::EndsWith(act.method(), "/PurgeData");
    if (destroys && closure.state() != v1::Closure::DELETING && closure.state() != v1::Closure::CLOSED)
      Broken("S1: data was deleted outside of a deletion", closure);
    const bool takes = absl::EndsWith(act.method(), "/ForfeitBalance") || absl::EndsWith(act.method(), "/VoidDebt");
    if (takes && !taken.insert(fmt::format("{} {} {}", act.method(), ClosureOf(act), FormatMoney(act.amount()))).second)
      Broken("S15: the same money was taken twice", closure);
  }
  if (deletions > 1) Broken("an account was deleted twice", closure);
  if (account.deleted() || !IsFrozenIn(closure.state())) return;
  if (!account.billing_frozen() || !account.account_frozen() || !account.resources_frozen())
    Broken("S9: an account in its silent period is not frozen", closure);
}

// ---- the end ----

// What a closure waits for, in words.
std::string Judge::TasksOf(const ClosureData& data) {
  const auto tasks = store_.ListTasks({.closure = {data.account_id(), data.closure_id()}, .limit = 100});
  std::vector<std::string> words;
  if (!tasks.ok()) return "";
  for (const internal::v1::TaskData& task : *tasks) {
    words.push_back(fmt::format("{} in {}, attempts {}, {} {}", v1::Task::Kind_Name(task.kind()),
                                absl::FormatDuration(FromProto(task.due_time()) - clock_.Now()), task.attempts(),
                                v1::Task::Parked_Name(task.parked()), task.last_error()));
  }
  return fmt::format("{}", fmt::join(words, "; "));
}

std::map<v1::Closure::State, std::int64_t> Judge::Ends() {
  std::map<v1::Closure::State, std::int64_t> ends;
  for (const auto& [key, known] : known_) ++ends[known.data.closure().state()];
  return ends;
}

void Judge::AtRest() {
  for (const std::string& account_id : account_ids_) {
    const std::vector<ClosureData> closures = ClosuresOf(account_id);
    for (const ClosureData& data : closures) JudgeEnd(data);
    if (closures.empty()) continue;
    const ShowAccountResponse account = cloud_.Show(account_id);
    const v1::Closure& newest = closures.front().closure();
    if (!IsTerminal(newest.state())) continue;
    const bool closed = newest.state() == v1::Closure::CLOSED;
    if (closed && !account.deleted()) Broken("S2: CLOSED, and the account is there", newest);
    const auto gate = store_.LoadGate(account_id);
    const v1::GateState expected = closed ? v1::GATE_CLOSED : v1::GATE_OPEN;
    if (!gate.ok() || gate->state != expected) Broken("L4: the gate does not fit the end", newest);
    if (account.deleted()) continue;
    if (account.account_frozen() || account.billing_frozen() || account.resources_frozen() || account.archive_frozen())
      Broken("L4: an open account stays frozen", newest);
    if (account.billing_sealed()) Broken("L4: an open account stays sealed", newest);
    if (account.service_linked_roles_size() > 0) Broken("D2: the role outlives the closure", newest);
  }
  for (const auto& [key, known] : known_) {
    if (known.data.closure().revision() < known.acknowledged_revision)
      Broken("S14: what was acknowledged is lost", known.data.closure());
  }
}

void Judge::JudgeEnd(const ClosureData& data) {
  const v1::Closure& closure = data.closure();
  if (!IsTerminal(closure.state())) {
    // A day in the calendar of a clock that was far ahead is kept: disagreement of the clocks can only lengthen.
    const auto day =
        closure.state() == v1::Closure::SILENT_PERIOD ? closure.silent_period_end_time() : closure.expire_time();
    if (FromProto(day) > clock_.Now()) return;
    return Broken(fmt::format("L1: a closure never ends; its tasks are [{}]", TasksOf(data)), closure);
  }
  for (const v1::Notice& notice : closure.notices()) {
    if (notice.status() == v1::Notice::PENDING) Broken("L2: a notice is neither delivered nor given up", closure);
  }
  JudgeMoney(data, cloud_.Show(data.account_id()));
  JudgeMessages(data);
}

// Money that was taken is the money that was renounced, and the record says so (S15).
void Judge::JudgeMoney(const ClosureData& data, const ShowAccountResponse& account) {
  std::multiset<std::string> taken;
  for (const SandboxAct& act : account.acts()) {
    if (!IsDone(act) || ClosureOf(act) != data.closure().name()) continue;
    if (absl::EndsWith(act.method(), "/ForfeitBalance")) taken.insert("BALANCE " + FormatMoney(act.amount()));
    if (absl::EndsWith(act.method(), "/VoidDebt")) taken.insert("DEBT " + FormatMoney(act.amount()));
  }
  std::multiset<std::string> executed;
  for (const v1::Renunciation& renunciation : data.closure().renunciations()) {
    if (renunciation.status() == v1::Renunciation::RECORDED)
      Broken("D15: a renunciation outlived its closure", data.closure());
    if (renunciation.status() != v1::Renunciation::EXECUTED) continue;
    executed.insert(fmt::format("{} {}", v1::ItemKind_Name(renunciation.kind()), FormatMoney(renunciation.amount())));
  }
  if (taken != executed) {
    Broken(fmt::format("S15: the books do not agree: taken [{}], recorded [{}]", fmt::join(taken, ", "),
                       fmt::join(executed, ", ")),
           data.closure());
  }
}

// One result notice at most on each channel, and only after a result (S6, S11).
void Judge::JudgeMessages(const ClosureData& data) {
  std::multiset<std::string> notices;
  for (const sandbox::v1::InboxMessage& message : cloud_.Inbox(data.account_id())) {
    const std::string& key = message.idempotency_key();
    if (absl::StrContains(key, data.closure_id() + "/notice/")) notices.insert(message.channel());
  }
  for (const std::string& channel : notices) {
    if (notices.count(channel) > 1) Broken("S6: two results were told", data.closure());
  }
}

}  // namespace closure::simulation
