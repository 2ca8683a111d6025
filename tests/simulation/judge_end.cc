// SPDX-License-Identifier: Apache-2.0
// What has to be true when everything came to rest: the ends of closures and the books of their accounts.
#include <algorithm>
#include <set>
#include <utility>

#include "checkers/proto_time.h"
#include "fmt/format.h"
#include "protos/money.h"
#include "server/machine.h"
#include "storage/history_chain.h"
#include "tests/simulation/judge.h"
#include "tests/simulation/judge_tasks.h"

namespace closure::simulation {

using internal::v1::ClosureData;
using sandbox::v1::SandboxAct;
using sandbox::v1::ShowAccountResponse;

// What a closure waits for, in words.
std::string Judge::WordsOfTasks(const ClosureData& data) {
  std::vector<std::string> words;
  for (const internal::v1::TaskData& task : TasksOf(data)) {
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
  OnCloud();
  for (const std::string& account_id : account_ids_) JudgeAccountAtRest(account_id);
  for (const auto& [key, known] : known_) {
    if (known.data.closure().revision() < known.acknowledged_revision)
      Broken("S14: what was acknowledged is lost", known.data.closure());
    const auto history = store_.ListTransitions(key, 0, 100'000);
    if (!history.ok() || !VerifyChain(*history, known.data.closure().name()).ok())
      Broken("S13: a broken chain", known.data.closure());
    JudgeOldHistory(known);
  }
}

void Judge::JudgeAccountAtRest(const std::string& account_id) {
  const std::vector<ClosureData> closures = ClosuresOf(account_id);
  for (const ClosureData& data : closures) JudgeEnd(data);
  if (closures.empty()) return;
  const ShowAccountResponse account = cloud_.Show(account_id);
  const v1::Closure& newest = closures.front().closure();
  if (!IsTerminal(newest.state())) return;
  const bool closed = newest.state() == v1::Closure::CLOSED;
  if (closed && !account.deleted()) Broken("S2: CLOSED, and the account is there", newest);
  const auto gate = store_.LoadGate(account_id);
  const v1::GateState expected = closed ? v1::GATE_CLOSED : v1::GATE_OPEN;
  if (!gate.ok() || gate->state != expected) Broken("L4: the gate does not fit the end", newest);
  if (account.deleted()) return;
  if (account.account_frozen() || account.billing_frozen() || account.resources_frozen() || account.archive_frozen())
    Broken("L4: an open account stays frozen", newest);
  if (account.billing_sealed()) Broken("L4: an open account stays sealed", newest);
  if (account.service_linked_roles_size() > 0) Broken("D2: the role outlives the closure", newest);
}

void Judge::JudgeEnd(const ClosureData& data) {
  const v1::Closure& closure = data.closure();
  if (!IsTerminal(closure.state())) {
    // A day in the calendar of a clock that was far ahead is kept: disagreement of the clocks can only lengthen.
    const auto day =
        closure.state() == v1::Closure::SILENT_PERIOD ? closure.silent_period_end_time() : closure.expire_time();
    if (clock_jumped_ && FromProto(day) > clock_.Now()) return;
    return Broken(fmt::format("N8, L1: a closure never ends; its tasks are [{}]", WordsOfTasks(data)), closure);
  }
  for (const v1::Notice& notice : closure.notices()) {
    if (notice.status() == v1::Notice::PENDING) Broken("L2: a notice is neither delivered nor given up", closure);
  }
  const ShowAccountResponse account = cloud_.Show(data.account_id());
  const Remembered& remembered = accounts_[data.account_id()];
  JudgeMoney(data, account);
  Broken(FaultOfBooks(closure, account, remembered.states, remembered.gone_at), closure);
  Broken(known_[{data.account_id(), data.closure_id()}].will.FaultOfReleases(closure, account), closure);
  Broken(FaultOfNotices(closure, remembered.owner, cloud_.Inbox(data.account_id())), closure);
  Broken(FaultOfLeftovers(closure, TasksOf(data), clock_.Now()), closure);
}

// Money that was taken is the money that was renounced, and the record says so (S15).
void Judge::JudgeMoney(const ClosureData& data, const ShowAccountResponse& account) {
  std::multiset<std::string> taken;
  for (const SandboxAct& act : account.acts()) {
    if (!IsDone(act) || ClosureOf(act) != data.closure().name()) continue;
    if (MethodOf(act) == "ForfeitBalance") taken.insert("BALANCE " + FormatMoney(act.amount()));
    if (MethodOf(act) == "VoidDebt") taken.insert("DEBT " + FormatMoney(act.amount()));
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

}  // namespace closure::simulation
