// SPDX-License-Identifier: Apache-2.0
// Things that happen at the same time, through a running server: a bill in every gap behind Confirm, and commands
// against each other. Timers are in timer_races_test.cc.
#include "tests/end_to_end/races.h"

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <set>
#include <string>

#include "absl/synchronization/mutex.h"
#include "checkers/proto_time.h"
#include "fmt/format.h"
#include "tests/support/api_calls.h"
#include "tests/support/faulty_store.h"
#include "tests/support/scripted_checker.h"
#include "tests/support/views.h"

namespace closure {
namespace {

// Stops whoever is about to commit for the how manieth time, until it is let go.
class CommitGap {
 public:
  // Outlives every server that commits with these faults.
  explicit CommitGap(StoreFaults& faults) {
    faults.SetBeforeCommit([this] { Reach(); });
  }
  // From now on the commit number `count` waits.
  void Arm(int count) {
    absl::MutexLock lock(&mutex_);
    left_ = count;
    stopped_ = false;
  }
  // Waits until a commit waits, or `over` holds; answers whether one waits.
  bool WaitFor(const std::function<bool()>& over) {
    while (!over()) {
      absl::MutexLock lock(&mutex_);
      if (mutex_.AwaitWithTimeout(absl::Condition(&stopped_), absl::Milliseconds(5))) return true;
    }
    absl::MutexLock lock(&mutex_);
    return stopped_;
  }
  void LetGo() {
    absl::MutexLock lock(&mutex_);
    left_ = 0;
    stopped_ = false;
  }

 private:
  void Reach() {
    absl::MutexLock lock(&mutex_);
    if (left_ == 0 || --left_ > 0) return;
    stopped_ = true;
    const auto let_go = [this] { return !stopped_; };
    mutex_.Await(absl::Condition(&let_go));
  }

  absl::Mutex mutex_;
  int left_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

struct World {
  // Nobody waits for a test that failed.
  ~World() { gap.LetGo(); }

  const std::shared_ptr<StoreFaults> faults = std::make_shared<StoreFaults>();
  CommitGap gap{*faults};
  RunningServer server{{.wrap_store = [this](std::unique_ptr<ClosureStore> store) {
    return std::make_unique<FaultyStore>(std::move(store), faults);
  }}};
};

// A bill, unless none can come any more; answers whether it came.
bool TryBill(RunningServer& server, const std::string& account_id) {
  sandbox::v1::IssueBillRequest request;
  request.set_account_id(account_id);
  *request.mutable_amount() = Amount("250.00 USD");
  sandbox::v1::IssueBillResponse response;
  return server.sandbox().IssueBill(RunningServer::As("").get(), request, &response).ok();
}

TEST_CASE("a bill in any gap between Confirm and the silent period is seen: no account closes with it",
          "[R12][R20][R66][D6]") {
  World world;
  std::set<v1::Closure::State> ends;
  for (int number = 1;; ++number) {
    const std::string account_id = fmt::format("gap-{}", number);
    INFO("the bill comes before commit " << number);
    world.server.Load(CloudFileOf(account_id));
    Owner owner(world.server, account_id);
    owner.GoToScanResult();
    WaitUntilQuiet(world.server, owner.name());
    world.gap.Arm(number + 1);  // that of Confirm itself is the first
    owner.Confirm();
    const bool stopped = world.gap.WaitFor([&] {
      owner.Refresh();
      return owner.closure().state() == v1::Closure::SILENT_PERIOD;
    });
    if (!stopped) break;
    CHECK(TryBill(world.server, account_id));
    world.gap.LetGo();
    owner.WaitFor({v1::Closure::SILENT_PERIOD, v1::Closure::BLOCKED});
    if (owner.closure().state() == v1::Closure::SILENT_PERIOD) {
      owner.WaitUntil([](const v1::Closure& closure) {
        return std::all_of(closure.participants().begin(), closure.participants().end(),
                           [](const auto& each) { return each.status() == v1::ParticipantProgress::DONE; });
      });
      owner.GoToEnd();
    }
    CHECK(owner.closure().state() != v1::Closure::CLOSED);
    ends.insert(owner.closure().state());
    CheckHistory(world.server, owner);
  }
  // Early gaps are seen by the scan after Confirm, late ones by the final check, or the gaps were not where they
  // should.
  CHECK(ends == std::set<v1::Closure::State>{v1::Closure::BLOCKED, v1::Closure::ABORTED});
}

TEST_CASE("a bill in any gap of the final check aborts, or cannot come any more because billing is sealed",
          "[R20][R66][R67][D10]") {
  World world;
  int aborted = 0;
  int sealed = 0;
  for (int number = 1;; ++number) {
    const std::string account_id = fmt::format("final-{}", number);
    INFO("the bill comes before commit " << number);
    world.server.Load(CloudFileOf(account_id));
    Owner owner(world.server, account_id);
    owner.GoToSilentPeriod();
    WaitUntilQuiet(world.server, owner.name());
    world.gap.Arm(number);
    world.server.clock().Advance(absl::Hours(168));
    const bool stopped = world.gap.WaitFor([&] {
      owner.Refresh();
      return owner.closure().state() == v1::Closure::CLOSED;
    });
    if (!stopped) break;
    const bool came = TryBill(world.server, account_id);
    world.gap.LetGo();
    owner.WaitFor({v1::Closure::CLOSED, v1::Closure::ABORTED});
    CHECK((owner.closure().state() == v1::Closure::ABORTED) == came);
    ++(came ? aborted : sealed);
    CheckHistory(world.server, owner);
    // What this round left behind must not be counted in the next.
    WaitUntilQuiet(world.server, owner.name());
  }
  CHECK(aborted > 0);
  CHECK(sealed > 0);
}

// Answers the first scan, and holds every later one until it is let go.
std::shared_ptr<Checker> HeldAtRecheck(const std::shared_ptr<QuestionHold>& hold) {
  const auto first = std::make_shared<std::atomic<bool>>(true);
  return std::make_shared<ScriptedChecker>(
      "slow", [hold, first](const v1::CheckRequest& request, const CallOptions& options, Checker::CheckDone done) {
        if (!first->exchange(false)) return hold->behaviour()(request, options, std::move(done));
        std::move(done)(CheckAnswer{.items = {}, .as_of = FromProto(request.check_time())});
      });
}

TEST_CASE("of a recheck and a discard at the same time one is done, and nothing is released twice", "[R50][R52]") {
  const std::string account_id = "recheck-1";
  std::set<std::string> winners;
  for (int round = 0; round < kRounds; ++round) {
    INFO("round " << round);
    const auto hold = std::make_shared<QuestionHold>(account_id);
    RunningServer server({.extra_checkers = {HeldAtRecheck(hold)}});
    server.Load(CloudFileOf(account_id, kReleasable));
    Owner owner(server, account_id);
    owner.GoToScanResult();
    // What either begins does not end before the other was answered.
    server.SetFault("ResourceService/ReleaseResource", sandbox::v1::SetFaultRequest::UNAVAILABLE_BEFORE);
    const v1::DiscardItemsRequest discard = DiscardRequestFor(owner, owner.Items());
    Reply discarded;
    Reply rechecked;
    InTurns(
        round, [&] { discarded = Send(server, owner.actor(), discard); },
        [&] { rechecked = Send(server, owner.actor(), RequestOn<v1::RecheckRequest>(owner.name())); });
    CHECK(discarded.ok() != rechecked.ok());
    CHECK((discarded.ok() ? rechecked : discarded).reason() == v1::STATE_NOT_ALLOWED);
    hold->LetGo();
    WaitUntilQuiet(server, owner.name());
    server.SetFault("ResourceService/ReleaseResource", sandbox::v1::SetFaultRequest::FAULT_UNSPECIFIED);
    RetryTasks(server, owner.name());
    owner.WaitFor({discarded.ok() ? v1::Closure::READY : v1::Closure::BLOCKED});
    CHECK(ActsOf(server, account_id, "ResourceService/ReleaseResource").size() == (discarded.ok() ? 1 : 0));
    CHECK(CountEvents(server, owner, "discard") == (discarded.ok() ? 1 : 0));
    CHECK(CountEvents(server, owner, "recheck") == (rechecked.ok() ? 1 : 0));
    CheckHistory(server, owner);
    winners.insert(discarded.ok() ? "the discard" : "the recheck");
  }
  CHECK(winners.size() == 2);
}

TEST_CASE("of two confirmations with different request ids one counts", "[R55][R56]") {
  RunningServer server;
  for (int round = 0; round < kRounds; ++round) {
    const std::string account_id = fmt::format("confirm-{}", round);
    server.Load(CloudFileOf(account_id));
    Owner owner(server, account_id);
    owner.GoToScanResult();
    const v1::ConfirmClosureRequest one = owner.ConfirmRequest();
    const v1::ConfirmClosureRequest other = owner.ConfirmRequest();
    Reply first;
    Reply second;
    Together([&] { first = Send(server, owner.actor(), one); }, [&] { second = Send(server, owner.actor(), other); });
    CHECK(first.ok() != second.ok());
    const Reply& refused = first.ok() ? second : first;
    CHECK((refused.reason() == v1::ETAG_MISMATCH || refused.reason() == v1::STATE_NOT_ALLOWED));
    owner.WaitFor({v1::Closure::SILENT_PERIOD});
    CHECK(CountEvents(server, owner, "confirm") == 1);
  }
}

}  // namespace
}  // namespace closure
