// SPDX-License-Identifier: Apache-2.0
// closure_bench_fan_out: scans of six checkers that each take ten milliseconds, in this process; or the same checkers
// asked and nothing else. What is measured of a scan besides its time is how much longer it took than its slowest
// checker.
#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bench/fan_out/delayed_answers.h"
#include "bench/fan_out/sample_answer.h"
#include "bench/fan_out/scan_figures.h"
#include "bench/fan_out/slowest.h"
#include "bench/fixture/locking.h"
#include "bench/load/loop_arguments.h"
#include "checkers/checker.h"
#include "server/fan_out.h"

namespace closure::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr int kCheckers = 6;
constexpr std::chrono::milliseconds kCheckerTakes{10};

class SlowChecker final : public Checker {
 public:
  SlowChecker(int number, DelayedAnswers& answers, Slowest& slowest) : answers_(answers), slowest_(slowest) {
    description_.set_name("checker-" + std::to_string(number));
    description_.set_version("1.0.0");
    for (const v1::CheckPhase phase : {v1::PREVIEW, v1::SCAN, v1::CONFIRM, v1::FINAL}) description_.add_phases(phase);
  }

  const v1::CheckerDescription& description() const override { return description_; }
  void Check(const v1::CheckRequest& request, const CallOptions& /*options*/, CheckDone done) override {
    const auto asked = SteadyClock::now();
    const int scan = ScanOfAccount(request.account_id());
    auto shared = std::make_shared<CheckDone>(std::move(done));
    answers_.Add(asked + kCheckerTakes, [this, asked, scan, shared] {
      CheckAnswer answer{.items = Items(), .as_of = absl::Now()};
      slowest_.Answered(scan, SteadyClock::now() - asked);
      std::move (*shared)(std::move(answer));
    });
  }
  void Discard(const v1::DiscardRequest& /*request*/, const CallOptions& /*options*/, DiscardDone done) override {
    std::move(done)(absl::UnimplementedError("it releases nothing"));
  }

 private:
  std::vector<v1::ReportedItem> Items() const {
    std::vector<v1::ReportedItem> items;
    for (int number = 0; number < kItemsEach; ++number)
      items.push_back(SampleItem(description_.name() + "-" + std::to_string(number)));
    return items;
  }

  v1::CheckerDescription description_;
  DelayedAnswers& answers_;
  Slowest& slowest_;
};

// What is wrong with a scan's result; empty when it is right.
std::string Fault(const ScanFindings& findings) {
  const bool complete = findings.items.size() == size_t{kCheckers * kItemsEach} && !findings.required_unanswered;
  if (complete) return "";
  return "a scan found " + std::to_string(findings.items.size()) + " items, and the first checker " +
         findings.checkers.front().ShortDebugString();
}

using Checkers = std::vector<std::shared_ptr<SlowChecker>>;

Scan ScansWith(const Checkers& checkers) {
  std::vector<CheckerSlot> slots;
  for (const auto& checker : checkers) slots.push_back({.checker = checker});
  return [fan_out = std::make_shared<FanOut>(std::move(slots))](int stream, auto ended) {
    fan_out->Run(
        {.check = SampleRequest(AccountOfScan(stream))}, [](const v1::CheckerResult&) {},
        [ended = std::move(ended)](const ScanFindings& findings) { ended(Fault(findings)); });
  };
}

// The answers of one scan that nobody looks into.
struct BareScan {
  std::atomic<size_t> open{kCheckers};
  std::atomic<size_t> items = 0;
  std::function<void(std::string)> ended;
};

// The checkers asked and what they answer counted; nothing is merged, validated or hashed.
Scan AskedAlone(const Checkers& checkers) {
  return [&checkers](int stream, auto ended) {
    auto scan = std::make_shared<BareScan>();
    scan->ended = std::move(ended);
    const v1::CheckRequest request = SampleRequest(AccountOfScan(stream));
    for (const auto& checker : checkers) {
      checker->Check(request, {}, [scan](const absl::StatusOr<CheckAnswer>& answer) {
        scan->items += answer->items.size();
        if (--scan->open > 0) return;
        scan->ended(scan->items == size_t{kCheckers * kItemsEach} ? "" : "items are missing");
      });
    }
  };
}

// A thread for each scan, which asks one checker after the other and believes what they say.
Scan OneAfterTheOther(const Checkers& checkers) {
  return [&checkers](int stream, auto ended) {
    std::thread([&checkers, stream, ended = std::move(ended)] {
      size_t items = 0;
      for (const auto& checker : checkers) {
        std::promise<size_t> answered;
        checker->Check(SampleRequest(AccountOfScan(stream)), {},
                       [&](const absl::StatusOr<CheckAnswer>& answer) { answered.set_value(answer->items.size()); });
        items += answered.get_future().get();
      }
      ended(items == size_t{kCheckers * kItemsEach} ? "" : "items are missing");
    }).detach();
  };
}

Scan ScansOf(const std::string& design, const Checkers& checkers) {
  if (design == "scan") return ScansWith(checkers);
  return design == "bare" ? AskedAlone(checkers) : OneAfterTheOther(checkers);
}

int Run(const std::string& design, const LoopOptions& options) {
  DelayedAnswers answers;
  Slowest slowest(options.streams);
  Checkers checkers;
  for (int i = 0; i < kCheckers; ++i) checkers.push_back(std::make_shared<SlowChecker>(i, answers, slowest));
  return Report(MeasureScans(ScansOf(design, checkers), slowest, options));
}

int Main(int argc, char** argv) {
  LockAsReleased();
  LoopArguments loop;
  std::string design = "scan";
  CLI::App app("Scans with six slow checkers and measures what a scan adds to them.", "closure_bench_fan_out");
  app.add_option("--design", design, "scan, bare for asking the checkers alone, or plain for one after the other")
      ->check(CLI::IsMember({"scan", "bare", "plain"}));
  loop.AddTo(app);
  CLI11_PARSE(app, argc, argv);
  return Run(design, loop.options());
}

}  // namespace
}  // namespace closure::bench

int main(int argc, char** argv) { return closure::bench::Main(argc, argv); }
