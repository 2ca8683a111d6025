// SPDX-License-Identifier: Apache-2.0
// Checkers that fail, hang, answer too late, or answer what they must not; scans that are cancelled, orphaned or many.
#include <atomic>
#include <fstream>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/synchronization/notification.h"
#include "catch2/catch.hpp"
#include "checkers/answer_fault.h"
#include "checkers/proto_time.h"
#include "fmt/format.h"
#include "server/fan_out.h"
#include "tests/server/fake_checker.h"
#include "tests/support/mark_watch.h"

namespace closure {
namespace {

using testing::Answers;
using testing::AnswerWith;
using testing::Fails;
using testing::Keeper;
using testing::kWaitMax;
using testing::Loses;
using testing::RunScan;
using testing::Scan;
using testing::Slot;
using testing::TestNow;
using testing::TestRequest;
using Result = v1::CheckerResult;

TEST_CASE("a checker that fails is unanswered, with why, and blocks where it is required", "[R12][D5]") {
  const MarkWatch mark(Mark::kCheckerFailed);
  CheckerSlot slot = Slot("a", Fails(absl::UnavailableError("billing: down\x1B[31m")));
  slot.required = GENERATE(true, false);
  const Scan scan = RunScan(FanOut({slot, Slot("b", Answers(1))}));
  const Result& result = scan.ResultOf("a");
  CHECK(result.status() == Result::UNANSWERED);
  CHECK(result.fault() == Result::FAILED);
  CHECK(result.detail() == "billing: down?[31m");
  CHECK(result.required() == slot.required);
  CHECK(mark.times() == 1);
  CHECK(scan.findings.required_unanswered == slot.required);
  CHECK(scan.findings.items.size() == 1);
}

TEST_CASE("a checker that never answers ends with its deadline", "[R16][D5]") {
  const MarkWatch mark(Mark::kCheckerTimedOut);
  const Scan scan = RunScan(FanOut({Slot("a", Loses(), absl::Milliseconds(30)), Slot("b", Answers(1))}));
  CHECK(mark.times() == 1);
  const Result& result = scan.ResultOf("a");
  CHECK(result.status() == Result::UNANSWERED);
  CHECK(result.fault() == Result::TIMED_OUT);
  CHECK(result.detail() == "no answer within 30ms");
  CHECK(FromProto(result.latency()) > absl::ZeroDuration());
  CHECK(scan.findings.required_unanswered);
  CHECK(scan.ResultOf("b").status() == Result::ANSWERED);
}

TEST_CASE("the time left of the whole scan clips every deadline", "[D6]") {
  const FanOut fan_out({Slot("a", Loses(), absl::Minutes(5)), Slot("b", Loses(), absl::InfiniteDuration())});
  const Scan scan = RunScan(fan_out, {.check = TestRequest(), .time_left = absl::Milliseconds(20)});
  CHECK(scan.ResultOf("a").fault() == Result::TIMED_OUT);
  CHECK(scan.ResultOf("b").fault() == Result::TIMED_OUT);
}

TEST_CASE("with no time left nobody is asked and nobody has answered", "[D5][D6]") {
  bool asked = false;
  const FanOut fan_out({Slot("a", [&](const auto&, const auto&, Checker::CheckDone) { asked = true; })});
  const Scan scan = RunScan(fan_out, {.check = TestRequest(), .time_left = -absl::Seconds(1)});
  CHECK(scan.ResultOf("a").fault() == Result::TIMED_OUT);
  CHECK(scan.findings.required_unanswered);
  CHECK_FALSE(asked);
  CHECK(scan.StatusesOf("a") == std::vector<int>{Result::WAITING, Result::UNANSWERED});
}

TEST_CASE("a checker's own deadline error is a time-out", "[D5]") {
  const Scan scan = RunScan(FanOut({Slot("a", Fails(absl::DeadlineExceededError("billing: ListFunds")))}));
  CHECK(scan.ResultOf("a").fault() == Result::TIMED_OUT);
  CHECK(scan.ResultOf("a").detail() == "billing: ListFunds");
}

TEST_CASE("a late answer changes nothing", "[D5]") {
  Keeper keeper;
  Scan scan;
  {
    const FanOut fan_out({Slot("a", keeper.behaviour(), absl::Milliseconds(20))});
    scan = RunScan(fan_out);
  }
  CHECK(scan.ResultOf("a").fault() == Result::TIMED_OUT);
  const size_t reports = scan.reports.size();
  REQUIRE(keeper.size() == 1);
  const MarkWatch mark(Mark::kLateAnswerDropped);
  keeper.AnswerAll(3);
  CHECK(mark.times() == 1);
  CHECK(scan.reports.size() == reports);
  CHECK(scan.findings.items.empty());
}

TEST_CASE("a checker whose time is up is told to stop", "[D5]") {
  std::shared_ptr<CancelSignal> cancel;
  const FanOut fan_out({Slot(
      "a", [&](const auto&, const CallOptions& options, Checker::CheckDone) { cancel = options.cancel; },
      absl::Milliseconds(20))});
  absl::Notification stopped;
  std::promise<void> over;
  fan_out.Run({.check = TestRequest()}, nullptr, [&](ScanFindings) { over.set_value(); });
  over.get_future().wait();
  REQUIRE(cancel != nullptr);
  cancel->OnCancel([&] { stopped.Notify(); });
  CHECK(stopped.WaitForNotificationWithTimeout(kWaitMax));
}

TEST_CASE("garbage and floods are unanswered, each with its fault", "[D5][D16]") {
  CheckAnswer garbage = AnswerWith(1);
  garbage.items[0].clear_why();
  CheckAnswer stale = AnswerWith(0);
  stale.as_of = TestNow() - absl::Seconds(1);
  CheckAnswer future = AnswerWith(0);
  future.as_of = TestNow() + absl::Hours(1);
  const auto gives = [](CheckAnswer answer) {
    return [answer](const auto&, const auto&, Checker::CheckDone done) { std::move(done)(answer); };
  };
  CheckerSlot flood = Slot("flood", Answers(11));
  flood.max_items = 10;
  CheckerSlot full = Slot("full", Answers(10));
  full.max_items = 10;
  const MarkWatch malformed(Mark::kCheckerMalformed);
  const MarkWatch too_much(Mark::kCheckerTooMuch);
  const Scan scan = RunScan(
      FanOut({Slot("garbage", gives(garbage)), Slot("stale", gives(stale)), Slot("future", gives(future)), flood, full,
              Slot("refused", Fails(MalformedAnswer("no summary"))), Slot("much", Fails(TooMuchAnswer("much")))}));
  CHECK(scan.ResultOf("garbage").fault() == Result::MALFORMED);
  CHECK(scan.ResultOf("garbage").detail() == "item 1 (\"0\"): why is required");
  CHECK(scan.ResultOf("stale").fault() == Result::MALFORMED);
  CHECK(scan.ResultOf("future").fault() == Result::MALFORMED);
  CHECK(scan.ResultOf("flood").fault() == Result::TOO_MUCH);
  CHECK(scan.ResultOf("flood").item_count() == 0);
  CHECK(scan.ResultOf("refused").fault() == Result::MALFORMED);
  CHECK(scan.ResultOf("much").fault() == Result::TOO_MUCH);
  CHECK(scan.ResultOf("full").status() == Result::ANSWERED);
  CHECK(scan.findings.items.size() == 10);
  CHECK(malformed.times() == 4);
  CHECK(too_much.times() == 2);
}

TEST_CASE("a cancelled preview ends at once, with nobody having answered") {
  Keeper keeper;
  auto cancel = std::make_shared<CancelSignal>();
  Scan scan;
  {
    const FanOut fan_out({Slot("a", keeper.behaviour()), Slot("b", Answers(1))});
    std::promise<void> answered;
    std::promise<void> over;
    fan_out.Run(
        {.check = TestRequest(), .cancel = cancel},
        [&](const Result& report) {
          scan.reports.push_back(report);
          if (report.status() == Result::ANSWERED) answered.set_value();
        },
        [&](ScanFindings findings) {
          scan.findings = std::move(findings);
          over.set_value();
        });
    answered.get_future().wait();
    cancel->Cancel();
    over.get_future().wait();
  }
  CHECK(scan.ResultOf("a").status() == Result::UNANSWERED);
  CHECK(absl::StartsWith(scan.ResultOf("a").detail(), "cancelled"));
  CHECK(scan.ResultOf("b").status() == Result::ANSWERED);
  CHECK(scan.findings.required_unanswered);
  keeper.AnswerAll(1);
}

TEST_CASE("a scan that was cancelled before it began asks nobody") {
  auto cancel = std::make_shared<CancelSignal>();
  cancel->Cancel();
  bool asked = false;
  const FanOut fan_out({Slot("a", [&](const auto&, const auto&, Checker::CheckDone) { asked = true; })});
  const Scan scan = RunScan(fan_out, {.check = TestRequest(), .cancel = cancel});
  CHECK(scan.ResultOf("a").status() == Result::UNANSWERED);
  CHECK_FALSE(asked);
}

TEST_CASE("scans go on when the fan-out is gone, and end") {
  Keeper keeper;
  std::promise<ScanFindings> over;
  std::promise<void> running;
  {
    const FanOut fan_out({Slot("a", keeper.behaviour())});
    fan_out.Run(
        {.check = TestRequest()},
        [&](const Result& report) {
          if (report.status() == Result::RUNNING) running.set_value();
        },
        [&](ScanFindings findings) { over.set_value(std::move(findings)); });
    running.get_future().wait();
  }
  REQUIRE(keeper.WaitForSize(1));
  keeper.AnswerAll(2);
  CHECK(over.get_future().get().items.size() == 2);
}

TEST_CASE("what the callbacks hold is let go when a scan is over, though a checker keeps its question for ever") {
  Keeper keeper;
  const auto let_go = std::make_shared<absl::Notification>();
  std::shared_ptr<void> held(nullptr, [let_go](void*) { let_go->Notify(); });
  const FanOut fan_out({Slot("a", keeper.behaviour(), absl::Milliseconds(20))});
  std::promise<void> over;
  fan_out.Run(
      {.check = TestRequest()}, [held](const Result&) {}, [held, &over](ScanFindings) { over.set_value(); });
  held.reset();
  over.get_future().wait();
  CHECK(let_go->WaitForNotificationWithTimeout(kWaitMax));
}

int ThreadCount() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (absl::StartsWith(line, "Threads:")) return std::stoi(line.substr(8));
  }
  return -1;
}

TEST_CASE("five hundred scans of six hanging checkers hold no thread", "[R16]") {
  Keeper keeper;
  std::vector<CheckerSlot> slots;
  for (int i = 0; i < 6; ++i) slots.push_back(Slot(fmt::format("c{}", i), keeper.behaviour()));
  const FanOut fan_out(slots);
  // gRPC's own threads come with the first work, a few more with the first load.
  RunScan(FanOut({Slot("a", Loses(), absl::Milliseconds(1))}));
  const int before = ThreadCount();
  constexpr int kScans = 500;
  std::atomic<int> running = 0;
  std::atomic<int> items = 0;
  std::atomic<int> over = 0;
  std::promise<void> all_over;
  for (int i = 0; i < kScans; ++i) {
    fan_out.Run(
        {.check = TestRequest()}, [&](const Result& report) { running += report.status() == Result::RUNNING ? 1 : 0; },
        [&](ScanFindings findings) {
          items += static_cast<int>(findings.items.size());
          if (++over == kScans) all_over.set_value();
        });
  }
  REQUIRE(keeper.WaitForSize(6 * kScans));
  CHECK(running == 6 * kScans);
  CHECK(ThreadCount() <= before + 8);
  keeper.AnswerAll(1);
  all_over.get_future().wait();
  CHECK(items == 6 * kScans);
}

}  // namespace
}  // namespace closure
