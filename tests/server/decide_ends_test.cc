// SPDX-License-Identifier: Apache-2.0
// Decisions from the final check to the ends, and of holds.
#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <vector>

#include "checkers/proto_time.h"
#include "server/decide.h"
#include "server/errors.h"
#include "tests/support/decided_closure.h"
#include "tests/support/error_details.h"
#include "tests/support/mark_watch.h"

namespace closure {
namespace {

using Closure = v1::Closure;

TEST_CASE("a small late debt is voided only with the consent given at Confirm", "[decide][D7][R66][R67]") {
  DecidedClosure closure;
  const bool consent = GENERATE(true, false);
  closure.GoToFinalCheck(consent);
  closure.FinishPhase();
  closure.FinishScan({DecidedClosure::Item("debt", v1::DEBT, v1::RENOUNCEABLE, 8)});
  if (!consent) {
    CHECK(closure.state() == Closure::RESTORING);
    closure.FinishPhase();
    CHECK(closure.state() == Closure::ABORTED);
    CHECK(closure.last_commit().gate == v1::GATE_OPEN);
    return;
  }
  CHECK(closure.state() == Closure::DELETING);
  REQUIRE(closure.closure().renunciations_size() == 1);
  CHECK(closure.closure().renunciations(0).by_consent());
  closure.FinishPhase();
  CHECK(closure.closure().renunciations(0).status() == v1::Renunciation::EXECUTED);
}

TEST_CASE("a late debt above the limit aborts in spite of the consent", "[decide][D7][R66]") {
  DecidedClosure closure;
  closure.GoToFinalCheck(true);
  closure.FinishPhase();
  closure.FinishScan({DecidedClosure::Item("debt", v1::DEBT, v1::MUST_HANDLE, 11)});
  CHECK(closure.state() == Closure::RESTORING);
  CHECK(closure.closure().cause() == Closure::FINAL_CHECK_PROBLEM);
}

TEST_CASE("a final check that passes under a hold or pause stays and is made again", "[decide]") {
  DecidedClosure closure;
  closure.GoToFinalCheck();
  closure.FinishPhase();
  CHECK(closure.Do(PlaceHold{"legal"}, "operator:ann").ok());
  closure.FinishScan();
  CHECK(closure.state() == Closure::FINAL_CHECK);
  CHECK(closure.Tasks(v1::Task::SCAN).front().parked() == v1::Task::HOLD);
  CHECK(closure.Do(ReleaseHold{"settled"}, "operator:ann").ok());
  closure.FinishScan();
  CHECK(closure.state() == Closure::DELETING);
}

TEST_CASE("a final check that passes while the clocks disagree waits, and is made again", "[decide][R18][R33][time]") {
  DecidedClosure closure;
  closure.GoToFinalCheck();
  closure.FinishPhase();
  const bool known = GENERATE(false, true);
  if (known)
    closure.system().mutable_clock_jump()->set_reason("it jumped");
  else
    closure.clock().JumpWall(absl::Hours(24 * 365));
  const MarkWatch mark(Mark::kFinalCheckDoubted);
  closure.FinishScan();
  CHECK(mark.reached());
  CHECK(closure.state() == Closure::FINAL_CHECK);
  CHECK(closure.Tasks(v1::Task::SCAN).front().parked() == v1::Task::CLOCK_JUMP);
  // Whoever acknowledges it meanwhile finds the task parked.
  CHECK(closure.last_commit().expected_system_version.has_value());
  // Of a jump that nobody knew the same commit tells, so that somebody can acknowledge it.
  CHECK(closure.last_commit().system.has_value() != known);
  CHECK(closure.system().has_clock_jump());
  closure.system().clear_clock_jump();
  closure.FinishScan();
  CHECK(closure.state() == Closure::DELETING);
}

TEST_CASE("a final check that was asked on clocks that disagreed is made again at once", "[decide][R18][R33][time]") {
  DecidedClosure closure;
  closure.GoToFinalCheck();
  closure.FinishPhase();
  ScanAnswered answered;
  answered.clocks_disagreed = true;
  const MarkWatch mark(Mark::kFinalCheckDoubted);
  closure.Report(v1::Task::SCAN, answered);
  CHECK(mark.times() == 1);
  CHECK(closure.state() == Closure::FINAL_CHECK);
  const internal::v1::TaskData again = closure.Tasks(v1::Task::SCAN).front();
  CHECK(again.parked() == v1::Task::PARKED_UNSPECIFIED);
  CHECK(FromProto(again.due_time()) == closure.clock().Now());
  CHECK(again.attempts() == 0);
  closure.FinishScan();
  CHECK(closure.state() == Closure::DELETING);
  CHECK(mark.times() == 1);
}

TEST_CASE("a problem that a final check finds while the clocks disagree aborts nothing before it is looked at again",
          "[decide][R66][time]") {
  DecidedClosure closure;
  closure.GoToFinalCheck();
  closure.FinishPhase();
  // What expired looks as if it had not.
  closure.clock().JumpWall(-absl::Hours(24 * 365));
  closure.FinishScan({DecidedClosure::Item("example.com", v1::DOMAIN_NAME, v1::MUST_HANDLE)});
  CHECK(closure.state() == Closure::FINAL_CHECK);
  CHECK(closure.Tasks(v1::Task::SCAN).front().parked() == v1::Task::CLOCK_JUMP);
  closure.system().clear_clock_jump();
  closure.FinishScan({DecidedClosure::Item("example.com", v1::DOMAIN_NAME, v1::MUST_HANDLE)});
  CHECK(closure.state() == Closure::RESTORING);
  CHECK(closure.closure().cause() == Closure::FINAL_CHECK_PROBLEM);
}

TEST_CASE("an account deleted by another path cancels before Confirm and restores after it", "[decide][D17]") {
  DecidedClosure closure;
  SECTION("while checking") {
    closure.GoToReady();
    CHECK(closure.Do(Recheck{}).ok());
    closure.Report(v1::Task::SCAN, AccountGone{});
    CHECK(closure.state() == Closure::CANCELLED);
    CHECK(closure.closure().cause() == Closure::ACCOUNT_GONE);
  }
  SECTION("while an item is discarded") {
    closure.GoToReady();
    CHECK(closure.Do(Recheck{}).ok());
    closure.FinishScan({DecidedClosure::Item("vm", v1::PAY_AS_YOU_GO_RESOURCE, v1::RENOUNCEABLE)});
    const v1::BlockingItem machine = closure.item("vm");
    CHECK(closure
              .Do(DiscardGiven{.command = {.selections = {{machine.native_id(), machine.fingerprint()}},
                                           .risk_digest = closure.closure().risk_prompt().digest()},
                               .items = {machine}})
              .ok());
    REQUIRE(closure.state() == Closure::DISCARDING);
    closure.ReportTask(closure.Tasks(v1::Task::DISCARD).front(), AccountGone{});
    CHECK(closure.state() == Closure::CANCELLED);
    CHECK(closure.Tasks(v1::Task::DISCARD).empty());
  }
  SECTION("while being confirmed, said by a participant") {
    closure.GoToReady();
    CHECK(closure.Do(ConfirmClosure{Closure::OTHER, "", closure.closure().risk_prompt().digest(), false}).ok());
    closure.ReportTask(closure.Tasks(v1::Task::PARTICIPANT).front(), AccountGone{});
    CHECK(closure.state() == Closure::RESTORING);
  }
  SECTION("at the final check, and restoring counts acts on an absent account as done") {
    closure.GoToFinalCheck();
    closure.FinishPhase();
    closure.Report(v1::Task::SCAN, AccountGone{});
    CHECK(closure.state() == Closure::RESTORING);
    while (!closure.Tasks(v1::Task::PARTICIPANT).empty()) closure.FinishPhase(v1::PerformResponse::ACCOUNT_DELETED);
    CHECK(closure.state() == Closure::ABORTED);
  }
}

TEST_CASE("stages of a deletion start one after another and never while halted", "[decide][R3][R60]") {
  DecidedClosure closure;
  closure.GoToFinalCheck();
  closure.FinishPhase();
  closure.FinishScan();
  REQUIRE(closure.state() == Closure::DELETING);
  const std::vector<internal::v1::TaskData> first = closure.Tasks(v1::Task::PARTICIPANT);
  REQUIRE(first.size() == 1);
  CHECK(first.front().payload().participant() == "billing");
  CHECK(closure.Do(PlaceHold{"legal"}, "operator:ann").ok());
  closure.ReportTask(first.front(), TaskHeld{});
  CHECK(closure.Tasks(v1::Task::PARTICIPANT).front().parked() == v1::Task::HOLD);
  CHECK(closure.Do(ReleaseHold{"settled"}, "operator:ann").ok());
  CHECK(closure.last_commit().unpark_hold.has_value());
  closure.FinishPhase();
  CHECK(closure.state() == Closure::CLOSED);
}

TEST_CASE("an idle closure expires after its last activity and not before", "[decide][D16]") {
  DecidedClosure closure;
  closure.clock().Advance(absl::Hours(23));
  CHECK(closure.Do(ResendCode{}).ok());
  closure.clock().Advance(absl::Hours(1));
  closure.Report(v1::Task::EXPIRY, TimerFired{});
  CHECK(closure.state() == Closure::IDENTITY_PENDING);
  closure.clock().Advance(absl::Hours(23));
  closure.Report(v1::Task::EXPIRY, TimerFired{});
  CHECK(closure.state() == Closure::EXPIRED);
}

TEST_CASE("what the owner does after a clock was set back by a year counts from then", "[decide][D16]") {
  DecidedClosure closure;
  closure.clock().JumpWall(-absl::Hours(24 * 365));
  const absl::Time expire_time = closure.clock().Now() + absl::Hours(24);
  REQUIRE(closure.Do(ResendCode{}).ok());
  CHECK(FromProto(closure.closure().expire_time()) == expire_time);
  const std::vector<internal::v1::TaskData> timers = closure.Tasks(v1::Task::EXPIRY);
  const auto in_time = std::find_if(timers.begin(), timers.end(), [&](const internal::v1::TaskData& timer) {
    return FromProto(timer.due_time()) == expire_time;
  });
  REQUIRE(in_time != timers.end());
  closure.clock().Advance(absl::Hours(24));
  closure.ReportTask(*in_time, TimerFired{});
  CHECK(closure.state() == Closure::EXPIRED);
  CHECK(closure.Tasks(v1::Task::EXPIRY).empty());
}

TEST_CASE("personal data is erased when both notices are settled, given up after 72 hours included",
          "[decide][D12][R64]") {
  DecidedClosure closure;
  CHECK(closure.Do(CancelClosure{}).ok());
  const std::vector<internal::v1::TaskData> notices = closure.Tasks(v1::Task::NOTICE);
  REQUIRE(notices.size() == 2);
  closure.ReportTask(notices[0], MessageSent{});
  CHECK(closure.Tasks(v1::Task::ERASURE).empty());
  closure.ReportTask(notices[1], TaskFailed{"UNAVAILABLE", absl::Hours(72)});
  CHECK(closure.closure().notices(1).status() == v1::Notice::PENDING);
  closure.clock().Advance(absl::Hours(72));
  closure.ReportTask(closure.Tasks(v1::Task::NOTICE).front(), TaskFailed{"UNAVAILABLE", absl::Seconds(1)});
  CHECK(closure.closure().notices(1).status() == v1::Notice::DEAD_LETTERED);
  CHECK(closure.Tasks(v1::Task::NOTICE).front().parked() == v1::Task::DEAD_LETTER);
  closure.Report(v1::Task::ERASURE, Erase{{"h1", "h2"}});
  CHECK(closure.data().contacts().empty());
  CHECK(closure.data().contact_hashes_size() == 2);
  CHECK(closure.last_commit().erase_responses);
}

TEST_CASE("request ids are kept for 30 days past the end, and not a microsecond less", "[decide][D16]") {
  DecidedClosure closure;
  closure.clock().Advance(absl::Minutes(1));
  REQUIRE(closure.Do(CancelClosure{}).ok());
  const absl::Time limit = closure.clock().Now() + absl::Hours(24 * 30);
  REQUIRE(closure.Tasks(v1::Task::FORGET_REQUESTS).size() == 1);
  CHECK(FromProto(closure.Tasks(v1::Task::FORGET_REQUESTS).front().due_time()) == limit);
  closure.clock().Advance(absl::Hours(24 * 30) - absl::Microseconds(1));
  closure.Report(v1::Task::FORGET_REQUESTS, TimerFired{});
  CHECK_FALSE(closure.last_commit().forget_requests);
  REQUIRE(closure.Tasks(v1::Task::FORGET_REQUESTS).size() == 1);
  CHECK(FromProto(closure.Tasks(v1::Task::FORGET_REQUESTS).front().due_time()) == limit);
  closure.clock().Advance(absl::Microseconds(1));
  closure.Report(v1::Task::FORGET_REQUESTS, TimerFired{});
  CHECK(closure.last_commit().forget_requests);
  CHECK(closure.Tasks(v1::Task::FORGET_REQUESTS).empty());
  CHECK(closure.state() == Closure::CANCELLED);
}

TEST_CASE("a hold is released once, and where there is none the answer says so", "[decide]") {
  DecidedClosure closure;
  const auto check_refused = [&] {
    const absl::Status refused = closure.Do(ReleaseHold{"settled"}, "operator:ann");
    CHECK(ReasonOf(refused) == v1::NOTHING_TO_RELEASE);
    CHECK(refused.message() == "closure " + closure.closure().name() + " has no hold");
    const std::map<std::string, std::string> expected = {{"closure", closure.closure().name()}, {"what", "HOLD"}};
    CHECK(MetadataOf(refused) == expected);
  };
  check_refused();
  REQUIRE(closure.Do(PlaceHold{"legal"}, "operator:ann").ok());
  REQUIRE(closure.Do(ReleaseHold{"settled"}, "operator:bob").ok());
  CHECK_FALSE(closure.closure().has_hold());
  CHECK(closure.last_commit().unpark_hold == closure.clock().Now());
  CHECK(closure.last_commit().history->event == "hold_released");
  CHECK(closure.last_commit().history->detail == "settled");
  check_refused();
}

TEST_CASE("a hold that takes the place of another says whose that was", "[decide]") {
  DecidedClosure closure;
  REQUIRE(closure.Do(PlaceHold{"legal"}, "operator:ann").ok());
  REQUIRE(closure.Do(PlaceHold{"audit"}, "operator:bob").ok());
  CHECK(closure.last_commit().history->detail == "audit; replaces the hold of operator:ann");
  CHECK(closure.closure().hold().operator_() == "operator:bob");
  CHECK(closure.closure().hold().reason() == "audit");
}

TEST_CASE("a hold sends a closure that is being confirmed back, and no closure that has ended is held",
          "[decide][D6][S5]") {
  DecidedClosure closure;
  closure.GoToReady();
  REQUIRE(closure.Do(ConfirmClosure{Closure::OTHER, "", closure.closure().risk_prompt().digest(), false}).ok());
  REQUIRE(closure.Do(PlaceHold{"legal"}, "operator:ann").ok());
  CHECK(closure.state() == Closure::THAWING);
  CHECK(closure.closure().cause() == Closure::HALTED);
  CHECK(closure.closure().cause_detail() == "an operator's hold: legal");
  closure.FinishPhase();
  REQUIRE(closure.state() == Closure::BLOCKED);
  REQUIRE(closure.Do(CancelClosure{}).ok());
  CHECK(ReasonOf(closure.Do(PlaceHold{"late"}, "operator:ann")) == v1::STATE_NOT_ALLOWED);
  CHECK_FALSE(closure.closure().has_hold());
}

}  // namespace
}  // namespace closure
