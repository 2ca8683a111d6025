// SPDX-License-Identifier: Apache-2.0
#include "server/decide.h"

#include <catch2/catch.hpp>

#include "checkers/proto_time.h"
#include "server/decide_system.h"
#include "server/errors.h"
#include "server/time_witness.h"
#include "tests/support/decided_closure.h"
#include "tests/support/mark_watch.h"

namespace closure {
namespace {

using Closure = v1::Closure;

TEST_CASE("the way to closed goes through every stage in order", "[decide][R9][R11][R56][R65]") {
  DecidedClosure closure;
  CHECK(closure.state() == Closure::IDENTITY_PENDING);
  closure.GoToFinalCheck();
  closure.FinishPhase();
  closure.FinishScan();
  CHECK(closure.state() == Closure::DELETING);
  closure.FinishPhase();
  CHECK(closure.state() == Closure::CLOSED);
  CHECK(closure.last_commit().tombstone == "tombstone");
  CHECK(closure.last_commit().gate == v1::GATE_CLOSED);
  CHECK(closure.Tasks(v1::Task::NOTICE).size() == 2);
}

TEST_CASE("the fence rises with every change of state and with nothing else", "[decide]") {
  DecidedClosure closure;
  const int64_t created = closure.data().fence();
  CHECK(closure.Do(CodesGiven{{{v1::EMAIL, false}}}).code() == absl::StatusCode::kFailedPrecondition);
  CHECK(closure.data().fence() == created);
  CHECK(closure.Do(CodesGiven{{{v1::EMAIL, true}}}).ok());
  CHECK(closure.data().fence() == created + 1);
  CHECK(closure.Do(PlaceHold{"legal"}, "operator:ann").ok());
  CHECK(closure.data().fence() == created + 1);
}

TEST_CASE("what a state does not list is refused, and the refusal names the state and what was asked",
          "[decide][D1][R18][R63]") {
  DecidedClosure closure;
  closure.GoToSilentPeriod();
  const absl::Status refused = closure.Do(CancelClosure{});
  CHECK(ReasonOf(refused) == v1::STATE_NOT_ALLOWED);
  CHECK_THAT(std::string(refused.message()), Catch::Contains("SILENT_PERIOD") && Catch::Contains("cancel"));
  CHECK(ReasonOf(closure.Do(Recheck{})) == v1::STATE_NOT_ALLOWED);
}

TEST_CASE("cancelling is possible up to Confirm and never after", "[decide][D1][R70]") {
  DecidedClosure closure;
  closure.GoToReady();
  SECTION("ready") { CHECK(closure.Do(CancelClosure{}).ok()); }
  SECTION("confirming") {
    CHECK(closure.Do(ConfirmClosure{Closure::PRIVACY_OR_SECURITY, "", closure.closure().risk_prompt().digest(), false})
              .ok());
    CHECK(ReasonOf(closure.Do(CancelClosure{})) == v1::STATE_NOT_ALLOWED);
  }
}

TEST_CASE("a wrong code is counted, and the right one is refused when the attempts are used up", "[decide][R44][D16]") {
  DecidedClosure closure;
  for (int attempt = 1; attempt <= 5; ++attempt) {
    const absl::Status wrong = closure.Do(CodesGiven{{{v1::EMAIL, false}}});
    CHECK(ReasonOf(wrong) == (attempt < 5 ? v1::CODE_WRONG : v1::CODE_ATTEMPTS_EXHAUSTED));
    CHECK(closure.closure().identity_verification().challenges(0).attempts_left() == 5 - attempt);
  }
  CHECK(ReasonOf(closure.Do(CodesGiven{{{v1::EMAIL, true}}})) == v1::CODE_ATTEMPTS_EXHAUSTED);
  CHECK(closure.state() == Closure::IDENTITY_PENDING);
  closure.clock().Advance(absl::Seconds(60));
  CHECK(closure.Do(ResendCode{}).ok());
  // Codes are counted over a day, and kept for two.
  CHECK(closure.last_commit().forget_before == closure.clock().Now() - absl::Hours(48));
  CHECK(closure.Do(CodesGiven{{{v1::EMAIL, true}}}).ok());
}

TEST_CASE("a code is accepted until its last microsecond", "[decide][D16]") {
  DecidedClosure closure;
  closure.clock().Advance(absl::Minutes(10) - absl::Microseconds(1));
  SECTION("in time") { CHECK(closure.Do(CodesGiven{{{v1::EMAIL, true}}}).ok()); }
  SECTION("expired") {
    closure.clock().Advance(absl::Microseconds(1));
    CHECK(ReasonOf(closure.Do(CodesGiven{{{v1::EMAIL, true}}})) == v1::CODE_EXPIRED);
  }
}

TEST_CASE("a code does not live longer, and the next one is not waited for longer, when the clock goes back",
          "[decide][D16][R44][time]") {
  DecidedClosure closure;
  closure.clock().JumpWall(-kClockJump);
  CHECK(ReasonOf(closure.Do(ResendCode{})) == v1::RESEND_TOO_SOON);
  SECTION("within what clocks may differ it counts") { CHECK(closure.Do(CodesGiven{{{v1::EMAIL, true}}}).ok()); }
  SECTION("further back it is expired, and another is sent at once") {
    closure.clock().JumpWall(-absl::Microseconds(1));
    CHECK(ReasonOf(closure.Do(CodesGiven{{{v1::EMAIL, true}}})) == v1::CODE_EXPIRED);
    CHECK(closure.Do(ResendCode{}).ok());
    CHECK(closure.Do(CodesGiven{{{v1::EMAIL, true}}}).ok());
  }
}

TEST_CASE("an unanswered required checker is never a pass", "[decide][D5][R12]") {
  DecidedClosure closure;
  closure.GoToReady();
  SECTION("in the owner's scan it blocks") {
    CHECK(closure.Do(Recheck{}).ok());
    closure.FinishScan({}, {"resources"});
    CHECK(closure.state() == Closure::BLOCKED);
  }
  SECTION("after Confirm it sends the closure back") {
    CHECK(closure.Do(ConfirmClosure{Closure::OTHER, "", closure.closure().risk_prompt().digest(), false}).ok());
    closure.FinishPhase();
    closure.FinishScan({}, {"resources"});
    CHECK(closure.state() == Closure::THAWING);
    closure.FinishPhase();
    CHECK(closure.state() == Closure::BLOCKED);
    CHECK(closure.last_commit().gate == v1::GATE_OPEN);
  }
  SECTION("at the final check it is asked again with growing pauses, for ever") {
    DecidedClosure late;
    late.GoToFinalCheck();
    late.FinishPhase();
    absl::Duration before;
    for (int attempt = 0; attempt < 12; ++attempt) {
      late.FinishScan({}, {"billing"});
      REQUIRE(late.state() == Closure::FINAL_CHECK);
      const absl::Duration pause = FromProto(late.Tasks(v1::Task::SCAN).front().due_time()) - late.clock().Now();
      CHECK(pause >= before);
      CHECK(pause <= absl::Minutes(5));
      before = pause;
    }
    CHECK(before == absl::Minutes(5));
    late.FinishScan();
    CHECK(late.state() == Closure::DELETING);
  }
}

TEST_CASE("freeze and rescan that take more than five minutes send the closure back with nothing lost",
          "[decide][D6][R17]") {
  DecidedClosure closure;
  closure.GoToReady();
  CHECK(closure.Do(ConfirmClosure{Closure::OTHER, "", closure.closure().risk_prompt().digest(), false}).ok());
  const internal::v1::TaskData freeze = closure.Tasks(v1::Task::PARTICIPANT).front();
  closure.clock().Advance(absl::Minutes(5));
  closure.Report(v1::Task::CONFIRM_DEADLINE, TimerFired{});
  CHECK(closure.state() == Closure::THAWING);
  CHECK(closure.closure().cause() == Closure::CONFIRM_TIMED_OUT);
  CHECK(closure.closure().cause_detail().find("not frozen by " + freeze.payload().participant()) != std::string::npos);
  // Everybody thaws, whether the freeze was answered or not, and the freeze's late answer changes nothing.
  CHECK(closure.Tasks(v1::Task::PARTICIPANT).size() == 2);
  const int64_t version = closure.data().version();
  ParticipantAnswered late;
  late.response.set_outcome(v1::PerformResponse::DONE);
  const MarkWatch mark(Mark::kStaleResultDropped);
  closure.ReportTask(freeze, late);
  CHECK(mark.times() == 1);
  CHECK(closure.data().version() == version);
  closure.FinishPhase();
  CHECK(closure.state() == Closure::BLOCKED);
}

TEST_CASE("a result of an earlier state only ends its task", "[decide]") {
  DecidedClosure closure;
  closure.GoToReady();
  CHECK(closure.Do(Recheck{}).ok());
  const internal::v1::TaskData scan = closure.Tasks(v1::Task::SCAN).front();
  CHECK(closure.Do(CancelClosure{}).ok());
  Circumstances circumstances;
  circumstances.task = scan;
  const absl::StatusOr<Decision> decision = Decide(closure.data(), ScanAnswered{}, circumstances);
  REQUIRE(decision.ok());
  CHECK_FALSE(decision->commit.closure.has_value());
  CHECK(decision->commit.finish_task == scan.id());
}

TEST_CASE("confirm needs a fresh scan, the shown risk, and no hold or pause", "[decide][D4][D16][R53][R55]") {
  DecidedClosure closure;
  closure.GoToReady();
  const std::string digest = closure.closure().risk_prompt().digest();
  const ConfirmClosure confirm{Closure::OTHER, "", digest, false};
  SECTION("no acknowledgement") {
    CHECK(ReasonOf(closure.Do(ConfirmClosure{Closure::OTHER, "", "", false})) == v1::RISK_NOT_ACKNOWLEDGED);
  }
  SECTION("another prompt's digest") {
    CHECK(ReasonOf(closure.Do(ConfirmClosure{Closure::OTHER, "", "00", false})) == v1::RISK_NOT_ACKNOWLEDGED);
  }
  SECTION("a scan of thirty minutes ago") {
    closure.clock().Advance(absl::Minutes(30));
    CHECK(ReasonOf(closure.Do(confirm)) == v1::SCAN_NOT_FRESH);
  }
  SECTION("a scan of a microsecond less") {
    closure.clock().Advance(absl::Minutes(30) - absl::Microseconds(1));
    CHECK(closure.Do(confirm).ok());
  }
  SECTION("a hold") {
    CHECK(closure.Do(PlaceHold{"legal"}, "operator:ann").ok());
    CHECK(ReasonOf(closure.Do(confirm)) == v1::CLOSURE_ON_HOLD);
  }
  SECTION("a pause") {
    closure.system().mutable_pause()->set_reason("incident");
    CHECK(ReasonOf(closure.Do(confirm)) == v1::IRREVERSIBLE_PAUSED);
  }
}

TEST_CASE("a scan is not fresh for longer when the clock goes back", "[decide][D16][time]") {
  DecidedClosure closure;
  closure.GoToReady();
  const ConfirmClosure confirm{Closure::OTHER, "", closure.closure().risk_prompt().digest(), false};
  closure.clock().JumpWall(-kClockJump);
  SECTION("within what clocks may differ it is") { CHECK(closure.Do(confirm).ok()); }
  SECTION("further back it is old") {
    closure.clock().JumpWall(-absl::Microseconds(1));
    CHECK(ReasonOf(closure.Do(confirm)) == v1::SCAN_NOT_FRESH);
  }
}

TEST_CASE("releases are not waited for longer when the clock goes back", "[decide][D16][time]") {
  DecidedClosure closure;
  closure.GoToReady();
  REQUIRE(closure.Do(Recheck{}).ok());
  const v1::BlockingItem vm = DecidedClosure::Item("vm", v1::SUBSCRIPTION_RESOURCE, v1::RENOUNCEABLE);
  closure.FinishScan({vm});
  REQUIRE(closure.Do(DiscardGiven{{{{"vm", "f1"}}, closure.closure().risk_prompt().digest()}, {vm}}).ok());
  closure.clock().JumpWall(-kClockJump);
  closure.Report(v1::Task::DISCARD_DEADLINE, TimerFired{});
  CHECK(closure.state() == Closure::DISCARDING);
  closure.clock().JumpWall(-absl::Microseconds(1));
  closure.Report(v1::Task::DISCARD_DEADLINE, TimerFired{});
  CHECK(closure.state() == Closure::CHECKING);
}

TEST_CASE("a release of the breaker that lies ahead is void when the clock goes back", "[decide][D14][time]") {
  const absl::Time now = absl::FromUnixSeconds(1'800'000'000);
  const absl::Duration ahead = GENERATE(absl::ZeroDuration(), absl::Microseconds(1), absl::Hours(2));
  internal::v1::SystemData system;
  *system.mutable_breaker_release_time() = ToProto(now + ahead);
  Observation observation;
  const SystemCommand pause{SystemCommand::Kind::kPause, "a test"};
  CHECK(DecideSystem(system, pause, "operator:ann", observation, now)->system->has_breaker_release_time());
  observation.went_back = true;
  const auto commit = DecideSystem(system, pause, "operator:ann", observation, now);
  CHECK(commit->system->has_breaker_release_time() == (ahead == absl::ZeroDuration()));
  CHECK(commit->clock_went_back == now);
}

TEST_CASE("money is renounced at once, executed later, and dropped by a cancel", "[decide][D15][R51][R52]") {
  DecidedClosure closure;
  closure.GoToReady();
  CHECK(closure.Do(Recheck{}).ok());
  const v1::BlockingItem balance = DecidedClosure::Item("balance", v1::BALANCE, v1::RENOUNCEABLE, 500);
  const v1::BlockingItem other = DecidedClosure::Item("other", v1::BALANCE, v1::RENOUNCEABLE, 300, "f3");
  closure.FinishScan({balance, other});
  REQUIRE(closure.state() == Closure::BLOCKED);
  DiscardGiven discard{{{{"balance", "f1"}, {"other", "f3"}}, closure.closure().risk_prompt().digest()},
                       {balance, other}};
  CHECK(closure.Do(discard).ok());
  CHECK(closure.state() == Closure::DISCARDING);
  CHECK(closure.Tasks(v1::Task::DISCARD).empty());
  closure.Report(v1::Task::DISCARD_DEADLINE, TimerFired{});
  closure.FinishScan({balance, other});
  REQUIRE(closure.state() == Closure::READY);
  CHECK(closure.closure().renunciations(0).status() == v1::Renunciation::RECORDED);
  SECTION("cancel drops it") {
    CHECK(closure.Do(CancelClosure{}).ok());
    CHECK(closure.closure().renunciations(0).status() == v1::Renunciation::DROPPED);
    CHECK(closure.closure().renunciations(1).status() == v1::Renunciation::DROPPED);
  }
  SECTION("another amount opens the item again and drops the renunciation") {
    CHECK(closure.Do(Recheck{}).ok());
    closure.FinishScan({DecidedClosure::Item("balance", v1::BALANCE, v1::RENOUNCEABLE, 600, "f2")});
    CHECK(closure.state() == Closure::BLOCKED);
    CHECK(closure.closure().renunciations(0).status() == v1::Renunciation::DROPPED);
    CHECK(closure.item("balance").change() == v1::BlockingItem::CHANGED);
  }
  SECTION("the silent period's entry executes it") {
    CHECK(closure.Do(ConfirmClosure{Closure::OTHER, "", closure.closure().risk_prompt().digest(), false}).ok());
    closure.FinishPhase();
    closure.FinishScan({balance, other});
    REQUIRE(closure.state() == Closure::SILENT_PERIOD);
    closure.FinishPhase();
    CHECK(closure.closure().renunciations(0).status() == v1::Renunciation::EXECUTED);
  }
}

TEST_CASE("a discard names what is wrong with each kind of bad selection", "[decide][D11][R49]") {
  DecidedClosure closure;
  closure.GoToReady();
  CHECK(closure.Do(Recheck{}).ok());
  const v1::BlockingItem bill = DecidedClosure::Item("bill", v1::UNPAID_BILL, v1::MUST_HANDLE, 5);
  const v1::BlockingItem vm = DecidedClosure::Item("vm", v1::PAY_AS_YOU_GO_RESOURCE, v1::RENOUNCEABLE);
  closure.FinishScan({bill, vm});
  const std::string digest = closure.closure().risk_prompt().digest();
  const auto refused = [&](const std::string& id, const std::string& fingerprint, const std::string& risk) {
    return ReasonOf(closure.Do(DiscardGiven{{{{id, fingerprint}}, risk}, {bill, vm}}));
  };
  CHECK(refused("bill", "f1", digest) == v1::ITEM_NOT_RENOUNCEABLE);
  CHECK(refused("vm", "f2", digest) == v1::FINGERPRINT_MISMATCH);
  CHECK(refused("none", "f1", digest) == v1::ITEM_NOT_FOUND);
  CHECK(refused("vm", "f1", "") == v1::RISK_NOT_ACKNOWLEDGED);
  CHECK(closure.state() == Closure::BLOCKED);
}

TEST_CASE("a release that is not answered within ten minutes leaves its outcome to the next scan", "[decide][D16]") {
  DecidedClosure closure;
  closure.GoToReady();
  CHECK(closure.Do(Recheck{}).ok());
  const v1::BlockingItem vm = DecidedClosure::Item("vm", v1::PAY_AS_YOU_GO_RESOURCE, v1::RENOUNCEABLE);
  closure.FinishScan({vm});
  CHECK(closure.Do(DiscardGiven{{{{"vm", "f1"}}, closure.closure().risk_prompt().digest()}, {vm}}).ok());
  const std::string key = closure.Tasks(v1::Task::DISCARD).front().idempotency_key();
  closure.clock().Advance(absl::Minutes(10));
  closure.Report(v1::Task::DISCARD_DEADLINE, TimerFired{.items = {closure.item("vm")}});
  CHECK(closure.item("vm").resolution() == v1::BlockingItem::OUTCOME_UNKNOWN);
  closure.FinishScan({vm});
  REQUIRE(closure.state() == Closure::BLOCKED);
  CHECK(closure.item("vm").resolution() == v1::BlockingItem::OPEN);
  CHECK(closure.item("vm").resolution_detail() == "its release was not answered in time, and it was found again since");
  CHECK(closure.Do(Recheck{}).ok());
  closure.FinishScan({vm});
  CHECK_FALSE(closure.item("vm").resolution_detail().empty());
  // Asked for again with the same facts it has the same key, so it cannot be done twice.
  CHECK(closure.Do(DiscardGiven{{{{"vm", "f1"}}, closure.closure().risk_prompt().digest()}, {vm}}).ok());
  CHECK(closure.Tasks(v1::Task::DISCARD).front().idempotency_key() == key);
}

TEST_CASE("a contact point changed within 72 hours demands a code on both channels", "[decide][D9]") {
  CreateFacts facts = DecidedClosure::Facts();
  Circumstances circumstances;
  circumstances.now = absl::FromUnixSeconds(1'800'000'000);
  circumstances.challenge_ids = {"a", "b"};
  *facts.account.mutable_phone()->mutable_change_time() =
      ToProto(circumstances.now - absl::Hours(72) + absl::Seconds(1));
  absl::StatusOr<Decision> recent = Decide({}, facts, circumstances);
  REQUIRE(recent.ok());
  CHECK(recent->commit.closure->closure().identity_verification().challenges_size() == 2);
  *facts.account.mutable_phone()->mutable_change_time() = ToProto(circumstances.now - absl::Hours(72));
  absl::StatusOr<Decision> old = Decide({}, facts, circumstances);
  REQUIRE(old.ok());
  CHECK(old->commit.closure->closure().identity_verification().challenges_size() == 1);
}

}  // namespace
}  // namespace closure
