// SPDX-License-Identifier: Apache-2.0
// What stands in the way until some day, as a domain does until it expires: no closure gets past it because the
// server's wall clock was set ahead.
#include <catch2/catch.hpp>
#include <memory>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "checkers/proto_time.h"
#include "tests/support/api_calls.h"
#include "tests/support/mark_watch.h"
#include "tests/support/scripted_checker.h"
#include "tests/support/views.h"

namespace closure {
namespace {

using sandbox::v1::SetFaultRequest;

constexpr char kAccount[] = "dated-1";
constexpr char kAnn[] = "operator:ann";
constexpr absl::Duration kYear = absl::Hours(24 * 365);

// A registry that judges by the day of the question, as all checkers do, and can keep answers back. Thread-safe.
class Registry {
 public:
  // From now on there is something that stands in the way until then.
  void RegisterUntil(absl::Time end) {
    absl::MutexLock lock(&mutex_);
    end_ = end;
  }
  void Hold() {
    absl::MutexLock lock(&mutex_);
    holding_ = true;
  }
  void WaitForQuestion() {
    absl::MutexLock lock(&mutex_);
    const auto asked = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return !held_.empty(); };
    REQUIRE(mutex_.AwaitWithTimeout(absl::Condition(&asked), absl::Seconds(30)));
  }
  // What the questions that were kept back came to, by their day.
  void LetGo() {
    std::vector<std::pair<absl::Time, Checker::CheckDone>> held;
    {
      absl::MutexLock lock(&mutex_);
      holding_ = false;
      held.swap(held_);
    }
    for (auto& [day, done] : held) std::move(done)(AnswerOf(day));
  }
  void Ask(absl::Time day, Checker::CheckDone done) {
    {
      absl::MutexLock lock(&mutex_);
      if (holding_) return void(held_.emplace_back(day, std::move(done)));
    }
    std::move(done)(AnswerOf(day));
  }

 private:
  CheckAnswer AnswerOf(absl::Time day) {
    absl::MutexLock lock(&mutex_);
    CheckAnswer answer{.items = {}, .as_of = day};
    if (day < end_) answer.items.push_back(SoundItem("example.com"));
    return answer;
  }

  absl::Mutex mutex_;
  absl::Time end_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  bool holding_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::pair<absl::Time, Checker::CheckDone>> held_ ABSL_GUARDED_BY(mutex_);
};

struct Dated {
  const std::shared_ptr<Registry> registry = std::make_shared<Registry>();
  RunningServer server{{.extra_checkers = {std::make_shared<ScriptedChecker>(
                            "registry", [registry = registry](const v1::CheckRequest& request, const CallOptions&,
                                                              Checker::CheckDone done) {
                              registry->Ask(FromProto(request.check_time()), std::move(done));
                            })}}};
  Owner owner{server, kAccount};

  Dated() { server.Load(CloudFileOf(kAccount)); }

  void RegisterForHalfAYear() { registry->RegisterUntil(server.clock().Now() + kYear / 2); }
  // The silent period is over, and the final check is about to ask.
  void GoToFinalCheck() {
    GoToStuckFinalCheck(server, owner);
    WaitUntilQuiet(server, owner.name());
  }
  void LetFinalCheckAsk() {
    server.SetFault("BillingService/SealBilling", SetFaultRequest::FAULT_UNSPECIFIED);
    RetryTasks(server, owner.name());
  }
  v1::Closure::State State() {
    WaitUntilQuiet(server, owner.name());
    owner.Refresh();
    return owner.closure().state();
  }
  std::vector<int> Waits() {
    std::vector<int> kinds;
    for (const v1::Wait& wait : owner.closure().waits()) kinds.push_back(wait.kind());
    return kinds;
  }
  void SetClockBack(absl::Duration by) {
    WaitForStatus(server, [](const v1::SystemStatus& status) { return status.has_clock_jump(); });
    server.clock().JumpWall(-by);
    // Witnessed with these, or what is acknowledged would be the jump before.
    REQUIRE(Send(server, kAnn, OperatorRequest<v1::PauseIrreversibleRequest>()).ok());
    REQUIRE(Send(server, kAnn, OperatorRequest<v1::ResumeIrreversibleRequest>()).ok());
    REQUIRE(Send(server, kAnn, OperatorRequest<v1::AcknowledgeClockJumpRequest>()).ok());
  }
  Reply Confirm() { return Send(server, owner.actor(), owner.ConfirmRequest()); }
};

TEST_CASE("a final check on a clock that jumped ahead waits, and finds what stands in the way when it is right again",
          "[R18][R33][R66]") {
  Dated dated;
  dated.GoToFinalCheck();
  dated.RegisterForHalfAYear();
  dated.server.clock().JumpWall(kYear);
  dated.LetFinalCheckAsk();
  CHECK(dated.State() == v1::Closure::FINAL_CHECK);
  CHECK(dated.Waits() == std::vector<int>{v1::Wait::CLOCK_JUMP});
  dated.SetClockBack(kYear);
  dated.owner.WaitFor({v1::Closure::ABORTED});
  CHECK_FALSE(dated.server.Show(kAccount).deleted());
}

TEST_CASE("a final check on a clock that an operator vouched for goes on", "[R18][R66]") {
  Dated dated;
  dated.GoToFinalCheck();
  dated.server.clock().JumpWall(kYear);
  dated.LetFinalCheckAsk();
  CHECK(dated.State() == v1::Closure::FINAL_CHECK);
  REQUIRE(Send(dated.server, kAnn, OperatorRequest<v1::AcknowledgeClockJumpRequest>()).ok());
  dated.owner.WaitFor({v1::Closure::CLOSED});
}

TEST_CASE("a final check that asked on a wrong clock asks again, though the clock is right when it is answered",
          "[R18][R33][R66]") {
  Dated dated;
  dated.GoToFinalCheck();
  dated.RegisterForHalfAYear();
  dated.registry->Hold();
  dated.server.clock().JumpWall(kYear);
  dated.LetFinalCheckAsk();
  dated.registry->WaitForQuestion();
  dated.SetClockBack(kYear);
  const MarkWatch mark(Mark::kFinalCheckDoubted);
  dated.registry->LetGo();
  dated.owner.WaitFor({v1::Closure::ABORTED});
  CHECK(mark.times() == 1);
  CHECK_FALSE(dated.server.Show(kAccount).deleted());
}

TEST_CASE("nobody confirms while the server's clocks disagree, and everybody can when that is over", "[R18][D6]") {
  Dated dated;
  dated.owner.GoToScanResult();
  // A longer jump would make the scan old.
  constexpr absl::Duration kAhead = absl::Minutes(10);
  dated.server.clock().JumpWall(kAhead);
  const Reply refused = dated.Confirm();
  CHECK(refused.reason() == v1::IRREVERSIBLE_PAUSED);
  CHECK(refused.metadata()["what"] == "CLOCK_JUMP");
  CHECK_FALSE(dated.server.Show(kAccount).account_frozen());
  dated.SetClockBack(kAhead);
  CHECK(dated.Confirm().ok());
  dated.owner.WaitFor({v1::Closure::SILENT_PERIOD});
}

TEST_CASE("a clock that is set while a closure is being confirmed thaws the account again", "[R18][R33][D6]") {
  Dated dated;
  dated.owner.GoToScanResult();
  dated.registry->Hold();
  REQUIRE(dated.Confirm().ok());
  dated.registry->WaitForQuestion();
  // Within the five minutes, or the time of the confirmation would be over.
  dated.server.clock().JumpWall(absl::Minutes(2));
  dated.registry->LetGo();
  dated.owner.WaitFor({v1::Closure::BLOCKED});
  CHECK(dated.owner.closure().cause() == v1::Closure::HALTED);
  CHECK_THAT(dated.owner.closure().cause_detail(), Catch::Contains("clocks disagreed"));
  CHECK_FALSE(dated.server.Show(kAccount).account_frozen());
}

}  // namespace
}  // namespace closure
