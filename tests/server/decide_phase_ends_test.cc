// SPDX-License-Identifier: Apache-2.0
// What follows when every participant of a phase is done, and what becomes of renounced money then.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "checkers/proto_time.h"
#include "fmt/format.h"
#include "server/decide.h"
#include "tests/support/decided_closure.h"

namespace closure {
namespace {

using Closure = v1::Closure;

void Confirm(DecidedClosure& closure) {
  REQUIRE(closure.Do(ConfirmClosure{Closure::OTHER, "", closure.closure().risk_prompt().digest(), false}).ok());
}

v1::BlockingItem Money(const std::string& id, v1::ItemKind kind) {
  return DecidedClosure::Item(id, kind, v1::RENOUNCEABLE, 5, "facts of " + id);
}

// READY, with all of this money renounced.
void Renounce(DecidedClosure& closure, const std::vector<v1::BlockingItem>& money) {
  closure.GoToReady();
  REQUIRE(closure.Do(Recheck{}).ok());
  closure.FinishScan(money);
  DiscardGiven discard;
  discard.command.risk_digest = closure.closure().risk_prompt().digest();
  for (const v1::BlockingItem& item : money) {
    discard.command.selections.push_back({item.native_id(), item.fingerprint()});
    discard.items.push_back(closure.item(item.native_id()));
  }
  REQUIRE(closure.Do(discard).ok());
  closure.Report(v1::Task::DISCARD_DEADLINE, TimerFired{});
  closure.FinishScan(money);
  REQUIRE(closure.state() == Closure::READY);
}

// The beginning of the silent period, where billing is asked to forfeit.
void GoToForfeit(DecidedClosure& closure, const std::vector<v1::BlockingItem>& money) {
  Renounce(closure, money);
  Confirm(closure);
  closure.FinishPhase();
  closure.FinishScan(money);
  REQUIRE(closure.state() == Closure::SILENT_PERIOD);
}

// From there to the deletion, where billing is asked to void; with what is still owed.
void GoToVoid(DecidedClosure& closure, const std::vector<v1::BlockingItem>& owed) {
  closure.FinishPhase();
  closure.clock().Advance(absl::Hours(168));
  closure.Report(v1::Task::SILENT_PERIOD_END, TimerFired{});
  closure.FinishPhase();
  closure.FinishScan(owed);
  REQUIRE(closure.state() == Closure::DELETING);
}

// The next participant says that it is done and that it executed these.
void AnswerExecuted(DecidedClosure& closure, const std::vector<std::string>& ids,
                    v1::PerformResponse::Outcome outcome = v1::PerformResponse::DONE) {
  ParticipantAnswered answered;
  answered.response.set_outcome(outcome);
  for (const std::string& id : ids) answered.response.add_executed_fingerprints("facts of " + id);
  closure.ReportTask(closure.Tasks(v1::Task::PARTICIPANT).front(), answered);
}

v1::Renunciation::Status StatusOf(const DecidedClosure& closure, const std::string& id) {
  for (const v1::Renunciation& renunciation : closure.closure().renunciations()) {
    if (renunciation.fingerprint() == "facts of " + id) return renunciation.status();
  }
  return v1::Renunciation::STATUS_UNSPECIFIED;
}

TEST_CASE("balances are forfeited with the silent period and debts are voided with the account, whatever billing says",
          "[decide][D15]") {
  DecidedClosure closure;
  GoToForfeit(closure, {Money("balance", v1::BALANCE), Money("debt", v1::DEBT)});
  AnswerExecuted(closure, {"balance", "debt"});
  CHECK(StatusOf(closure, "balance") == v1::Renunciation::EXECUTED);
  CHECK(StatusOf(closure, "debt") == v1::Renunciation::RECORDED);
  const absl::Time forfeited = closure.clock().Now();
  GoToVoid(closure, {Money("debt", v1::DEBT)});
  CHECK(StatusOf(closure, "debt") == v1::Renunciation::RECORDED);
  AnswerExecuted(closure, {"debt"});
  CHECK(StatusOf(closure, "debt") == v1::Renunciation::EXECUTED);
  for (const v1::Renunciation& renunciation : closure.closure().renunciations()) {
    const bool debt = renunciation.kind() == v1::DEBT;
    CHECK(FromProto(renunciation.execute_time()) == (debt ? closure.clock().Now() : forfeited));
  }
}

TEST_CASE("a balance that billing did not forfeit is dropped when the entry acts are done, and a debt waits on",
          "[decide][D15][R22]") {
  DecidedClosure closure;
  GoToForfeit(closure, {Money("debt", v1::DEBT), Money("balance", v1::BALANCE)});
  SECTION("it says that it is done, and names nothing") { AnswerExecuted(closure, {}); }
  SECTION("it says that the facts moved") { AnswerExecuted(closure, {}, v1::PerformResponse::FACTS_MOVED); }
  SECTION("it names something else") { AnswerExecuted(closure, {"nothing", "debt"}); }
  REQUIRE(closure.Tasks(v1::Task::PARTICIPANT).size() == 1);
  CHECK(StatusOf(closure, "balance") == v1::Renunciation::RECORDED);
  AnswerExecuted(closure, {"balance"});  // the account system: nobody asked it
  CHECK(closure.Tasks(v1::Task::PARTICIPANT).empty());
  CHECK(StatusOf(closure, "balance") == v1::Renunciation::DROPPED);
  CHECK(StatusOf(closure, "debt") == v1::Renunciation::RECORDED);
  for (const v1::Renunciation& renunciation : closure.closure().renunciations())
    CHECK_FALSE(renunciation.has_execute_time());
}

TEST_CASE("of many renunciations exactly those that billing names are executed, and the others are dropped",
          "[decide][D15]") {
  const int executed = GENERATE(range(0, 9));
  std::vector<v1::BlockingItem> money;
  for (int i = 0; i < 9; ++i) money.push_back(Money(fmt::format("m{}", i), v1::BALANCE));
  DecidedClosure closure;
  GoToForfeit(closure, money);
  AnswerExecuted(closure, {fmt::format("m{}", executed)});
  for (int i = 0; i < 9; ++i) {
    CHECK(StatusOf(closure, fmt::format("m{}", i)) ==
          (i == executed ? v1::Renunciation::EXECUTED : v1::Renunciation::RECORDED));
  }
  closure.FinishPhase();
  for (int i = 0; i < 9; ++i) {
    CHECK(StatusOf(closure, fmt::format("m{}", i)) ==
          (i == executed ? v1::Renunciation::EXECUTED : v1::Renunciation::DROPPED));
  }
}

TEST_CASE("the record of a closed account says which debts were not voided", "[decide][D15][R65]") {
  DecidedClosure closure;
  GoToForfeit(closure, {Money("one", v1::DEBT), Money("two", v1::DEBT)});
  GoToVoid(closure, {Money("one", v1::DEBT), Money("two", v1::DEBT)});
  AnswerExecuted(closure, {"two"});
  closure.FinishPhase();
  REQUIRE(closure.state() == Closure::CLOSED);
  CHECK(StatusOf(closure, "one") == v1::Renunciation::DROPPED);
  CHECK(StatusOf(closure, "two") == v1::Renunciation::EXECUTED);
}

TEST_CASE("a frozen account is scanned again, and everybody reads that it is frozen", "[decide][D6]") {
  DecidedClosure closure;
  closure.GoToReady();
  const int64_t number = closure.closure().scan().number();
  Confirm(closure);
  const std::string asked_first = closure.Tasks(v1::Task::PARTICIPANT).front().payload().participant();
  AnswerExecuted(closure, {});
  CHECK(closure.last_commit().history->event == "participant_done");
  CHECK(closure.last_commit().history->detail == asked_first + " FREEZE stage 1");
  AnswerExecuted(closure, {});
  CHECK(closure.last_commit().history->event == "frozen");
  CHECK(closure.state() == Closure::CONFIRMING);
  REQUIRE(closure.Tasks(v1::Task::SCAN).size() == 1);
  CHECK(closure.Tasks(v1::Task::SCAN).front().payload().check_phase() == v1::CONFIRM);
  CHECK(closure.closure().scan().number() == number + 1);
}

TEST_CASE("a thawed account is open and its closure blocked, with the whole idle time before it", "[decide][D6][D16]") {
  DecidedClosure closure;
  closure.GoToReady();
  Confirm(closure);
  REQUIRE(closure.Do(PlaceHold{"legal"}, "operator:ann").ok());
  closure.clock().Advance(absl::Hours(100));
  closure.FinishPhase();
  CHECK(closure.state() == Closure::BLOCKED);
  CHECK(closure.last_commit().gate == v1::GATE_OPEN);
  CHECK(closure.closure().participants().empty());
  const absl::Time expiry = closure.clock().Now() + absl::Hours(720);
  CHECK(FromProto(closure.closure().expire_time()) == expiry);
  REQUIRE(closure.Tasks(v1::Task::EXPIRY).size() == 1);
  CHECK(FromProto(closure.Tasks(v1::Task::EXPIRY).front().due_time()) == expiry);
}

TEST_CASE("the end of a silent period is watched at its time, or at once when the entry acts took longer",
          "[decide][R18][R59]") {
  const absl::Duration taken = GENERATE(absl::Hours(1), absl::Hours(168), absl::Hours(200));
  DecidedClosure closure;
  closure.GoToSilentPeriod();
  const absl::Time end = closure.clock().Now() + absl::Hours(168);
  closure.clock().Advance(taken);
  closure.FinishPhase();
  CHECK(closure.state() == Closure::SILENT_PERIOD);
  CHECK(closure.last_commit().history->event == "silent_period_acts_done");
  CHECK(FromProto(closure.closure().silent_period_end_time()) == end);
  REQUIRE(closure.Tasks(v1::Task::SILENT_PERIOD_END).size() == 1);
  CHECK(FromProto(closure.Tasks(v1::Task::SILENT_PERIOD_END).front().due_time()) ==
        std::max(end, closure.clock().Now()));
}

TEST_CASE("the final check begins when no further bill can arrive", "[decide][R66][D10]") {
  DecidedClosure closure;
  closure.GoToFinalCheck();
  CHECK(closure.Tasks(v1::Task::SCAN).empty());
  closure.FinishPhase();
  CHECK(closure.last_commit().history->event == "sealed");
  CHECK(closure.state() == Closure::FINAL_CHECK);
  REQUIRE(closure.Tasks(v1::Task::SCAN).size() == 1);
  CHECK(closure.Tasks(v1::Task::SCAN).front().payload().check_phase() == v1::FINAL);
}

TEST_CASE("a restored account is open, and the record keeps why it was not closed", "[decide][R67][R68][D17]") {
  DecidedClosure closure;
  closure.GoToFinalCheck();
  closure.FinishPhase();
  closure.FinishScan({DecidedClosure::Item("late", v1::UNPAID_BILL, v1::MUST_HANDLE, 5)});
  const std::string why = closure.closure().cause_detail();
  CHECK_THAT(why, Catch::Contains("late"));
  closure.FinishPhase();
  CHECK(closure.state() == Closure::ABORTED);
  CHECK(closure.last_commit().gate == v1::GATE_OPEN);
  CHECK_FALSE(closure.last_commit().tombstone.has_value());
  CHECK(closure.closure().cause() == Closure::FINAL_CHECK_PROBLEM);
  CHECK(closure.closure().cause_detail() == why);
  CHECK(closure.closure().participants().empty());
}

}  // namespace
}  // namespace closure
