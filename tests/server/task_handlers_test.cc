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
  void RunErasure() {
    handlers_->Run(Erasure(), [] {});
    store_->Drain();
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
  bench.faults().SetResults(absl::InternalError("page 17 of the file is in the way"));
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

}  // namespace
}  // namespace closure
