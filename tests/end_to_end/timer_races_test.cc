// SPDX-License-Identifier: Apache-2.0
// Timers that fire at the same time as something else, through a running server: against commands, against answers and
// against each other.
#include <catch2/catch.hpp>
#include <memory>
#include <set>
#include <string>

#include "checkers/proto_time.h"
#include "fmt/format.h"
#include "tests/end_to_end/last_to_freeze.h"
#include "tests/end_to_end/races.h"
#include "tests/support/api_calls.h"
#include "tests/support/mark_watch.h"
#include "tests/support/views.h"

namespace closure {
namespace {

// Gives what is about to reach a mark the time of some thousand calls, of which it needs one or two.
void AwaitMark(const MarkWatch& mark, Owner& owner) {
  for (int calls = 0; calls < 5000 && !mark.reached(); ++calls) owner.Refresh();
}

TEST_CASE("a verification and the expiry at the same time: one of them wins, and the other changes nothing",
          "[R44][D16]") {
  RunningServer server({.configure = [](config::v1::ServerConfig& config) {
    // As long as the code lives, so that both are possible to the last moment.
    config.mutable_policy()->mutable_idle_expiry_before_agreement()->set_seconds(3600);
    config.mutable_policy()->mutable_code_lifetime()->set_seconds(3600);
  }});
  std::set<v1::Closure::State> states;
  for (int round = 0; round < kRounds; ++round) {
    const std::string account_id = fmt::format("expiry-{}", round);
    server.Load(CloudFileOf(account_id));
    Owner owner(server, account_id);
    owner.Create();
    v1::VerifyIdentityRequest request = RequestOn<v1::VerifyIdentityRequest>(owner.name());
    request.add_codes()->set_code(owner.Code());
    WaitUntilQuiet(server, owner.name());
    server.clock().Advance(absl::Seconds(3599));
    Reply verified;
    InTurns(
        round, [&] { verified = Send(server, owner.actor(), request); },
        [&] { server.clock().Advance(absl::Seconds(1)); }, [&] { WaitUntilQuiet(server, owner.name()); });
    owner.Refresh();
    const v1::Closure::State expected = verified.ok() ? v1::Closure::AGREEMENT_PENDING : v1::Closure::EXPIRED;
    CHECK(owner.closure().state() == expected);
    CHECK(CountEvents(server, owner, "idle") == (verified.ok() ? 0 : 1));
    CheckHistory(server, owner);
    states.insert(owner.closure().state());
  }
  CHECK(states == std::set<v1::Closure::State>{v1::Closure::AGREEMENT_PENDING, v1::Closure::EXPIRED});
}

// The result was sent once on each channel, and each is told of in the closure once.
void CheckToldOnce(RunningServer& server, const Owner& owner) {
  std::multiset<std::string> told;
  for (const v1::Notice& notice : owner.closure().notices()) {
    CHECK(notice.status() == v1::Notice::DELIVERED);
    told.insert(v1::Channel_Name(notice.channel()));
  }
  CHECK(told == std::multiset<std::string>{"EMAIL", "SMS"});
  std::multiset<std::string> sent;
  for (const sandbox::v1::InboxMessage& message : server.Inbox(owner.account_id())) {
    if (message.idempotency_key().find("/notice/") != std::string::npos) sent.insert(message.channel());
  }
  CHECK(sent == std::multiset<std::string>{"email", "sms"});
}

TEST_CASE("two timers of one closure that are due at once end it once, and its owner is told once on each channel",
          "[R64][D6][D16]") {
  for (int round = 0; round < kRounds; ++round) {
    INFO("round " << round);
    RunningServer server;
    server.Load(CloudFileOf("timers"));
    Owner owner(server, "timers");
    owner.Create();
    WaitUntilQuiet(server, owner.name());
    // On a clock that went back the state's timer would fire too late, so another is set beside it.
    server.clock().JumpWall(-absl::Hours(24));
    REQUIRE(Send(server, owner.actor(), RequestOn<v1::ResendCodeRequest>(owner.name())).ok());
    WaitUntilQuiet(server, owner.name());
    std::set<absl::Time> due;
    for (const v1::Task& task : TasksOf(server, owner.name())) {
      if (task.kind() == v1::Task::EXPIRY) due.insert(FromProto(task.due_time()));
    }
    REQUIRE(due.size() == 2);
    const MarkWatch second(Mark::kStaleResultDropped);
    server.clock().Advance(*due.rbegin() - server.clock().Now());
    owner.WaitFor({v1::Closure::EXPIRED});
    WaitUntilQuiet(server, owner.name());
    AwaitMark(second, owner);
    CHECK(second.reached());  // the other one fired as well
    owner.Refresh();
    CHECK(owner.closure().state() == v1::Closure::EXPIRED);
    CHECK(owner.closure().cause() == v1::Closure::IDLE);
    CHECK(CountEvents(server, owner, "idle") == 1);
    CheckHistory(server, owner);
    CheckToldOnce(server, owner);
  }
}

// A Confirm that came to the silent period, or to nothing: whole either way.
void CheckConfirmWhole(RunningServer& server, const Owner& owner) {
  const v1::Closure& closure = owner.closure();
  const bool entered = closure.state() == v1::Closure::SILENT_PERIOD;
  CHECK((entered || closure.state() == v1::Closure::BLOCKED));
  CHECK(closure.cause() == (entered ? v1::Closure::CAUSE_UNSPECIFIED : v1::Closure::CONFIRM_TIMED_OUT));
  CHECK(closure.has_silent_period_start_time() == entered);
  CHECK(CountEvents(server, owner, "silent_period_entered") == (entered ? 1 : 0));
  CHECK(CountEvents(server, owner, "confirm_failed") == (entered ? 0 : 1));
  CHECK(server.Gate(owner.account_id()).gate_state() == (entered ? v1::GATE_CLOSING : v1::GATE_OPEN));
  const sandbox::v1::ShowAccountResponse shown = server.Show(owner.account_id());
  CHECK(shown.account_frozen() == entered);
  CHECK(shown.billing_frozen() == entered);
  CHECK(shown.resources_frozen() == entered);
  CheckHistory(server, owner);
}

TEST_CASE("a freeze that is answered when the time of Confirm is over: the silent period begins, or nothing is lost",
          "[R17][R56][D6]") {
  std::set<v1::Closure::State> states;
  for (int round = 0; round < kRounds; ++round) {
    INFO("round " << round);
    const auto last = std::make_shared<LastToFreeze>();
    RunningServer::Options options;
    options.extra_participants.push_back({.participant = last});
    RunningServer server(options);
    server.Load(CloudFileOf("freeze"));
    Owner owner(server, "freeze");
    owner.GoToScanResult();
    owner.Confirm();
    REQUIRE(last->WaitForTurn());
    server.clock().Advance(absl::Minutes(5) - absl::Seconds(1));
    const MarkWatch late(Mark::kStaleResultDropped);
    InTurns(
        round, [&] { last->LetGo(); }, [&] { server.clock().Advance(absl::Seconds(1)); },
        [&] { WaitUntilQuiet(server, owner.name()); });
    if (round % 3 == 2) {
      AwaitMark(late, owner);
      CHECK(late.reached());  // the answer behind the end was heard as well
    }
    owner.Refresh();
    CheckConfirmWhole(server, owner);
    states.insert(owner.closure().state());
  }
  CHECK(states == std::set<v1::Closure::State>{v1::Closure::SILENT_PERIOD, v1::Closure::BLOCKED});
}

TEST_CASE("a deadline that is over by weeks counts once, and its owner has the whole time again", "[D6][D16]") {
  RunningServer server;
  server.Load(CloudFileOf("timers", kReleasable));
  Owner owner(server, "timers");
  owner.GoToScanResult();
  server.SetFault("ResourceService/ReleaseResource", sandbox::v1::SetFaultRequest::UNAVAILABLE_BEFORE);
  REQUIRE(TryDiscard(server, owner, DiscardRequestFor(owner, owner.Items())).ok());
  // Longer than the owner's patience counts, too.
  server.clock().Advance(absl::Hours(24 * 60));
  owner.WaitFor({v1::Closure::BLOCKED, v1::Closure::EXPIRED});
  WaitUntilQuiet(server, owner.name());
  owner.Refresh();
  CHECK(CountEvents(server, owner, "discard_settled") == 1);
  // Nothing expires behind the owner's back in the same moment.
  CHECK(owner.closure().state() == v1::Closure::BLOCKED);
  CHECK(CountEvents(server, owner, "idle") == 0);
  CHECK(FromProto(owner.closure().expire_time()) == server.clock().Now() + absl::Hours(24 * 30));
  CheckHistory(server, owner);
}

TEST_CASE("a timer that an operator runs before its time ends nothing early", "[R18][D16]") {
  RunningServer server;
  server.Load(CloudFileOf("early"));
  Owner owner(server, "early");
  owner.GoToSilentPeriod();
  WaitUntilQuiet(server, owner.name());
  for (int again = 0; again < 3; ++again) {
    RetryTasks(server, owner.name());
    WaitUntilQuiet(server, owner.name());
    owner.Refresh();
    CHECK(owner.closure().state() == v1::Closure::SILENT_PERIOD);
  }
  owner.GoToEnd();
  CHECK(owner.closure().state() == v1::Closure::CLOSED);
  CHECK(CountEvents(server, owner, "silent_period_elapsed") == 1);
}

}  // namespace
}  // namespace closure
