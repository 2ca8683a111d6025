// SPDX-License-Identifier: Apache-2.0
// What the steps of a decision put into its transaction, together and one without the other.
#include "server/decision_builder.h"

#include <catch2/catch.hpp>

#include "tests/support/decided_closure.h"
#include "tests/support/last_words.h"
#include "tests/support/one_decision.h"

namespace closure {
namespace {

using Closure = v1::Closure;
using Checker = v1::CheckerResult;

internal::v1::ClosureData Scanning() {
  internal::v1::ClosureData data = Created(DecidedClosure::Facts());
  data.mutable_closure()->set_state(Closure::CHECKING);
  data.mutable_closure()->mutable_scan()->mutable_start_time()->set_seconds(1);
  return data;
}

TEST_CASE("the history tells the move, whatever is noted beside it", "[decide]") {
  const internal::v1::ClosureData data = Scanning();
  const Circumstances circumstances = At(kNow);
  DecisionBuilder builder(data, circumstances);
  builder.Move(Event::kScanClean, "nothing in the way");
  builder.Note("scan_noted", "");
  const Commit commit = builder.Finish().commit;
  REQUIRE(commit.history.has_value());
  CHECK(commit.history->event == EventName(Event::kScanClean));
  CHECK(commit.history->detail == "nothing in the way");
}

TEST_CASE("a task whose result is decided on ends, or runs again, and never both", "[decide]") {
  const internal::v1::ClosureData data = Scanning();
  const Circumstances circumstances = AtTask(v1::Task::SCAN, v1::CHANNEL_UNSPECIFIED);
  DecisionBuilder ended(data, circumstances);
  const Commit end = ended.Finish().commit;
  CHECK(end.finish_task == 7);
  CHECK_FALSE(end.reschedule_task.has_value());
  DecisionBuilder again(data, circumstances);
  again.RescheduleTask(kNow, "", v1::Task::PARKED_UNSPECIFIED);
  const Commit rerun = again.Finish().commit;
  CHECK_FALSE(rerun.finish_task.has_value());
  CHECK(rerun.reschedule_task->id() == 7);
}

TEST_CASE("a task that waits for the whole system rests on the switches as they were read, and no other does",
          "[decide][D14]") {
  const internal::v1::ClosureData data = Scanning();
  Circumstances circumstances = AtTask(v1::Task::SCAN, v1::CHANNEL_UNSPECIFIED);
  circumstances.system.set_version(5);
  for (int parked = v1::Task::Parked_MIN; parked <= v1::Task::Parked_MAX; ++parked) {
    DecisionBuilder builder(data, circumstances);
    builder.RescheduleTask(kNow, "", static_cast<v1::Task::Parked>(parked));
    const bool by_system = parked == v1::Task::PAUSE || parked == v1::Task::BREAKER || parked == v1::Task::CLOCK_JUMP;
    INFO(v1::Task::Parked_Name(static_cast<v1::Task::Parked>(parked)));
    CHECK((builder.Finish().commit.expected_system_version == 5) == by_system);
  }
}

TEST_CASE("every checker that is still asked when its state is left counts as silent", "[decide][D5]") {
  internal::v1::ClosureData data = Scanning();
  const Circumstances circumstances = At(kNow);
  SECTION("of several") {
    for (const Checker::Status status : {Checker::WAITING, Checker::ANSWERED, Checker::RUNNING})
      data.mutable_closure()->mutable_scan()->add_checkers()->set_status(status);
  }
  SECTION("of none") {}
  DecisionBuilder builder(data, circumstances);
  builder.Move(Event::kCancel, "");
  const v1::Scan scan = builder.closure().scan();
  CHECK(FromProto(scan.end_time()) == kNow);
  for (int i = 0; i < scan.checkers_size(); ++i) {
    INFO("checker " << i);
    CHECK(scan.checkers(i).status() == (i == 1 ? Checker::ANSWERED : Checker::UNANSWERED));
  }
}

TEST_CASE("what no decision may do ends the process", "[decide]") {
  const internal::v1::ClosureData data = Scanning();
  const Circumstances circumstances = At(kNow);
  DecisionBuilder builder(data, circumstances);
  CHECK_THAT(LastWordsOf([&] { builder.Move(Event::kDeleted, ""); }),
             Catch::Contains("no row for CHECKING and deleted"));
  CHECK_THAT(LastWordsOf([&] { builder.FinishTask(); }), Catch::Contains("a result without a task"));
  CHECK_THAT(LastWordsOf([&] { builder.RescheduleTask(kNow, "", v1::Task::PARKED_UNSPECIFIED); }),
             Catch::Contains("a result without a task"));
  CHECK_THAT(LastWordsOf([&] {
               builder.WitnessTime();
               builder.WitnessTime();
             }),
             Catch::Contains("two next versions of the system"));
}

}  // namespace
}  // namespace closure
