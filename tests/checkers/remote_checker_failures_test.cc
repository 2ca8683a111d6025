// SPDX-License-Identifier: Apache-2.0
// What becomes of checks when the remote checker is away, busy, dead, or asked by many at once.
#include <future>
#include <memory>
#include <string>
#include <thread>

#include "checkers/timers.h"
#include "tests/checkers/remote_rig.h"
#include "tests/support/mark_watch.h"

namespace closure {
namespace {

using Catch::Matchers::Contains;

RemoteChecker::Options QuickRetries(int tries_max) {
  return {.retries = {.tries_max = tries_max, .delay = absl::Milliseconds(1)}};
}

TEST_CASE("a check that finds the checker away or busy is made again") {
  const auto code =
      GENERATE(grpc::StatusCode::UNAVAILABLE, grpc::StatusCode::RESOURCE_EXHAUSTED, grpc::StatusCode::ABORTED);
  const MarkWatch again(Mark::kCheckerAskedAgain);
  Remote remote(QuickRetries(3));
  remote.service().failures.assign(2, grpc::Status(code, "soon"));
  CHECK(remote.Answer({.pieces = {Item("a"), Summary(1)}})->items.size() == 1);
  CHECK(remote.service().checked == 3);
  CHECK(again.times() == 2);
}

TEST_CASE("a check is tried so many times and no more, and what was last is told", "[D5]") {
  Remote remote(QuickRetries(3));
  remote.service().failures.assign(9, grpc::Status(grpc::StatusCode::UNAVAILABLE, "away"));
  CheckFault(remote.Answer({}).status(), v1::CheckerResult::FAILED, "away");
  CHECK(remote.service().checked == 3);
}

TEST_CASE("what the checker refuses, and a broken answer, is not asked for again", "[D5]") {
  Remote remote(QuickRetries(3));
  SECTION("refused") {
    remote.service().failures.assign(9, grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "not for you"));
    CheckFault(remote.Answer({}).status(), v1::CheckerResult::FAILED, "not for you");
  }
  SECTION("an error of its own") {
    remote.service().failures.assign(9, grpc::Status(grpc::StatusCode::UNKNOWN, "KeyError: 'x'"));
    CheckFault(remote.Answer({}).status(), v1::CheckerResult::FAILED, "KeyError");
  }
  SECTION("broken") { CheckFault(remote.Answer({}).status(), v1::CheckerResult::MALFORMED, "without a summary"); }
  CHECK(remote.service().checked == 1);
}

TEST_CASE("a check is not made again behind its deadline") {
  Remote remote({.retries = {.tries_max = 3, .delay = absl::Hours(1)}});
  remote.service().failures.assign(9, grpc::Status(grpc::StatusCode::UNAVAILABLE, "away"));
  CheckFault(remote.Answer({}, {.timeout = absl::Minutes(30)}).status(), v1::CheckerResult::FAILED, "away");
  CHECK(remote.service().checked == 1);
}

TEST_CASE("a check that waits for its next try ends when it is cancelled") {
  Remote remote({.retries = {.tries_max = 3, .delay = absl::Hours(1)}});
  remote.service().failures.assign(9, grpc::Status(grpc::StatusCode::UNAVAILABLE, "away"));
  const auto cancel = std::make_shared<CancelSignal>();
  const MarkWatch again(Mark::kCheckerAskedAgain);
  std::promise<absl::StatusOr<CheckAnswer>> answered;
  v1::CheckRequest request;
  request.set_phase(v1::SCAN);
  remote.checker().Check(request, {.timeout = absl::Hours(9), .cancel = cancel},
                         [&](absl::StatusOr<CheckAnswer> answer) { answered.set_value(std::move(answer)); });
  while (!again.reached()) std::this_thread::yield();
  cancel->Cancel();
  const absl::Status status = answered.get_future().get().status();
  CHECK(absl::IsCancelled(status));
  CHECK_THAT(std::string(status.message()), Contains("checker(quota): cancelled between two tries"));
}

TEST_CASE("a checker that nobody answers for is not asked for a while, and says so at once", "[D5]") {
  Remote remote({.retries = {.tries_max = 1}, .breaker = {.failures = 2, .pause = absl::Hours(1)}});
  SECTION("it is away") {
    remote.service().failures.assign(9, grpc::Status(grpc::StatusCode::UNAVAILABLE, "away"));
    for (int i = 0; i < 2; ++i) CHECK_FALSE(remote.Answer({}).ok());
  }
  SECTION("it hangs") {
    const Script hanging{.pieces = {}, .then = Script::Then::kHang};
    for (int i = 0; i < 2; ++i) CHECK_FALSE(remote.Answer(hanging, {.timeout = absl::Milliseconds(20)}).ok());
  }
  const std::size_t checked = remote.service().checked;
  CheckFault(remote.Answer({.pieces = {Summary(0)}}).status(), v1::CheckerResult::FAILED,
             "not asked, because 2 calls in a row got no answer");
  CHECK(remote.service().checked == checked);
}

// Asks without waiting for the answer.
std::future<absl::Status> Ask(Remote& remote, const CallOptions& options) {
  const auto answered = std::make_shared<std::promise<absl::Status>>();
  v1::CheckRequest request;
  request.set_account_id("1001");
  request.set_phase(v1::SCAN);
  remote.checker().Check(request, options, [answered](const absl::StatusOr<CheckAnswer>& answer) {
    answered->set_value(answer.status());
  });
  return answered->get_future();
}

TEST_CASE("a checker that is busy, or says too much, is there: it is asked again", "[D5]") {
  Remote remote(
      {.limits = {.items_max = 1}, .retries = {.tries_max = 1}, .breaker = {.failures = 1, .pause = absl::Hours(1)}});
  remote.service().failures.assign(3, grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "busy"));
  for (int i = 0; i < 3; ++i) CheckFault(remote.Answer({}).status(), v1::CheckerResult::FAILED, "busy");
  const Script too_many{.pieces = {Item("a"), Item("b"), Summary(2)}};
  CheckFault(remote.Answer(too_many).status(), v1::CheckerResult::TOO_MUCH, "more than 1 items");
  CHECK(remote.Answer({.pieces = {Summary(0)}}).ok());
}

TEST_CASE("an item of a kind that the checker says that it does not report is malformed", "[D5]") {
  Remote remote;
  remote.service().description.add_kinds(v1::DOMAIN_NAME);
  v1::CheckResponse other = Item("a");
  other.mutable_item()->set_kind(v1::ICP_FILING);
  CheckFault(remote.Answer({.pieces = {other, Summary(1)}}).status(), v1::CheckerResult::MALFORMED,
             "the item \"a\" is a ICP_FILING, which it says that it does not report");
  other.mutable_item()->set_kind(v1::DOMAIN_NAME);
  CHECK(remote.Answer({.pieces = {other, Summary(1)}}).ok());
}

TEST_CASE("a checker that describes itself as none can is no answer", "[D5]") {
  Remote remote;
  remote.service().description.set_version("");
  CheckFault(remote.Answer({.pieces = {Summary(0)}}).status(), v1::CheckerResult::FAILED,
             "what it says of itself: the version");
}

TEST_CASE("who waited in line until little of his time was left tells nothing about the checker", "[D5]") {
  Remote remote({.retries = {.tries_max = 1}, .breaker = {.failures = 1, .pause = absl::Hours(1)}, .calls_max = 1});
  remote.service().hanging = 2;
  const auto end = std::make_shared<CancelSignal>();
  std::future<absl::Status> first = Ask(remote, {.timeout = absl::Hours(1), .cancel = end});
  while (remote.service().checked < 1) std::this_thread::yield();
  std::future<absl::Status> second = Ask(remote, {.timeout = absl::Milliseconds(400)});
  const absl::Duration begin = SystemTimers().Elapsed();
  while (SystemTimers().Elapsed() - begin < absl::Milliseconds(250)) std::this_thread::yield();
  end->Cancel();
  CHECK(FaultOf(second.get()) == v1::CheckerResult::TIMED_OUT);
  // The breaker did not open.
  CHECK(remote.Answer({.pieces = {Summary(0)}}).ok());
}

TEST_CASE("who had little time from the first tells nothing about the checker", "[D5][D6]") {
  Remote remote({.retries = {.tries_max = 1},
                 .breaker = {.failures = 1, .pause = absl::Hours(1)},
                 .deadline = absl::Milliseconds(100)});
  const Script hanging{.pieces = {}, .then = Script::Then::kHang};
  CHECK(FaultOf(remote.Answer(hanging, {.timeout = absl::Milliseconds(20)}).status()) == v1::CheckerResult::TIMED_OUT);
  CHECK(remote.Answer({.pieces = {Summary(0)}}).ok());
  CHECK(FaultOf(remote.Answer(hanging, {.timeout = absl::Milliseconds(100)}).status()) == v1::CheckerResult::TIMED_OUT);
  CheckFault(remote.Answer({.pieces = {Summary(0)}}).status(), v1::CheckerResult::FAILED, "not asked");
}

TEST_CASE("what a checker says of one account is not told to whoever asks about another", "[D12]") {
  Remote remote({.retries = {.tries_max = 1}, .breaker = {.failures = 1, .pause = absl::Hours(1)}});
  remote.service().failures.assign(1, grpc::Status(grpc::StatusCode::UNAVAILABLE, "ann@example.com: no such mailbox"));
  CHECK_FALSE(remote.Answer({}).ok());
  const std::string told(remote.Answer({}).status().message());
  CHECK_THAT(told, Catch::Contains("the last: UNAVAILABLE") && !Catch::Contains("ann"));
}

TEST_CASE("a checker that answers, however wrongly, is asked again at once") {
  Remote remote({.retries = {.tries_max = 1}, .breaker = {.failures = 1, .pause = absl::Hours(1)}});
  remote.service().failures.assign(3, grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "not for you"));
  for (int i = 0; i < 3; ++i) CHECK_FALSE(remote.Answer({}).ok());
  CHECK_FALSE(remote.Answer({}).ok());
  CHECK(remote.Answer({.pieces = {Summary(0)}}).ok());
}

// ---- when many ask ----

TEST_CASE("no more checks than its limit are under way, and who waits in line is asked when one ends", "[D5]") {
  const MarkWatch waited(Mark::kCheckerWaitedFor);
  Remote remote({.calls_max = 1});
  remote.service().hanging = 1;
  remote.service().script = {.pieces = {Summary(0)}};
  const auto cancel = std::make_shared<CancelSignal>();
  std::future<absl::Status> first = Ask(remote, {.timeout = absl::Hours(1), .cancel = cancel});
  while (remote.service().checked < 1) std::this_thread::yield();
  std::future<absl::Status> second = Ask(remote, {.timeout = absl::Hours(1)});
  std::future<absl::Status> third = Ask(remote, {.timeout = absl::Hours(1)});
  CHECK(waited.times() == 2);
  CHECK(remote.service().checked == 1);
  cancel->Cancel();
  CHECK(absl::IsCancelled(first.get()));
  CHECK(second.get().ok());
  CHECK(third.get().ok());
  CHECK(remote.service().checked == 3);
}

TEST_CASE("who waits in line leaves it when he is cancelled, and when his time is over", "[D5]") {
  Remote remote({.calls_max = 1});
  remote.service().hanging = 1;
  const auto end = std::make_shared<CancelSignal>();
  std::future<absl::Status> first = Ask(remote, {.timeout = absl::Hours(1), .cancel = end});
  const auto cancel = std::make_shared<CancelSignal>();
  std::future<absl::Status> leaving = Ask(remote, {.timeout = absl::Hours(1), .cancel = cancel});
  std::future<absl::Status> late = Ask(remote, {.timeout = absl::Milliseconds(10)});
  cancel->Cancel();
  CHECK(absl::IsCancelled(leaving.get()));
  const absl::Status status = late.get();
  CHECK(FaultOf(status) == v1::CheckerResult::TIMED_OUT);
  CHECK_THAT(std::string(status.message()),
             Contains("checker(quota): not asked, because 1 checks of it were under way"));
  end->Cancel();
  CHECK(absl::IsCancelled(first.get()));
  // The line is empty, and the place free.
  CHECK(remote.Answer({.pieces = {Summary(0)}}).ok());
}

TEST_CASE("who waits in line for one that nobody answers for hears so when his turn comes", "[D5]") {
  Remote remote({.retries = {.tries_max = 1}, .breaker = {.failures = 1, .pause = absl::Hours(1)}, .calls_max = 1});
  remote.service().hanging = 1;
  std::future<absl::Status> first = Ask(remote, {.timeout = absl::Milliseconds(50)});
  std::future<absl::Status> second = Ask(remote, {.timeout = absl::Hours(1)});
  CHECK(FaultOf(first.get()) == v1::CheckerResult::TIMED_OUT);
  const absl::Status status = second.get();
  CHECK_THAT(std::string(status.message()), Contains("not asked, because 1 calls in a row got no answer"));
}

}  // namespace
}  // namespace closure
