// SPDX-License-Identifier: Apache-2.0
// Who is told how a closure ended, when that is settled, and what is erased then.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "checkers/proto_time.h"
#include "server/decide.h"
#include "tests/support/decided_closure.h"
#include "tests/support/one_decision.h"

namespace closure {
namespace {

using v1::Notice;

std::vector<internal::v1::TaskData> TasksOf(const Commit& commit, v1::Task::Kind kind) {
  std::vector<internal::v1::TaskData> tasks;
  for (const internal::v1::TaskData& task : commit.add_tasks) {
    if (task.kind() == kind) tasks.push_back(task);
  }
  return tasks;
}

bool Erases(const Commit& commit) { return !TasksOf(commit, v1::Task::ERASURE).empty(); }

// An ended closure of an account that has, or lacks, its contact points; a code was sent where there is one.
Commit Ended(bool email, bool phone) {
  internal::v1::ClosureData data = Created(DecidedClosure::Facts());
  data.clear_contacts();
  if (email) data.add_contacts()->set_channel(v1::EMAIL);
  if (phone) data.add_contacts()->set_channel(v1::SMS);
  return Committed(data, CancelClosure{});
}

internal::v1::ClosureData WithNotices(Notice::Status email, Notice::Status sms) {
  internal::v1::ClosureData data = *Ended(true, true).closure;
  data.mutable_closure()->mutable_notices(0)->set_status(email);
  data.mutable_closure()->mutable_notices(1)->set_status(sms);
  return data;
}

TEST_CASE("the result is told over every contact point that there is, and the rest is known to have none",
          "[decide][R64][D12]") {
  const bool email = GENERATE(true, false);
  const bool phone = GENERATE(true, false);
  const Commit commit = Ended(email, phone);
  const auto& notices = commit.closure->closure().notices();
  REQUIRE(notices.size() == 2);
  CHECK(notices[0].channel() == v1::EMAIL);
  CHECK(notices[0].status() == (email ? Notice::PENDING : Notice::NO_ADDRESS));
  CHECK(notices[1].channel() == v1::SMS);
  CHECK(notices[1].status() == (phone ? Notice::PENDING : Notice::NO_ADDRESS));
  std::vector<v1::Channel> told;
  for (const internal::v1::TaskData& task : TasksOf(commit, v1::Task::NOTICE)) {
    told.push_back(task.payload().channel());
    CHECK(task.idempotency_key() ==
          commit.closure->closure().name() + "/notice/" + v1::Channel_Name(task.payload().channel()));
  }
  std::vector<v1::Channel> reachable;
  if (email) reachable.push_back(v1::EMAIL);
  if (phone) reachable.push_back(v1::SMS);
  CHECK(told == reachable);
  // Where nobody can be told there is nothing to wait for.
  CHECK(Erases(commit) == reachable.empty());
}

TEST_CASE("that an identity code was sent changes nothing in the closure", "[decide][R44]") {
  const internal::v1::ClosureData data =
      GENERATE(Created(DecidedClosure::Facts()), WithNotices(Notice::PENDING, Notice::PENDING));
  const bool no_address = GENERATE(true, false);
  const absl::StatusOr<Decision> decision =
      Decide(data, MessageSent{no_address}, AtTask(v1::Task::SEND_CODE, v1::EMAIL));
  REQUIRE(decision.ok());
  CHECK(decision->commit.finish_task == 7);
  CHECK_FALSE(decision->commit.closure.has_value());
  CHECK_FALSE(decision->commit.history.has_value());
  CHECK(decision->commit.add_tasks.empty());
}

TEST_CASE("a notice that was accepted is delivered, and its channel's alone", "[decide][R64]") {
  const bool mail = GENERATE(true, false);
  internal::v1::ClosureData data = WithNotices(Notice::PENDING, Notice::PENDING);
  for (Notice& notice : *data.mutable_closure()->mutable_notices()) {
    notice.set_attempts(3);
    notice.set_last_error("UNAVAILABLE: no");
  }
  const Commit commit = Committed(data, MessageSent{}, AtTask(v1::Task::NOTICE, mail ? v1::EMAIL : v1::SMS));
  CHECK(commit.finish_task == 7);
  CHECK(commit.history->event == "notice_settled");
  CHECK(commit.history->detail == (mail ? "EMAIL DELIVERED" : "SMS DELIVERED"));
  const Notice& told = commit.closure->closure().notices(mail ? 0 : 1);
  CHECK(told.status() == Notice::DELIVERED);
  CHECK(told.attempts() == 4);
  CHECK(told.last_error().empty());
  const Notice& other = commit.closure->closure().notices(mail ? 1 : 0);
  CHECK(other.status() == Notice::PENDING);
  CHECK(other.attempts() == 3);
  CHECK(other.last_error() == "UNAVAILABLE: no");
}

TEST_CASE("a notice that has nowhere to go is settled as such", "[decide][R64][D12]") {
  const Commit commit = Committed(WithNotices(Notice::DELIVERED, Notice::PENDING), MessageSent{.no_address = true},
                                  AtTask(v1::Task::NOTICE, v1::SMS));
  CHECK(commit.closure->closure().notices(1).status() == Notice::NO_ADDRESS);
  CHECK(commit.closure->closure().notices(1).attempts() == 1);
  CHECK(commit.history->detail == "SMS NO_ADDRESS");
  CHECK(Erases(commit));
}

TEST_CASE("personal data goes once, when the last notice is settled", "[decide][D12]") {
  const auto delivered = [](Notice::Status email, Notice::Status sms, v1::Channel channel) {
    return Committed(WithNotices(email, sms), MessageSent{}, AtTask(v1::Task::NOTICE, channel));
  };
  CHECK_FALSE(Erases(delivered(Notice::PENDING, Notice::PENDING, v1::EMAIL)));
  CHECK_FALSE(Erases(delivered(Notice::PENDING, Notice::PENDING, v1::SMS)));
  for (const Notice::Status other : {Notice::DELIVERED, Notice::DEAD_LETTERED, Notice::NO_ADDRESS}) {
    const Commit last = delivered(Notice::PENDING, other, v1::EMAIL);
    REQUIRE(TasksOf(last, v1::Task::ERASURE).size() == 1);
    CHECK(FromProto(TasksOf(last, v1::Task::ERASURE).front().due_time()) == kNow);
    CHECK(Erases(delivered(other, Notice::PENDING, v1::SMS)));
    // An operator revived it after it was given up: the erasure was begun then.
    const Commit revived = delivered(Notice::DEAD_LETTERED, other, v1::EMAIL);
    CHECK(revived.closure->closure().notices(0).status() == Notice::DELIVERED);
    CHECK_FALSE(Erases(revived));
  }
}

TEST_CASE("a notice that was given up stays so when it is revived after its address was erased", "[decide][D12]") {
  for (const Notice::Status settled : {Notice::DELIVERED, Notice::DEAD_LETTERED, Notice::NO_ADDRESS}) {
    const internal::v1::ClosureData data = WithNotices(settled, Notice::DELIVERED);
    const Commit commit = Committed(data, MessageSent{.no_address = true}, AtTask(v1::Task::NOTICE, v1::EMAIL));
    CHECK(commit.finish_task == 7);
    CHECK_FALSE(commit.history.has_value());
    CHECK(commit.add_tasks.empty());
    CHECK(commit.closure->closure().notices(0).status() == settled);
    CHECK(commit.closure->closure().notices(0).attempts() == 0);
  }
}

// The trusted clock, this long after the closure ended.
Circumstances AfterTheEnd(const internal::v1::ClosureData& data, absl::Duration passed) {
  Circumstances circumstances = AtTask(v1::Task::NOTICE, v1::EMAIL, kNow + passed);
  *circumstances.time.witness.mutable_elapsed() = ToProto(FromProto(data.end().elapsed()) + passed);
  return circumstances;
}

TEST_CASE("a notice that fails is tried again as long as the next try is within 72 hours of the end",
          "[decide][R64][D12]") {
  const internal::v1::ClosureData data = WithNotices(Notice::PENDING, Notice::DELIVERED);
  const absl::Time due = kNow + absl::Hours(72);
  Circumstances circumstances = AfterTheEnd(data, absl::Hours(71));
  const Commit again = Committed(data, TaskFailed{"UNAVAILABLE: no", absl::Hours(1)}, circumstances);
  CHECK(again.closure->closure().notices(0).status() == Notice::PENDING);
  CHECK(again.closure->closure().notices(0).attempts() == 1);
  CHECK(again.closure->closure().notices(0).last_error() == "UNAVAILABLE: no");
  CHECK_FALSE(again.history.has_value());
  CHECK_FALSE(Erases(again));
  CHECK(FromProto(again.reschedule_task->due_time()) == due);
  CHECK(again.reschedule_task->parked() == v1::Task::PARKED_UNSPECIFIED);
  const Commit last =
      Committed(data, TaskFailed{"UNAVAILABLE: no", absl::Hours(1) + absl::Microseconds(1)}, circumstances);
  CHECK(last.closure->closure().notices(0).status() == Notice::DEAD_LETTERED);
  CHECK(last.closure->closure().notices(1).status() == Notice::DELIVERED);
  CHECK(last.history->event == "notice_settled");
  CHECK(last.history->detail == "EMAIL DEAD_LETTERED");
  CHECK(FromProto(last.reschedule_task->due_time()) == circumstances.now);
  CHECK(last.reschedule_task->parked() == v1::Task::DEAD_LETTER);
  CHECK(last.reschedule_task->last_error() == "UNAVAILABLE: no");
  CHECK(Erases(last));
}

TEST_CASE("giving a notice up erases nothing that the other one needs, and nothing a second time", "[decide][D12]") {
  const auto given_up = [](Notice::Status email, Notice::Status sms) {
    const internal::v1::ClosureData data = WithNotices(email, sms);
    const Circumstances circumstances = AfterTheEnd(data, absl::Hours(73));
    return Committed(data, TaskFailed{"UNAVAILABLE: no", absl::ZeroDuration()}, circumstances);
  };
  CHECK_FALSE(Erases(given_up(Notice::PENDING, Notice::PENDING)));
  CHECK(Erases(given_up(Notice::PENDING, Notice::DEAD_LETTERED)));
  const Commit revived = given_up(Notice::DEAD_LETTERED, Notice::DELIVERED);
  CHECK(revived.closure->closure().notices(0).status() == Notice::DEAD_LETTERED);
  CHECK_FALSE(Erases(revived));
}

TEST_CASE("the result of a notice that the closure does not have only ends its task", "[decide][R64]") {
  internal::v1::ClosureData data = WithNotices(Notice::PENDING, Notice::PENDING);
  auto& notices = *data.mutable_closure()->mutable_notices();
  // It has none, or another one.
  const int left = GENERATE(0, 1);
  while (notices.size() > left) notices.RemoveLast();
  const Happening happening = GENERATE(as<Happening>(), MessageSent{}, MessageSent{.no_address = true},
                                       TaskFailed{"UNAVAILABLE: no", absl::Hours(100)});
  const Commit commit = Committed(data, happening, AtTask(v1::Task::NOTICE, v1::SMS));
  CHECK(commit.finish_task == 7);
  CHECK_FALSE(commit.reschedule_task.has_value());
  CHECK_FALSE(commit.history.has_value());
  CHECK(commit.add_tasks.empty());
  for (const Notice& notice : commit.closure->closure().notices()) {
    CHECK(notice.status() == Notice::PENDING);
    CHECK(notice.attempts() == 0);
  }
}

TEST_CASE("erasure leaves hashes in the place of contact points, and no address however masked", "[decide][D12]") {
  internal::v1::ClosureData data = WithNotices(Notice::DELIVERED, Notice::DELIVERED);
  data.add_contact_hashes("of an erasure before");
  data.add_codes()->set_challenge_id("first");
  auto& challenges = *data.mutable_closure()->mutable_identity_verification()->mutable_challenges();
  challenges.Clear();
  std::vector<std::string> hashes;
  const int count = GENERATE(0, 1, 2, 5);
  for (int i = 0; i < count; ++i) {
    hashes.push_back("hash-" + std::to_string(i));
    challenges.Add()->set_masked_address("a***@example.com");
  }
  const Commit commit = Committed(data, Erase{hashes}, AtTask(v1::Task::ERASURE, v1::CHANNEL_UNSPECIFIED));
  const internal::v1::ClosureData& next = *commit.closure;
  CHECK(std::vector<std::string>(next.contact_hashes().begin(), next.contact_hashes().end()) == hashes);
  CHECK(next.contacts().empty());
  CHECK(next.codes().empty());
  CHECK(next.closure().identity_verification().challenges_size() == count);
  for (const auto& challenge : next.closure().identity_verification().challenges())
    CHECK(challenge.masked_address().empty());
  CHECK(FromProto(next.closure().personal_data_erase_time()) == kNow);
  CHECK(commit.erase_responses);
  CHECK(commit.history->event == "personal_data_erased");
  CHECK(commit.finish_task == 7);
}

}  // namespace
}  // namespace closure
