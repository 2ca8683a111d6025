// SPDX-License-Identifier: Apache-2.0
// Who is asked in a phase, in which order, what counts as an answer, and what follows when all have answered.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "checkers/proto_time.h"
#include "fmt/format.h"
#include "server/decide.h"
#include "tests/support/decided_closure.h"
#include "tests/support/mark_watch.h"

namespace closure {
namespace {

using Closure = v1::Closure;
using Progress = v1::ParticipantProgress;
using Stages = std::vector<std::pair<v1::ParticipantPhase, int>>;

constexpr v1::ParticipantPhase kPhases[] = {v1::FREEZE, v1::THAW,   v1::ENTER_SILENT_PERIOD,
                                            v1::SEAL,   v1::DELETE, v1::RESTORE};

v1::ParticipantDescription Describe(const std::string& name, const Stages& stages) {
  v1::ParticipantDescription description;
  description.set_name(name);
  for (const auto& [phase, stage] : stages) {
    auto& described = *description.add_stages();
    described.set_phase(phase);
    described.set_stage(stage);
  }
  return description;
}

// One who acts in the first stage of every phase.
v1::ParticipantDescription Everywhere(const std::string& name) {
  Stages stages;
  for (const v1::ParticipantPhase phase : kPhases) stages.emplace_back(phase, 1);
  return Describe(name, stages);
}

void Confirm(DecidedClosure& closure) {
  REQUIRE(closure.Do(ConfirmClosure{Closure::OTHER, "", closure.closure().risk_prompt().digest(), false}).ok());
}

// The beginning of a phase, before anybody has answered.
void GoTo(DecidedClosure& closure, v1::ParticipantPhase phase) {
  if (phase == v1::FREEZE || phase == v1::THAW) {
    closure.GoToReady();
    Confirm(closure);
    if (phase == v1::THAW) REQUIRE(closure.Do(PlaceHold{"legal"}, "operator:ann").ok());
  } else if (phase == v1::ENTER_SILENT_PERIOD) {
    closure.GoToSilentPeriod();
  } else {
    closure.GoToFinalCheck();
    if (phase != v1::SEAL) closure.FinishPhase();
    if (phase == v1::DELETE) closure.FinishScan();
    if (phase == v1::RESTORE) closure.FinishScan({DecidedClosure::Item("late", v1::UNPAID_BILL, v1::MUST_HANDLE, 5)});
  }
  REQUIRE(closure.closure().participants_size() > 0);
  REQUIRE(closure.closure().participants(0).phase() == phase);
}

ParticipantAnswered Answer(v1::PerformResponse::Outcome outcome, const std::string& detail = "") {
  ParticipantAnswered answered;
  answered.response.set_outcome(outcome);
  answered.response.set_detail(detail);
  return answered;
}

// "name/stage" of whoever is being asked, sorted.
std::vector<std::string> Asked(const DecidedClosure& closure) {
  std::vector<std::string> asked;
  for (const internal::v1::TaskData& task : closure.Tasks(v1::Task::PARTICIPANT))
    asked.push_back(fmt::format("{}/{}", task.payload().participant(), task.payload().stage()));
  std::sort(asked.begin(), asked.end());
  return asked;
}

internal::v1::TaskData TaskOf(const DecidedClosure& closure, const std::string& participant) {
  for (internal::v1::TaskData& task : closure.Tasks(v1::Task::PARTICIPANT)) {
    if (task.payload().participant() == participant) return task;
  }
  FAIL("nobody asks " << participant);
  return {};
}

Progress ProgressOf(const Closure& closure, const std::string& participant) {
  for (const Progress& progress : closure.participants()) {
    if (progress.participant() == participant) return progress;
  }
  FAIL(participant << " has no part in this");
  return {};
}

// What is decided when this task is answered, without anything coming of it.
Decision Decided(const internal::v1::ClosureData& data, const internal::v1::TaskData& task,
                 const Happening& happening) {
  Circumstances circumstances;
  circumstances.now = absl::FromUnixSeconds(1'800'000'000);
  circumstances.task = task;
  absl::StatusOr<Decision> decision = Decide(data, happening, circumstances);
  REQUIRE(decision.ok());
  return *std::move(decision);
}

TEST_CASE("a stage begins when everybody of the one before is done, however many they are", "[decide][R56][R57]") {
  const int first = GENERATE(range(1, 6));
  const int second = GENERATE(range(1, 6));
  const bool last_begins = GENERATE(false, true);
  CAPTURE(first, second, last_begins);
  DecidedClosure closure;
  closure.participants().clear();
  std::vector<std::string> expected[2];
  // The numbers of stages need not follow on each other, and names say nothing about the order.
  for (int i = 0; i < second; ++i) {
    closure.participants().push_back(Describe(fmt::format("a{}", i), {{v1::FREEZE, 7}}));
    expected[1].push_back(fmt::format("a{}/7", i));
  }
  for (int i = 0; i < first; ++i) {
    closure.participants().push_back(Describe(fmt::format("b{}", i), {{v1::THAW, 1}, {v1::FREEZE, 2}}));
    expected[0].push_back(fmt::format("b{}/2", i));
  }
  closure.GoToReady();
  Confirm(closure);
  for (std::vector<std::string>& stage : expected) {
    while (!stage.empty()) {
      REQUIRE(Asked(closure) == stage);
      CHECK(closure.Tasks(v1::Task::SCAN).empty());
      const std::vector<internal::v1::TaskData> tasks = closure.Tasks(v1::Task::PARTICIPANT);
      closure.ReportTask(last_begins ? tasks.back() : tasks.front(), Answer(v1::PerformResponse::DONE));
      stage.erase(last_begins ? stage.end() - 1 : stage.begin());
    }
  }
  CHECK(Asked(closure).empty());
  CHECK(closure.Tasks(v1::Task::SCAN).size() == 1);
}

TEST_CASE("a phase lists its participants by stage and then by name, and asks each once", "[decide][R3][D2]") {
  DecidedClosure closure;
  closure.participants() = {
      Describe("d", {{v1::FREEZE, 3}, {v1::SEAL, 1}}),
      Describe("idle", {}),
      Describe("c", {{v1::FREEZE, 1}}),
      Describe("b", {{v1::SEAL, 2}, {v1::FREEZE, 3}, {v1::FREEZE, 1}}),
      Describe("sealer", {{v1::SEAL, 1}}),
      Describe("a", {{v1::FREEZE, 9}}),
  };
  closure.GoToReady();
  Confirm(closure);
  std::string order;
  for (const Progress& progress : closure.closure().participants()) {
    CHECK(progress.phase() == v1::FREEZE);
    order += fmt::format("{}/{} ", progress.participant(), progress.stage());
  }
  CHECK(order == "b/1 c/1 b/3 d/3 a/9 ");
  std::string asked;
  while (!Asked(closure).empty()) {
    const internal::v1::TaskData task = closure.Tasks(v1::Task::PARTICIPANT).front();
    CHECK(task.payload().participant_phase() == v1::FREEZE);
    asked += fmt::format("{}/{} ", task.payload().participant(), task.payload().stage());
    closure.ReportTask(task, Answer(v1::PerformResponse::DONE));
  }
  CHECK(asked == order);
}

TEST_CASE("who acts in several stages of a phase answers for each of them alone", "[decide][R3]") {
  DecidedClosure closure;
  closure.participants() = {Describe("many", {{v1::FREEZE, 1}, {v1::FREEZE, 2}, {v1::FREEZE, 3}})};
  closure.GoToReady();
  Confirm(closure);
  std::vector<std::string> keys;
  for (int stage = 1; stage <= 3; ++stage) {
    const internal::v1::TaskData task = closure.Report(v1::Task::PARTICIPANT, Answer(v1::PerformResponse::DONE));
    CHECK(task.payload().stage() == stage);
    CHECK(std::count(keys.begin(), keys.end(), task.idempotency_key()) == 0);
    keys.push_back(task.idempotency_key());
    for (int other = 1; other <= 3; ++other) {
      const Progress& progress = closure.closure().participants(other - 1);
      CHECK(progress.attempts() == (other <= stage ? 1 : 0));
      CHECK((progress.status() == Progress::DONE) == (other <= stage));
    }
  }
}

TEST_CASE("who took part at Confirm is asked for every stage that it had, and by its present ones where it has any",
          "[decide][R3][D2]") {
  DecidedClosure closure;
  closure.participants() = {
      Describe("gone", {{v1::FREEZE, 1}, {v1::THAW, 3}, {v1::THAW, 2}, {v1::SEAL, 1}}),
      Describe("idle", {}),
      Describe("moved", {{v1::FREEZE, 1}, {v1::THAW, 4}}),
      Describe("none", {{v1::FREEZE, 1}}),
      Describe("silent", {{v1::FREEZE, 1}, {v1::THAW, 1}}),
  };
  closure.GoToReady();
  Confirm(closure);
  closure.participants() = {Describe("moved", {{v1::THAW, 5}}), Describe("new", {{v1::THAW, 1}}),
                            Describe("silent", {{v1::FREEZE, 1}})};
  REQUIRE(closure.Do(PlaceHold{"legal"}, "operator:ann").ok());
  REQUIRE(closure.state() == Closure::THAWING);
  std::string order;
  for (const Progress& progress : closure.closure().participants())
    order += fmt::format("{}/{} ", progress.participant(), progress.stage());
  CHECK(order == "new/1 silent/1 gone/2 gone/3 moved/5 ");
}

TEST_CASE("who is asked is known from the record alone, and from the configuration alone", "[decide][R3][D2]") {
  DecidedClosure closure;
  GoTo(closure, v1::FREEZE);
  internal::v1::ClosureData data = closure.data();
  Circumstances circumstances;
  circumstances.now = closure.clock().Now();
  SECTION("nobody is configured any more") {}
  SECTION("the record does not say who took part at Confirm") {
    data.clear_participants();
    circumstances.participants = closure.participants();
  }
  const absl::StatusOr<Decision> decision = Decide(data, PlaceHold{"legal"}, circumstances);
  REQUIRE(decision.ok());
  std::string order;
  for (const Progress& progress : decision->commit.closure->closure().participants())
    order += fmt::format("{}/{} ", progress.participant(), progress.stage());
  CHECK(order == "account/1 billing/1 ");
  CHECK(decision->commit.add_tasks.size() == 2);
}

TEST_CASE("an answer of somebody who has no part in the phase ends its task and changes nothing else", "[decide]") {
  const std::vector<Happening> happenings = {Answer(v1::PerformResponse::DONE),
                                             Answer(v1::PerformResponse::IN_PROGRESS),
                                             TaskFailed{"UNAVAILABLE: no", absl::ZeroDuration()}};
  const std::size_t which = GENERATE(0U, 1U, 2U);
  DecidedClosure closure;
  for (int i = 0; i < 9; ++i) closure.participants().push_back(Everywhere(fmt::format("p{}", i)));
  closure.GoToReady();
  Confirm(closure);
  internal::v1::TaskData task = TaskOf(closure, "p3");
  SECTION("a name that nobody has") { task.mutable_payload()->set_participant("p9"); }
  SECTION("a name that only begins like one") { task.mutable_payload()->set_participant("p"); }
  SECTION("another phase") { task.mutable_payload()->set_participant_phase(v1::THAW); }
  SECTION("another stage") { task.mutable_payload()->set_stage(2); }
  internal::v1::ClosureData data = closure.data();
  SECTION("a phase that nobody has part in any more") { data.mutable_closure()->clear_participants(); }
  const Commit commit = Decided(data, task, happenings[which]).commit;
  CHECK(commit.finish_task == task.id());
  CHECK_FALSE(commit.reschedule_task.has_value());
  CHECK_FALSE(commit.history.has_value());
  CHECK(commit.add_tasks.empty());
  REQUIRE(commit.closure->closure().participants_size() == data.closure().participants_size());
  for (const Progress& progress : commit.closure->closure().participants()) {
    CHECK(progress.status() == Progress::PERFORMING);
    CHECK(progress.attempts() == 0);
    CHECK(progress.last_error().empty());
  }
}

TEST_CASE("a failure is shown at the one who failed, wherever it stands among many", "[decide]") {
  const int position = GENERATE(range(0, 9));
  DecidedClosure closure;
  closure.participants().clear();
  for (int i = 0; i < 9; ++i) closure.participants().push_back(Everywhere(fmt::format("p{}", i)));
  closure.GoToReady();
  Confirm(closure);
  const std::string failed = fmt::format("p{}", position);
  const absl::Time due = closure.clock().Now() + absl::Minutes(2);
  closure.ReportTask(TaskOf(closure, failed), TaskFailed{"UNAVAILABLE: no", absl::Minutes(2)});
  for (const Progress& progress : closure.closure().participants()) {
    const bool is_it = progress.participant() == failed;
    CHECK(progress.status() == Progress::PERFORMING);
    CHECK(progress.attempts() == (is_it ? 1 : 0));
    CHECK(progress.last_error() == (is_it ? "UNAVAILABLE: no" : ""));
  }
  CHECK(FromProto(TaskOf(closure, failed).due_time()) == due);
  CHECK(closure.Tasks(v1::Task::PARTICIPANT).size() == 9);
}

TEST_CASE("who is done already is not asked again when its stage begins", "[decide]") {
  DecidedClosure closure;
  closure.participants() = {Describe("a", {{v1::FREEZE, 1}}), Describe("b", {{v1::FREEZE, 2}}),
                            Describe("c", {{v1::FREEZE, 2}})};
  closure.GoToReady();
  Confirm(closure);
  internal::v1::ClosureData data = closure.data();
  data.mutable_closure()->mutable_participants(1)->set_status(Progress::DONE);
  const Commit commit = Decided(data, TaskOf(closure, "a"), Answer(v1::PerformResponse::DONE)).commit;
  REQUIRE(commit.add_tasks.size() == 1);
  CHECK(commit.add_tasks.front().payload().participant() == "c");
  CHECK(commit.closure->closure().participants(1).status() == Progress::DONE);
  CHECK(commit.closure->closure().participants(2).status() == Progress::PERFORMING);
}

TEST_CASE("the lowest stage that is left begins, in whatever order the participants stand", "[decide][R3]") {
  DecidedClosure closure;
  closure.participants() = {Describe("a", {{v1::FREEZE, 1}}), Describe("b", {{v1::FREEZE, 2}}),
                            Describe("c", {{v1::FREEZE, 3}}), Describe("d", {{v1::FREEZE, 4}})};
  closure.GoToReady();
  Confirm(closure);
  internal::v1::ClosureData data = closure.data();
  auto& participants = *data.mutable_closure()->mutable_participants();
  participants.SwapElements(1, 2);
  const Commit commit = Decided(data, TaskOf(closure, "a"), Answer(v1::PerformResponse::DONE)).commit;
  REQUIRE(commit.add_tasks.size() == 1);
  CHECK(commit.add_tasks.front().payload().participant() == "b");
}

TEST_CASE("which answer is enough depends on the phase, and for money that moved on who says it",
          "[decide][D15][D17][R67]") {
  using Response = v1::PerformResponse;
  const v1::ParticipantPhase phase = GENERATE(from_range(std::begin(kPhases), std::end(kPhases)));
  // A name as long as billing's is still another one.
  const std::string name = GENERATE("billing", "archive", "dns");
  const Response::Outcome outcome = GENERATE(Response::OUTCOME_UNSPECIFIED, Response::DONE, Response::FENCED,
                                             Response::IN_PROGRESS, Response::FACTS_MOVED, Response::ACCOUNT_DELETED);
  CAPTURE(v1::ParticipantPhase_Name(phase), name, Response::Outcome_Name(outcome));
  const bool settles = outcome == Response::DONE ||
                       (outcome == Response::ACCOUNT_DELETED && (phase == v1::RESTORE || phase == v1::DELETE)) ||
                       (outcome == Response::FACTS_MOVED && name == "billing" &&
                        (phase == v1::ENTER_SILENT_PERIOD || phase == v1::DELETE));
  DecidedClosure closure;
  for (const char* const each : {"archive", "dns"}) closure.participants().push_back(Everywhere(each));
  GoTo(closure, phase);
  const internal::v1::TaskData task = TaskOf(closure, name);
  const MarkWatch not_done(Mark::kParticipantNotDone);
  closure.ReportTask(task, Answer(outcome, "so it is"));
  CHECK(not_done.reached() != settles);
  const Progress progress = ProgressOf(closure.closure(), name);
  CHECK(progress.attempts() == 1);
  const std::vector<std::string> asked = Asked(closure);
  const bool is_asked = std::find(asked.begin(), asked.end(), name + "/1") != asked.end();
  CHECK(is_asked != settles);
  CHECK((progress.status() == Progress::DONE) == settles);
  if (settles) {
    CHECK(progress.last_error().empty());
    CHECK(closure.last_commit().history->detail ==
          fmt::format("{} {} stage 1", name, v1::ParticipantPhase_Name(phase)));
    return;
  }
  const std::string error = outcome == Response::OUTCOME_UNSPECIFIED
                                ? "it answered without an outcome: so it is"
                                : fmt::format("{}: so it is", Response::Outcome_Name(outcome));
  CHECK(progress.last_error() == error);
  const internal::v1::TaskData again = TaskOf(closure, name);
  CHECK(again.last_error() == error);
  CHECK(again.idempotency_key() == task.idempotency_key());
  CHECK(FromProto(again.due_time()) == closure.clock().Now() + absl::Seconds(1));
}

TEST_CASE("an error is forgotten when its participant is done at last", "[decide]") {
  DecidedClosure closure;
  GoTo(closure, v1::FREEZE);
  closure.ReportTask(TaskOf(closure, "account"), TaskFailed{"UNAVAILABLE: no", absl::ZeroDuration()});
  closure.ReportTask(TaskOf(closure, "account"), Answer(v1::PerformResponse::DONE));
  const Progress progress = ProgressOf(closure.closure(), "account");
  CHECK(progress.status() == Progress::DONE);
  CHECK(progress.attempts() == 2);
  CHECK(progress.last_error().empty());
}

}  // namespace
}  // namespace closure
