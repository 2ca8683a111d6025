// SPDX-License-Identifier: Apache-2.0
// The deadlines of discards and of Confirm: not before their time, and what is told when it has come.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "checkers/proto_time.h"
#include "server/decide.h"
#include "tests/support/decided_closure.h"

namespace closure {
namespace {

using Closure = v1::Closure;

// To DISCARDING, with so many releases under way; answers what is being released.
std::vector<v1::BlockingItem> StartReleases(DecidedClosure& closure, int count) {
  std::vector<v1::BlockingItem> items;
  DiscardGiven given;
  for (int i = 1; i <= count; ++i) {
    const std::string id = "vm" + std::to_string(i);
    items.push_back(DecidedClosure::Item(id, v1::PAY_AS_YOU_GO_RESOURCE, v1::RENOUNCEABLE));
    given.command.selections.push_back({id, "f1"});
  }
  closure.GoToReady();
  REQUIRE(closure.Do(Recheck{}).ok());
  closure.FinishScan(items);
  given.command.risk_digest = closure.closure().risk_prompt().digest();
  given.items = items;
  REQUIRE(closure.Do(given).ok());
  return closure.last_commit().items;
}

TEST_CASE("releases that are open at their deadline are each left to the next scan, and the history counts them",
          "[decide][D16]") {
  const int count = GENERATE(2, 5);
  DecidedClosure closure;
  const std::vector<v1::BlockingItem> releasing = StartReleases(closure, count);
  const internal::v1::TaskData late = closure.Tasks(v1::Task::DISCARD).back();
  closure.clock().Advance(absl::Minutes(10));
  closure.Report(v1::Task::DISCARD_DEADLINE, TimerFired{.items = releasing});
  CHECK(closure.state() == Closure::CHECKING);
  CHECK(closure.last_commit().history->event == "discard_settled");
  CHECK(closure.last_commit().history->detail == std::to_string(count) + " releases were not answered in time");
  for (const v1::BlockingItem& item : releasing) {
    const v1::BlockingItem& now = closure.item(item.native_id());
    CHECK(now.resolution() == v1::BlockingItem::OUTCOME_UNKNOWN);
    CHECK(now.resolution_detail() == "the release was not answered in time; the scan tells whether it happened");
  }
  CHECK(closure.data().releases_open() == 0);
  CHECK(closure.Tasks(v1::Task::DISCARD).empty());
  CHECK(closure.Tasks(v1::Task::SCAN).size() == 1);
  const int64_t version = closure.data().version();
  ReleaseAnswered answered{.item = releasing.back(), .response = {}};
  answered.response.set_outcome(v1::DiscardResponse::RELEASED);
  closure.ReportTask(late, answered);
  CHECK(closure.data().version() == version);
}

TEST_CASE("a release that was answered before the deadline stays as it was answered", "[decide][D16]") {
  DecidedClosure closure;
  const std::vector<v1::BlockingItem> releasing = StartReleases(closure, 3);
  ReleaseAnswered answered{.item = releasing.front(), .response = {}};
  answered.response.set_outcome(v1::DiscardResponse::RELEASED);
  closure.ReportTask(closure.Tasks(v1::Task::DISCARD).front(), answered);
  closure.clock().Advance(absl::Minutes(10));
  closure.Report(v1::Task::DISCARD_DEADLINE, TimerFired{.items = {releasing[1], releasing[2]}});
  CHECK(closure.last_commit().history->detail == "2 releases were not answered in time");
  CHECK(closure.item("vm1").resolution() == v1::BlockingItem::RELEASED);
  CHECK(closure.item("vm2").resolution() == v1::BlockingItem::OUTCOME_UNKNOWN);
  CHECK(closure.item("vm3").resolution() == v1::BlockingItem::OUTCOME_UNKNOWN);
}

TEST_CASE("releases are waited for until their last microsecond, whoever hurries the deadline", "[decide][D16]") {
  DecidedClosure closure;
  const std::vector<v1::BlockingItem> releasing = StartReleases(closure, 2);
  const absl::Time limit = closure.clock().Now() + absl::Minutes(10);
  closure.ReportTask(closure.Tasks(v1::Task::DISCARD_DEADLINE).front(), RetryRequested{"hurry"});
  closure.clock().Advance(absl::Minutes(10) - absl::Microseconds(1));
  closure.Report(v1::Task::DISCARD_DEADLINE, TimerFired{.items = releasing});
  CHECK(closure.state() == Closure::DISCARDING);
  CHECK(closure.item("vm1").resolution() == v1::BlockingItem::RELEASING);
  CHECK(closure.data().releases_open() == 2);
  const internal::v1::TaskData deadline = closure.Tasks(v1::Task::DISCARD_DEADLINE).front();
  CHECK(FromProto(deadline.due_time()) == limit);
  CHECK(deadline.parked() == v1::Task::PARKED_UNSPECIFIED);
  // To wait is no failure.
  CHECK(deadline.attempts() == 0);
  closure.clock().Advance(absl::Microseconds(1));
  closure.Report(v1::Task::DISCARD_DEADLINE, TimerFired{.items = releasing});
  CHECK(closure.state() == Closure::CHECKING);
}

TEST_CASE("a discard that released nothing is settled without a word about releases", "[decide][D15]") {
  DecidedClosure closure;
  closure.GoToReady();
  REQUIRE(closure.Do(Recheck{}).ok());
  const v1::BlockingItem balance = DecidedClosure::Item("balance", v1::BALANCE, v1::RENOUNCEABLE, 5);
  closure.FinishScan({balance});
  REQUIRE(closure.Do(DiscardGiven{{{{"balance", "f1"}}, closure.closure().risk_prompt().digest()}, {balance}}).ok());
  closure.Report(v1::Task::DISCARD_DEADLINE, TimerFired{});
  CHECK(closure.state() == Closure::CHECKING);
  CHECK(closure.last_commit().history->event == "discard_settled");
  CHECK(closure.last_commit().history->detail.empty());
  CHECK(closure.item("balance").resolution() == v1::BlockingItem::RENOUNCED);
}

TEST_CASE("Confirm has its five minutes to the last microsecond, and says afterwards what it waited for",
          "[decide][D6]") {
  DecidedClosure closure;
  closure.GoToReady();
  REQUIRE(closure.Do(ConfirmClosure{Closure::OTHER, "", closure.closure().risk_prompt().digest(), false}).ok());
  const absl::Time limit = closure.clock().Now() + absl::Minutes(5);
  closure.clock().Advance(absl::Minutes(5) - absl::Microseconds(1));
  closure.Report(v1::Task::CONFIRM_DEADLINE, TimerFired{});
  CHECK(closure.state() == Closure::CONFIRMING);
  CHECK(FromProto(closure.Tasks(v1::Task::CONFIRM_DEADLINE).front().due_time()) == limit);
  std::string expected = "freeze and rescan took too long: the account was not frozen by account, billing";
  SECTION("for the freeze") {}
  SECTION("for the rescan") {
    closure.FinishPhase();
    expected = "freeze and rescan took too long: the rescan was not over";
  }
  closure.clock().Advance(absl::Microseconds(1));
  closure.Report(v1::Task::CONFIRM_DEADLINE, TimerFired{});
  CHECK(closure.state() == Closure::THAWING);
  CHECK(closure.closure().cause() == Closure::CONFIRM_TIMED_OUT);
  CHECK(closure.closure().cause_detail() == expected);
}

TEST_CASE("releases and the acts of the silent period's beginning and of the deletion are what waits for a halt",
          "[decide][D14]") {
  for (int kind = v1::Task::Kind_MIN; kind <= v1::Task::Kind_MAX; ++kind) {
    if (!v1::Task::Kind_IsValid(kind)) continue;
    for (int phase = v1::ParticipantPhase_MIN; phase <= v1::ParticipantPhase_MAX; ++phase) {
      if (!v1::ParticipantPhase_IsValid(phase)) continue;
      internal::v1::TaskData task;
      task.set_kind(static_cast<v1::Task::Kind>(kind));
      task.mutable_payload()->set_participant_phase(static_cast<v1::ParticipantPhase>(phase));
      const bool act = kind == v1::Task::PARTICIPANT && (phase == v1::ENTER_SILENT_PERIOD || phase == v1::DELETE);
      INFO(task.ShortDebugString());
      CHECK(IsIrreversible(task) == (kind == v1::Task::DISCARD || act));
    }
  }
}

TEST_CASE("an expiry that comes earlier than it was told has a timer of its own", "[decide][D16][time]") {
  DecidedClosure closure;
  closure.clock().Advance(absl::Minutes(5));
  const absl::Duration back = GENERATE(absl::ZeroDuration(), absl::Microseconds(1), absl::Seconds(1), absl::Seconds(59),
                                       -absl::Microseconds(1), -absl::Seconds(1));
  const absl::Time told = closure.clock().Now() + absl::Hours(24);
  // As if it had been told on a clock that has gone back since.
  internal::v1::ClosureData data = closure.data();
  *data.mutable_closure()->mutable_expire_time() = ToProto(told + back);
  Circumstances circumstances;
  circumstances.now = closure.clock().Now();
  circumstances.challenge_ids = {"a", "b"};
  const absl::StatusOr<Decision> decision = Decide(data, ResendCode{v1::EMAIL}, circumstances);
  REQUIRE(decision.ok());
  REQUIRE(decision->reply.ok());
  const auto& added = decision->commit.add_tasks;
  const auto timers =
      std::count_if(added.begin(), added.end(), [](const auto& task) { return task.kind() == v1::Task::EXPIRY; });
  CHECK(timers == (told < told + back ? 1 : 0));
}

}  // namespace
}  // namespace closure
