// SPDX-License-Identifier: Apache-2.0
// What becomes of a task whose result cannot be decided.
#include "server/task_handlers.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <utility>

#include "server/decide_system.h"
#include "storage/sqlite/sqlite_closure_store.h"
#include "tests/support/faulty_store.h"
#include "tests/support/manual_clock.h"
#include "tests/support/mark_watch.h"
#include "tests/support/one_decision.h"
#include "tests/support/scratch_directory.h"

namespace closure {
namespace {

using internal::v1::TaskData;

constexpr char kStoresWords[] = "page 17 of the file is in the way";

// Handlers over a store of their own, and one closure whose personal data is to be erased.
class Bench {
 public:
  Bench() {
    auto opened = SqliteClosureStore::Open({.path = directory_.File("closures.db")});
    REQUIRE(opened.ok());
    store_ = std::make_unique<FaultyStore>(*std::move(opened), faults_);
    engine_ = std::make_unique<ClosureEngine>(
        ClosureEngine::Parts{.store = store_.get(), .clock = &clock_, .secret_key = &secret_key_});
    handlers_ = std::make_unique<TaskHandlers>(TaskHandlers::Parts{.store = store_.get(),
                                                                   .clock = &clock_,
                                                                   .secret_key = &secret_key_,
                                                                   .engine = engine_.get(),
                                                                   .cancel = std::make_shared<CancelSignal>()});
    Commit creation = Committed({}, DecidedClosure::Facts(), At(clock_.Now()));
    TaskData& erasure = creation.add_tasks.emplace_back();
    erasure.set_kind(v1::Task::ERASURE);
    erasure.set_account_id(creation.closure->account_id());
    erasure.set_closure_id(creation.closure->closure_id());
    erasure.set_idempotency_key("erasure");
    *erasure.mutable_due_time() = ToProto(clock_.Now());
    // So that the next reading has something to differ from.
    Witness(creation, {}, Observe({}, clock_.Read()), clock_.Now());
    store_->Apply(std::move(creation), [](const absl::Status& created) { CHECK(created.ok()); });
    store_->Drain();
  }

  ManualClock& clock() { return clock_; }
  StoreFaults& faults() { return *faults_; }
  internal::v1::SystemData System() { return *store_->LoadSystem(); }
  TaskData Erasure() {
    const auto tasks = store_->ListTasks({});
    REQUIRE(tasks.ok());
    const auto found = std::find_if(tasks->begin(), tasks->end(),
                                    [](const TaskData& task) { return task.kind() == v1::Task::ERASURE; });
    REQUIRE(found != tasks->end());
    return *found;
  }
  void Run(const TaskData& task) {
    bool done = false;
    handlers_->Run(task, [&done] { done = true; });
    store_->Drain();
    CHECK(done);
  }
  void RunErasure() { Run(Erasure()); }
  // Another version of the system.
  void ChangeSystem() {
    Commit commit;
    Witness(commit, System(), Observe(System().clock(), clock_.Read()), clock_.Now());
    store_->Apply(std::move(commit), [](const absl::Status& changed) { CHECK(changed.ok()); });
  }
  void Finish(const TaskData& task) {
    Commit commit;
    commit.finish_task = task.id();
    store_->Apply(std::move(commit), [](const absl::Status& finished) { CHECK(finished.ok()); });
  }

 private:
  const ScratchDirectory directory_;
  ManualClock clock_;
  const SecretKey secret_key_ = SecretKey::FromBytes(std::string(32, 'k'));
  const std::shared_ptr<StoreFaults> faults_ = std::make_shared<StoreFaults>();
  std::unique_ptr<FaultyStore> store_;
  std::unique_ptr<ClosureEngine> engine_;
  std::unique_ptr<TaskHandlers> handlers_;
};

TEST_CASE("a task that is given back while the clocks jump is found again when they are set right", "[tasks][time]") {
  Bench bench;
  bench.faults().SetResults(absl::InternalError(kStoresWords));
  const MarkWatch mark(Mark::kDecisionGivenBack);
  const absl::Duration ahead = GENERATE(absl::ZeroDuration(), absl::Hours(24 * 365));
  bench.clock().JumpWall(ahead);
  bench.RunErasure();
  CHECK(mark.times() == 1);
  const TaskData given_back = bench.Erasure();
  CHECK(given_back.attempts() == 1);
  CHECK(FromProto(given_back.due_time()) > bench.clock().Now());
  CHECK(bench.System().has_clock_jump() == (ahead > absl::ZeroDuration()));
}

TEST_CASE("a task is given back although the system changes at that moment", "[tasks][time]") {
  Bench bench;
  bench.faults().SetResults(absl::InternalError(kStoresWords));
  bench.clock().JumpWall(absl::Hours(2));
  int commits = 0;
  bench.faults().SetBeforeCommit([&] {
    // The first is the result, the second gives the task back; and what is done here is no commit to look at.
    if (++commits == 2) bench.ChangeSystem();
  });
  const MarkWatch mark(Mark::kGivenBackAgain);
  bench.RunErasure();
  CHECK(mark.times() == 1);
  CHECK(bench.Erasure().attempts() == 1);
}

TEST_CASE("a task that is done or dropped while it is given back is left alone", "[tasks]") {
  Bench bench;
  const TaskData erasure = bench.Erasure();
  bench.faults().SetResults(absl::InternalError(kStoresWords));
  int commits = 0;
  bench.faults().SetBeforeCommit([&] {
    if (++commits == 2) bench.Finish(erasure);
  });
  const MarkWatch again(Mark::kGivenBackAgain);
  const MarkWatch left(Mark::kTaskLeftToLease);
  bench.Run(erasure);
  CHECK(commits == 3);
  CHECK_FALSE(again.reached());
  CHECK_FALSE(left.reached());
}

TEST_CASE("a task that the store does not answer stays as it is until its lease is over", "[tasks]") {
  Bench bench;
  const absl::Status silence = absl::UnavailableError(kStoresWords);
  const TaskData before = bench.Erasure();
  const MarkWatch mark(Mark::kTaskLeftToLease);
  SECTION("when its closure is read") {
    bench.faults().SetReads(silence);
    bench.Run(before);
  }
  SECTION("when its result is committed") {
    bench.faults().SetResults(silence);
    bench.Run(before);
  }
  SECTION("when it is given back") {
    bench.faults().SetResults(absl::InternalError(kStoresWords));
    bench.faults().SetBeforeCommit([&] { bench.faults().SetReads(silence); });
    bench.Run(before);
  }
  SECTION("when the store refuses that it is given back") {
    bench.faults().SetResults(absl::InternalError(kStoresWords));
    bench.faults().SetPutOff(silence);
    bench.Run(before);
  }
  SECTION("when something else happens whenever it is given back") {
    bench.faults().SetResults(absl::InternalError(kStoresWords));
    bench.faults().SetPutOff(absl::AbortedError("the system changed"));
    const MarkWatch again(Mark::kGivenBackAgain);
    bench.Run(before);
    CHECK(again.times() == 50);
  }
  bench.faults().SetReads(absl::OkStatus());
  CHECK(mark.times() == 1);
  CHECK(bench.Erasure().SerializeAsString() == before.SerializeAsString());
}

}  // namespace
}  // namespace closure
