// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SERVER_FAKE_CHECKER_H_
#define CLOSURE_TESTS_SERVER_FAKE_CHECKER_H_

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "catch2/catch.hpp"
#include "checkers/checker.h"
#include "server/fan_out.h"
#include "tests/checkers/fake_cloud.h"

// Checkers that a test scripts, and a scan as a test sees it.
namespace closure::testing {

// Far above what anything here takes; only a fault lasts so long.
inline constexpr absl::Duration kWaitMax = absl::Seconds(60);

inline v1::ReportedItem MakeItem(const std::string& native_id) {
  v1::ReportedItem item;
  item.set_native_id(native_id);
  item.set_kind(v1::OTHER_ITEM);
  item.set_disposition(v1::MUST_HANDLE);
  item.set_type("x/y");
  item.set_display_name("X");
  item.set_why("It is there.");
  item.set_resolver(v1::OWNER);
  item.set_instructions("Remove it.");
  item.set_process_uri("https://console.example.com/");
  return item;
}

inline CheckAnswer AnswerWith(int items) {
  CheckAnswer answer{.items = {}, .as_of = TestNow()};
  for (int i = 0; i < items; ++i) answer.items.push_back(MakeItem(std::to_string(i)));
  return answer;
}

// A checker that does what a function does with the question.
class FakeChecker final : public Checker {
 public:
  using Behaviour = std::function<void(const v1::CheckRequest&, const CallOptions&, CheckDone)>;

  FakeChecker(std::string name, Behaviour behaviour) : behaviour_(std::move(behaviour)) {
    description_.set_name(std::move(name));
    description_.set_version("7");
    for (const v1::CheckPhase phase : {v1::PREVIEW, v1::SCAN, v1::CONFIRM}) description_.add_phases(phase);
  }
  const v1::CheckerDescription& description() const override { return description_; }
  void Check(const v1::CheckRequest& request, const CallOptions& options, CheckDone done) override {
    behaviour_(request, options, std::move(done));
  }
  void Discard(const v1::DiscardRequest&, const CallOptions&, DiscardDone done) override {
    std::move(done)(absl::UnimplementedError(""));
  }

 private:
  v1::CheckerDescription description_;
  Behaviour behaviour_;
};

inline CheckerSlot Slot(const std::string& name, FakeChecker::Behaviour behaviour,
                        absl::Duration deadline = absl::Minutes(5)) {
  return {.checker = std::make_shared<FakeChecker>(name, std::move(behaviour)), .deadline = deadline};
}

inline FakeChecker::Behaviour Answers(int items) {
  return [items](const auto&, const auto&, Checker::CheckDone done) { std::move(done)(AnswerWith(items)); };
}

inline FakeChecker::Behaviour Fails(absl::Status status) {
  return [status](const auto&, const auto&, Checker::CheckDone done) { std::move(done)(status); };
}

// Loses the question: never answers and remembers nothing.
inline FakeChecker::Behaviour Loses() {
  return [](const auto&, const auto&, Checker::CheckDone) {};
}

// Keeps the questions, to be answered by the test when it likes.
class Keeper {
 public:
  FakeChecker::Behaviour behaviour() {
    return [this](const auto&, const auto&, Checker::CheckDone done) {
      const absl::MutexLock lock(&mutex_);
      kept_.push_back(std::move(done));
    };
  }
  size_t size() {
    const absl::MutexLock lock(&mutex_);
    return kept_.size();
  }
  // Waits until so many questions are kept; answers whether they came.
  bool WaitForSize(size_t size) {
    const auto enough = [this, size] { return kept_.size() >= size; };
    const absl::MutexLock lock(&mutex_);
    return mutex_.AwaitWithTimeout(absl::Condition(&enough), kWaitMax);
  }
  void AnswerAll(int items) {
    std::vector<Checker::CheckDone> kept;
    {
      const absl::MutexLock lock(&mutex_);
      kept.swap(kept_);
    }
    for (Checker::CheckDone& done : kept) std::move(done)(AnswerWith(items));
  }

 private:
  absl::Mutex mutex_;
  std::vector<Checker::CheckDone> kept_;
};

// One scan as a test sees it.
struct Scan {
  ScanFindings findings;
  std::vector<v1::CheckerResult> reports;

  // The statuses that were reported of a checker, in order.
  std::vector<int> StatusesOf(const std::string& checker) const {
    std::vector<int> statuses;
    for (const v1::CheckerResult& report : reports) {
      if (report.checker() == checker) statuses.push_back(report.status());
    }
    return statuses;
  }
  const v1::CheckerResult& ResultOf(const std::string& checker) const {
    for (const v1::CheckerResult& result : findings.checkers) {
      if (result.checker() == checker) return result;
    }
    FAIL("there is no checker " << checker);
    return findings.checkers.front();
  }
};

inline Scan RunScan(const FanOut& fan_out, FanOutRequest request = {.check = TestRequest()}) {
  Scan scan;
  std::promise<void> over;
  fan_out.Run(
      std::move(request), [&](const v1::CheckerResult& report) { scan.reports.push_back(report); },
      [&](ScanFindings findings) {
        scan.findings = std::move(findings);
        over.set_value();
      });
  over.get_future().wait();
  return scan;
}

}  // namespace closure::testing

#endif  // CLOSURE_TESTS_SERVER_FAKE_CHECKER_H_
