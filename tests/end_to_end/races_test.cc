// SPDX-License-Identifier: Apache-2.0
// Things that happen at the same time, through a running server: a bill in every gap behind Confirm, commands against
// each other, timers against commands and against other timers.
#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <thread>

#include "absl/synchronization/mutex.h"
#include "checkers/proto_time.h"
#include "fmt/format.h"
#include "storage/history_chain.h"
#include "tests/support/api_calls.h"
#include "tests/support/faulty_store.h"
#include "tests/support/listed_move.h"
#include "tests/support/sound_closure.h"
#include "tests/support/views.h"

namespace closure {
namespace {

constexpr int kRounds = 12;

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

// What is always true of a history: its chain holds, and every move is one of the table, once.
void CheckHistory(RunningServer& server, const Owner& owner) {
  v1::GetClosureRecordRequest request;
  request.set_name(owner.name());
  const auto record = Send(server, "operator:ann", request).As<v1::ClosureRecord>();
  const std::vector<v1::Transition> history(record.transitions().begin(), record.transitions().end());
  CHECK(VerifyChain(history, owner.name()).ok());
  for (const v1::Transition& entry : history) {
    if (entry.from_state() == entry.to_state()) continue;
    CHECK(IsListed(entry));
    CHECK(FaultOfDirection(entry.from_state(), entry.to_state()) == "");
  }
}

int CountEvents(RunningServer& server, const Owner& owner, const std::string& event) {
  v1::ListTransitionsRequest request;
  request.set_parent(owner.name());
  request.set_page_size(1000);
  const auto response = Send(server, owner.actor(), request).As<v1::ListTransitionsResponse>();
  return static_cast<int>(std::count_if(response.transitions().begin(), response.transitions().end(),
                                        [&](const v1::Transition& entry) { return entry.event() == event; }));
}

// Lets both run at once.
void Together(const std::function<void()>& one, const std::function<void()>& other) {
  std::thread beside(other);
  one();
  beside.join();
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

TEST_CASE("of a recheck and a discard at the same time one is done, and nothing is released twice", "[R50][R52]") {
  RunningServer server;
  for (int round = 0; round < kRounds; ++round) {
    const std::string account_id = fmt::format("recheck-{}", round);
    server.Load(CloudFileOf(
        account_id, R"("resources": [{"resourceId": "i-1", "product": "ecs", "type": "instance", "regionCode": "cn",)"
                    R"("chargeType": "PAY_AS_YOU_GO", "state": "Running", "releasable": true,)"
                    R"("consoleUri": "https://ecs.console.example.com/i-1"}])"));
    Owner owner(server, account_id);
    owner.GoToScanResult();
    const v1::DiscardItemsRequest discard = DiscardRequestFor(owner, owner.Items());
    Reply discarded;
    Reply rechecked;
    Together([&] { discarded = Send(server, owner.actor(), discard); },
             [&] { rechecked = Send(server, owner.actor(), RequestOn<v1::RecheckRequest>(owner.name())); });
    CHECK((discarded.ok() || rechecked.ok()));
    if (!discarded.ok()) CHECK(discarded.reason() == v1::STATE_NOT_ALLOWED);
    if (!rechecked.ok()) CHECK(rechecked.reason() == v1::STATE_NOT_ALLOWED);
    owner.WaitFor({v1::Closure::BLOCKED, v1::Closure::READY});
    CHECK(ActsOf(server, account_id, "ResourceService/ReleaseResource").size() == (discarded.ok() ? 1 : 0));
    CHECK((owner.closure().state() == v1::Closure::READY) == discarded.ok());
    CheckHistory(server, owner);
  }
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
    const auto verify = [&] { verified = Send(server, owner.actor(), request); };
    const auto expire = [&] { server.clock().Advance(absl::Seconds(1)); };
    // At the same time; and each before the other, so that both are among the rounds.
    if (round % 3 == 0) Together(verify, expire);
    if (round % 3 == 1) verify();
    if (round % 3 != 0) expire();
    WaitUntilQuiet(server, owner.name());
    if (round % 3 == 2) verify();
    WaitUntilQuiet(server, owner.name());
    owner.Refresh();
    const v1::Closure::State expected = verified.ok() ? v1::Closure::AGREEMENT_PENDING : v1::Closure::EXPIRED;
    CHECK(owner.closure().state() == expected);
    CHECK(CountEvents(server, owner, "idle") == (verified.ok() ? 0 : 1));
    CheckHistory(server, owner);
    states.insert(owner.closure().state());
  }
  CHECK(states == std::set<v1::Closure::State>{v1::Closure::AGREEMENT_PENDING, v1::Closure::EXPIRED});
}

TEST_CASE("timers of one closure that are all due at once count once each, and only in the state they are of",
          "[D6][D16]") {
  RunningServer server;
  server.Load(CloudFileOf("timers", R"("resources": [{"resourceId": "i-1", "product": "ecs", "type": "instance",)"
                                    R"("regionCode": "cn", "chargeType": "PAY_AS_YOU_GO", "state": "Running",)"
                                    R"("releasable": true, "consoleUri": "https://ecs.console.example.com/i-1"}])"));
  Owner owner(server, "timers");
  owner.GoToScanResult();
  server.SetFault("ResourceService/ReleaseResource", sandbox::v1::SetFaultRequest::UNAVAILABLE_BEFORE);
  REQUIRE(TryDiscard(server, owner, DiscardRequestFor(owner, owner.Items())).ok());
  // The deadline of the release and the end of the owner's patience are both over, each by weeks.
  server.clock().Advance(absl::Hours(24 * 60));
  owner.WaitFor({v1::Closure::BLOCKED, v1::Closure::EXPIRED});
  WaitUntilQuiet(server, owner.name());
  owner.Refresh();
  CHECK(CountEvents(server, owner, "discard_settled") == 1);
  CHECK(CountEvents(server, owner, "idle") <= 1);
  // Whoever is settled has the whole time again: nothing expires behind the owner's back in the same moment.
  CHECK(owner.closure().state() == v1::Closure::BLOCKED);
  CHECK(FromProto(owner.closure().expire_time()) > server.clock().Now());
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
