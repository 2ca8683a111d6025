// SPDX-License-Identifier: Apache-2.0
#include "server/fan_out.h"

#include <atomic>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "catch2/catch.hpp"
#include "checkers/catalog.h"
#include "checkers/proto_time.h"
#include "server/item_identity.h"
#include "tests/checkers/fake_cloud.h"
#include "tests/server/fake_checker.h"

namespace closure {
namespace {

using testing::Answers;
using testing::AnswerWith;
using testing::Fails;
using testing::Loses;
using testing::MakeItem;
using testing::RunScan;
using testing::Scan;
using testing::Slot;
using testing::TestNow;
using testing::TestRequest;
using Result = v1::CheckerResult;

TEST_CASE("every checker is asked and every item of each is found, by name", "[R9][R46][R48]") {
  const FanOut fan_out({Slot("zeta", Answers(1)), Slot("alpha", Answers(2)), Slot("mid", Answers(0))});
  const Scan scan = RunScan(fan_out);
  REQUIRE(scan.findings.checkers.size() == 3);
  CHECK(scan.findings.checkers[0].checker() == "alpha");
  CHECK(scan.findings.checkers[2].checker() == "zeta");
  CHECK_FALSE(scan.findings.required_unanswered);
  const Result& alpha = scan.ResultOf("alpha");
  CHECK(alpha.status() == Result::ANSWERED);
  CHECK(alpha.version() == "7");
  CHECK(alpha.required());
  CHECK(alpha.item_count() == 2);
  CHECK(alpha.has_latency());
  CHECK(FromProto(alpha.as_of_time()) == TestNow());
  REQUIRE(scan.findings.items.size() == 3);
  const v1::BlockingItem& item = scan.findings.items[1];
  CHECK(item.checker() == "alpha");
  CHECK(item.name() == ItemName(TestRequest().closure(), ItemId("alpha", "1")));
  CHECK(item.fingerprint() == Fingerprint(MakeItem("1")));
  CHECK(item.resolution() == v1::BlockingItem::OPEN);
  CHECK(fan_out.Find("mid") == &fan_out.slots()[1]);
  CHECK(fan_out.Find("none") == nullptr);
}

TEST_CASE("items of a preview are named after the account", "[R13]") {
  v1::CheckRequest check = TestRequest();
  check.clear_closure();
  const Scan scan = RunScan(FanOut({Slot("a", Answers(1))}), {.check = check});
  CHECK(scan.findings.items[0].name() == "accounts/1000000001/closures/preview/blockingItems/" + ItemId("a", "0"));
}

TEST_CASE("a checker gets the question, its time and the trace", "[D6]") {
  v1::CheckRequest seen;
  CallOptions options;
  const FanOut fan_out({Slot(
      "a",
      [&](const v1::CheckRequest& request, const CallOptions& given, Checker::CheckDone done) {
        seen = request;
        options = given;
        std::move(done)(AnswerWith(0));
      },
      absl::Minutes(2))});
  RunScan(fan_out, {.check = TestRequest(), .traceparent = "00-1-2-03"});
  CHECK(seen.SerializeAsString() == TestRequest().SerializeAsString());
  CHECK(options.timeout == absl::Minutes(2));
  CHECK(options.traceparent == "00-1-2-03");
  // What is left of the whole scan is less than that, and some of it has passed.
  RunScan(fan_out, {.check = TestRequest(), .time_left = absl::Seconds(90)});
  CHECK(options.timeout <= absl::Seconds(90));
  CHECK(options.timeout > absl::ZeroDuration());
}

TEST_CASE("a checker waits, runs, then has answered or not, and each change is told in order", "[R16]") {
  const FanOut fan_out({Slot("a", Answers(1)), Slot("b", Fails(absl::UnavailableError("down"))),
                        Slot("c", Loses(), absl::Milliseconds(20))});
  const Scan scan = RunScan(fan_out);
  using Statuses = std::vector<int>;
  CHECK(scan.StatusesOf("a") == Statuses{Result::WAITING, Result::RUNNING, Result::ANSWERED});
  CHECK(scan.StatusesOf("b") == Statuses{Result::WAITING, Result::RUNNING, Result::UNANSWERED});
  CHECK(scan.StatusesOf("c") == Statuses{Result::WAITING, Result::RUNNING, Result::UNANSWERED});
  for (size_t i = 0; i < 3; ++i) CHECK(scan.reports[i].status() == Result::WAITING);
}

TEST_CASE("a disabled checker is skipped with who and why, and does not block", "[D5]") {
  CheckerSlot disabled = Slot("a", Fails(absl::InternalError("asked")));
  disabled.skip_detail = "disabled by ann: moving";
  const Scan scan = RunScan(FanOut({disabled, Slot("b", Answers(0))}));
  CHECK(scan.ResultOf("a").status() == Result::SKIPPED);
  CHECK(scan.ResultOf("a").detail() == "disabled by ann: moving");
  CHECK_FALSE(scan.findings.required_unanswered);
  CHECK(scan.StatusesOf("a") == std::vector<int>{Result::SKIPPED});
}

TEST_CASE("a checker that takes no part in a phase is skipped in it", "[D10]") {
  v1::CheckRequest check = TestRequest();
  check.set_phase(v1::FINAL);
  const Scan scan = RunScan(FanOut({Slot("a", Fails(absl::InternalError("asked")))}), {.check = check});
  CHECK(scan.ResultOf("a").status() == Result::SKIPPED);
  CHECK(scan.ResultOf("a").detail() == "takes no part in FINAL");
  CHECK_FALSE(scan.findings.required_unanswered);
}

TEST_CASE("a scan without any checker ends") {
  const Scan scan = RunScan(FanOut({}));
  CHECK(scan.findings.checkers.empty());
  CHECK(scan.reports.empty());
}

TEST_CASE("callbacks come one at a time, whoever answers") {
  std::vector<std::thread> threads;
  const testing::FakeChecker::Behaviour answers_elsewhere = [&](const auto&, const auto&, Checker::CheckDone done) {
    threads.emplace_back([done = std::move(done)]() mutable { std::move(done)(testing::AnswerWith(1)); });
  };
  const FanOut fan_out({Slot("a", answers_elsewhere), Slot("b", answers_elsewhere), Slot("c", Answers(1))});
  std::atomic<int> inside = 0;
  std::atomic<bool> wrong = false;
  std::promise<void> over;
  const auto check = [&] {
    if (inside.fetch_add(1) != 0) wrong = true;
    inside.fetch_sub(1);
  };
  fan_out.Run(
      {.check = TestRequest()}, [&](const Result&) { check(); },
      [&](ScanFindings) {
        check();
        over.set_value();
      });
  over.get_future().wait();
  for (std::thread& thread : threads) thread.join();
  CHECK_FALSE(wrong);
}

TEST_CASE("a scan that waits for nobody is over when it was begun") {
  std::vector<std::thread::id> called_on;
  bool over = false;
  FanOut({Slot("a", Answers(1)), Slot("b", Fails(absl::UnavailableError("down")))})
      .Run(
          {.check = TestRequest()}, [&](const Result&) { called_on.push_back(std::this_thread::get_id()); },
          [&](const ScanFindings& findings) { over = findings.items.size() == 1 && findings.required_unanswered; });
  CHECK(over);
  // Each is WAITING, RUNNING and at its end.
  CHECK(called_on == std::vector(6, std::this_thread::get_id()));
}

TEST_CASE("the built-in checkers scan a whole account at once", "[R46][R48][R12][D5]") {
  testing::FakeCloud cloud;
  cloud.partners.relationship = [](const auto&, upstream::v1::ResellerRelationship* relationship) {
    relationship->set_partner_id("p-1");
    return grpc::Status::OK;
  };
  cloud.resources.list = [](const auto&, auto*) { return testing::Hang(); };
  std::vector<CheckerSlot> slots;
  for (auto& checker : MakeBuiltinCheckers(cloud.upstreams(), {})) {
    const bool hangs = checker->description().name() == "resources";
    slots.push_back({.checker = checker, .deadline = hangs ? absl::Milliseconds(50) : absl::Minutes(5)});
  }
  v1::CheckRequest check = TestRequest();
  check.set_phase(v1::FINAL);
  const Scan scan = RunScan(FanOut(slots), {.check = check});
  CHECK(scan.findings.checkers.size() == 6);
  CHECK(scan.ResultOf("resources").fault() == Result::TIMED_OUT);
  CHECK(scan.ResultOf("billing").status() == Result::ANSWERED);
  REQUIRE(scan.findings.items.size() == 1);
  CHECK(scan.findings.items[0].kind() == v1::RESELLER_CUSTOMER);
  CHECK(scan.findings.required_unanswered);
}

}  // namespace
}  // namespace closure
